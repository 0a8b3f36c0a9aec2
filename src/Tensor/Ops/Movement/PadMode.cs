namespace ResNeSt.Tensors;

/// <summary>What <see cref="PadOp"/> writes outside of its input.</summary>
public enum PadMode
{
    /// <summary>One value.</summary>
    Constant,

    /// <summary>The input mirrored at its outermost positions, which are not repeated: c b | a b c | b a.</summary>
    Reflect,

    /// <summary>The outermost position, repeated: a a | a b c | c c.</summary>
    Replicate,

    /// <summary>The input again from its other end: b c | a b c | a b.</summary>
    Circular,
}
