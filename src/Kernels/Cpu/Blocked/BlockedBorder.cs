using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Writes the zeros around blocked activations.</summary>
internal static unsafe class BlockedBorder
{
    /// <summary>Writes the zeros left and right of some rows, and above and below the image where these rows are its first or last.</summary>
    public static void Clear(float* activations, in BlockedLayout layout, int n, int firstBlock, int endBlock, int firstRow, int endRow)
    {
        var border = layout.Border;
        if (border == default)
            return;
        for (int block = firstBlock; block < endBlock; block++)
        {
            float* plane = activations + layout.Offset(n, block, 0, 0);
            nint row = layout.RowStride;
            nint left = (nint)border.Left * BlockedLayout.Block, right = (nint)border.Right * BlockedLayout.Block;
            if (firstRow == 0)
                Zero(plane - left - border.Top * row, border.Top * row);
            for (int y = firstRow; y < endRow; y++)
            {
                float* line = plane + y * row;
                Zero(line - left, left);
                Zero(line + (nint)layout.Width * BlockedLayout.Block, right);
            }

            if (endRow == layout.Height)
                Zero(plane - left + layout.Height * row, border.Bottom * row);
        }
    }

    private static void Zero(float* from, nint count)
    {
        if (count > 0)
            NativeMemory.Clear(from, (nuint)count * sizeof(float));
    }
}
