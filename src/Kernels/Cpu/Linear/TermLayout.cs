namespace ResNeSt.Kernels.Cpu;

/// <summary>Where the terms of a row lie: term k at (k / taps) · stride + tap[k % taps]. One tap at zero is a plain stride.</summary>
/// <param name="stride">Elements from one run of taps to the next.</param>
/// <param name="taps">Places inside a run.</param>
internal readonly struct TermLayout(nint stride, int[] taps)
{
    private static readonly int[] OneTap = [0];

    /// <summary>Terms at equal distances.</summary>
    public TermLayout(nint stride)
        : this(stride, OneTap)
    {
    }

    /// <summary>Elements from one run of taps to the next.</summary>
    public nint Stride => stride;

    /// <summary>Places inside a run.</summary>
    public ReadOnlySpan<int> Taps => taps;

    /// <summary>Whether the places inside a run are neighbours in ascending order.</summary>
    public bool IsContiguous
    {
        get
        {
            for (int i = 1; i < taps.Length; i++)
            {
                if (taps[i] != taps[0] + i)
                    return false;
            }

            return true;
        }
    }
}
