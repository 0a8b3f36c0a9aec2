namespace ResNeSt.Kernels.Cpu;

/// <summary>Output channels that are computed together.</summary>
/// <param name="Group">Their group.</param>
/// <param name="Vectors">One or two.</param>
/// <param name="Channel">The first, where each group begins with a block of its own.</param>
/// <param name="Weights">Index of the first weight.</param>
internal readonly record struct ConvPanel(int Group, int Vectors, int Channel, long Weights)
{
    /// <summary>Divides groups of whole blocks into panels of two vectors, and one of a single vector if a block is left; counts the weights.</summary>
    public static (ConvPanel[] Panels, long Weights) Divide(int groups, int groupBlocks, int panelWidth, int lanes, int steps)
    {
        var panels = new List<ConvPanel>();
        long weights = 0;
        int channels = groupBlocks * BlockedLayout.Block;
        for (int group = 0; group < groups; group++)
        {
            for (int channel = 0; channel < channels;)
            {
                int vectors = channels - channel >= panelWidth ? 2 : 1;
                panels.Add(new ConvPanel(group, vectors, group * channels + channel, weights));
                weights += (long)steps * vectors * lanes;
                channel += vectors * lanes;
            }
        }

        return ([.. panels], weights);
    }
}
