using System.Globalization;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary>How two tensors of one name differ.</summary>
/// <param name="Name">The name.</param>
/// <param name="DTypes">Their element types.</param>
internal sealed record TensorDifference(string Name, (string A, string B) DTypes)
{
    private const int PieceElements = 1 << 16;

    /// <summary>Largest absolute difference; infinite where shapes differ, a NaN meets a number, or types cannot be compared.</summary>
    public double Largest { get; private set; }

    /// <summary>Flat index of the largest difference.</summary>
    public long? Index { get; private set; }

    /// <summary>Number of different elements.</summary>
    public long Different { get; private set; }

    /// <summary>Why there is no number, where there is none.</summary>
    public string? Reason { get; private set; }

    /// <summary>Reads both tensors, a piece at a time.</summary>
    public static TensorDifference Measure(string name, WeightFile fileA, WeightEntry a, WeightFile fileB, WeightEntry b)
    {
        var difference = new TensorDifference(name, (a.DTypeName, b.DTypeName));
        if (!a.Shape.AsSpan().SequenceEqual(b.Shape.AsSpan()))
            return difference.Incomparable($"shapes {a.ShapeText} and {b.ShapeText}");
        if (a.DType == b.DType && SameBytes(fileA, a, fileB, b))
            return difference;
        if (!WeightConversion.HasSingles(a.DType) || !WeightConversion.HasSingles(b.DType))
            return difference.Incomparable($"{a.DTypeName} and {b.DTypeName} have no difference");
        difference.Compare(fileA, a, fileB, b);
        return difference;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string types = DTypes.A == DTypes.B ? DTypes.A : $"{DTypes.A} {DTypes.B}";
        return Reason is not null && Index is null
            ? $"{types}  {Reason}"
            : string.Create(CultureInfo.InvariantCulture, $"{types}  largest {Largest:g6} at {Index}, {Different} differ{(Reason is null ? "" : $" ({Reason})")}");
    }

    private static bool SameBytes(WeightFile fileA, WeightEntry a, WeightFile fileB, WeightEntry b)
    {
        const int PieceBytes = 1 << 20;
        if (a.ByteLength != b.ByteLength)
            return false;
        var (pieceA, pieceB) = (new byte[Math.Min(PieceBytes, a.ByteLength)], new byte[Math.Min(PieceBytes, a.ByteLength)]);
        for (long offset = 0; offset < a.ByteLength;)
        {
            int count = (int)Math.Min(PieceBytes, a.ByteLength - offset);
            fileA.CopyRange(a, offset, pieceA.AsSpan(0, count));
            fileB.CopyRange(b, offset, pieceB.AsSpan(0, count));
            if (!pieceA.AsSpan(0, count).SequenceEqual(pieceB.AsSpan(0, count)))
                return false;
            offset += count;
        }

        return true;
    }

    private TensorDifference Incomparable(string reason)
    {
        (Largest, Reason) = (double.PositiveInfinity, reason);
        return this;
    }

    private void Compare(WeightFile fileA, WeightEntry a, WeightFile fileB, WeightEntry b)
    {
        int count = (int)Math.Min(PieceElements, a.ElementCount);
        var (bytesA, bytesB) = (new byte[count * a.DType.ByteSize], new byte[count * b.DType.ByteSize]);
        var (valuesA, valuesB) = (new double[count], new double[count]);
        for (long first = 0; first < a.ElementCount; first += count)
        {
            count = (int)Math.Min(PieceElements, a.ElementCount - first);
            Read(fileA, a, first, bytesA, valuesA.AsSpan(0, count));
            Read(fileB, b, first, bytesB, valuesB.AsSpan(0, count));
            for (int i = 0; i < count; i++)
            {
                // Equal covers infinities of one sign; two NaNs are no difference, whatever their payloads.
                if (valuesA[i] == valuesB[i] || (double.IsNaN(valuesA[i]) && double.IsNaN(valuesB[i])))
                    continue;
                Different++;
                double size = Math.Abs(valuesA[i] - valuesB[i]);
                if (!double.IsFinite(size))
                    (size, Reason) = (double.PositiveInfinity, "a NaN or an infinity meets another value");
                if (size > Largest)
                    (Largest, Index) = (size, first + i);
            }
        }
    }

    private static void Read(WeightFile file, WeightEntry entry, long first, byte[] bytes, Span<double> values)
    {
        int unit = entry.DType.ByteSize;
        var piece = bytes.AsSpan(0, values.Length * unit);
        file.CopyRange(entry, first * unit, piece);
        WeightConversion.ToDoubles(entry.DType, piece, values);
    }
}
