using System.Reflection;
using ResNeSt.Tensors;
using Module = ResNeSt.Nn.Module;

namespace ResNeSt.Models;

/// <summary>The networks by name. Every ResNeSt also has dilated forms, <c>NAME_dilated8</c> and <c>NAME_dilation2</c> (output stride 8 and 16).</summary>
public static class ModelZoo
{
    private static readonly Lazy<IReadOnlyList<ModelEntry>> Entries = new(CreateEntries);

    private static readonly Lazy<Dictionary<string, ModelEntry>> ByName = new(() =>
        Entries.Value.ToDictionary(entry => entry.Name, StringComparer.OrdinalIgnoreCase));

    // The aliases stand in the cards: to look here reads all of them.
    private static readonly Lazy<Dictionary<string, ModelEntry>> ByAnyName = new(() =>
    {
        var names = new Dictionary<string, ModelEntry>(ByName.Value, StringComparer.OrdinalIgnoreCase);
        foreach (var entry in Entries.Value)
        {
            foreach (string alias in entry.Aliases)
                names.Add(alias, entry);
        }

        return names;
    });

    /// <summary>All networks, the dilated forms included.</summary>
    public static IReadOnlyList<ModelEntry> All => Entries.Value;

    /// <summary>The network of a name or alias, in any case.</summary>
    /// <exception cref="UnknownModelException">There is none; the message suggests the nearest name.</exception>
    public static ModelEntry Find(string name) => ByName.Value.TryGetValue(name, out var entry) || ByAnyName.Value.TryGetValue(name, out entry)
        ? entry
        : throw new UnknownModelException($"no model is called '{DataFileException.Escape(name)}'; did you mean '{Nearest(name)}'? 'models' lists all");

    /// <summary>Whether there is a network of that name or alias.</summary>
    public static bool Contains(string name) => ByName.Value.ContainsKey(name) || ByAnyName.Value.ContainsKey(name);

    /// <summary>ResNeSt-50, declared: 27.5 million parameters, 224 pixels.</summary>
    public static Module ResNeSt50(ModelChanges? changes = null) => Find("resnest50").Create(changes);

    /// <summary>ResNeSt-101, declared: 48.3 million parameters, 256 pixels.</summary>
    public static Module ResNeSt101(ModelChanges? changes = null) => Find("resnest101").Create(changes);

    /// <summary>ResNeSt-200, declared: 70.2 million parameters, 320 pixels.</summary>
    public static Module ResNeSt200(ModelChanges? changes = null) => Find("resnest200").Create(changes);

    /// <summary>ResNeSt-269, declared: 110.9 million parameters, 416 pixels.</summary>
    public static Module ResNeSt269(ModelChanges? changes = null) => Find("resnest269").Create(changes);

    private static IReadOnlyList<ModelEntry> CreateEntries()
    {
        var entries = new List<ModelEntry>();
        foreach (var (name, options) in ResNeStFamily.All)
        {
            var card = Card(name);
            entries.Add(Entry(name, card, options));
            entries.Add(Entry($"{name}_dilated8", card, options with { OutputStride = 8 }, isPlain: false));
            entries.Add(Entry($"{name}_dilation2", card, options with { OutputStride = 16 }, isPlain: false));
        }

        foreach (var (name, options) in ResidualFamily.All)
            entries.Add(Entry(name, Card(name), options));
        entries.Add(MobileNet("mobilenet_v2", new MobileNetV2Options()));
        entries.Add(MobileNet("mobilenetv2_100", new MobileNetV2Options { TimmKeys = true }));
        return entries;
    }

    private static ModelEntry MobileNet(string name, MobileNetV2Options options) =>
        new(name, Card(name), changes => new MobileNetV2(Apply(name, options, changes)));

    private static MobileNetV2Options Apply(string name, MobileNetV2Options options, ModelChanges changes)
    {
        if (changes.OutputStride is not (null or 32) || changes.ZeroLastGamma is true || changes.Deformation is not null
            || changes.Radix > 0 || changes.DropPath > 0 || changes.DropBlock > 0 || changes.FinalDropout > 0)
        {
            throw new ShapeException($"{name}: has no dilated or deformable form, no last norm to begin at zero, no radix, and no drop path, drop block or dropout to choose");
        }

        return options with
        {
            Classes = changes.Classes ?? options.Classes,
            InputChannels = changes.InputChannels ?? options.InputChannels,
        };
    }

    private static ModelEntry Entry(string name, Lazy<ModelCard> card, ResNetOptions options, bool isPlain = true) =>
        new(name, card, changes => new ResNet(Apply(options, changes)), isPlain);

    private static ResNetOptions Apply(ResNetOptions options, ModelChanges changes) => options with
    {
        Classes = changes.Classes ?? options.Classes,
        InputChannels = changes.InputChannels ?? options.InputChannels,
        OutputStride = changes.OutputStride ?? options.OutputStride,
        ZeroLastGamma = changes.ZeroLastGamma ?? options.ZeroLastGamma,
        Deformation = changes.Deformation ?? options.Deformation,
        Radix = changes.Radix ?? options.Radix,
        DropPath = changes.DropPath ?? options.DropPath,
        DropBlock = changes.DropBlock ?? options.DropBlock,
        FinalDropout = changes.FinalDropout ?? options.FinalDropout,
    };

    private static Lazy<ModelCard> Card(string name) => new(() => ReadCard(name));

    private static ModelCard ReadCard(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"ResNeSt.Models.ModelCards.{name}.json")
            ?? throw new InvalidOperationException($"model card {name}.json is not embedded");
        return ModelCard.Parse(stream);
    }

    private static string Nearest(string name) => ByAnyName.Value.Keys.MinBy(known => Distance(known, name.ToLowerInvariant()))!;

    /// <summary>Levenshtein's edit distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[b.Length];
    }
}
