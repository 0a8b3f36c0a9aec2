using ResNeSt.Models;
using ResNeSt.Nn;

namespace ResNeSt.Peers;

/// <summary>The two sets of weights that results are compared on.</summary>
internal static class WeightDraw
{
    public const string Golden = "golden", Harsh = "harsh";

    /// <summary>Fills a network: the golden weights, and for <c>harsh</c> running variances from 10⁻³ to 10³, evenly in their logarithm.</summary>
    /// <remarks>A layer's γ are then divided by the root of the mean of 1/σ², which keeps its output's energy: without that a network of
    /// dozens of layers overflows. Folded into convolutions, such a norm scales neighbouring channels by factors a thousand apart.</remarks>
    public static void Fill(Module model, string draw)
    {
        GoldenWeights.Fill(model);
        if (draw != Harsh)
            return;
        var state = model.NamedState().ToDictionary(entry => entry.Name, entry => entry.State.Value);
        foreach (var (name, variance) in state)
        {
            const string suffix = "running_var";
            if (!name.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            // Golden variances are 1 + v / 2 with v even in [-1, 1].
            double[] drawn = [.. variance.ToDoubles().Select(value => Math.Pow(10, 3 * (value - 1) * 2))];
            double energy = Math.Sqrt(drawn.Average(value => 1 / value));
            var scale = state[name[..^suffix.Length] + "weight"];
            variance.AssignRounded(drawn);
            scale.AssignRounded([.. scale.ToDoubles().Select(value => value / energy)]);
        }
    }
}
