using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors;

/// <content>Creating tensors from host values and reading them back.</content>
public sealed partial class Tensor
{
    /// <summary>A tensor with the given values.</summary>
    /// <typeparam name="T">float (F32), double (F64), <see cref="System.Half"/> (F16), int (I32), long (I64) or byte (U8).</typeparam>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="device">Where; the CPU if left out.</param>
    /// <exception cref="ShapeException">The number of values is not that of the shape.</exception>
    public static Tensor FromSpan<T>(ReadOnlySpan<T> values, Shape shape, Device? device = null)
        where T : unmanaged
    {
        var spec = new TensorSpec(shape, TypeOf<T>());
        if (values.Length != spec.ElementCount)
            throw new ShapeException($"tensor: {values.Length} values for shape {shape}");
        return FromBytes(MemoryMarshal.AsBytes(values), spec, device);
    }

    /// <summary>A tensor with the given values; see <see cref="FromSpan{T}"/>.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="device">Where; the CPU if left out.</param>
    public static Tensor FromArray<T>(T[] values, Shape shape, Device? device = null)
        where T : unmanaged => FromSpan<T>(values, shape, device);

    /// <summary>A tensor of any element type from its packed little-endian bytes.</summary>
    /// <param name="bytes">Exactly <see cref="TensorSpec.ByteLength"/> bytes.</param>
    /// <param name="spec">Shape and element type.</param>
    /// <param name="device">Where; the CPU if left out.</param>
    public static Tensor FromBytes(ReadOnlySpan<byte> bytes, TensorSpec spec, Device? device = null)
    {
        if (bytes.Length != spec.ByteLength)
            throw new ShapeException($"tensor: {bytes.Length} bytes for {spec}");
        var tensor = Allocate(spec, BackendRegistry.Get(device ?? Device.Cpu));
        tensor.Backend.Upload(bytes, tensor.Storage);
        return tensor;
    }

    /// <summary>A tensor of any element type from double values, each rounded once.</summary>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="spec">Shape and element type.</param>
    /// <param name="device">Where; the CPU if left out.</param>
    public static Tensor FromDoubles(ReadOnlySpan<double> values, TensorSpec spec, Device? device = null)
    {
        if (values.Length != spec.ElementCount)
            throw new ShapeException($"tensor: {values.Length} values for {spec}");
        var bytes = new byte[spec.ByteLength];
        ElementConversion.FromDoubles(values, spec.DType, bytes);
        return FromBytes(bytes, spec, device);
    }

    /// <summary>A tensor with one value everywhere.</summary>
    public static Tensor Full(double value, Shape shape, DType dtype = DType.F32, Device? device = null)
    {
        var values = new double[shape.ElementCount];
        Array.Fill(values, value);
        return FromDoubles(values, new TensorSpec(shape, dtype), device);
    }

    /// <summary>A tensor on device <c>deferred</c>, whose values are fetched each time they are asked for: for weights that are only packed or copied.</summary>
    /// <param name="spec">Shape and element type.</param>
    /// <param name="fetch">Fills a span with the packed little-endian bytes; may be called by several threads at once.</param>
    public static Tensor Deferred(TensorSpec spec, Action<Span<byte>> fetch) =>
        Own(new DeferredBackend.DeferredStorage(BackendRegistry.Get(Device.Deferred), spec.ByteLength, (_, bytes) => fetch(bytes), hasRanges: false), spec);

    /// <summary>A tensor on device <c>deferred</c>, any part of which can be fetched: who packs weights then reads a part at a time, by several threads.</summary>
    /// <param name="spec">Shape and element type.</param>
    /// <param name="fetch">Fills a span with the packed little-endian bytes from an offset on, whole elements; may be called by several threads at once.</param>
    public static Tensor Deferred(TensorSpec spec, Action<long, Span<byte>> fetch) =>
        Own(new DeferredBackend.DeferredStorage(BackendRegistry.Get(Device.Deferred), spec.ByteLength, fetch, hasRanges: true), spec);

    /// <summary>A tensor whose values are whatever its memory holds; for those who overwrite all of it.</summary>
    public static Tensor Empty(Shape shape, DType dtype = DType.F32, Device? device = null) =>
        Allocate(new TensorSpec(shape, dtype), BackendRegistry.Get(device ?? Device.Cpu));

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.F32, Device? device = null)
    {
        var tensor = Empty(shape, dtype, device);
        tensor.Backend.Clear(tensor.Storage);
        return tensor;
    }

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.F32, Device? device = null) => Full(1, shape, dtype, device);

    /// <summary>All values, row-major, on the host. Waits for the device.</summary>
    /// <typeparam name="T">The element type; see <see cref="FromSpan{T}"/>.</typeparam>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        var values = GC.AllocateUninitializedArray<T>(Spec.ElementCount);
        CopyTo<T>(values);
        return values;
    }

    /// <summary>Copies all values, row-major, to host memory. Waits for the device.</summary>
    /// <typeparam name="T">The element type; see <see cref="FromSpan{T}"/>.</typeparam>
    /// <param name="destination">Room for every element.</param>
    public void CopyTo<T>(Span<T> destination)
        where T : unmanaged
    {
        RequireType<T>();
        if (destination.Length < Spec.ElementCount)
            throw new ArgumentException($"{Spec} does not fit in {destination.Length} elements", nameof(destination));
        Backend.Download(Storage, MemoryMarshal.AsBytes(destination[..Spec.ElementCount]));
    }

    /// <summary>All values as doubles, whatever the element type. Waits for the device.</summary>
    public double[] ToDoubles()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)Spec.ByteLength));
        Backend.Download(Storage, bytes);
        var values = GC.AllocateUninitializedArray<double>(Spec.ElementCount);
        ElementConversion.ToDoubles(bytes, DType, values);
        return values;
    }

    /// <summary>The value of a tensor of one element. Waits for the device.</summary>
    /// <exception cref="ShapeException">There is not exactly one element.</exception>
    public double Item() => Spec.ElementCount == 1
        ? ToDoubles()[0]
        : throw new ShapeException($"item: {Spec} has {Spec.ElementCount} elements, not one");

    private static DType TypeOf<T>() =>
        typeof(T) == typeof(float) ? DType.F32
        : typeof(T) == typeof(double) ? DType.F64
        : typeof(T) == typeof(Half) ? DType.F16
        : typeof(T) == typeof(int) ? DType.I32
        : typeof(T) == typeof(long) ? DType.I64
        : typeof(T) == typeof(byte) ? DType.U8
        : throw new ArgumentException($"{typeof(T).Name} is no element type; use float, double, Half, int, long or byte");

    private void RequireType<T>()
    {
        if (TypeOf<T>() != DType)
            throw new ArgumentException($"{Spec} holds {DType}, not {typeof(T).Name}; cast first or use ToDoubles");
    }
}
