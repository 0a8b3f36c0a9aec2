using System.Globalization;
using System.Text;

namespace ResNeSt.Weights;

/// <summary>One renaming of modules, usable in both directions: the leading segments of a tensor name that one pattern describes become those of the other.</summary>
/// <remarks>In a pattern <c>{s}</c> stands for a stage number, <c>{S}</c> for the stage number plus one, <c>{b}</c> for a block number.
/// An empty pattern has no segments: it fits every name.</remarks>
internal sealed class NameRule(string foreign, string official)
{
    private readonly Segment[] _foreign = Parse(foreign);
    private readonly Segment[] _official = Parse(official);

    /// <summary>Pattern of the foreign names.</summary>
    public string Foreign => foreign;

    /// <summary>Pattern of the official names.</summary>
    public string Official => official;

    /// <summary>The official name of a foreign one; null where the rule does not fit.</summary>
    public string? ToOfficial(string name) => Rewrite(name, _foreign, _official);

    /// <summary>The foreign name of an official one; null where the rule does not fit.</summary>
    public string? ToForeign(string name) => Rewrite(name, _official, _foreign);

    private static string? Rewrite(string name, Segment[] from, Segment[] to)
    {
        if (from.Length > 0 && !name.StartsWith(from[0].Literal, StringComparison.Ordinal))
            return null;
        int stage = 0, block = 0, at = 0;
        foreach (var segment in from)
        {
            int end = name.IndexOf('.', at);
            // The last segment of a name is the parameter, never part of a module.
            if (end < 0 || !segment.Fits(name.AsSpan(at, end - at), ref stage, ref block))
                return null;
            at = end + 1;
        }

        var text = new StringBuilder(name.Length + 16);
        foreach (var segment in to)
            segment.Append(text, stage, block).Append('.');
        return text.Append(name, at, name.Length - at).ToString();
    }

    private static Segment[] Parse(string pattern)
        => pattern.Length == 0 ? [] : [.. pattern.Split('.').Select(text => text.IndexOf('{') is var brace && brace >= 0 ? new Segment(text[..brace], text[brace + 1]) : new Segment(text, '\0'))];

    private readonly record struct Segment(string Literal, char Number)
    {
        public bool Fits(ReadOnlySpan<char> text, ref int stage, ref int block)
        {
            if (!text.StartsWith(Literal, StringComparison.Ordinal))
                return false;
            text = text[Literal.Length..];
            if (Number == '\0')
                return text.IsEmpty;
            // Four digits without a leading zero, so that the number can be written back as it was read.
            if (text.Length is 0 or > 4 || (text[0] == '0' && text.Length > 1) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                return false;
            if (Number == 'b')
                block = number;
            else
                stage = Number == 'S' ? number - 1 : number;
            return stage >= 0;
        }

        public StringBuilder Append(StringBuilder text, int stage, int block)
        {
            text.Append(Literal);
            return Number switch
            {
                's' => text.Append(CultureInfo.InvariantCulture, $"{stage}"),
                'S' => text.Append(CultureInfo.InvariantCulture, $"{stage + 1}"),
                'b' => text.Append(CultureInfo.InvariantCulture, $"{block}"),
                _ => text,
            };
        }
    }
}
