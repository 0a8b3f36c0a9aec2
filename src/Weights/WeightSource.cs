using System.Buffers;
using System.Collections.Immutable;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>One tensor to be written: its description, and its values on demand, so that a writer need not hold more than a piece of them.</summary>
public abstract class WeightSource
{
    /// <param name="name">Name of the tensor in the file to be written.</param>
    /// <param name="dtype">Element type in the file to be written.</param>
    /// <param name="shape">Extents, outermost first; none for a scalar.</param>
    /// <exception cref="DataFileException">The type is unknown, the byte count overflows or is no whole number.</exception>
    protected WeightSource(string name, WeightDType dtype, ImmutableArray<long> shape)
    {
        Name = name;
        DType = dtype;
        Shape = shape;
        ByteLength = Bytes(name, dtype, shape);
    }

    /// <summary>Name of the tensor in the file to be written.</summary>
    public string Name { get; }

    /// <summary>Element type in the file to be written.</summary>
    public WeightDType DType { get; }

    /// <summary>Extents, outermost first; none for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Bytes of the packed values.</summary>
    public long ByteLength { get; }

    /// <summary>Copies part of the values, packed, little-endian, in C order.</summary>
    /// <param name="offset">First byte, a multiple of the element size.</param>
    /// <param name="destination">Filled whole; a multiple of the element size, within the tensor.</param>
    public abstract void CopyRange(long offset, Span<byte> destination);

    /// <summary>Packed little-endian values in memory.</summary>
    /// <exception cref="ArgumentException">The shape needs another number of bytes.</exception>
    public static WeightSource FromBytes(string name, WeightDType dtype, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes) => new Bytewise(name, dtype, [.. shape], bytes);

    /// <summary>Floats in memory, written as F32, F16 or BF16 (rounded to nearest, ties to even).</summary>
    /// <exception cref="ArgumentException">The shape needs another number of values, or another type is asked for.</exception>
    public static WeightSource FromSingles(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values, WeightDType dtype = WeightDType.F32) => new Floats(name, dtype, [.. shape], values);

    /// <summary>A tensor of an open weight file, under another name or converted to F32, F16 or BF16 where asked for.</summary>
    /// <param name="file">Stays open until the source was written.</param>
    /// <param name="entry">A tensor of that file.</param>
    /// <param name="name">New name; null keeps the old.</param>
    /// <param name="dtype">F32, F16 or BF16; null keeps the type.</param>
    /// <exception cref="DataFileException">The values cannot be loaded or not be converted.</exception>
    public static WeightSource FromFile(WeightFile file, WeightEntry entry, string? name = null, WeightDType? dtype = null)
    {
        if (entry.DType == WeightDType.Unknown || (dtype is not null && dtype != entry.DType && !WeightConversion.CanConvert(entry.DType, dtype.Value)))
            throw new DataFileException(DataFileErrorKind.UnsupportedDType, $"{DataFileException.Escape(entry.DTypeName)} values cannot be {(dtype is { } to ? $"converted to {to.Name}" : "loaded")}", file.FilePath, entry.Name);
        return new InFile(file, entry, name ?? entry.Name, dtype ?? entry.DType);
    }

    private static long Bytes(string name, WeightDType dtype, ImmutableArray<long> shape)
    {
        if (dtype == WeightDType.Unknown)
            throw new DataFileException(DataFileErrorKind.UnsupportedDType, "values of an unknown type cannot be written", entry: name);
        Int128 bits = dtype.BitSize;
        foreach (long extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            bits *= extent;
            // As a reader multiplies, in 64 bits: what overflows there must not be written.
            if (bits > ulong.MaxValue)
                throw new DataFileException(DataFileErrorKind.Overflow, $"the byte count of [{string.Join(",", shape)}] overflows", entry: name);
        }

        return bits % 8 == 0
            ? (long)(bits / 8)
            : throw new DataFileException(DataFileErrorKind.SizeMismatch, $"[{string.Join(",", shape)}] of {dtype.Name} is no whole number of bytes", entry: name);
    }

    private sealed class Bytewise : WeightSource
    {
        private readonly ReadOnlyMemory<byte> _bytes;

        public Bytewise(string name, WeightDType dtype, ImmutableArray<long> shape, ReadOnlyMemory<byte> bytes)
            : base(name, dtype, shape)
        {
            if (bytes.Length != ByteLength)
                throw new ArgumentException($"'{DataFileException.Escape(name)}': [{string.Join(",", shape)}] of {dtype.Name} needs {ByteLength} bytes, not {bytes.Length}", nameof(bytes));
            _bytes = bytes;
        }

        public override void CopyRange(long offset, Span<byte> destination) => _bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
    }

    private sealed class Floats : WeightSource
    {
        private readonly ReadOnlyMemory<float> _values;

        public Floats(string name, WeightDType dtype, ImmutableArray<long> shape, ReadOnlyMemory<float> values)
            : base(name, dtype, shape)
        {
            if (!WeightConversion.CanConvert(WeightDType.F32, dtype))
                throw new ArgumentException($"floats are not written as {dtype.Name}, only as F32, F16 or BF16", nameof(dtype));
            if (values.Length != ByteLength / dtype.ByteSize)
                throw new ArgumentException($"'{DataFileException.Escape(name)}': [{string.Join(",", shape)}] needs {ByteLength / dtype.ByteSize} values, not {values.Length}", nameof(values));
            _values = values;
        }

        public override void CopyRange(long offset, Span<byte> destination)
            => WeightConversion.FromSingles(_values.Span.Slice((int)(offset / DType.ByteSize), destination.Length / DType.ByteSize), DType, destination);
    }

    private sealed class InFile(WeightFile file, WeightEntry entry, string name, WeightDType dtype) : WeightSource(name, dtype, entry.Shape)
    {
        private const int PieceElements = 1 << 16;

        public override void CopyRange(long offset, Span<byte> destination)
        {
            if (DType == entry.DType)
            {
                file.CopyRange(entry, offset, destination);
                return;
            }

            int from = entry.DType.ByteSize, to = DType.ByteSize;
            var piece = ArrayPool<byte>.Shared.Rent(PieceElements * from);
            try
            {
                for (long element = offset / to; !destination.IsEmpty;)
                {
                    int count = Math.Min(PieceElements, destination.Length / to);
                    file.CopyRange(entry, element * from, piece.AsSpan(0, count * from));
                    WeightConversion.Convert(entry.DType, piece.AsSpan(0, count * from), DType, destination[..(count * to)]);
                    destination = destination[(count * to)..];
                    element += count;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(piece);
            }
        }
    }
}
