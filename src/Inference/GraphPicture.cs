using System.Globalization;
using System.Security;
using System.Text;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Lays a graph out in rows and draws it as SVG.</summary>
/// <remarks>As Sugiyama et al. 1981 do: a node stands one row below the lowest of what it reads; an edge over several rows gets a place in each row
/// between, so that it runs beside the boxes and not through them; places in a row are ordered by the mean of their neighbours, sweeping down and up.</remarks>
internal sealed class GraphPicture
{
    private const int BoxWidth = 236, BoxHeight = 46, RowHeight = 78, Gap = 26, LaneWidth = 10, Sweeps = 6;

    private readonly List<Place> _places = [];
    private readonly List<Edge> _edges = [];
    private readonly List<List<Place>> _rows = [];

    public GraphPicture(Graph graph)
    {
        var writers = new Dictionary<GraphValue, Place>();
        foreach (var input in graph.Inputs)
            writers.Add(input, Add(0, "input " + input.Name, input.Spec.ToString(), "", "edge-of-graph"));
        foreach (var node in graph.Nodes)
        {
            var flows = GraphLabel.Flows(node).Distinct().ToList();
            int row = flows.Count == 0 ? 0 : flows.Max(value => writers[value].Row) + 1;
            var place = Add(row, node.Op.Name, GraphLabel.Attributes(node), node.Module, Family(node.Op));
            foreach (var value in flows)
                Connect(writers[value], place, value);
            foreach (var output in node.Outputs)
                writers.Add(output, place);
        }

        foreach (var output in graph.Outputs)
        {
            var writer = writers[output];
            Connect(writer, Add(writer.Row + 1, "output", output.Spec.ToString(), "", "edge-of-graph"), output);
        }

        Order();
        Position();
    }

    public string Draw()
    {
        int width = (int)_places.Max(place => place.X + place.Width / 2) + Gap;
        int height = _rows.Count * RowHeight + Gap;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n");
        svg.Append(
            """
            <style>
            svg { background: #fff; font: 11px sans-serif } text { fill: #222; text-anchor: middle } .title { font-weight: bold } .small { font-size: 9.5px; fill: #555 }
            path { fill: none; stroke: #888 } .label { font-size: 9px; fill: #777; text-anchor: start }
            rect { stroke: #666; fill: #eee } .convolution { fill: #cfe3f7 } .attention { fill: #f8dcc4 } .pool { fill: #d5efd2 } .pointwise { fill: #f3ecc2 }
            .linear { fill: #e2d6f3 } .edge-of-graph { fill: #fff }
            @media (prefers-color-scheme: dark) {
            svg { background: #1b1d20 } text { fill: #eee } .small, .label { fill: #aaa } rect { stroke: #999; fill: #3a3d42 } .convolution { fill: #24486b }
            .attention { fill: #6b4524 } .pool { fill: #2b5527 } .pointwise { fill: #5a5220 } .linear { fill: #46336b } .edge-of-graph { fill: #1b1d20 } }
            </style>

            """.ReplaceLineEndings("\n"));
        foreach (var edge in _edges)
            DrawEdge(svg, edge);
        foreach (var place in _places.Where(place => !place.IsLane))
            DrawBox(svg, place);
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawBox(StringBuilder svg, Place place)
    {
        double x = place.X - BoxWidth / 2.0, y = place.Y;
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{place.Family}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{BoxWidth}\" height=\"{BoxHeight}\" rx=\"5\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"{place.X:0.#}\" y=\"{y + 14:0.#}\">{Escaped(place.Title)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{place.X:0.#}\" y=\"{y + 27:0.#}\">{Escaped(place.Detail)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"small\" x=\"{place.X:0.#}\" y=\"{y + 40:0.#}\">{Escaped(place.Module)}</text>\n");
    }

    private static void DrawEdge(StringBuilder svg, Edge edge)
    {
        double x = edge.Path[0].X, y = edge.Path[0].Y + BoxHeight;
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {y:0.#}");
        for (int i = 1; i < edge.Path.Count; i++)
        {
            var place = edge.Path[i];
            double half = (place.Y - y) / 2;
            svg.Append(CultureInfo.InvariantCulture, $" C{x:0.#} {y + half:0.#} {place.X:0.#} {place.Y - half:0.#} {place.X:0.#} {place.Y:0.#}");
            if (place.IsLane)
                svg.Append(CultureInfo.InvariantCulture, $" V{place.Y + BoxHeight:0.#}");
            (x, y) = (place.X, place.Y + BoxHeight);
        }

        var start = edge.Path[0];
        double slant = edge.Path[1].X - start.X;
        svg.Append(CultureInfo.InvariantCulture, $"\"/><text class=\"label\" x=\"{start.X + Math.Clamp(slant / 6, -70, 70) + 4:0.#}\" y=\"{start.Y + BoxHeight + 11:0.#}\">{edge.Label}</text>\n");
    }

    private static string Escaped(string text) => SecurityElement.Escape(text.Length > 44 ? text[..43] + "…" : text);

    private static string Family(Op op) => op switch
    {
        Conv2dOp or FusedConv2dOp or ConvTranspose2dOp => "convolution",
        SplitAttentionGateOp or AttentionWeightedSumOp or RadixSoftmaxOp or RadixSumGlobalAvgPoolOp or LocalAggregationOp => "attention",
        AvgPool2dOp or MaxPool2dOp or AdaptiveAvgPool2dOp or ReduceOp or CompositeReduceOp => "pool",
        LinearOp or MatMulOp => "linear",
        UnaryOp or BinaryOp or SiluOp or BatchNormInferenceOp => "pointwise",
        _ => "other",
    };

    private Place Add(int row, string title, string detail, string module, string family)
    {
        var place = new Place(row, title, detail, module, family);
        _places.Add(place);
        while (_rows.Count <= row)
            _rows.Add([]);
        _rows[row].Add(place);
        return place;
    }

    private void Connect(Place from, Place to, GraphValue value)
    {
        var path = new List<Place> { from };
        for (int row = from.Row + 1; row < to.Row; row++)
            path.Add(Add(row, "", "", "", ""));
        path.Add(to);
        for (int i = 1; i < path.Count; i++)
        {
            path[i].Above.Add(path[i - 1]);
            path[i - 1].Below.Add(path[i]);
        }

        _edges.Add(new Edge(path, value.Shape.ToString()));
    }

    private void Order()
    {
        foreach (var row in _rows)
            Number(row);
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            for (int i = 0; i < _rows.Count; i++)
            {
                var row = _rows[down ? i : _rows.Count - 1 - i];
                var sorted = row.OrderBy(place => (down ? place.Above : place.Below) is { Count: > 0 } neighbours ? neighbours.Average(other => other.Index) : place.Index).ToList();
                row.Clear();
                row.AddRange(sorted);
                Number(row);
            }
        }

        static void Number(List<Place> row)
        {
            for (int i = 0; i < row.Count; i++)
                row[i].Index = i - (row.Count - 1) / 2.0;
        }
    }

    /// <summary>Boxes below what they read as far as their row leaves room; then everything is moved to the right of the margin.</summary>
    private void Position()
    {
        foreach (var row in _rows)
        {
            double total = row.Sum(place => place.Width + Gap);
            double free = -total / 2;
            var wanted = row.ConvertAll(place => place.Above.Count == 0 ? 0 : place.Above.Average(other => other.X));
            for (int i = 0; i < row.Count; i++)
            {
                double x = Math.Max(wanted[i], free + row[i].Width / 2);
                row[i].X = x;
                free = x + row[i].Width / 2 + Gap;
            }

            // What was pushed to the right all along the row is shared out to both sides.
            double shift = 0;
            for (int i = 0; i < row.Count; i++)
                shift += (wanted[i] - row[i].X) / row.Count;
            foreach (var place in row)
                (place.X, place.Y) = (place.X + shift, Gap / 2.0 + place.Row * RowHeight);
        }

        double left = _places.Min(place => place.X - place.Width / 2) - Gap;
        foreach (var place in _places)
            place.X -= left;
    }

    private sealed class Place(int row, string title, string detail, string module, string family)
    {
        public int Row => row;

        public string Title => title;

        public string Detail => detail;

        public string Module => module;

        public string Family => family;

        /// <summary>True for the way of an edge past a row.</summary>
        public bool IsLane => title.Length == 0;

        public int Width => IsLane ? LaneWidth : BoxWidth;

        public List<Place> Above { get; } = [];

        public List<Place> Below { get; } = [];

        public double Index { get; set; }

        public double X { get; set; }

        public double Y { get; set; }
    }

    private sealed record Edge(List<Place> Path, string Label);
}
