using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Values [N, C, H, W] and windows [N, M, 9, H, W]; channel c takes window c mod M.</summary>
internal readonly struct AggregationShape(Shape values, int windows)
{
    public readonly int Images = values[0];
    public readonly FastDivisor Windows = new(Math.Max(1, windows));
    public readonly int Sharing = values[1] / Math.Max(1, windows);
    public readonly FastDivisor Plane = new(Math.Max(1, values.Product(2, 4)));
    public readonly FastDivisor Width = new(Math.Max(1, values[3]));

    /// <summary>Windows of all images and positions: what threads stride over.</summary>
    public int Items => Images * Windows.Divisor * Plane.Divisor;

    /// <summary>The window and the position of an item.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AggregationPlace PlaceOf(int item)
    {
        int window = Plane.Divide(item);
        int n = Windows.Divide(window);
        int pixel = item - window * Plane.Divisor;
        int y = Width.Divide(pixel);
        int x = pixel - y * Width.Divisor;
        int top = y > 0 ? 7 : 0, middle = 7, bottom = (y + 1) * Width.Divisor < Plane.Divisor ? 7 : 0;
        int columns = (x > 0 ? 1 : 0) + 2 + (x + 1 < Width.Divisor ? 4 : 0);
        var place = default(AggregationPlace);
        // Channel m of image n is n · M · Sharing + m, its window n · M + m.
        place.First = (window + n * Windows.Divisor * (Sharing - 1)) * Plane.Divisor + pixel;
        place.Window = window * LocalAggregationKernels.Taps * Plane.Divisor + pixel;
        place.Inside = (top & columns) | (middle & columns) << 3 | (bottom & columns) << 6;
        return place;
    }
}

/// <summary>Where a thread works.</summary>
internal struct AggregationPlace
{
    /// <summary>The first of the channels that share the window, at the position.</summary>
    public int First;

    /// <summary>The window's first tap, at the position.</summary>
    public int Window;

    /// <summary>Bit 3i + j: whether the neighbour in row i, column j of the 3×3 lies in the picture.</summary>
    public int Inside;
}

/// <summary>Nine numbers of a 3×3 window, in registers.</summary>
internal struct Window9
{
    public float A, B, C, D, E, F, G, H, I;

    /// <summary>The elements around a place, as far as they lie in the picture; zero outside.</summary>
    /// <param name="values">The elements.</param>
    /// <param name="place">The place in the middle.</param>
    /// <param name="row">Elements from a row to the next; negative to turn the window around.</param>
    /// <param name="column">One; negative to turn the window around.</param>
    /// <param name="inside">Bits of <see cref="AggregationPlace.Inside"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Window9 Around(ArrayView<float> values, int place, int row, int column, int inside)
    {
        var around = default(Window9);
        around.A = Within(values, place, -row - column, inside & 1);
        around.B = Within(values, place, -row, inside & 2);
        around.C = Within(values, place, column - row, inside & 4);
        around.D = Within(values, place, -column, inside & 8);
        around.E = values[place];
        around.F = Within(values, place, column, inside & 32);
        around.G = Within(values, place, row - column, inside & 64);
        around.H = Within(values, place, row, inside & 128);
        around.I = Within(values, place, row + column, inside & 256);
        return around;
    }

    /// <summary>The element a step from a place, or zero where there is none. Without a branch: all loads of a thread are then in flight together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Within(ArrayView<float> values, int place, int step, int inside) =>
        Utilities.Select(inside != 0, values[place + Utilities.Select(inside != 0, step, 0)], 0f);

    /// <summary>The sum of the products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Dot(Window9 other) =>
        A * other.A + B * other.B + C * other.C + D * other.D + E * other.E + F * other.F + G * other.G + H * other.H + I * other.I;

    /// <summary>this += factor · other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float factor, Window9 other)
    {
        A += factor * other.A;
        B += factor * other.B;
        C += factor * other.C;
        D += factor * other.D;
        E += factor * other.E;
        F += factor * other.F;
        G += factor * other.G;
        H += factor * other.H;
        I += factor * other.I;
    }
}

/// <summary>Sums over 3×3 neighbourhoods with windows of each position's own, and their gradients.</summary>
/// <remarks>Mapping: one thread a window and position, striding over the grid, for all channels that share the window: it stays in registers. Neighbouring
/// threads take neighbouring positions, so their neighbourhoods meet in the caches. Traffic: 8 bytes a value and 36 bytes a window; bound by memory and,
/// where many channels share, by the nine loads a value from the first cache.</remarks>
internal static class LocalAggregationKernels
{
    /// <summary>Taps of a window.</summary>
    public const int Taps = 9;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>> Sum =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>("local-aggregation", GpuQueue.MaxGroup, SumBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>> ValueGrad =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>("local-aggregation.value-grad", GpuQueue.MaxGroup, ValueGradBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>> WeightGrad =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, AggregationShape>("local-aggregation.weight-grad", GpuQueue.MaxGroup, WeightGradBody);

    /// <summary>y[c] = Σ a · v around the position.</summary>
    public static void SumBody(ArrayView<float> v, ArrayView<float> weights, ArrayView<float> y, AggregationShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Items, plane = shape.Plane.Divisor, width = shape.Width.Divisor;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            var place = shape.PlaceOf(i);
            var window = Load(weights, place.Window, plane);
            int at = place.First;
            for (int c = 0; c < shape.Sharing; c++)
            {
                y[at] = window.Dot(Window9.Around(v, at, width, 1, place.Inside));
                at += shape.Windows.Divisor * plane;
            }
        }
    }

    /// <summary>dv[c] = Σ a · g over the positions whose windows reach this one: tap 3i + j of the neighbour on the other side.</summary>
    public static void ValueGradBody(ArrayView<float> weights, ArrayView<float> g, ArrayView<float> dv, AggregationShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Items, plane = shape.Plane.Divisor, width = shape.Width.Divisor;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            var place = shape.PlaceOf(i);
            int inside = Turned(place.Inside);
            var window = LoadTurned(weights, place.Window, plane, width, inside);
            int at = place.First;
            for (int c = 0; c < shape.Sharing; c++)
            {
                dv[at] = window.Dot(Window9.Around(g, at, -width, -1, inside));
                at += shape.Windows.Divisor * plane;
            }
        }
    }

    /// <summary>da = Σ_c g · v around the position, channels in ascending order.</summary>
    public static void WeightGradBody(ArrayView<float> v, ArrayView<float> g, ArrayView<float> weights, AggregationShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int items = shape.Items, plane = shape.Plane.Divisor, width = shape.Width.Divisor;
        for (int i = Grid.GlobalIndex.X; i < items; i += stride)
        {
            var place = shape.PlaceOf(i);
            var sums = default(Window9);
            int at = place.First;
            for (int c = 0; c < shape.Sharing; c++)
            {
                sums.MultiplyAdd(g[at], Window9.Around(v, at, width, 1, place.Inside));
                at += shape.Windows.Divisor * plane;
            }

            Store(sums, weights, place.Window, plane);
        }
    }

    /// <summary>Bit k becomes bit 8 - k: the neighbour on the other side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Turned(int inside) =>
        inside >> 8 & 1 | inside >> 6 & 2 | inside >> 4 & 4 | inside >> 2 & 8 | inside & 16 | inside << 2 & 32 | inside << 4 & 64 | inside << 6 & 128 | inside << 8 & 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Window9 Load(ArrayView<float> weights, int at, int plane)
    {
        var window = default(Window9);
        window.A = weights[at];
        window.B = weights[at + plane];
        window.C = weights[at + 2 * plane];
        window.D = weights[at + 3 * plane];
        window.E = weights[at + 4 * plane];
        window.F = weights[at + 5 * plane];
        window.G = weights[at + 6 * plane];
        window.H = weights[at + 7 * plane];
        window.I = weights[at + 8 * plane];
        return window;
    }

    /// <summary>Tap k of the neighbour that sees this position by it, zero where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Window9 LoadTurned(ArrayView<float> weights, int at, int plane, int width, int inside)
    {
        var window = default(Window9);
        window.A = Window9.Within(weights, at, width + 1, inside & 1);
        window.B = Window9.Within(weights, at + plane, width, inside & 2);
        window.C = Window9.Within(weights, at + 2 * plane, width - 1, inside & 4);
        window.D = Window9.Within(weights, at + 3 * plane, 1, inside & 8);
        window.E = weights[at + 4 * plane];
        window.F = Window9.Within(weights, at + 5 * plane, -1, inside & 32);
        window.G = Window9.Within(weights, at + 6 * plane, 1 - width, inside & 64);
        window.H = Window9.Within(weights, at + 7 * plane, -width, inside & 128);
        window.I = Window9.Within(weights, at + 8 * plane, -width - 1, inside & 256);
        return window;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Window9 window, ArrayView<float> weights, int at, int plane)
    {
        weights[at] = window.A;
        weights[at + plane] = window.B;
        weights[at + 2 * plane] = window.C;
        weights[at + 3 * plane] = window.D;
        weights[at + 4 * plane] = window.E;
        weights[at + 5 * plane] = window.F;
        weights[at + 6 * plane] = window.G;
        weights[at + 7 * plane] = window.H;
        weights[at + 8 * plane] = window.I;
    }
}

/// <summary>Sum over each position's 3×3 neighbourhood with a window of its own.</summary>
internal sealed class LocalAggregationIlgpuKernel(GpuQueue queue) : IlgpuKernel<LocalAggregationOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [LocalAggregationKernels.Sum];

    protected override void Run(LocalAggregationOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AggregationShape(inputs[0].Shape, inputs[1].Shape[1]);
        Queue.Launch(LocalAggregationKernels.Sum, Queue.Over(shape.Items, 1), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape);
    }
}

/// <summary>Its gradient with respect to the values.</summary>
internal sealed class LocalAggregationValueGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<LocalAggregationValueGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [LocalAggregationKernels.ValueGrad];

    protected override void Run(LocalAggregationValueGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AggregationShape(inputs[1].Shape, inputs[0].Shape[1]);
        Queue.Launch(LocalAggregationKernels.ValueGrad, Queue.Over(shape.Items, 1), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape);
    }
}

/// <summary>Its gradient with respect to the windows.</summary>
internal sealed class LocalAggregationWeightGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<LocalAggregationWeightGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [LocalAggregationKernels.WeightGrad];

    protected override void Run(LocalAggregationWeightGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AggregationShape(inputs[0].Shape, op.WeightChannels);
        Queue.Launch(LocalAggregationKernels.WeightGrad, Queue.Over(shape.Items, 1), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape);
    }
}
