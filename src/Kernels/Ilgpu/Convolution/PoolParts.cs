using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Sums over the pixels of each image in the epilogue of a convolution: parts of 64 pixels, and one launch that adds them up.</summary>
/// <remarks>Order: on maps a lane adds its eight rows downwards and the eight lanes of a column combine as a butterfly; on tensors see
/// <see cref="TileSums"/> and <see cref="FusedTail"/>. Parts are dealt to the rows of a group, each of which adds upwards, and so are the rows. Nothing
/// depends on timing.</remarks>
internal static class PoolParts
{
    /// <summary>Pixels of a part: on maps the rows of a warp, on tensors the columns of the small tile.</summary>
    public const int Pixels = 64;

    /// <summary>Pixels that an image of a tensor must have: of smaller ones a part touches so many that a launch of its own is not worse.</summary>
    private const int LeastPlane = 16;

    /// <summary>Neighbouring results of a group.</summary>
    public const int Columns = 32;

    /// <summary>Adds up the parts: s[n,c] = mean over the plane of the sum over the splits.</summary>
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, PoolPartsShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, PoolPartsShape>("conv.pool-parts", GpuQueue.MaxGroup, Add);

    /// <summary>Images that a part may touch.</summary>
    public static int ImagesPerPart(int plane) => (plane + Pixels - 2) / plane + 1;

    /// <summary>Numbers that the parts of a result take.</summary>
    public static long Length(MapLayout layout) =>
        (long)((layout.Pixels + Pixels - 1) / Pixels) * ImagesPerPart(layout.Height * layout.Width) * layout.Pieces * layout.PerPiece;

    /// <summary>Whether the sums of a tensor, a channel a piece, are taken in parts.</summary>
    public static bool Suit(GpuQueue queue, MapLayout layout) => layout.Height * layout.Width >= LeastPlane && queue.GroupSize >= Columns;

    /// <summary>Stores a warp's part. All its lanes must call it.</summary>
    /// <param name="target">Where sums go.</param>
    /// <param name="top">First pixel of the warp.</param>
    /// <param name="lane">This lane.</param>
    /// <param name="channel">Channel of its first column.</param>
    /// <param name="column">Its first column within the group.</param>
    /// <param name="sums">Its finished values; row k is pixel top + lane / 4 + 8 k.</param>
    public static void Store(ConvTarget target, int top, int lane, int channel, int column, MicroTile sums)
    {
        int plane = target.Plane.Divisor;
        int first = target.Plane.Divide(top), last = target.Plane.Divide(IntrinsicMath.Min(top + Pixels, target.Pixels) - 1);
        for (int image = first; image <= last; image++)
        {
            int from = image * plane - top - lane / 4;
            var l = default(Float4);
            var r = default(Float4);
            AddRow(ref l, ref r, from, plane, sums.L0, sums.R0);
            AddRow(ref l, ref r, from - 8, plane, sums.L1, sums.R1);
            AddRow(ref l, ref r, from - 16, plane, sums.L2, sums.R2);
            AddRow(ref l, ref r, from - 24, plane, sums.L3, sums.R3);
            AddRow(ref l, ref r, from - 32, plane, sums.L4, sums.R4);
            AddRow(ref l, ref r, from - 40, plane, sums.L5, sums.R5);
            AddRow(ref l, ref r, from - 48, plane, sums.L6, sums.R6);
            AddRow(ref l, ref r, from - 56, plane, sums.L7, sums.R7);
            int at = (top / Pixels * target.ImagesPerPart + image - first) * target.Channels + channel;
            Put(target, at, lane, column, l.X, l.Y);
            Put(target, at + 8, lane, column + 8, l.Z, l.W);
            Put(target, at + 16, lane, column + 16, r.X, r.Y);
            Put(target, at + 24, lane, column + 24, r.Z, r.W);
        }
    }

    /// <summary>Mapping: one group for 32 neighbouring results, whose further threads share the parts. Traffic: 4 · R bytes a part of 64 pixels.</summary>
    public static void Add(ArrayView<float> parts, ArrayView<float> y, PoolPartsShape shape)
    {
        int count = y.IntLength, plane = shape.Plane.Divisor, rows = Group.DimX / Columns;
        for (int first = Grid.IdxX * Columns; first < count; first += Grid.DimX * Columns)
        {
            int i = first + Group.IdxX % Columns;
            float sum = 0;
            if (i < count)
            {
                int n = shape.Outputs.Divide(i);
                int channel = i - n * shape.Outputs.Divisor;
                int begin = n * plane / Pixels, end = ((n + 1) * plane - 1) / Pixels;
                for (int split = 0; split < shape.Radix; split++)
                {
                    for (int part = begin + Group.IdxX / Columns; part <= end; part += rows)
                    {
                        int slot = n - shape.Plane.Divide(part * Pixels);
                        sum += parts[(part * shape.ImagesPerPart + slot) * shape.Channels + channel + split * shape.Outputs.Divisor];
                    }
                }
            }

            sum = AddRows(sum);
            if (Group.IdxX < Columns && i < count)
                y[i] = sum / plane;
        }
    }

    /// <summary>Adds up, in the first row of a group's threads, what the rows have; a row is <see cref="Columns"/> threads. All threads must call it.</summary>
    public static float AddRows(float value)
    {
        var shared = SharedMemory.Allocate<float>(GpuQueue.MaxGroup);
        // What an earlier call left here has been read by all.
        Group.Barrier();
        shared[Group.IdxX] = value;
        Group.Barrier();
        for (int other = Group.IdxX + Columns; other < Group.DimX; other += Columns)
            value += shared[other];
        return value;
    }

    /// <summary>Grid and groups for <see cref="Add"/> and what is alike.</summary>
    public static KernelConfig Config(GpuQueue queue, long results) => (queue.Groups(results, Columns), queue.GroupSize);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(ref Float4 l, ref Float4 r, int from, int plane, Float4 left, Float4 right)
    {
        // The image begins "from" pixels behind this one.
        if (from > 0 || from + plane <= 0)
            return;
        l.MultiplyAdd(1, left);
        r.MultiplyAdd(1, right);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ConvTarget target, int at, int lane, int column, float first, float second)
    {
        first = Combine(first);
        second = Combine(second);
        if (lane >= 4 || column >= target.Outputs)
            return;
        target.Sums[at] = first;
        target.Sums[at + 1] = second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Combine(float value)
    {
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 8);
        return value + Warp.ShuffleXor(value, 16);
    }
}

/// <summary>Extents of pooled sums in parts.</summary>
/// <param name="layout">The map.</param>
/// <param name="radix">Splits.</param>
internal readonly struct PoolPartsShape(MapLayout layout, int radix)
{
    public readonly FastDivisor Plane = new(layout.Height * layout.Width);
    public readonly FastDivisor Outputs = new(layout.Channels / radix);
    public readonly int Radix = radix;
    public readonly int Channels = layout.Pieces * layout.PerPiece;
    public readonly int ImagesPerPart = PoolParts.ImagesPerPart(layout.Height * layout.Width);
}
