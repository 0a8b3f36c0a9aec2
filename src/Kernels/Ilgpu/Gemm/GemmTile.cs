namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Size of the square tile of C that one group computes; each thread has an 8×8 part of it.</summary>
internal interface IGemmTile
{
    /// <summary>Rows and columns of the tile.</summary>
    static abstract int Side { get; }

    /// <summary>Threads of a group: (Side / 8)².</summary>
    static abstract int Threads { get; }

    /// <summary>Values of A, and as many of B, that each thread loads a step: 8 · Side / Threads.</summary>
    static abstract int LoadsPerThread { get; }
}

/// <summary>128×128 by 256 threads: the most arithmetic per byte, for large matrices on a GPU.</summary>
internal readonly struct Tile128 : IGemmTile
{
    public static int Side => 128;

    public static int Threads => 256;

    public static int LoadsPerThread => 4;
}

/// <summary>64×64 by 64 threads: for small matrices, and for the simulated devices, where a barrier costs by the thread.</summary>
internal readonly struct Tile64 : IGemmTile
{
    public static int Side => 64;

    public static int Threads => 64;

    public static int LoadsPerThread => 8;
}
