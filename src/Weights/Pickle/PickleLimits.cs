namespace ResNeSt.Weights;

/// <summary>Limits on what a pickle may ask for: generous for every real checkpoint, small enough that no file can exhaust time or memory.</summary>
internal static class PickleLimits
{
    /// <summary>Bytes of one pickle; the largest published checkpoints use less than a twentieth.</summary>
    public const int Bytes = 16 << 20;

    /// <summary>Opcodes of one pickle, and items copied by calls.</summary>
    public const int Operations = 2_000_000;

    /// <summary>Marks open at one time.</summary>
    public const int Marks = 256;

    /// <summary>Levels of nesting.</summary>
    public const int Depth = 64;

    /// <summary>Dimensions of a tensor.</summary>
    public const int Dimensions = 16;

    /// <summary>Values visited when the finished structure is walked; sharing makes it larger than the number of opcodes.</summary>
    public const int Nodes = 1_000_000;

    /// <summary>Named tensors.</summary>
    public const int Tensors = 200_000;

    /// <summary>Characters of a tensor's full name.</summary>
    public const int NameLength = 4096;

    /// <summary>Bytes of one line of a GLOBAL opcode.</summary>
    public const int LineLength = 512;

    /// <summary>Elements of a storage.</summary>
    public const long StorageElements = 1L << 60;
}
