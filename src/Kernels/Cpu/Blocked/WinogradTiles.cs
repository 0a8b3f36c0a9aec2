using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Which register tiles there are, and how a number of Winograd tiles is covered with them.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class WinogradTiles<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Vectors of the widest tiles.</summary>
    public static int MaxVectors => typeof(TLanes) == typeof(Lanes512) ? 3 : 2;

    private static ReadOnlySpan<int> Widths(int vectors) => typeof(TLanes) != typeof(Lanes512) ? [6, 5, 4, 3, 2] : vectors == 3 ? [9, 8, 7, 6, 5, 4, 2] : [14, 12, 10, 8, 7, 6, 4, 2];

    /// <summary>Widths of the register tiles that together hold at least some tiles in the least time.</summary>
    /// <param name="tiles">Winograd tiles.</param>
    /// <param name="vectors">Vectors of output channels, at most <see cref="MaxVectors"/>.</param>
    public static int[] Cover(int tiles, int vectors)
    {
        // Time of a register tile in units of a tile: below four tiles the latency of the multiply-adds counts; half a unit to begin and to store.
        var times = new double[tiles + 1];
        var choice = new int[tiles + 1];
        for (int n = 1; n <= tiles; n++)
        {
            times[n] = double.PositiveInfinity;
            foreach (int width in Widths(vectors))
            {
                double time = times[Math.Max(0, n - width)] + Math.Max(width, 4) + 0.5;
                if (time < times[n])
                    (times[n], choice[n]) = (time, width);
            }
        }

        var widths = new List<int>();
        for (int n = tiles; n > 0; n -= choice[n])
            widths.Add(choice[n]);
        return [.. widths];
    }

    /// <summary>The register tile of a width from <see cref="Cover"/> for some vectors.</summary>
    public static delegate*<float*, nint, nint, nint, float*, nint, float*, nint, float*, nint, void> Find(int width, int vectors) =>
        vectors == 3 ? Find<N3>(width) : vectors == 2 ? Find<N2>(width) : Find<N1>(width);

    private static delegate*<float*, nint, nint, nint, float*, nint, float*, nint, float*, nint, void> Find<TVectors>(int width)
        where TVectors : unmanaged =>
        typeof(TLanes) == typeof(Lanes512) ? Find512<TVectors>(width) : typeof(TLanes) == typeof(Lanes256) ? Find256<TVectors>(width) : FindAny<TVectors>(width);

    private static delegate*<float*, nint, nint, nint, float*, nint, float*, nint, float*, nint, void> Find512<TVectors>(int width)
        where TVectors : unmanaged => width switch
        {
            14 => &WinogradTile512<N14, TVectors>.Multiply,
            12 => &WinogradTile512<N12, TVectors>.Multiply,
            10 => &WinogradTile512<N10, TVectors>.Multiply,
            9 => &WinogradTile512<N9, TVectors>.Multiply,
            8 => &WinogradTile512<N8, TVectors>.Multiply,
            7 => &WinogradTile512<N7, TVectors>.Multiply,
            6 => &WinogradTile512<N6, TVectors>.Multiply,
            5 => &WinogradTile512<N5, TVectors>.Multiply,
            4 => &WinogradTile512<N4, TVectors>.Multiply,
            2 => &WinogradTile512<N2, TVectors>.Multiply,
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no register tile of this width"),
        };

    private static delegate*<float*, nint, nint, nint, float*, nint, float*, nint, float*, nint, void> Find256<TVectors>(int width)
        where TVectors : unmanaged => width switch
        {
            6 => &WinogradTile256<N6, TVectors>.Multiply,
            5 => &WinogradTile256<N5, TVectors>.Multiply,
            4 => &WinogradTile256<N4, TVectors>.Multiply,
            3 => &WinogradTile256<N3, TVectors>.Multiply,
            2 => &WinogradTile256<N2, TVectors>.Multiply,
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no register tile of this width"),
        };

    private static delegate*<float*, nint, nint, nint, float*, nint, float*, nint, float*, nint, void> FindAny<TVectors>(int width)
        where TVectors : unmanaged => width switch
        {
            6 => &WinogradTile<TLanes, N6, TVectors>.Multiply,
            5 => &WinogradTile<TLanes, N5, TVectors>.Multiply,
            4 => &WinogradTile<TLanes, N4, TVectors>.Multiply,
            3 => &WinogradTile<TLanes, N3, TVectors>.Multiply,
            2 => &WinogradTile<TLanes, N2, TVectors>.Multiply,
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no register tile of this width"),
        };
}
