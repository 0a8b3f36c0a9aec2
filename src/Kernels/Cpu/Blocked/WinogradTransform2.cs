using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>F(2×2, 3×3), points 0, 1, -1, ∞: 16 multiplications in the place of 36.</summary>
internal readonly unsafe struct WinogradTransform2 : IWinogradTransform
{
    public static int Outputs => 2;

    public static ReadOnlySpan<double> WeightMatrix =>
    [
        1, 0, 0,
        0.5, 0.5, 0.5,
        0.5, -0.5, 0.5,
        0, 0, 1,
    ];

    public static int ScratchLength => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformInput<TLanes>(float* source, nint row, int tiles, float* v, nint positionStep, float* scratch)
        where TLanes : struct, ILanes<TLanes>
    {
        for (; tiles > 0; tiles--)
        {
            for (int lane = 0; lane < BlockedLayout.Block; lane += TLanes.Count)
            {
                float* s = source + lane;
                TransformRow(s, out TLanes a0, out TLanes a1, out TLanes a2, out TLanes a3);
                TransformRow(s + row, out TLanes b0, out TLanes b1, out TLanes b2, out TLanes b3);
                TransformRow(s + 2 * row, out TLanes c0, out TLanes c1, out TLanes c2, out TLanes c3);
                TransformRow(s + 3 * row, out TLanes d0, out TLanes d1, out TLanes d2, out TLanes d3);
                float* t = v + lane;
                StoreColumn(t, 4 * positionStep, a0, b0, c0, d0);
                StoreColumn(t + positionStep, 4 * positionStep, a1, b1, c1, d1);
                StoreColumn(t + 2 * positionStep, 4 * positionStep, a2, b2, c2, d2);
                StoreColumn(t + 3 * positionStep, 4 * positionStep, a3, b3, c3, d3);
            }

            source += 2 * BlockedLayout.Block;
            v += BlockedLayout.Block;
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
                float* m = products + lane;
                TLanes m0 = TLanes.Load(m), m1 = TLanes.Load(m + positionStep), m2 = TLanes.Load(m + 2 * positionStep), m3 = TLanes.Load(m + 3 * positionStep);
                (m0 + m1 + m2).Store(target + lane);
                (m1 - m2 - m3).Store(target + BlockedLayout.Block + lane);
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
        const int Line = 2 * BlockedLayout.Block;
        nint next = row->DestinationRow, nextResidual = row->ResidualRow;
        bool second = row->Rows > 1;
        for (int lane = 0; lane < BlockedLayout.Block; lane += TLanes.Count)
        {
            float* source = row->Source + lane;
            float* y = row->Destination + lane;
            float* r = row->Residual == null ? null : row->Residual + lane;
            var bias = TLanes.Load(row->Bias + lane);
            var sum = TLanes.Broadcast(0);
            for (int tile = 0, columns = row->Columns; tile < row->Tiles; tile++, columns -= 2)
            {
                float* m = source;
                for (int column = Math.Min(columns, 2); column > 0; column--)
                {
                    TLanes m0 = TLanes.Load(m), m1 = TLanes.Load(m + Line), m2 = TLanes.Load(m + 2 * Line), m3 = TLanes.Load(m + 3 * Line);
                    sum += WinogradEpilogue.Store(y, r, bias + (m0 + m1 + m2), activation);
                    if (second)
                        sum += WinogradEpilogue.Store(y + next, r == null ? null : r + nextResidual, bias + (m1 - m2 - m3), activation);
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

    // One row of d B.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransformRow<TLanes>(float* s, out TLanes y0, out TLanes y1, out TLanes y2, out TLanes y3)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes d0 = TLanes.Load(s), d1 = TLanes.Load(s + BlockedLayout.Block), d2 = TLanes.Load(s + 2 * BlockedLayout.Block), d3 = TLanes.Load(s + 3 * BlockedLayout.Block);
        (y0, y1, y2, y3) = (d0 - d2, d1 + d2, d2 - d1, d1 - d3);
    }

    // One column of Bᵀ (d B).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumn<TLanes>(float* v, nint step, TLanes d0, TLanes d1, TLanes d2, TLanes d3)
        where TLanes : struct, ILanes<TLanes>
    {
        (d0 - d2).Store(v);
        (d1 + d2).Store(v + step);
        (d2 - d1).Store(v + 2 * step);
        (d1 - d3).Store(v + 3 * step);
    }
}
