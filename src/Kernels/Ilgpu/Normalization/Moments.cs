using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Number, mean and sum of squared deviations of some values; two of them combine without cancellation.</summary>
/// <remarks>Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.</remarks>
internal struct Moments
{
    public float Count;
    public float Mean;
    public float Squares;

    /// <summary>The moments of both sets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Moments Combine(Moments a, Moments b)
    {
        float count = a.Count + b.Count;
        float share = b.Count / IntrinsicMath.Max(count, 1f);
        float distance = b.Mean - a.Mean;
        var result = default(Moments);
        result.Count = count;
        result.Mean = a.Mean + distance * share;
        result.Squares = a.Squares + b.Squares + distance * distance * a.Count * share;
        return result;
    }

    /// <summary>The moments of a warp's values, in its first lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Moments CombineWarp(Moments own)
    {
        for (int distance = Warp.WarpSize / 2; distance > 0; distance /= 2)
        {
            var other = default(Moments);
            other.Count = Warp.ShuffleXor(own.Count, distance);
            other.Mean = Warp.ShuffleXor(own.Mean, distance);
            other.Squares = Warp.ShuffleXor(own.Squares, distance);
            own = Combine(own, other);
        }

        return own;
    }
}
