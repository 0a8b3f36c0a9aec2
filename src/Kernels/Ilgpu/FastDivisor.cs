using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Divides non-negative ints by a number that is known at launch: one multiplication and a shift instead of some twenty instructions.</summary>
/// <remarks>Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, for dividends below 2^31:
/// with s = ceil(log2 d) and m = floor(2^(31+s) / d) + 1, the quotient is (n · m) >> (31 + s).</remarks>
internal readonly struct FastDivisor
{
    public readonly int Divisor;
    private readonly uint _multiplier;
    private readonly int _shift;

    /// <param name="divisor">At least one.</param>
    public FastDivisor(int divisor)
    {
        Divisor = divisor;
        int s = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)divisor - 1);
        _shift = 31 + s;
        _multiplier = (uint)((1UL << _shift) / (uint)divisor + 1);
    }

    /// <summary>n / divisor for 0 ≤ n &lt; 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Divide(int n) => (int)((ulong)(uint)n * _multiplier >> _shift);
}
