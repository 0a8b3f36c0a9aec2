namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Size of the square tile of C that one group computes on tensor cores; each warp has a 64×32 part of it.</summary>
internal interface ITensorTile
{
    /// <summary>Rows and columns of the tile.</summary>
    static abstract int Side { get; }

    /// <summary>Threads of a group: 32 · (Side / 64) · (Side / 32).</summary>
    static abstract int Threads { get; }

    /// <summary>Pieces of four words of A, and as many of B, that each thread loads a step: 2 · Side / Threads.</summary>
    static abstract int PiecesPerThread { get; }
}

/// <summary>128×128 by 256 threads.</summary>
internal readonly struct TensorTile128 : ITensorTile
{
    public static int Side => 128;

    public static int Threads => 256;

    public static int PiecesPerThread => 1;
}

/// <summary>64×64 by 64 threads: for few channels, small pictures, and the simulated devices.</summary>
internal readonly struct TensorTile64 : ITensorTile
{
    public static int Side => 64;

    public static int Threads => 64;

    public static int PiecesPerThread => 2;
}
