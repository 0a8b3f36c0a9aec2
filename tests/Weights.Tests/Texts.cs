using System.Text;

namespace ResNeSt.Weights.Tests;

internal static class Texts
{
    /// <summary>The text with every half of a surrogate pair replaced, so that UTF-8 can hold it.</summary>
    public static string ToWellFormed(this string text)
    {
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            whole.Append(rune.ToString());
        return whole.ToString();
    }
}
