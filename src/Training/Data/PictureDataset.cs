using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Labelled pictures in a fixed order. Reading is safe from several threads.</summary>
public abstract class PictureDataset
{
    /// <summary>Number of pictures.</summary>
    public abstract int Count { get; }

    /// <summary>The names of the classes, in the order of the network's outputs.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>Channels that carry something: 3, or 1 for grey pictures.</summary>
    public virtual int Channels => 3;

    /// <summary>The name of a picture, for messages.</summary>
    public abstract string Name(int index);

    /// <summary>The class of a picture.</summary>
    public abstract int Label(int index);

    /// <summary>The pixels of a picture.</summary>
    /// <exception cref="DataFileException">The picture cannot be read.</exception>
    public abstract Picture Read(int index);
}
