namespace ResNeSt.Kernels.Cpu;

/// <summary>Some F32 lanes that are computed together: the same kernel body serves every vector width, and the scalar path with a single lane.</summary>
/// <remarks>Implementations wrap one hardware vector; the JIT compiles a generic body once per width and inlines all of this away.
/// Comparisons give masks: all bits set where true.</remarks>
/// <typeparam name="TSelf">The implementation.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    static abstract TSelf Broadcast(float value);

    /// <summary>Reads <see cref="Count"/> elements, aligned or not.</summary>
    static abstract TSelf Load(float* source);

    void Store(float* destination);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf value);

    /// <summary>Bitwise and: a mask keeps or clears lanes.</summary>
    static abstract TSelf operator &(TSelf left, TSelf right);

    /// <summary>Bitwise or.</summary>
    static abstract TSelf operator |(TSelf left, TSelf right);

    /// <summary>a · b + c, rounded once where the hardware can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Abs(TSelf value);

    static abstract TSelf Sqrt(TSelf value);

    static abstract TSelf Floor(TSelf value);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>The larger one; NaN if either is.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>The smaller one; NaN if either is.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>One instruction: <paramref name="limit"/> if greater than <paramref name="value"/>, else <paramref name="value"/>; so NaN values stay.</summary>
    static abstract TSelf AtLeast(TSelf value, TSelf limit);

    /// <summary>One instruction: <paramref name="limit"/> if less than <paramref name="value"/>, else <paramref name="value"/>; so NaN values stay.</summary>
    static abstract TSelf AtMost(TSelf value, TSelf limit);

    /// <summary>Mask: left &gt; right.</summary>
    static abstract TSelf Greater(TSelf left, TSelf right);

    /// <summary>Mask: left = right.</summary>
    static abstract TSelf Equal(TSelf left, TSelf right);

    /// <summary>Lane by lane <paramref name="chosen"/> where the mask is set, else <paramref name="otherwise"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf chosen, TSelf otherwise);

    /// <summary>The elements 0, 2, 4 … of <paramref name="low"/> and <paramref name="high"/> laid end to end.</summary>
    static abstract TSelf Evens(TSelf low, TSelf high);

    /// <summary>The elements 1, 3, 5 … of <paramref name="low"/> and <paramref name="high"/> laid end to end.</summary>
    static abstract TSelf Odds(TSelf low, TSelf high);

    /// <summary>Writes the first even, the first odd, the second even, and so on: twice <see cref="Count"/> elements.</summary>
    static abstract void StoreInterleaved(TSelf evens, TSelf odds, float* destination);

    /// <summary>value · 2^exponent for integral exponents in [-252, 254], rounded once when the result is subnormal.</summary>
    static abstract TSelf Scale(TSelf value, TSelf exponent);

    /// <summary>The exponent e and the mantissa m in [√½, √2) of positive normal values: value = m · 2^e.</summary>
    static abstract TSelf Split(TSelf value, out TSelf mantissa);

    /// <summary>exp(exponent · log(value)), computed in double, for value ≥ 0.</summary>
    static abstract TSelf PowerOfPositive(TSelf value, TSelf exponent);
}
