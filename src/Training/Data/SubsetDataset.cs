using ResNeSt.Imaging;

namespace ResNeSt.Training;

/// <summary>Some pictures of a data set.</summary>
/// <param name="source">The data set.</param>
/// <param name="indices">Which, in which order.</param>
public sealed class SubsetDataset(PictureDataset source, int[] indices) : PictureDataset
{
    /// <inheritdoc/>
    public override int Count => indices.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => source.Classes;

    /// <inheritdoc/>
    public override int Channels => source.Channels;

    /// <summary>Takes pictures out of a data set for validation, the same ones for the same seed.</summary>
    /// <param name="source">The data set.</param>
    /// <param name="validation">How many to take out.</param>
    /// <param name="seed">Chooses them.</param>
    public static (PictureDataset Training, PictureDataset Validation) Split(PictureDataset source, int validation, ulong seed)
    {
        if (validation < 1 || validation >= source.Count)
            throw new ArgumentOutOfRangeException(nameof(validation), validation, $"of {source.Count} pictures, 1 to {source.Count - 1} can be taken for validation");
        int[] order = Shuffling.Order(source.Count, Shuffling.Seed(seed, 0x5911), 0);
        return (new SubsetDataset(source, order[validation..]), new SubsetDataset(source, order[..validation]));
    }

    /// <inheritdoc/>
    public override string Name(int index) => source.Name(indices[index]);

    /// <inheritdoc/>
    public override int Label(int index) => source.Label(indices[index]);

    /// <inheritdoc/>
    public override Picture Read(int index) => source.Read(indices[index]);
}
