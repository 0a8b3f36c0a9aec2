using System.Globalization;
using System.Text;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>A graph for people: as text, for Graphviz, as a picture.</summary>
public static class GraphDump
{
    /// <summary>A line for each input, node and output.</summary>
    public static string Text(Graph graph)
    {
        var text = new StringBuilder();
        foreach (var input in graph.Inputs)
            text.Append(CultureInfo.InvariantCulture, $"input {input}: {input.Spec}\n");
        int index = 0;
        foreach (var node in graph.Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{index++,4}  ");
            for (int i = 0; i < node.Outputs.Count; i++)
                text.Append(i > 0 ? ", " : "").Append(node.Outputs[i]).Append(": ").Append(node.Outputs[i].Spec);
            text.Append(" = ").Append(node.Op.Name).Append('(').AppendJoin(", ", node.Inputs).Append(')');
            if (GraphLabel.Attributes(node) is { Length: > 0 } attributes)
                text.Append("  {").Append(attributes).Append('}');
            if (node.Module.Length > 0)
                text.Append("  # ").Append(node.Module);
            text.Append('\n');
        }

        foreach (var output in graph.Outputs)
            text.Append(CultureInfo.InvariantCulture, $"output {output}: {output.Spec}\n");
        return text.ToString();
    }

    /// <summary>A description for Graphviz: <c>dot -Tsvg</c>. Constants are left out.</summary>
    public static string Dot(Graph graph)
    {
        var text = new StringBuilder("digraph network {\n  node [shape=box, fontname=\"sans-serif\", fontsize=10];\n  edge [fontname=\"sans-serif\", fontsize=8];\n");
        var names = new Dictionary<GraphValue, string>();
        foreach (var input in graph.Inputs)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"i{names.Count}");
            text.Append(CultureInfo.InvariantCulture, $"  {name} [shape=oval, label=\"{Quoted(input.Name)}\"];\n");
            names.Add(input, name);
        }

        int index = 0;
        foreach (var node in graph.Nodes)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"n{index++}");
            text.Append(CultureInfo.InvariantCulture, $"  {name} [label=\"{Quoted(node.Op.Name)}\\n{Quoted(GraphLabel.Attributes(node))}\\n{Quoted(node.Module)}\"];\n");
            foreach (var input in GraphLabel.Flows(node))
                text.Append(CultureInfo.InvariantCulture, $"  {names[input]} -> {name} [label=\"{input.Shape}\"];\n");
            foreach (var output in node.Outputs)
                names.Add(output, name);
        }

        for (int i = 0; i < graph.Outputs.Count; i++)
        {
            var output = graph.Outputs[i];
            text.Append(CultureInfo.InvariantCulture, $"  o{i} [shape=oval, label=\"output {Quoted(output.Name)}\"];\n  {names[output]} -> o{i} [label=\"{output.Shape}\"];\n");
        }

        return text.Append("}\n").ToString();
    }

    /// <summary>A picture that any browser shows: steps from top to bottom, constants left out.</summary>
    public static string Svg(Graph graph) => new GraphPicture(graph).Draw();

    /// <summary>Writes all three forms beside each other: <c>PREFIX.txt</c>, <c>PREFIX.dot</c>, <c>PREFIX.svg</c>.</summary>
    /// <remarks>A prefix that ends in a separator is a folder, in which they are called <c>graph.txt</c> and so on.</remarks>
    public static void Write(Graph graph, string prefix) => Write(graph, prefix, "");

    /// <summary>The same with something between the prefix and the ending.</summary>
    internal static void Write(Graph graph, string prefix, string stage)
    {
        if (Path.EndsInDirectorySeparator(prefix))
            prefix += "graph";
        prefix += stage;
        if (Path.GetDirectoryName(Path.GetFullPath(prefix)) is { } folder)
            Directory.CreateDirectory(folder);
        File.WriteAllText(prefix + ".txt", Text(graph));
        File.WriteAllText(prefix + ".dot", Dot(graph));
        File.WriteAllText(prefix + ".svg", Svg(graph));
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
