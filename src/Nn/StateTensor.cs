using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>A tensor that a module keeps between calls: a <see cref="Parameter"/> or a <see cref="ModuleBuffer"/>.</summary>
/// <remarks>Declared with a shape and an initialiser, it has no memory until <see cref="Module.Materialize"/>: until then its value is a
/// tensor of device <c>meta</c>, enough to list a network's state or to run it for shapes and costs. Its tensors live outside of every
/// <see cref="TensorScope"/>, until the module is disposed.</remarks>
public abstract class StateTensor
{
    private readonly DType? _fixedType;
    private Tensor? _value;

    private protected StateTensor(string name, Shape shape, DType? fixedType, Initializer initializer)
    {
        Name = name;
        Shape = shape;
        _fixedType = fixedType;
        Initializer = initializer;
    }

    /// <summary>The name inside its module, such as <c>weight</c>.</summary>
    public string Name { get; }

    /// <summary>Extents, known without a value.</summary>
    public Shape Shape { get; }

    /// <summary>Gives the first values when the module is materialised; set it before that.</summary>
    public Initializer Initializer { get; set; }

    /// <summary>False until there are values.</summary>
    public bool IsMaterialized => _value is { } value && value.Device != Device.Meta;

    /// <summary>True if a file of weights may leave it out.</summary>
    public virtual bool IsOptional => false;

    /// <summary>The tensor: on device <c>meta</c>, without values, until the module is materialised.</summary>
    public Tensor Value
    {
        get
        {
            if (_value is null)
                Replace(Tensor.Zeros(Shape, _fixedType ?? DType.F32, Device.Meta));
            return _value!;
        }
    }

    /// <summary>Element type that it has once materialised with <paramref name="dtype"/>.</summary>
    internal DType TypeFor(DType dtype) => _fixedType ?? dtype;

    /// <summary>The value, to be used together with <paramref name="input"/>; where the input records instead of computing, a constant of the recording.</summary>
    /// <exception cref="InvalidOperationException">There are no values yet, but the input has some.</exception>
    public Tensor For(Tensor input) => input.Backend.Import(Value) is { } imported ? imported
        : IsMaterialized || input.Device == Device.Meta ? Value
        : throw new InvalidOperationException(
            $"'{Name}' {Shape} has no values yet: call Materialize(device, dtype, generator), or MaterializeEmpty(device, dtype) and Load, before Forward on {input.Device}");

    /// <summary>Gives it values that are fetched each time they are asked for, instead of memory: for a network that is only compiled or saved.</summary>
    /// <param name="dtype">Floating-point type of the values.</param>
    /// <param name="fetch">Fills a span with the packed little-endian bytes; may be called by several threads at once.</param>
    public void Defer(DType dtype, Action<Span<byte>> fetch) => Replace(Tensor.Deferred(new TensorSpec(Shape, TypeFor(dtype)), fetch));

    /// <summary>Gives it values of which any part is fetched when it is asked for.</summary>
    /// <param name="dtype">Floating-point type of the values.</param>
    /// <param name="fetch">Fills a span with the packed little-endian bytes from an offset on; may be called by several threads at once.</param>
    public void Defer(DType dtype, Action<long, Span<byte>> fetch) => Replace(Tensor.Deferred(new TensorSpec(Shape, TypeFor(dtype)), fetch));

    /// <summary>Allocates the tensor and, given a generator, initialises it; else it holds zeros.</summary>
    internal void Materialize(Device device, DType dtype, Generator? generator)
    {
        var spec = new TensorSpec(Shape, TypeFor(dtype));
        if (generator is null)
        {
            Replace(Tensor.Zeros(Shape, spec.DType, device));
            return;
        }

        var values = new double[Shape.ElementCount];
        Initializer(values, Shape, generator);
        Replace(Tensor.FromDoubles(values, spec, device));
    }

    /// <summary>Moves the values to another device and type.</summary>
    internal void Move(Device device, DType? dtype)
    {
        if (!IsMaterialized)
            throw new InvalidOperationException($"'{Name}' {Shape} has no values to move to {device}; call Materialize(device, dtype, generator) instead");
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var type = dtype is { } wanted ? TypeFor(wanted) : Value.DType;
        // F64 exists on the reference device only, so the cast happens there.
        var moved = type == DType.F64 ? Value.To(device).Cast(type) : Value.Cast(type).To(device);
        Replace(ReferenceEquals(moved, Value) ? Value.Detach() : moved);
    }

    /// <summary>Overwrites the values with those of a tensor of the same shape, of any type and device.</summary>
    internal void Load(Tensor source)
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        // F64 exists on the reference device only: cast where the wider type lives.
        var value = source.DType == DType.F64 ? source.Cast(Value.DType).To(Value.Device) : source.To(Value.Device).Cast(Value.DType);
        Value.Assign(value);
    }

    /// <summary>Frees the values.</summary>
    internal void Free()
    {
        _value?.Dispose();
        _value = null;
    }

    private protected virtual void Prepare(Tensor value)
    {
    }

    private void Replace(Tensor value)
    {
        TensorScope.Release(value);
        Prepare(value);
        _value?.Dispose();
        _value = value;
    }
}
