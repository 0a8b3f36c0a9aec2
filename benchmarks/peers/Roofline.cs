using System.Globalization;
using System.Text;

namespace ResNeSt.Peers;

/// <summary>A roofline as SVG: GFLOP/s over operations per byte, both logarithmic; each layer a point, the machine's limits as lines.</summary>
internal static class Roofline
{
    private const double Width = 860, Height = 460, Left = 64, Right = 20, Top = 40, Bottom = 52;
    private const double LeastIntensity = 0.1, MostIntensity = 1000;

    public static string Draw(PeerReport report)
    {
        double peak = report.Peak[1], bandwidth = report.Bandwidth[1];
        double most = Math.Pow(10, Math.Ceiling(Math.Log10(peak * 3))), least = most / 1e4;
        double X(double intensity) => Left + (Width - Left - Right) * Math.Log(Math.Clamp(intensity, LeastIntensity, MostIntensity) / LeastIntensity) / Math.Log(MostIntensity / LeastIntensity);
        double Y(double rate) => Height - Bottom - (Height - Top - Bottom) * Math.Log(Math.Clamp(rate, least, most) / least) / Math.Log(most / least);
        var svg = new StringBuilder();
        void Line(FormattableString text) => svg.Append(FormattableString.Invariant(text)).Append('\n');
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Line($"<style>text{{fill:#333}}line{{stroke:#ccc}}.roof{{stroke:#b33;stroke-width:2;fill:none}}.dense{{fill:#1668b0}}.other{{fill:#d98200}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}line{{stroke:#444}}}}</style>");
        Line($"<text x=\"{Left}\" y=\"20\" font-size=\"15\">{Escape(report.Rows[0].Row.Name)}, one thread: each step of the compiled network</text>");
        for (double intensity = LeastIntensity; intensity <= MostIntensity * 1.001; intensity *= 10)
        {
            Line($"<line x1=\"{X(intensity):f1}\" y1=\"{Top}\" x2=\"{X(intensity):f1}\" y2=\"{Height - Bottom}\"/>");
            Line($"<text x=\"{X(intensity):f1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{intensity:0.#}</text>");
        }

        for (double rate = least; rate <= most * 1.001; rate *= 10)
        {
            Line($"<line x1=\"{Left}\" y1=\"{Y(rate):f1}\" x2=\"{Width - Right}\" y2=\"{Y(rate):f1}\"/>");
            Line($"<text x=\"{Left - 8}\" y=\"{Y(rate) + 4:f1}\" text-anchor=\"end\">{rate:0.#}</text>");
        }

        Line($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">operations per byte that must move (as a direct convolution)</text>");
        Line($"<text x=\"16\" y=\"{(Top + Height - Bottom) / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {(Top + Height - Bottom) / 2})\">GFLOP/s</text>");
        double ridge = peak / bandwidth;
        Line($"<path class=\"roof\" d=\"M{X(LeastIntensity):f1} {Y(LeastIntensity * bandwidth):f1} L{X(ridge):f1} {Y(peak):f1} L{X(MostIntensity):f1} {Y(peak):f1}\"/>");
        Line($"<text x=\"{Width - Right - 4}\" y=\"{Y(peak) - 6:f1}\" text-anchor=\"end\">multiply-adds: {peak:f0} GFLOP/s (Winograd may go beyond)</text>");
        Line($"<text x=\"{X(0.14):f1}\" y=\"{Y(0.14 * bandwidth) - 10:f1}\">memory: {bandwidth:f0} GB/s (caches may go beyond)</text>");
        foreach (var layer in report.Layers.Where(layer => layer.Flops > 0 && layer.Bytes > 0))
        {
            double rate = layer.Flops / layer.Milliseconds / 1e6, radius = Math.Clamp(2 + 3 * Math.Sqrt(layer.Milliseconds), 2, 12);
            Line($"<circle class=\"{(layer.TheirMilliseconds is null ? "other" : "dense")}\" fill-opacity=\"0.6\" cx=\"{X(layer.Flops / layer.Bytes):f1}\" cy=\"{Y(rate):f1}\" r=\"{radius:f1}\"><title>{Escape(layer.Module)} {Escape(layer.What)}, {Escape(layer.Algorithm)}: {layer.Milliseconds:f3} ms, {rate:f0} GFLOP/s</title></circle>");
        }

        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
