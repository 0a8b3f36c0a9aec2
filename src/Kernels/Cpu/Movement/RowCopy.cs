using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Copies of many equally long rows of bytes: the core of slice, concat and pad.</summary>
internal static unsafe class RowCopy
{
    private const int GrainBytes = ElementwiseLoops.Grain * sizeof(float);

    /// <summary>Copies <paramref name="rows"/> rows, on several threads.</summary>
    /// <param name="source">First byte of the first row.</param>
    /// <param name="sourcePitch">Bytes from one row to the next.</param>
    /// <param name="destination">First byte of the first copy.</param>
    /// <param name="destinationPitch">Bytes from one copy to the next.</param>
    /// <param name="rowBytes">Bytes of one row.</param>
    /// <param name="rows">Number of rows.</param>
    public static void Run(byte* source, long sourcePitch, byte* destination, long destinationPitch, long rowBytes, int rows)
    {
        if (rowBytes == 0)
            return;
        // Rows that follow each other on both sides are one long row.
        if (rowBytes == sourcePitch && rowBytes == destinationPitch)
            (rowBytes, rows) = (rowBytes * rows, 1);
        if (rowBytes > GrainBytes)
        {
            int pieces = (int)((rowBytes + GrainBytes - 1) / GrainBytes);
            ParallelRows.For(checked(rows * pieces), chunk =>
            {
                long row = chunk / pieces, from = (long)(chunk % pieces) * GrainBytes;
                NativeMemory.Copy(source + row * sourcePitch + from, destination + row * destinationPitch + from, (nuint)Math.Min(GrainBytes, rowBytes - from));
            });
            return;
        }

        ParallelRows.ForRanges(rows, (int)(GrainBytes / rowBytes), (from, to) =>
        {
            for (long row = from; row < to; row++)
                NativeMemory.Copy(source + row * sourcePitch, destination + row * destinationPitch, (nuint)rowBytes);
        });
    }
}
