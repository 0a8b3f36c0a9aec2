using System.Globalization;
using System.Text;

namespace ResNeSt.Training;

/// <summary>Curves over epochs as one SVG of several panels; light or dark as the reader's system is.</summary>
public static class CurveChart
{
    private const int Width = 720, PanelHeight = 200, Left = 64, Right = 150, Top = 28, Bottom = 30;

    private static readonly string[] Colours = ["#3070b0", "#c05020", "#30803a", "#8050a0"];

    /// <summary>Draws panels below each other.</summary>
    /// <param name="title">Above all.</param>
    /// <param name="panels">Each with its name and its curves; points that are not finite are left out.</param>
    public static string Draw(string title, IReadOnlyList<(string Name, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> Curves)> panels)
    {
        var svg = new StringBuilder();
        int height = Top + panels.Count * PanelHeight;
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<style>:root{color-scheme:light dark}text{fill:CanvasText}.axis{stroke:CanvasText;stroke-width:1;fill:none}.grid{stroke:GrayText;stroke-width:.4}.curve{fill:none;stroke-width:1.6}</style>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\" font-weight=\"bold\">{Escape(title)}</text>\n");
        for (int i = 0; i < panels.Count; i++)
            Panel(svg, Top + i * PanelHeight, panels[i].Name, panels[i].Curves);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, int top, string name, IReadOnlyList<(string Name, IReadOnlyList<(double X, double Y)> Points)> curves)
    {
        var finite = curves.Select(curve => (curve.Name, Points: curve.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToList())).ToList();
        var all = finite.SelectMany(curve => curve.Points).ToList();
        var (lowX, highX) = all.Count == 0 ? (0, 1) : Span(all.Min(p => p.X), all.Max(p => p.X));
        var (lowY, highY) = all.Count == 0 ? (0, 1) : Span(all.Min(p => p.Y), all.Max(p => p.Y));
        double right = Width - Right, bottom = top + PanelHeight - Bottom, plotTop = top + 18;
        double X(double x) => Left + (x - lowX) / (highX - lowX) * (right - Left);
        double Y(double y) => bottom - (y - lowY) / (highY - lowY) * (bottom - plotTop);

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top + 12}\">{Escape(name)}</text>\n");
        foreach (double tick in Ticks(lowY, highY))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{right:f0}\" y1=\"{Y(tick):f1}\" y2=\"{Y(tick):f1}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(tick) + 4:f1}\" text-anchor=\"end\">{tick:g4}</text>\n");
        }

        foreach (double tick in Ticks(lowX, highX))
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(tick):f1}\" y=\"{bottom + 16:f0}\" text-anchor=\"middle\">{tick:g4}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"axis\" d=\"M{Left},{plotTop:f0}V{bottom:f0}H{right:f0}\"/>\n");
        for (int i = 0; i < finite.Count; i++)
        {
            string colour = Colours[i % Colours.Length];
            string points = string.Join(' ', finite[i].Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):f1},{Y(p.Y):f1}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"curve\" stroke=\"{colour}\" points=\"{points}\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{right + 10:f0}\" y=\"{plotTop + 14 * (i + 1):f0}\" style=\"fill:{colour}\">{Escape(finite[i].Name)}</text>\n");
        }
    }

    private static (double Low, double High) Span(double low, double high) => high > low ? (low, high) : (low - 0.5, high + 0.5);

    /// <summary>Round numbers: one, two or five times a power of ten apart.</summary>
    private static IEnumerable<double> Ticks(double low, double high)
    {
        double raw = (high - low) / 5, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
        for (double k = Math.Ceiling(low / step); k * step <= high + 1e-9 * step; k++)
            yield return Math.Round(k * step, 12);
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
