using System.Reflection;

namespace ResNeSt.Conformance;

/// <summary>All cases: every static class of this assembly whose name ends in "Cases" offers them in a static property <c>All</c>.</summary>
public static class CaseCatalog
{
    /// <summary>Every case of every family.</summary>
    public static IReadOnlyList<OpCase> All { get; } = typeof(CaseCatalog).Assembly.GetTypes()
        .Where(type => type.IsAbstract && type.IsSealed && type.Name.EndsWith("Cases", StringComparison.Ordinal))
        .OrderBy(type => type.Name, StringComparer.Ordinal)
        .SelectMany(type => (IEnumerable<OpCase>)type.GetProperty("All", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
        .ToArray();

    /// <summary>The names of all operators that have cases, in alphabetical order.</summary>
    public static IReadOnlyList<string> OpNames { get; } = [.. All.Select(opCase => opCase.Op.Name).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The cases of one operator.</summary>
    public static IEnumerable<OpCase> Of(string opName) => All.Where(opCase => opCase.Op.Name == opName);
}
