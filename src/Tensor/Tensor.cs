using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors;

/// <summary>A handle on a dense row-major array of one element type in the memory of one backend.</summary>
/// <remarks>Handles are created by factories and operators and belong to the current <see cref="TensorScope"/>, which disposes them
/// unless they are kept. Values never change except through <see cref="Assign"/> and in-place operators.
/// Handles are not thread-safe; different tensors may be used by different threads.</remarks>
public sealed partial class Tensor : IDisposable
{
    private Storage? _storage;
    private bool _requiresGrad;

    private Tensor(Storage storage, TensorSpec spec)
    {
        _storage = storage;
        Spec = spec;
    }

    /// <summary>Shape and element type.</summary>
    public TensorSpec Spec { get; }

    /// <summary>Extents, outermost first.</summary>
    public Shape Shape => Spec.Shape;

    /// <summary>Element type.</summary>
    public DType DType => Spec.DType;

    /// <summary>The memory, for authors of kernels.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed, by itself or with its scope.</exception>
    public Storage Storage => _storage ?? throw new ObjectDisposedException(nameof(Tensor), $"tensor {Spec} was disposed, by itself or with its TensorScope");

    /// <summary>The backend that owns the memory.</summary>
    public Backend Backend => Storage.Backend;

    /// <summary>The device where the memory lies.</summary>
    public Device Device => Storage.Backend.Device;

    /// <summary>Whether operators on this tensor are recorded so that <see cref="Backward"/> fills <see cref="Grad"/>. Set on leaves only.</summary>
    /// <exception cref="InvalidOperationException">The tensor is the result of recorded operators, or not floating-point.</exception>
    public bool RequiresGrad
    {
        get => _requiresGrad;
        set
        {
            if (Node is not null)
                throw new InvalidOperationException($"tensor {Spec} is the result of '{Node.Name}'; only leaves choose whether they require gradients");
            if (value && !DType.IsFloatingPoint)
                throw new InvalidOperationException($"tensor {Spec} has no gradient: {DType} is not a floating-point type");
            _requiresGrad = value;
        }
    }

    /// <summary>The gradient that <see cref="Backward"/> has summed up so far for this leaf, or null. It belongs to this tensor, not to a scope.</summary>
    public Tensor? Grad { get; internal set; }

    /// <summary>True if no recorded operator made this tensor.</summary>
    public bool IsLeaf => Node is null;

    /// <summary>True if gradients flow to or through this tensor.</summary>
    public bool NeedsGrad => _requiresGrad || Node is not null;

    /// <summary>True once disposed.</summary>
    public bool IsDisposed => _storage is null;

    internal GradNode? Node { get; private set; }

    internal int NodeOutput { get; private set; }

    internal TensorScope? Scope { get; set; }

    /// <summary>Another handle on the same memory that gradients do not flow through.</summary>
    public Tensor Detach()
    {
        Storage.AddReference();
        return Own(Storage, Spec);
    }

    /// <summary>The same values on another device; the tensor itself, as a new handle, if it is there already. Not recorded for gradients.</summary>
    public Tensor To(Device device)
    {
        if (device == Device)
            return Detach();
        var target = Allocate(Spec, BackendRegistry.Get(device));
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)Spec.ByteLength));
        Backend.Download(Storage, bytes);
        target.Backend.Upload(bytes, target.Storage);
        return target;
    }

    /// <summary>Overwrites the values with those of a tensor of the same spec and device, outside of gradient recording.</summary>
    /// <exception cref="ShapeException">Spec or device differ.</exception>
    public void Assign(Tensor source)
    {
        if (source.Spec != Spec || source.Backend != Backend)
            throw new ShapeException($"assign: cannot write {source.Spec} on {source.Device} into {Spec} on {Device}");
        if (source.Storage == Storage)
            return;
        Backend.Copy(source.Storage, Storage, Spec.ByteLength);
        Storage.MarkWritten();
    }

    /// <summary>Overwrites the values from host memory.</summary>
    /// <typeparam name="T">The element type; see <see cref="FromSpan{T}"/>.</typeparam>
    /// <param name="values">One value per element, row-major.</param>
    public void Assign<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        RequireType<T>();
        if (values.Length != Spec.ElementCount)
            throw new ShapeException($"assign: {values.Length} values for {Spec}");
        Backend.Upload(MemoryMarshal.AsBytes(values), Storage);
        Storage.MarkWritten();
    }

    /// <summary>Overwrites the values, of whatever element type, with floats, each rounded once.</summary>
    public void AssignRounded(ReadOnlySpan<float> values)
    {
        if (DType == DType.F32)
        {
            Assign(values);
            return;
        }

        var doubles = new double[values.Length];
        for (int i = 0; i < doubles.Length; i++)
            doubles[i] = values[i];
        AssignRounded(doubles);
    }

    /// <summary>Overwrites the values, of whatever element type, with doubles, each rounded once.</summary>
    public void AssignRounded(ReadOnlySpan<double> values)
    {
        if (values.Length != Spec.ElementCount)
            throw new ShapeException($"assign: {values.Length} values for {Spec}");
        var bytes = new byte[Spec.ByteLength];
        ElementConversion.FromDoubles(values, DType, bytes);
        Backend.Upload(bytes, Storage);
        Storage.MarkWritten();
    }

    /// <summary>Computes the gradients of this tensor and adds them to <see cref="Grad"/> of every leaf that requires one.
    /// The recorded graph is consumed: its saved tensors are freed on the way.</summary>
    /// <param name="gradient">Upstream gradient of the same spec; may be left out for a single element, then it is one.</param>
    /// <exception cref="InvalidOperationException">Nothing was recorded for this tensor, or its graph was consumed already.</exception>
    public void Backward(Tensor? gradient = null) => Backpropagation.Run(this, gradient);

    /// <summary>Drops <see cref="Grad"/>.</summary>
    public void ClearGrad()
    {
        Grad?.Dispose();
        Grad = null;
    }

    /// <summary>Drops this handle and its gradient; the memory is freed with the last handle on it.</summary>
    public void Dispose()
    {
        var storage = Interlocked.Exchange(ref _storage, null);
        if (storage is null)
            return;
        ClearGrad();
        var node = Node;
        Node = null;
        node?.ReleaseReference();
        storage.ReleaseReference();
    }

    /// <summary>Spec and device, not the values.</summary>
    public override string ToString() => _storage is null ? $"{Spec} (disposed)" : $"{Spec} on {Device}";

    internal static Tensor Allocate(TensorSpec spec, Backend backend) => Own(backend.Allocate(spec.ByteLength), spec);

    /// <summary>A handle that takes over one reference on the storage and joins the current scope.</summary>
    internal static Tensor Own(Storage storage, TensorSpec spec)
    {
        var tensor = new Tensor(storage, spec);
        TensorScope.Current?.Track(tensor);
        return tensor;
    }

    /// <summary>A handle of its own on the same memory, outside of every scope and of the graph.</summary>
    internal Tensor Share()
    {
        Storage.AddReference();
        return new Tensor(Storage, Spec);
    }

    internal void AttachNode(GradNode node, int output)
    {
        Node = node;
        NodeOutput = output;
    }

    internal void ThrowIfDisposed(string op)
    {
        if (_storage is null)
            throw new ObjectDisposedException(nameof(Tensor), $"{op}: input {Spec} was disposed, by itself or with its TensorScope");
    }
}
