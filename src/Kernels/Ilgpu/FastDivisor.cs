using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Divides non-negative ints by a number that is known at launch: one multiplication and a shift instead of some twenty instructions.</summary>
/// <remarks>Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, for dividends below 2^31:
/// with s = ceil(log2 d) and m = floor(2^(31+s) / d) + 1, the quotient is (n · m) >> (31 + s).
/// The multiplier is stored in 64 bits although it has 32: ILGPU takes two structures for one if they have the same fields once nested
/// structures are written out, whatever the nesting, and then stumbles over them. No other structure here has a 64-bit field.</remarks>
internal readonly struct FastDivisor
{
    private readonly ulong _multiplier;
    public readonly int Divisor;
    private readonly int _shift;

    /// <param name="divisor">At least one.</param>
    public FastDivisor(int divisor)
    {
        Divisor = divisor;
        int s = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)divisor - 1);
        _shift = 31 + s;
        _multiplier = (1UL << _shift) / (uint)divisor + 1;
    }

    /// <summary>n / divisor for 0 ≤ n &lt; 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Divide(int n) => (int)((ulong)(uint)n * (uint)_multiplier >> _shift);
}
