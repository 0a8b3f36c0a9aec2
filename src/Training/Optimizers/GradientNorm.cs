using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>The Euclidean norm of all gradients together, and clipping by it.</summary>
public static class GradientNorm
{
    /// <summary>The norm; NaN or infinite if any gradient is. Waits for the device once.</summary>
    public static double Measure(IReadOnlyList<TrainedParameter> parameters)
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        var squares = new List<Tensor>(parameters.Count);
        foreach (var entry in parameters)
        {
            if (entry.Parameter.RequiresGrad && entry.Parameter.Grad is { } gradient)
                squares.Add(gradient.Square().Sum().Reshape([1]));
        }

        return squares.Count == 0 ? 0 : Math.Sqrt(Tensor.Concat(0, squares.ToArray()).ToDoubles().Sum());
    }

    /// <summary>Multiplies every gradient by one number.</summary>
    public static void Scale(IReadOnlyList<TrainedParameter> parameters, double factor)
    {
        using var off = GradMode.Off();
        foreach (var entry in parameters)
        {
            if (entry.Parameter.Grad is not { } gradient)
                continue;
            using var scaled = TensorScope.Release(gradient * factor);
            gradient.Assign(scaled);
        }
    }

    /// <summary>Shortens the gradients to a norm of <paramref name="limit"/> if they are longer, as torch.nn.utils.clip_grad_norm_.</summary>
    /// <returns>The norm before.</returns>
    public static double Clip(IReadOnlyList<TrainedParameter> parameters, double limit)
    {
        double norm = Measure(parameters);
        double factor = limit / (norm + 1e-6);
        if (factor < 1)
            Scale(parameters, factor);
        return norm;
    }
}
