namespace ResNeSt.Kernels.Cpu;

/// <summary>Output channels that are computed together.</summary>
/// <param name="Group">Their group.</param>
/// <param name="Vectors">One to four.</param>
/// <param name="Channel">The first, where each group begins with a block of its own.</param>
/// <param name="Weights">Index of the first weight.</param>
internal sealed record ConvPanel(int Group, int Vectors, int Channel, long Weights)
{
    /// <summary>Divides groups of whole blocks into panels of at most <paramref name="mostVectors"/> vectors, as few and as equal as possible; counts the weights.</summary>
    public static (ConvPanel[] Panels, long Weights) Divide(int groups, int groupBlocks, int mostVectors, int lanes, int steps)
    {
        var panels = new List<ConvPanel>();
        long weights = 0;
        int vectors = groupBlocks * BlockedLayout.Block / lanes, parts = (vectors + mostVectors - 1) / mostVectors;
        for (int group = 0; group < groups; group++)
        {
            for (int part = 0; part < parts; part++)
            {
                int first = group * vectors + vectors * part / parts, end = group * vectors + vectors * (part + 1) / parts;
                panels.Add(new ConvPanel(group, end - first, first * lanes, weights));
                weights += (long)steps * (end - first) * lanes;
            }
        }

        return ([.. panels], weights);
    }
}
