using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Copies rows of dense planes and puts zeros around them, for a convolution that reads pictures as they come.</summary>
internal static unsafe class PlaneRows
{
    /// <summary>Fills <paramref name="target"/> [images, C, rows, left + W + right].</summary>
    public static void Fill(ConvProblem problem, float* input, int firstImage, int images, int firstRow, int rows, Border border, float* target)
    {
        int height = problem.InputHeight, width = problem.InputWidth;
        for (int plane = 0; plane < images * problem.InputChannels; plane++)
        {
            float* from = input + ((nint)firstImage * problem.InputChannels + plane) * height * width;
            for (int y = firstRow; y < firstRow + rows; y++, target += border.Left + width + border.Right)
            {
                if (y < 0 || y >= height)
                {
                    NativeMemory.Clear(target, (nuint)((border.Left + width + border.Right) * sizeof(float)));
                    continue;
                }

                NativeMemory.Clear(target, (nuint)(border.Left * sizeof(float)));
                NativeMemory.Copy(from + (nint)y * width, target + border.Left, (nuint)(width * sizeof(float)));
                NativeMemory.Clear(target + border.Left + width, (nuint)(border.Right * sizeof(float)));
            }
        }
    }
}
