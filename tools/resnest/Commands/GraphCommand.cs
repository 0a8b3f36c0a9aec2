using System.CommandLine;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>graph MODEL</c>: the operators of a network, before or after the optimisations, as text, for Graphviz or as a picture.</summary>
internal sealed class GraphCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "Name in the zoo" };
    private readonly Option<bool> _text = new("--text") { Description = "A line for each operator; the default" };
    private readonly Option<bool> _dot = new("--dot") { Description = "For Graphviz" };
    private readonly Option<bool> _svg = new("--svg") { Description = "A picture for the browser" };
    private readonly Option<bool> _before = new("--before") { Description = "As the network defines it" };
    private readonly Option<bool> _after = new("--after") { Description = "As it is run, after all optimisations; the default. Each of them writes a line on standard error" };
    private readonly Option<int?> _size = new("--size") { Description = "Side of the input in pixels; the model card's if left out", HelpName = "PIXELS" };
    private readonly Option<int> _batch = new("--batch") { Description = "Pictures at once", DefaultValueFactory = _ => 1, HelpName = "N" };

    public static Command Create(Func<ParseResult, Report> newReport)
    {
        var verb = new GraphCommand();
        var command = new Command("graph", "Prints a network's operators, before or after the optimisations of compiled inference. Needs no weights.")
        {
            verb._model, verb._text, verb._dot, verb._svg, verb._before, verb._after, verb._size, verb._batch,
        };
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        bool before = parsed.GetValue(_before);
        if (before && parsed.GetValue(_after))
            throw new UsageException("--before and --after exclude each other");
        bool dot = parsed.GetValue(_dot), svg = parsed.GetValue(_svg);
        if ((dot ? 1 : 0) + (svg ? 1 : 0) + (parsed.GetValue(_text) ? 1 : 0) > 1)
            throw new UsageException("--text, --dot and --svg exclude each other");
        if (parsed.GetValue(_size) is < 1 or > 8192)
            throw new UsageException("--size is not between 1 and 8192");
        if (parsed.GetValue(_batch) is < 1 or > 4096)
            throw new UsageException("--batch is not between 1 and 4096");
        var entry = ModelZoo.Find(parsed.GetRequiredValue(_model));
        int size = parsed.GetValue(_size) ?? entry.Card.Macs.Size;
        DefaultBackends.Use();
        using var model = entry.Create();
        model.Eval();
        using var log = new StringWriter();
        using var workspace = new GraphWorkspace(Device.Cpu, log);
        var graph = GraphRecorder.Trace(model, new TensorSpec([parsed.GetValue(_batch), 3, size, size], DType.F32), workspace);
        if (!before)
            graph = GraphPasses.Optimize(graph, workspace);
        foreach (string line in log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            report.Note(line);
        report.Line((dot ? GraphDump.Dot(graph) : svg ? GraphDump.Svg(graph) : GraphDump.Text(graph)).TrimEnd());
        report.Document("graph", writer =>
        {
            writer.WriteString("model", entry.Name);
            writer.WriteBoolean("optimised", !before);
            writer.WriteStartArray("nodes");
            foreach (var node in graph.Nodes)
            {
                writer.WriteStartObject();
                writer.WriteString("operator", node.Op.Name);
                writer.WriteString("attributes", node.Op.ToString());
                writer.WriteString("module", node.Module);
                WriteValues("inputs", node.Inputs);
                WriteValues("outputs", node.Outputs);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();

            void WriteValues(string name, IReadOnlyList<GraphValue> values)
            {
                writer.WriteStartArray(name);
                foreach (var value in values)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", value.Name);
                    writer.WriteString("type", value.Spec.ToString());
                    writer.WriteBoolean("constant", value.Constant is not null);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }
        });
        return ExitCodes.Ok;
    }
}
