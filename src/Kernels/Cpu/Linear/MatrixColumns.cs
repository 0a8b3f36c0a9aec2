using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Columns of a matrix in memory.</summary>
/// <param name="matrix">Term 0 of the first column.</param>
/// <param name="termStride">Elements from one term to the next.</param>
/// <param name="columnStride">Elements from one column to the next; one of the two strides is one.</param>
/// <param name="columns">Number of columns.</param>
internal readonly unsafe struct MatrixColumns(float* matrix, nint termStride, nint columnStride, int columns) : IColumnSource
{
    private readonly float* _matrix = matrix;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack<TLanes>(int firstTerm, int terms, float* panels, nint panelStride)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = GemmTile<TLanes>.Columns;
        for (int first = 0; first < columns; first += width, panels += panelStride)
        {
            int inside = Math.Min(width, columns - first);
            float* source = _matrix + firstTerm * termStride + first * columnStride;
            float* target = panels;
            if (inside == width && columnStride == 1)
            {
                for (int k = 0; k < terms; k++, source += termStride, target += width)
                {
                    TLanes.Load(source).Store(target);
                    TLanes.Load(source + TLanes.Count).Store(target + TLanes.Count);
                }

                continue;
            }

            if (columnStride != 1)
            {
                LeftPacking.Pack(source, columnStride, inside, width, new TermLayout(termStride), terms, target);
                continue;
            }

            for (int k = 0; k < terms; k++, source += termStride, target += width)
            {
                for (int j = 0; j < inside; j++)
                    target[j] = source[j];
                for (int j = inside; j < width; j++)
                    target[j] = 0;
            }
        }
    }
}
