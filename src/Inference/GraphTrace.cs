using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>A recording in progress: collects the operators that run on device <c>recording</c> on this thread until it is closed.</summary>
internal sealed class GraphTrace : IDisposable
{
    [ThreadStatic]
    private static GraphTrace? _open;

    private readonly GraphWorkspace _workspace;
    private readonly DType _floatType;
    private readonly Func<Op, TensorSpec[], bool>? _expand;
    private readonly GraphTrace? _outer = _open;
    private readonly TensorScope _scope;
    private readonly IDisposable _check = EngineSettings.WithCheckNan(false);
    private readonly Dictionary<Storage, GraphValue> _constants = [];
    private readonly Dictionary<(GraphValue Value, Shape Shape), GraphValue> _views = [];
    private readonly Dictionary<Storage, string> _names = [];
    private int _count;

    /// <param name="workspace">Owns what is computed on the way.</param>
    /// <param name="floatType">Constants of other floating-point types are converted to this one.</param>
    /// <param name="expand">Composite operators that are recorded as their definition; null for none.</param>
    public GraphTrace(GraphWorkspace workspace, DType floatType, Func<Op, TensorSpec[], bool>? expand = null)
    {
        RecordingBackend.Register();
        (_workspace, _floatType, _expand) = (workspace, floatType, expand);
        _scope = new TensorScope();
        _open = this;
    }

    /// <summary>The trace of this thread.</summary>
    public static GraphTrace Open => _open ?? throw new InvalidOperationException("device recording: it is used by GraphRecorder only");

    /// <summary>The operators so far.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>The module that is running.</summary>
    public string Module { get; set; } = "";

    /// <summary>An error that names the module that is running.</summary>
    public static InvalidOperationException Error(string what) =>
        new(_open is { Module.Length: > 0 } trace ? $"compile: module '{trace.Module}': {what}" : $"compile: {what}");

    /// <summary>Notes the names that constants will have.</summary>
    public void NameConstants(Module module)
    {
        foreach (var (name, state) in module.NamedState())
            _names.TryAdd(state.Value.Storage, name);
    }

    /// <summary>A tensor that stands for a value.</summary>
    public Tensor TensorOf(GraphValue value)
    {
        var tensor = Tensor.Empty(value.Shape, value.Spec.DType, RecordingBackend.RecordingDevice);
        ((RecordedStorage)tensor.Storage).Value = value;
        return tensor;
    }

    /// <summary>A new value that no node writes yet.</summary>
    public GraphValue NewValue(TensorSpec spec) => new(spec, _workspace.UniqueName(string.Create(CultureInfo.InvariantCulture, $"x{_count++}")));

    /// <summary>A tensor that stands for a constant of another device.</summary>
    public Tensor Import(Tensor constant)
    {
        if (constant.Backend is RecordingBackend)
            return constant;
        if (!_constants.TryGetValue(constant.Storage, out var value))
        {
            string name = _workspace.UniqueName(_names.GetValueOrDefault(constant.Storage, "constant"));
            var tensor = constant;
            if (constant.DType.IsFloatingPoint && constant.DType != _floatType)
                tensor = Converted(constant);
            _constants.Add(constant.Storage, value = new GraphValue(tensor.Spec, name, new GraphConstant(tensor)));
        }

        return TensorOf(value);
    }

    /// <summary>Whether an operator becomes a node; if not, its definition is recorded instead.</summary>
    public bool Keeps(Op op, ReadOnlySpan<TensorSpec> inputs) => op is not CompositeOp || _expand is null || !_expand(op, inputs.ToArray());

    /// <summary>Writes an operator down.</summary>
    public void Record(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var from = new GraphValue[inputs.Length];
        for (int i = 0; i < from.Length; i++)
            from[i] = ValueOf(inputs[i]);
        var to = new GraphValue[outputs.Length];
        for (int i = 0; i < to.Length; i++)
            to[i] = ((RecordedStorage)outputs[i].Storage).Value = NewValue(outputs[i].Spec);
        Nodes.Add(new GraphNode(op, from, to, Module));
    }

    /// <summary>The value that a tensor stands for; a tensor that views another one's memory becomes a node of its own.</summary>
    public GraphValue ValueOf(Tensor tensor)
    {
        var storage = (RecordedStorage)tensor.Storage;
        var value = storage.Value ??= Upload(storage, tensor.Spec);
        if (value.Shape == tensor.Shape)
            return value;
        if (_views.TryGetValue((value, tensor.Shape), out var view))
            return view;
        if (value.Constant is { } constant)
            view = constant.IsScaled
                ? _workspace.Constant(value.Name, constant.ToDoubles(), tensor.Spec)
                : new GraphValue(tensor.Spec, _workspace.UniqueName(value.Name), new GraphConstant(_workspace.Own(constant.Tensor.Reshape(tensor.Shape))));
        else
        {
            view = NewValue(tensor.Spec);
            Nodes.Add(new GraphNode(new ReshapeOp(tensor.Shape), [value], [view], Module));
        }

        _views.Add((value, tensor.Shape), view);
        return view;
    }

    public void Dispose()
    {
        _scope.Dispose();
        _open = _outer;
        _check.Dispose();
    }

    private GraphValue Upload(RecordedStorage storage, TensorSpec spec)
    {
        if (storage.Uploaded is not { } bytes)
            throw Error($"a tensor {spec} is read before anything wrote it");
        var where = spec.DType == DType.F64 ? Device.Reference : _workspace.Backend.Device;
        return new GraphValue(spec, _workspace.UniqueName("constant"), new GraphConstant(_workspace.Own(Tensor.FromBytes(bytes, spec, where))));
    }

    private Tensor Converted(Tensor constant)
    {
        // F64 exists on the reference device only: convert where the wider type lives. Deferred values must be fetched first.
        var source = constant.Device == Device.Meta ? constant
            : _floatType == DType.F64 || constant.DType == DType.F64 ? constant.To(Device.Reference)
            : constant.Device == Device.Deferred ? constant.To(_workspace.Backend.Device)
            : constant;
        return _workspace.Own(source.Cast(_floatType));
    }
}
