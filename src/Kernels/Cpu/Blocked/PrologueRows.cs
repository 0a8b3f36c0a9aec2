using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Computes rows of what a fused convolution sees behind its prologue, just before its tiles read them: the attention-weighted sum of
/// the splits, an average pool, or the pool of the sum.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class PrologueRows<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    /// <summary>Fills <paramref name="target"/> with rows from <paramref name="firstRow"/> on, of pictures from <paramref name="firstImage"/> on;
    /// zeros where the image ends.</summary>
    /// <param name="problem">The convolution.</param>
    /// <param name="memory">Where the input lies.</param>
    /// <param name="firstImage">The target's first picture.</param>
    /// <param name="firstRow">The target's first row; it may lie above the image.</param>
    /// <param name="target">Memory to fill.</param>
    /// <param name="layout">How it lies; rows outside of the image are rows of the layout, columns outside are its border.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(ConvProblem problem, in ConvMemory memory, int firstImage, int firstRow, float* target, in BlockedLayout layout)
    {
        for (int n = 0; n < layout.Batch; n++)
        {
            for (int block = 0; block < layout.Blocks; block++)
            {
                for (int y = 0; y < layout.Height; y++)
                {
                    float* line = target + layout.Offset(n, block, y, 0);
                    float* whole = line - layout.Border.Left * Block;
                    if (firstRow + y < 0 || firstRow + y >= problem.InputHeight)
                    {
                        NativeMemory.Clear(whole, (nuint)layout.RowStride * sizeof(float));
                        continue;
                    }

                    NativeMemory.Clear(whole, (nuint)(layout.Border.Left * Block * sizeof(float)));
                    NativeMemory.Clear(line + layout.Width * Block, (nuint)(layout.Border.Right * Block * sizeof(float)));
                    Row(problem, memory, firstImage + n, block, firstRow + y, line);
                }
            }
        }
    }

    /// <summary>Computes one row of one block.</summary>
    public static void Row(ConvProblem problem, in ConvMemory memory, int n, int block, int y, float* line)
    {
        if (!Aligned(problem))
            MixedRow(problem, memory, n, block, y, line);
        else if (problem.Prologue.Pool is { } pool)
            PooledRow(problem, pool, memory, n, block, y, line);
        else
            WeightedRow(problem, memory, n, block, y, line);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightedRow(ConvProblem problem, in ConvMemory memory, int n, int block, int y, float* line)
    {
        int radix = problem.Prologue.AttentionRadix;
        nint count = (nint)problem.InputWidth * Block;
        float* attention = Attention(problem, memory, n, 0, block);
        float* source = memory.Input + memory.InputLayout.Offset(n, block, y, 0);
        nint split = problem.InputChannels / Block * memory.InputLayout.BlockStride;
        for (int lane = 0; lane < Block; lane += TLanes.Count)
        {
            float* x = source + lane;
            var a = TLanes.Load(attention + lane);
            if (radix == 2)
            {
                var b = TLanes.Load(attention + problem.InputChannels + lane);
                for (nint i = 0; i < count; i += Block)
                    TLanes.MultiplyAdd(TLanes.Load(x + i), a, TLanes.Load(x + split + i) * b).Store(line + lane + i);
                continue;
            }

            for (nint i = 0; i < count; i += Block)
                (TLanes.Load(x + i) * a).Store(line + lane + i);
            for (int r = 1; r < radix; r++)
            {
                x += split;
                a = TLanes.Load(attention + r * problem.InputChannels + lane);
                for (nint i = 0; i < count; i += Block)
                    TLanes.MultiplyAdd(TLanes.Load(x + i), a, TLanes.Load(line + lane + i)).Store(line + lane + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PooledRow(ConvProblem problem, AvgPool2dOp pool, in ConvMemory memory, int n, int block, int y, float* line)
    {
        var layout = memory.InputLayout;
        var g = pool.Geometry;
        int radix = Math.Max(1, problem.Prologue.AttentionRadix);
        float* attention = problem.Prologue.AttentionRadix > 0 ? Attention(problem, memory, n, 0, block) : null;
        nint split = problem.InputChannels / Block * layout.BlockStride;
        var (top, bottom, rows) = AvgPool2dOp.Window(y, layout.Height, g.KernelH, g.StrideH, g.PadTop, g.PadBottom);
        float* line0 = memory.Input + layout.Offset(n, block, top, 0);
        // Windows that lie inside of the image from left to right are all alike.
        int inside = Math.Min((g.PadLeft + g.StrideW - 1) / g.StrideW, problem.InputWidth);
        int insideEnd = Math.Clamp((layout.Width + g.PadLeft - g.KernelW) / g.StrideW + 1, inside, problem.InputWidth);
        for (int x = 0; x < problem.InputWidth;)
        {
            var (left, right, columns) = AvgPool2dOp.Window(x, layout.Width, g.KernelW, g.StrideW, g.PadLeft, g.PadRight);
            int divisor = pool.DivisorOverride != 0 ? pool.DivisorOverride : pool.CountPadding ? rows * columns : (bottom - top) * (right - left);
            int count = x >= inside && x < insideEnd ? insideEnd - x : 1;
            for (int lane = 0; lane < Block; lane += TLanes.Count)
            {
                float* source = line0 + left * Block + lane;
                float* target = line + x * Block + lane;
                for (int r = 0; r < radix; r++, source += split)
                {
                    var scale = TLanes.Broadcast(1f / divisor);
                    if (attention != null)
                        scale *= TLanes.Load(attention + r * problem.InputChannels + lane);
                    Windows(source, layout.RowStride, bottom - top, right - left, g.StrideW, scale, target, count, add: r > 0);
                }
            }

            x += count;
        }
    }

    private static void Windows(float* source, nint rowStride, int rows, int columns, int stride, TLanes scale, float* target, int count, bool add)
    {
        if (columns == 3)
            Windows<N3>(source, rowStride, rows, columns, stride, scale, target, count, add);
        else if (columns == 2)
            Windows<N2>(source, rowStride, rows, columns, stride, scale, target, count, add);
        else
            Windows<N1>(source, rowStride, rows, columns, stride, scale, target, count, add);
    }

    // Windows of three columns, of two, or with N1 of any number.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Windows<TColumns>(float* source, nint rowStride, int rows, int columns, int stride, TLanes scale, float* target, int count, bool add)
        where TColumns : unmanaged
    {
        for (; count > 0; count--, source += stride * Block, target += Block)
        {
            var sum = TLanes.Broadcast(0);
            float* row = source;
            for (int i = rows; i > 0; i--, row += rowStride)
            {
                sum += TLanes.Load(row);
                if (sizeof(TColumns) > 1)
                    sum += TLanes.Load(row + Block);
                if (sizeof(TColumns) > 2)
                    sum += TLanes.Load(row + 2 * Block);
                for (int j = 1; sizeof(TColumns) == 1 && j < columns; j++)
                    sum += TLanes.Load(row + j * Block);
            }

            (add ? TLanes.MultiplyAdd(sum, scale, TLanes.Load(target)) : sum * scale).Store(target);
        }
    }

    /// <summary>Where a split does not begin with a block: channel by channel. No network of this library has such splits.</summary>
    private static void MixedRow(ConvProblem problem, in ConvMemory memory, int n, int block, int y, float* line)
    {
        var layout = memory.InputLayout;
        int radix = problem.Prologue.AttentionRadix;
        NativeMemory.Clear(line, (nuint)(problem.InputWidth * Block * sizeof(float)));
        for (int lane = 0; lane < Block && block * Block + lane < problem.InputChannels; lane++)
        {
            for (int r = 0; r < radix; r++)
            {
                int channel = r * problem.InputChannels + block * Block + lane;
                float weight = Attention(problem, memory, n, r, block)[lane];
                float* plane = memory.Input + layout.Offset(n, channel / Block, 0, 0) + channel % Block;
                for (int x = 0; x < problem.InputWidth; x++)
                {
                    float value = problem.Prologue.Pool is { } pool ? Mean(pool, plane, layout, y, x) : plane[y * layout.RowStride + x * Block];
                    line[x * Block + lane] += weight * value;
                }
            }
        }
    }

    private static float Mean(AvgPool2dOp pool, float* plane, in BlockedLayout layout, int y, int x)
    {
        var g = pool.Geometry;
        var (top, bottom, rows) = AvgPool2dOp.Window(y, layout.Height, g.KernelH, g.StrideH, g.PadTop, g.PadBottom);
        var (left, right, columns) = AvgPool2dOp.Window(x, layout.Width, g.KernelW, g.StrideW, g.PadLeft, g.PadRight);
        float sum = 0;
        for (int i = top; i < bottom; i++)
        {
            for (int j = left; j < right; j++)
                sum += plane[i * layout.RowStride + j * Block];
        }

        return sum / (pool.DivisorOverride != 0 ? pool.DivisorOverride : pool.CountPadding ? rows * columns : (bottom - top) * (right - left));
    }

    private static bool Aligned(ConvProblem problem) => problem.Prologue.AttentionRadix < 2 || problem.InputChannels % Block == 0;

    private static float* Attention(ConvProblem problem, in ConvMemory memory, int n, int split, int block)
    {
        int channels = problem.Prologue.AttentionRadix * problem.InputChannels;
        return memory.Attention + (nint)n * ((channels + Block - 1) / Block * Block) + split * problem.InputChannels + block * Block;
    }
}
