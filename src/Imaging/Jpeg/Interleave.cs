using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Imaging;

/// <summary>Alternates the elements of two vectors; the portable vector types have no operation for it.</summary>
internal static class Interleave
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Low(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(a, b);
        var order = Vector128.Create(0, 0, 1, 1, 2, 2, 3, 3);
        return Mix(Vector128.Shuffle(a, order), Vector128.Shuffle(b, order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> High(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(a, b);
        var order = Vector128.Create(4, 4, 5, 5, 6, 6, 7, 7);
        return Mix(Vector128.Shuffle(a, order), Vector128.Shuffle(b, order));
    }

    private static Vector128<short> Mix(Vector128<short> even, Vector128<short> odd) =>
        Vector128.ConditionalSelect(Vector128.Create(-1, 0, -1, 0, -1, 0, -1, 0), even, odd);
}
