using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The samples of a deformable convolution and their gradients.</summary>
/// <remarks>Forward and the gradient of the offsets go from samples to pixels. The gradient of the image goes the other way, and how many samples a pixel
/// has is known to the offsets alone: a launch before sorts the samples of each tap by where they lie, then each pixel collects its own.</remarks>
internal static class DeformKernels
{
    /// <summary>Threads of a group that sorts, where the device can have so many: each compares its place with all others of the round.</summary>
    public const int Round = 64;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DeformShape>> Sample =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DeformShape>("deform-sample", GpuQueue.MaxGroup, SampleBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, DeformShape>> Sort =
        GpuKernel.Define<ArrayView<float>, ArrayView<int>, ArrayView<int>, DeformShape>("deform-sample.sort", Round, SortBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, Sorted, ArrayView<float>, DeformShape>> InputGrad =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, Sorted, ArrayView<float>, DeformShape>("deform-sample.input-grad", GpuQueue.MaxGroup, InputGradBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DeformShape>> OffsetGrad =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, DeformShape>(
            "deform-sample.offset-grad", GpuQueue.MaxGroup, OffsetGradBody);

    /// <summary>The positions of each tap of each offset group, in the order of their corners.</summary>
    internal readonly struct Sorted(ArrayView<int> starts, ArrayView<int> positions)
    {
        /// <summary>Where the positions of each corner begin, and behind the last corner where they end.</summary>
        public readonly ArrayView<int> Starts = starts;
        public readonly ArrayView<int> Positions = positions;
    }

    /// <summary>Mapping: one thread a sample of a few channels, striding over the grid; neighbours take neighbouring positions, whose pixels lie near each
    /// other where offsets are smooth. Traffic: 8 to 12 bytes a sample and tap, then 4 written and, through the caches, 16 read a channel.</summary>
    public static void SampleBody(ArrayView<float> x, ArrayView<float> offset, ArrayView<float> mask, ArrayView<float> samples, DeformShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Groups * shape.Blocks.Divisor * shape.Samples;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            int lineOfBlock = shape.Positions.Divide(i);
            int position = i - lineOfBlock * shape.Positions.Divisor;
            int block = shape.Taps.Divide(lineOfBlock);
            int tap = lineOfBlock - block * shape.Taps.Divisor;
            int group = shape.Blocks.Divide(block);
            int line = group * shape.Taps.Divisor + tap;
            var place = shape.PlaceOf(offset, line, position);
            float factor = shape.MaskOf(mask, line, position);
            float lower = place.Down * factor, upper = (1 - place.Down) * factor, right = place.Right, left = 1 - place.Right;
            int channel = (block - group * shape.Blocks.Divisor) * DeformShape.ChannelsPerThread;
            int end = group * shape.Channels + IntrinsicMath.Min(channel + DeformShape.ChannelsPerThread, shape.Channels);
            for (int c = group * shape.Channels + channel; c < end; c++)
            {
                int plane = c * shape.Plane.Divisor;
                float sum = shape.Pixel(x, plane, place.Row, place.Column) * (upper * left);
                sum += shape.Pixel(x, plane, place.Row, place.Column + 1) * (upper * right);
                sum += shape.Pixel(x, plane, place.Row + 1, place.Column) * (lower * left);
                sum += shape.Pixel(x, plane, place.Row + 1, place.Column + 1) * (lower * right);
                samples[(c * shape.Taps.Divisor + tap) * shape.Positions.Divisor + position] = sum;
            }
        }
    }

    /// <summary>Sorts the positions of a tap by corner, those of one corner in ascending order, and leaves out what sees nothing of the picture.</summary>
    /// <remarks>Mapping: one group a tap of an offset group of an image. It counts the positions of each corner (integers: any order of adding gives the
    /// same), sums the counts up, and takes as many positions a round as it has threads: each finds how many of its corner come before it in the round.
    /// Traffic: 20 bytes a position and 16 a corner; bound by the latency of the rounds.</remarks>
    public static void SortBody(ArrayView<float> offset, ArrayView<int> starts, ArrayView<int> positions, DeformShape shape)
    {
        var ofThreads = SharedMemory.Allocate<int>(Round);
        int thread = Group.IdxX, line = Grid.IdxX, corners = shape.Corners, count = shape.Positions.Divisor;
        int first = line * count, table = line * (corners + 1);
        for (int i = thread; i <= corners; i += Group.DimX)
            starts[table + i] = 0;
        Group.Barrier();
        // What counts a corner is later where the next of it goes, and in the end where the corner behind it begins.
        table++;
        for (int position = thread; position < count; position += Group.DimX)
        {
            int corner = shape.CornerOf(shape.PlaceOf(offset, line, position));
            if (corner >= 0)
                Atomic.Add(ref starts[table + corner], 1);
        }

        Group.Barrier();
        int share = (corners + Group.DimX - 1) / Group.DimX;
        int from = IntrinsicMath.Min(thread * share, corners), to = IntrinsicMath.Min(from + share, corners);
        int sum = 0;
        for (int i = from; i < to; i++)
            sum += starts[table + i];
        ofThreads[thread] = sum;
        Group.Barrier();
        int next = 0;
        for (int other = 0; other < thread; other++)
            next += ofThreads[other];
        for (int i = from; i < to; i++)
        {
            int here = starts[table + i];
            starts[table + i] = next;
            next += here;
        }

        Group.Barrier();
        for (int start = 0; start < count; start += Group.DimX)
        {
            int position = start + thread;
            int corner = -1;
            if (position < count)
                corner = shape.CornerOf(shape.PlaceOf(offset, line, position));
            ofThreads[thread] = corner;
            Group.Barrier();
            int before = 0, same = 0;
            for (int other = 0; other < Group.DimX; other++)
            {
                int equal = Utilities.Select(ofThreads[other] == corner, 1, 0);
                same += equal;
                before += Utilities.Select(other < thread, equal, 0);
            }

            int place = 0;
            if (corner >= 0)
            {
                place = starts[table + corner];
                positions[first + place + before] = position;
            }

            // The first of the round with a corner moves its start once all have read it.
            Group.Barrier();
            if (corner >= 0 && before == 0)
                starts[table + corner] = place + same;
        }
    }

    /// <summary>Mapping: one thread a pixel of a few channels, striding over the grid; taps, then corners, then positions in ascending order, no atomics.
    /// Traffic: each sample of a channel four times, mostly from the caches, 4 bytes written an element.</summary>
    public static void InputGradBody(ArrayView<float> dy, ArrayView<float> offset, ArrayView<float> mask, Sorted sorted, ArrayView<float> dx, DeformShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Groups * shape.Blocks.Divisor * shape.Plane.Divisor;
        int samples = shape.Samples;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            int block = shape.Plane.Divide(i);
            int pixel = i - block * shape.Plane.Divisor;
            int y = shape.Width.Divide(pixel);
            int x = pixel - y * shape.Width.Divisor;
            int group = shape.Blocks.Divide(block);
            int channel = (block - group * shape.Blocks.Divisor) * DeformShape.ChannelsPerThread;
            int others = IntrinsicMath.Min(shape.Channels - channel, DeformShape.ChannelsPerThread) - 1;
            channel += group * shape.Channels;
            // Channels behind the last repeat it: what they give is not stored.
            int second = IntrinsicMath.Min(1, others) * samples, third = IntrinsicMath.Min(2, others) * samples, fourth = others * samples;
            var sum = default(Float4);
            for (int tap = 0; tap < shape.Taps.Divisor; tap++)
            {
                int line = group * shape.Taps.Divisor + tap;
                int first = channel * samples + tap * shape.Positions.Divisor;
                // Samples whose corner lies in the row above, then those whose corner lies in this one; left of the pixel, and at it.
                for (int below = 0; below < 2; below++)
                {
                    int corner = line * (shape.Corners + 1) + (y + below) * (shape.Width.Divisor + 1) + x;
                    int end = sorted.Starts[corner + 2];
                    for (int k = sorted.Starts[corner]; k < end; k++)
                    {
                        int position = sorted.Positions[line * shape.Positions.Divisor + k];
                        var place = shape.PlaceOf(offset, line, position);
                        float weight = Utilities.Select(below == 0, place.Down, 1 - place.Down) * Utilities.Select(place.Column == x, 1 - place.Right, place.Right);
                        weight *= shape.MaskOf(mask, line, position);
                        int at = first + position;
                        sum.X += weight * dy[at];
                        sum.Y += weight * dy[at + second];
                        sum.Z += weight * dy[at + third];
                        sum.W += weight * dy[at + fourth];
                    }
                }
            }

            int plane = shape.Plane.Divisor;
            int to = channel * plane + pixel;
            dx[to] = sum.X;
            if (others > 0)
                dx[to + plane] = sum.Y;
            if (others > 1)
                dx[to + 2 * plane] = sum.Z;
            if (others > 2)
                dx[to + 3 * plane] = sum.W;
        }
    }

    /// <summary>Mapping: one thread a sample, striding over the grid; the channels that move together are added up in ascending order. Traffic: 4 bytes and,
    /// through the caches, 16 a sample of a channel.</summary>
    public static void OffsetGradBody(
        ArrayView<float> x, ArrayView<float> offset, ArrayView<float> dy, ArrayView<float> mask, ArrayView<float> dOffset, ArrayView<float> dMask, DeformShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Groups * shape.Samples, positions = shape.Positions.Divisor;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            int line = shape.Positions.Divide(i);
            int position = i - line * positions;
            int group = shape.Taps.Divide(line);
            int tap = line - group * shape.Taps.Divisor;
            var place = shape.PlaceOf(offset, line, position);
            float rows = 0, columns = 0, values = 0;
            for (int c = group * shape.Channels; c < (group + 1) * shape.Channels; c++)
            {
                int plane = c * shape.Plane.Divisor;
                float gradient = dy[(c * shape.Taps.Divisor + tap) * positions + position];
                float upper = shape.Pixel(x, plane, place.Row, place.Column), lower = shape.Pixel(x, plane, place.Row + 1, place.Column);
                float along = shape.Pixel(x, plane, place.Row, place.Column + 1) - upper, below = shape.Pixel(x, plane, place.Row + 1, place.Column + 1) - lower;
                float slope = lower - upper + place.Right * (below - along);
                rows += gradient * slope;
                columns += gradient * (along + place.Down * (below - along));
                values += gradient * (upper + place.Right * along + place.Down * slope);
            }

            // The mask is a factor of the sample, so of its slopes, but not of its own gradient.
            float factor = shape.MaskOf(mask, line, position);
            dOffset[2 * line * positions + position] = rows * factor;
            dOffset[(2 * line + 1) * positions + position] = columns * factor;
            shape.StoreMask(dMask, line, position, values);
        }
    }
}
