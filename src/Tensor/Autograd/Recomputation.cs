namespace ResNeSt.Tensors;

/// <summary>Trades time for memory: a part of a computation keeps nothing but its input, and is computed again when gradients need what lies between.</summary>
/// <remarks>Source: Chen et al. 2016, arXiv:1604.06174. The second computation must give the same values as the first, and must have no effect of its
/// own: what moves state (running statistics, random numbers) asks <see cref="IsRunning"/>, or is put back by the scope given to <see cref="Run"/>.</remarks>
public static class Recomputation
{
    [ThreadStatic]
    private static int _depth;

    /// <summary>True on a thread that computes something for the second time.</summary>
    public static bool IsRunning => _depth > 0;

    /// <summary>Computes <paramref name="body"/> of x and records it as one node, whose backward computes it again.</summary>
    /// <param name="body">The computation. Other tensors that it reads may be leaves that require gradients (parameters), not results of recorded operators.</param>
    /// <param name="x">The input.</param>
    /// <param name="prepare">Makes a scope that is open while the body runs for the second time, or null.</param>
    /// <returns>The output, owned by the current <see cref="TensorScope"/>.</returns>
    public static Tensor Run(Func<Tensor, Tensor> body, Tensor x, Func<IDisposable>? prepare = null)
    {
        if (!GradMode.Enabled)
            return body(x);
        Tensor y;
        using (var scope = new TensorScope())
        using (GradMode.Off())
            y = scope.Keep(body(x));
        if (y == x)
            return y;
        GradNode.Attach("recomputation", context => context.Recompute(body, prepare), [true], [false], [true], [x], [y], [x.Spec], [y.Spec]);
        return y;
    }

    /// <summary>Says that computations on this thread are repetitions until the result is disposed.</summary>
    internal static Repetition Begin()
    {
        _depth++;
        return default;
    }

    internal readonly ref struct Repetition
    {
        public void Dispose() => _depth--;
    }
}
