using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.Models;

/// <summary>Fills networks from weight files of any supported kind and naming.</summary>
public static class WeightLoader
{
    /// <summary>Fills a materialised network from a file; every tensor must be there with its shape.</summary>
    /// <param name="model">The network.</param>
    /// <param name="path">A safetensors, PyTorch or MXNet file; what it is, is found from its contents.</param>
    /// <param name="name">The network's name, for messages.</param>
    /// <param name="map">Whose tensor names the file uses; found if left out.</param>
    /// <param name="cancellation">Stops between tensors.</param>
    /// <returns>What matched; unexpected tensors are listed and do no harm.</returns>
    /// <exception cref="DataFileException">The file is refused, or does not fit the network; nothing was written then.</exception>
    public static WeightMatchReport Load(Module model, string path, string name, NameMap? map = null, CancellationToken cancellation = default)
    {
        using var file = WeightFile.Open(path);
        var state = model.NamedState().ToList();
        var expected = state.ToDictionary(entry => entry.Name, entry => entry.State.Shape);
        var report = WeightMatchReport.Create(file, expected, map).ThrowIfIncomplete(name);
        float[] values = [];
        foreach (var (key, tensor) in state)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!report.Matched.TryGetValue(key, out var source))
                continue;
            int count = tensor.Shape.ElementCount;
            if (values.Length < count)
                values = new float[count];
            file.ReadSingles(source, values);
            tensor.Value.AssignRounded(values.AsSpan(0, count));
        }

        return report;
    }
}
