using System.Runtime.InteropServices;
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
        var report = Match(state, file, name, map);
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

    /// <summary>Lets a network's weights be read from a file when they are asked for, so that it takes no memory itself: for a network that is compiled
    /// for inference next. Every tensor must be there with its shape.</summary>
    /// <param name="model">The network; it need not be materialised.</param>
    /// <param name="file">An open weight file; it must stay open as long as the weights are used.</param>
    /// <param name="name">The network's name, for messages.</param>
    /// <param name="map">Whose tensor names the file uses; found if left out.</param>
    /// <returns>What matched; unexpected tensors are listed and do no harm.</returns>
    /// <exception cref="DataFileException">The file does not fit the network; nothing was changed then.</exception>
    public static WeightMatchReport Defer(Module model, WeightFile file, string name, NameMap? map = null)
    {
        var state = model.NamedState().ToList();
        var report = Match(state, file, name, map);
        foreach (var (key, tensor) in state)
        {
            if (report.Matched.TryGetValue(key, out var source) && tensor.Value.DType == DType.F32)
                tensor.Defer(DType.F32, (offset, bytes) => file.ReadSingles(source, offset / sizeof(float), MemoryMarshal.Cast<byte, float>(bytes)));
        }

        return report;
    }

    private static WeightMatchReport Match(List<(string Name, StateTensor State)> state, WeightFile file, string name, NameMap? map)
    {
        var expected = new Dictionary<string, Shape>(state.Count);
        foreach (var (key, tensor) in state)
            expected.Add(key, tensor.Shape);
        return WeightMatchReport.Create(file, expected, map).ThrowIfIncomplete(name);
    }
}
