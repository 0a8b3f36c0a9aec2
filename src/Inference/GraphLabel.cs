using System.Globalization;
using System.Text;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>What people read of a node: its attributes without those that say nothing.</summary>
internal static class GraphLabel
{
    /// <summary>The attributes: <c>3×3 stride 2 groups 4, + residual, relu</c>.</summary>
    public static string Attributes(GraphNode node) => node.Op switch
    {
        Conv2dOp conv => Window(conv.Geometry, node.Inputs[1].Shape),
        FusedConv2dOp conv => Fused(conv, node),
        AvgPool2dOp pool => Window(pool.Geometry),
        MaxPool2dOp pool => Window(pool.Geometry),
        SplitAttentionGateOp gate => string.Create(CultureInfo.InvariantCulture, $"radix {gate.Radix} groups {gate.Cardinality} {Name(gate.Activation)}").TrimEnd(),
        BatchNormInferenceOp => "",
        ReshapeOp reshape => reshape.Shape.ToString(),
        var op => Braces(op.ToString()),
    };

    /// <summary>Inputs that are not known before.</summary>
    public static IEnumerable<GraphValue> Flows(GraphNode node) => node.Inputs.Where(value => value.Constant is null);

    private static string Fused(FusedConv2dOp conv, GraphNode node)
    {
        var text = new StringBuilder();
        if (conv.Prologue.AttentionRadix > 0)
            text.Append(CultureInfo.InvariantCulture, $"attention over {conv.Prologue.AttentionRadix} splits, ");
        if (conv.Prologue.Pool is { } pool)
            text.Append("mean ").Append(Window(pool.Geometry)).Append(", ");
        text.Append(Window(conv.Geometry, node.Inputs[1].Shape));
        if (conv.Epilogue.Residual)
            text.Append(", + residual");
        if (conv.Epilogue.Activation != ActivationKind.None)
            text.Append(", ").Append(Name(conv.Epilogue.Activation));
        if (conv.Epilogue.PoolRadix > 0)
            text.Append(CultureInfo.InvariantCulture, $", mean of {conv.Epilogue.PoolRadix} splits");
        return text.ToString();
    }

    private static string Name(ActivationKind kind) => kind switch
    {
        ActivationKind.Relu => "relu",
        ActivationKind.Relu6 => "relu6",
        ActivationKind.Silu => "silu",
        _ => "",
    };

    private static string Window(ConvGeometry geometry, Shape weight)
    {
        string text = Extents(weight[2], weight[3]);
        if (geometry is not { StrideH: 1, StrideW: 1 })
            text += " stride " + Pair(geometry.StrideH, geometry.StrideW);
        if (geometry is not { DilationH: 1, DilationW: 1 })
            text += " dilation " + Pair(geometry.DilationH, geometry.DilationW);
        return geometry.Groups == 1 ? text : text + string.Create(CultureInfo.InvariantCulture, $" groups {geometry.Groups}");
    }

    private static string Window(PoolGeometry geometry)
    {
        string text = Extents(geometry.KernelH, geometry.KernelW);
        return geometry is { StrideH: 1, StrideW: 1 } ? text : text + " stride " + Pair(geometry.StrideH, geometry.StrideW);
    }

    private static string Extents(int height, int width) => string.Create(CultureInfo.InvariantCulture, $"{height}×{width}");

    private static string Pair(int a, int b) => a == b ? a.ToString(CultureInfo.InvariantCulture) : Extents(a, b);

    /// <summary>What a record prints between its braces: <c>Scale = 2, Shift = 0</c>.</summary>
    private static string Braces(string record)
    {
        int from = record.IndexOf('{', StringComparison.Ordinal), to = record.LastIndexOf('}');
        string[] parts = from < 0 || to < from ? [] : record[(from + 1)..to].Split(", ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // The name is a property of every operator and stands in front already.
        return string.Join(", ", parts.Where(part => !part.StartsWith("Name = ", StringComparison.Ordinal)));
    }
}
