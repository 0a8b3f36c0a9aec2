using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>F(4×4, 3×3), points 0, ±5/8, ±3/2, ∞: 36 multiplications in the place of 144.</summary>
/// <remarks>The usual points 0, ±1, ±2, ∞ give twice the error (docs/numerics.md). These cost as much: all numbers below are exact in F32, and a
/// pair of points ±p still shares its even and its odd part.</remarks>
internal readonly unsafe struct WinogradTransform4 : IWinogradTransform
{
    private const float A = 5f / 8;
    private const float B = 3f / 2;
    private const float A2 = A * A;
    private const float B2 = B * B;

    // A row of tiles is transformed in strips, so that what lies between the two directions stays in the first-level cache.
    private const int Strip = 7;

    public static int Outputs => 4;

    // Row i of G: powers 0, 1, 2 of point i, divided by the product of its differences from the other points; for ∞ the highest power alone.
    public static ReadOnlySpan<double> WeightMatrix => _weightMatrix;

    public static int ScratchLength => 6 * (4 * Strip + 2) * BlockedLayout.Block;

    private static readonly double[] _weightMatrix = MakeWeightMatrix();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformInput<TLanes>(float* source, nint row, int tiles, float* v, nint positionStep, float* scratch)
        where TLanes : struct, ILanes<TLanes>
    {
        for (; tiles > 0; tiles -= Strip)
        {
            int strip = Math.Min(tiles, Strip);
            for (int lane = 0; lane < BlockedLayout.Block; lane += TLanes.Count)
            {
                // Down the columns; those that two tiles share once.
                int columns = 4 * strip + 2;
                nint line = (nint)columns * TLanes.Count;
                float* s = source + lane;
                float* t = scratch;
                for (int column = 0; column < columns; column++)
                {
                    Transform<TLanes>(s, row, t, line);
                    s += BlockedLayout.Block;
                    t += TLanes.Count;
                }

                // Along the rows.
                for (int tile = 0; tile < strip; tile++)
                {
                    float* y = v + tile * BlockedLayout.Block + lane;
                    t = scratch + tile * 4 * TLanes.Count;
                    for (int i = 0; i < 6; i++)
                    {
                        Transform<TLanes>(t, TLanes.Count, y, positionStep);
                        t += line;
                        y += 6 * positionStep;
                    }
                }
            }

            source += 4 * Strip * BlockedLayout.Block;
            v += Strip * BlockedLayout.Block;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformRows<TLanes>(float* products, nint positionStep, nint tileStep, int tiles, float* target, nint targetStep)
        where TLanes : struct, ILanes<TLanes>
    {
        for (; tiles > 0; tiles--)
        {
            for (int lane = 0; lane < BlockedLayout.Block; lane += TLanes.Count)
            {
                float* y = target + lane;
                Sum<TLanes>(products + lane, positionStep, out var y0, out var y1, out var y2, out var y3);
                y0.Store(y);
                y1.Store(y + BlockedLayout.Block);
                y2.Store(y + 2 * BlockedLayout.Block);
                y3.Store(y + 3 * BlockedLayout.Block);
            }

            products += tileStep;
            target += targetStep;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformColumns<TLanes, TActivation>(WinogradOutputRow* row, TActivation activation)
        where TLanes : struct, ILanes<TLanes>
        where TActivation : struct, IUnaryOperator
    {
        nint next = row->DestinationRow, nextResidual = row->ResidualRow;
        int rows = row->Rows;
        for (int lane = 0; lane < BlockedLayout.Block; lane += TLanes.Count)
        {
            float* source = row->Source + lane;
            float* y = row->Destination + lane;
            float* r = row->Residual == null ? null : row->Residual + lane;
            var bias = TLanes.Load(row->Bias + lane);
            var sum = TLanes.Broadcast(0);
            for (int tile = 0, columns = row->Columns; tile < row->Tiles; tile++, columns -= 4)
            {
                float* m = source;
                for (int column = Math.Min(columns, 4); column > 0; column--)
                {
                    Sum<TLanes>(m, 4 * BlockedLayout.Block, out var y0, out var y1, out var y2, out var y3);
                    var part = WinogradEpilogue.Store(y, r, y0 + bias, activation);
                    if (rows > 1)
                        part += WinogradEpilogue.Store(y + next, r == null ? null : r + nextResidual, y1 + bias, activation);
                    if (rows > 2)
                        part += WinogradEpilogue.Store(y + 2 * next, r == null ? null : r + 2 * nextResidual, y2 + bias, activation);
                    if (rows > 3)
                        part += WinogradEpilogue.Store(y + 3 * next, r == null ? null : r + 3 * nextResidual, y3 + bias, activation);
                    sum += part;
                    m += BlockedLayout.Block;
                    y += BlockedLayout.Block;
                    if (r != null)
                        r += BlockedLayout.Block;
                }

                source += row->TileStep;
            }

            WinogradEpilogue.AddSums(row->Sums, lane, sum);
        }
    }

    // Bᵀ d in one direction: rows are the polynomials that vanish at all points but one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transform<TLanes>(float* source, nint step, float* target, nint targetStep)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes d0 = TLanes.Load(source), d1 = TLanes.Load(source + step), d2 = TLanes.Load(source + 2 * step);
        TLanes d3 = TLanes.Load(source + 3 * step), d4 = TLanes.Load(source + 4 * step), d5 = TLanes.Load(source + 5 * step);
        var evenA = TLanes.MultiplyAdd(TLanes.Broadcast(-B2), d2, d4);
        var oddA = TLanes.MultiplyAdd(TLanes.Broadcast(-B2), d1, d3);
        var evenB = TLanes.MultiplyAdd(TLanes.Broadcast(-A2), d2, d4);
        var oddB = TLanes.MultiplyAdd(TLanes.Broadcast(-A2), d1, d3);
        TLanes.MultiplyAdd(TLanes.Broadcast(A2 * B2), d0, TLanes.MultiplyAdd(TLanes.Broadcast(-(A2 + B2)), d2, d4)).Store(target);
        TLanes.MultiplyAdd(TLanes.Broadcast(A), oddA, evenA).Store(target + targetStep);
        TLanes.MultiplyAdd(TLanes.Broadcast(-A), oddA, evenA).Store(target + 2 * targetStep);
        TLanes.MultiplyAdd(TLanes.Broadcast(B), oddB, evenB).Store(target + 3 * targetStep);
        TLanes.MultiplyAdd(TLanes.Broadcast(-B), oddB, evenB).Store(target + 4 * targetStep);
        TLanes.MultiplyAdd(TLanes.Broadcast(A2 * B2), d1, TLanes.MultiplyAdd(TLanes.Broadcast(-(A2 + B2)), d3, d5)).Store(target + 5 * targetStep);
    }

    // Aᵀ m in one direction: powers of the points.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum<TLanes>(float* m, nint step, out TLanes y0, out TLanes y1, out TLanes y2, out TLanes y3)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes m1 = TLanes.Load(m + step), m2 = TLanes.Load(m + 2 * step), m3 = TLanes.Load(m + 3 * step), m4 = TLanes.Load(m + 4 * step);
        TLanes sumA = m1 + m2, differenceA = m1 - m2, sumB = m3 + m4, differenceB = m3 - m4;
        y0 = TLanes.Load(m) + (sumA + sumB);
        y1 = TLanes.MultiplyAdd(TLanes.Broadcast(B), differenceB, TLanes.Broadcast(A) * differenceA);
        y2 = TLanes.MultiplyAdd(TLanes.Broadcast(B2), sumB, TLanes.Broadcast(A2) * sumA);
        y3 = TLanes.MultiplyAdd(TLanes.Broadcast(B2 * B), differenceB, TLanes.MultiplyAdd(TLanes.Broadcast(A2 * A), differenceA, TLanes.Load(m + 5 * step)));
    }

    private static double[] MakeWeightMatrix()
    {
        double[] points = [0, A, -A, B, -B];
        var g = new double[18];
        for (int i = 0; i < points.Length; i++)
        {
            double scale = 1;
            foreach (double other in points)
                scale *= other == points[i] ? 1 : points[i] - other;
            for (int power = 0; power < 3; power++)
                g[3 * i + power] = Math.Pow(points[i], power) / scale;
        }

        g[17] = 1;
        return g;
    }
}
