namespace ResNeSt.Tensors;

/// <summary>The pointwise function at the end of a fused operator.</summary>
public enum ActivationKind
{
    /// <summary>The identity.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>min(max(x, 0), 6).</summary>
    Relu6,

    /// <summary>x · σ(x).</summary>
    Silu,
}

/// <summary>Calls of <see cref="ActivationKind"/>.</summary>
public static class ActivationKindExtensions
{
    extension(Tensor x)
    {
        /// <summary>Applies a pointwise function.</summary>
        public Tensor Activate(ActivationKind kind) => kind switch
        {
            ActivationKind.None => x,
            ActivationKind.Relu => x.Relu(),
            ActivationKind.Relu6 => x.Clamp(0, 6),
            ActivationKind.Silu => x.Silu(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such activation"),
        };
    }
}
