using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>Writes a graph as an ONNX file, weights inside, so that others can run it or look at it.</summary>
/// <remarks>Operators for which <see cref="HasForm"/> is false must be replaced by their definition before.</remarks>
public static class OnnxExporter
{
    /// <summary>Version of the standard operator set that files use.</summary>
    public const int OperatorSet = 17;

    /// <summary>Whether an operator can be written as it is.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">Specs of its inputs.</param>
    public static bool HasForm(Op op, IReadOnlyList<TensorSpec> inputs) => OnnxOperators.Find(op, inputs) is not null;

    /// <summary>Writes a file: complete, or not at all.</summary>
    /// <param name="graph">The network. Its constants must have values.</param>
    /// <param name="file">The file; one of that name is replaced.</param>
    /// <param name="options">Wishes.</param>
    /// <returns>Length of the file in bytes.</returns>
    /// <exception cref="NotSupportedException">An operator has no ONNX form, or the file would be longer than protobuf allows (2 GB).</exception>
    public static long Export(Graph graph, string file, OnnxExportOptions? options = null)
    {
        var model = Make(graph, options ?? new OnnxExportOptions());
        string target = Path.GetFullPath(file);
        string temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.part");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                model.Write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return model.ByteLength;
    }

    /// <summary>Writes the file's bytes to a stream.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="stream">Takes the bytes.</param>
    /// <param name="options">Wishes.</param>
    /// <returns>Number of bytes.</returns>
    /// <exception cref="NotSupportedException">An operator has no ONNX form, or the file would be longer than protobuf allows (2 GB).</exception>
    public static long Write(Graph graph, Stream stream, OnnxExportOptions? options = null)
    {
        var model = Make(graph, options ?? new OnnxExportOptions());
        model.Write(stream);
        return model.ByteLength;
    }

    private static OnnxModel Make(Graph graph, OnnxExportOptions options)
    {
        if (options.DynamicBatch && graph.Inputs.Any(input => input.Shape.Rank == 0 || input.Shape[0] != graph.Inputs[0].Shape[0]))
            throw new NotSupportedException("onnx: the inputs have no batch in common as their first axis; export with a fixed batch");
        var emitter = new OnnxEmitter(options.DynamicBatch ? graph.Inputs[0].Shape[0] : null);
        var values = new Dictionary<GraphValue, OnnxValue>();
        for (int i = 0; i < graph.Inputs.Count; i++)
            values.Add(graph.Inputs[i], emitter.Input(i < options.InputNames.Count ? options.InputNames[i] : graph.Inputs[i].Name, graph.Inputs[i].Spec));
        OnnxValue ValueOf(GraphValue value)
        {
            if (values.TryGetValue(value, out var known))
                return known;
            // A second output, such as the places of a maximum, that something reads.
            var constant = value.Constant ?? throw emitter.NoForm($"it reads {value}, which ONNX files do not hold");
            var made = emitter.Weight(value.Name, value.Spec, constant);
            values.Add(value, made);
            return made;
        }

        foreach (var node in JoinMeans.Run(graph).Nodes)
        {
            emitter.Current = node;
            var rule = OnnxOperators.Find(node.Op, node.InputSpecs) ?? throw emitter.NoForm();
            values.Add(node.Outputs[0], rule(emitter, node, [.. node.Inputs.Select(ValueOf)]));
        }

        emitter.Current = null;
        var inputs = graph.Inputs.Select(ValueOf).ToArray();
        var outputs = new OnnxValue[graph.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
        {
            var value = ValueOf(graph.Outputs[i]);
            // An output has a name of its own, whatever else the value is.
            outputs[i] = emitter.Add("Identity", value.Spec, [value]);
            outputs[i].Name = i < options.OutputNames.Count ? options.OutputNames[i] : graph.Outputs[i].Name + "_result";
        }

        var model = new OnnxModel(emitter, inputs, outputs, options.Name);
        if (model.ByteLength > int.MaxValue)
            throw new NotSupportedException($"onnx: the file would take {model.ByteLength / 1e9:f1} GB, and protobuf files end at 2.1 GB; export a smaller network");
        return model;
    }
}
