using System.Runtime.InteropServices;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary>A tensor on its way out, whose 16-bit values are looked through for infinities: a narrower type has a shorter range.</summary>
internal sealed class CheckedSource(WeightSource inner) : WeightSource(inner.Name, inner.DType, inner.Shape)
{
    /// <summary>Infinite values seen so far.</summary>
    public long Infinite { get; private set; }

    public override void CopyRange(long offset, Span<byte> destination)
    {
        inner.CopyRange(offset, destination);
        if (DType is not (WeightDType.F16 or WeightDType.BF16))
            return;
        ushort infinity = DType == WeightDType.F16 ? (ushort)0x7C00 : (ushort)0x7F80;
        var values = MemoryMarshal.Cast<byte, ushort>(destination);
        Infinite += values.Count(infinity) + values.Count((ushort)(infinity | 0x8000));
    }
}
