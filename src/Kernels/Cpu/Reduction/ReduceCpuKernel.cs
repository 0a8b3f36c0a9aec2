using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A reduction over any set of axes. Bandwidth-bound: 4 bytes per input element.</summary>
/// <remarks>Work is cut into parts by the shape alone: results first; where those are too few, the elements of one result too, whose
/// partial results are then gathered in order.</remarks>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TReduction">How elements are gathered.</typeparam>
/// <param name="axesOf">The axes of an operator.</param>
/// <param name="factorOf">What results are multiplied by in the end, from the shape and the axes.</param>
internal sealed unsafe class ReduceCpuKernel<TOp, TReduction>(Func<TOp, Axes> axesOf, Func<Shape, Axes, double> factorOf) : Kernel<TOp>
    where TOp : Op
    where TReduction : struct, IReduction
{
    private const int Grain = ElementwiseLoops.Grain;

    // Columns that are gathered together: 16 KB of doubles stay in the first-level cache.
    private const int TileColumns = 2048;

    // With so many parts every thread finds enough to do.
    private const int EnoughParts = 32;

    private const int MostParts = 64;

    public override string Name => $"{typeof(TOp).Name[..^2]}CpuKernel";

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        var axes = axesOf(op);
        double factor = factorOf(inputs[0].Shape, axes);
        if (inputs[0].Spec.ElementCount == 0)
        {
            new Span<float>(y, outputs[0].Spec.ElementCount).Fill((float)(TReduction.Start * factor));
            return;
        }

        var plan = new ReductionPlan(inputs[0].Shape, axes);
        if (plan.RunIsReduced)
            ReduceRuns(plan, x, y, factor);
        else
            ReduceColumns(plan, x, y, factor);
    }

    /// <summary>Every result gathers whole runs.</summary>
    private static void ReduceRuns(ReductionPlan plan, float* x, float* y, double factor)
    {
        int results = plan.OuterKept;
        int pieces = (plan.RunLength + Grain - 1) / Grain;
        long steps = (long)plan.OuterReduced * pieces;
        int stepLength = Math.Min(plan.RunLength, Grain);
        int stepsPerPart = (int)Math.Min(steps, results >= EnoughParts ? steps : Math.Max(1, Grain / stepLength));
        int parts = (int)((steps + stepsPerPart - 1) / stepsPerPart);
        if (parts == 1)
        {
            int grain = (int)Math.Max(1, Grain / (steps * stepLength));
            ParallelRows.ForRanges(results, grain, (from, to) =>
            {
                for (int i = from; i < to; i++)
                    y[i] = (float)(Part(plan.KeptOffset(i), 0, steps) * factor);
            });
            return;
        }

        double* partial = (double*)NativeMemory.Alloc((nuint)results * (nuint)parts, sizeof(double));
        ParallelRows.For(results * parts, chunk =>
        {
            long first = (long)(chunk % parts) * stepsPerPart;
            partial[chunk] = Part(plan.KeptOffset(chunk / parts), first, Math.Min(steps, first + stepsPerPart));
        });
        for (int i = 0; i < results; i++)
        {
            double total = TReduction.Start;
            for (int part = 0; part < parts; part++)
                total = TReduction.Combine(total, partial[i * parts + part]);
            y[i] = (float)(total * factor);
        }

        NativeMemory.Free(partial);

        double Part(int start, long from, long to)
        {
            double total = TReduction.Start;
            for (long step = from; step < to; step++)
            {
                int offset = (int)(step % pieces) * Grain;
                float* run = x + start + plan.ReducedOffset((int)(step / pieces)) + offset;
                total = TReduction.Combine(total, TReduction.Row(run, Math.Min(Grain, plan.RunLength - offset)));
            }

            return total;
        }
    }

    /// <summary>Every element of a run belongs to a result of its own.</summary>
    private static void ReduceColumns(ReductionPlan plan, float* x, float* y, double factor)
    {
        int columns = plan.RunLength;
        int tiles = (columns + TileColumns - 1) / TileColumns;
        int items = plan.OuterKept * tiles;
        int tileLength = Math.Min(columns, TileColumns);
        // Few results: their runs are shared out too, into parts that are worth a thread and not so many that partial results take memory.
        int leastRuns = Math.Max(Grain / tileLength, (plan.OuterReduced + MostParts - 1) / MostParts);
        int runsPerPart = items >= EnoughParts ? plan.OuterReduced : Math.Min(plan.OuterReduced, Math.Max(16, leastRuns));
        int parts = (plan.OuterReduced + runsPerPart - 1) / runsPerPart;
        if (parts == 1)
        {
            int grain = (int)Math.Max(1, Grain / ((long)plan.OuterReduced * tileLength));
            ParallelRows.ForRanges(items, grain, (from, to) =>
            {
                double* sums = stackalloc double[TileColumns];
                for (int item = from; item < to; item++)
                {
                    Part(item, 0, plan.OuterReduced, sums);
                    Finish(item, sums);
                }
            });
            return;
        }

        double* partial = (double*)NativeMemory.Alloc((nuint)items * (nuint)parts * (nuint)tileLength, sizeof(double));
        ParallelRows.For(items * parts, chunk =>
        {
            int first = chunk % parts * runsPerPart;
            Part(chunk / parts, first, Math.Min(plan.OuterReduced, first + runsPerPart), partial + (long)chunk * tileLength);
        });
        for (int item = 0; item < items; item++)
        {
            double* sums = partial + (long)item * parts * tileLength;
            for (int part = 1; part < parts; part++)
            {
                for (int i = 0; i < Width(item); i++)
                    sums[i] = TReduction.Combine(sums[i], sums[(long)part * tileLength + i]);
            }

            Finish(item, sums);
        }

        NativeMemory.Free(partial);

        int Width(int item) => Math.Min(TileColumns, columns - item % tiles * TileColumns);

        void Part(int item, int from, int to, double* sums)
        {
            int width = Width(item);
            new Span<double>(sums, width).Fill(TReduction.Start);
            float* start = x + plan.KeptOffset(item / tiles) + item % tiles * TileColumns;
            for (int run = from; run < to; run++)
                TReduction.Columns(start + plan.ReducedOffset(run), sums, width);
        }

        void Finish(int item, double* sums)
        {
            float* row = y + (long)(item / tiles) * columns + item % tiles * TileColumns;
            for (int i = 0; i < Width(item); i++)
                row[i] = (float)(sums[i] * factor);
        }
    }
}
