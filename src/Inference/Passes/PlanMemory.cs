using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Gives each buffer of a lowered graph its place in one block of memory; buffers that are never needed at the same time may overlap.</summary>
/// <remarks>A buffer lives from the first step that touches it to the last; those that the caller fills live from the start, those that he reads to
/// the end. The largest buffers are placed first, each into the smallest gap between its contemporaries that holds it. That is not optimal, which
/// would be NP-hard, but within a few per cent of the lower bound for networks, whose largest buffers are neighbours.</remarks>
public static class PlanMemory
{
    /// <summary>Buffers begin at multiples of a cache line.</summary>
    public const int Alignment = 64;

    /// <summary>Plans the memory of a lowered graph.</summary>
    public static MemoryPlan Run(LoweredGraph graph)
    {
        int count = graph.Buffers.Count;
        var first = new int[count];
        var last = new int[count];
        Array.Fill(first, int.MaxValue);
        Array.Fill(last, -1);
        for (int step = 0; step < graph.Steps.Count; step++)
        {
            foreach (int buffer in graph.Steps[step].Reads)
                Touch(buffer, step);
            foreach (int buffer in graph.Steps[step].Writes)
                Touch(buffer, step);
        }

        foreach (int buffer in graph.Inputs)
            first[buffer] = -1;
        foreach (int buffer in graph.Outputs)
            last[buffer] = graph.Steps.Count;

        var order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        Array.Sort(order, (a, b) => graph.Buffers[b].ByteLength.CompareTo(graph.Buffers[a].ByteLength) is var bySize && bySize != 0 ? bySize : a.CompareTo(b));
        var offsets = new long[count];
        var placed = new List<int>(count);
        long length = 0, together = 0;
        foreach (int buffer in order)
        {
            long size = RoundUp(graph.Buffers[buffer].ByteLength);
            together += size;
            offsets[buffer] = BestFit(buffer, size);
            length = Math.Max(length, offsets[buffer] + size);
            placed.Insert(~placed.BinarySearch(buffer, Comparer<int>.Create((a, b) => offsets[a].CompareTo(offsets[b]) is var byPlace && byPlace != 0 ? byPlace : a.CompareTo(b))), buffer);
        }

        return new MemoryPlan(offsets, length, together);

        void Touch(int buffer, int step)
        {
            first[buffer] = Math.Min(first[buffer], step);
            last[buffer] = Math.Max(last[buffer], step);
        }

        // Walks over the contemporaries in order of place and takes the smallest gap; behind the last one there is room without end.
        long BestFit(int buffer, long size)
        {
            long end = 0, best = -1, bestGap = long.MaxValue;
            foreach (int other in placed)
            {
                if (last[other] < first[buffer] || last[buffer] < first[other])
                    continue;
                long gap = offsets[other] - end;
                if (gap >= size && gap < bestGap)
                    (best, bestGap) = (end, gap);
                end = Math.Max(end, offsets[other] + RoundUp(graph.Buffers[other].ByteLength));
            }

            return best >= 0 ? best : end;
        }
    }

    private static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}

/// <summary>Where the buffers of a lowered graph lie.</summary>
/// <param name="Offsets">First byte of each buffer.</param>
/// <param name="ByteLength">Size of the block.</param>
/// <param name="UnsharedByteLength">What the buffers would take side by side.</param>
public sealed record MemoryPlan(IReadOnlyList<long> Offsets, long ByteLength, long UnsharedByteLength);
