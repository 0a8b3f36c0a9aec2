using System.Numerics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Makes means over planes, and over splits, from partial sums.</summary>
internal static unsafe class PlaneMeans
{
    /// <summary>means[n, c] = Σ_r Σ_part sums[part, n, r·C + c] / plane, always in this order.</summary>
    /// <param name="sums">[parts][batch][channels, padded to blocks].</param>
    /// <param name="parts">Partial sums of a plane.</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="channels">R·C.</param>
    /// <param name="radix">R.</param>
    /// <param name="plane">Pixels of a plane.</param>
    /// <param name="means">[batch][C].</param>
    public static void Combine(float* sums, int parts, int batch, int channels, int radix, int plane, float* means)
    {
        int width = (channels + BlockedLayout.Block - 1) / BlockedLayout.Block * BlockedLayout.Block, count = channels / radix;
        float scale = 1f / plane;
        for (int n = 0; n < batch; n++, means += count)
        {
            int c = 0;
            for (; c <= count - Vector<float>.Count; c += Vector<float>.Count)
            {
                var sum = Vector<float>.Zero;
                for (int r = 0; r < radix; r++)
                {
                    for (int part = 0; part < parts; part++)
                        sum += Vector.Load(sums + ((nint)part * batch + n) * width + r * count + c);
                }

                Vector.Store(sum * scale, means + c);
            }

            for (; c < count; c++)
            {
                float sum = 0;
                for (int r = 0; r < radix; r++)
                {
                    for (int part = 0; part < parts; part++)
                        sum += sums[((nint)part * batch + n) * width + r * count + c];
                }

                means[c] = sum * scale;
            }
        }
    }
}
