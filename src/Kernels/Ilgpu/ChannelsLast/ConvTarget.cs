using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What a convolution on maps stores.</summary>
internal enum ConvStore
{
    /// <summary>The finished map.</summary>
    Map,

    /// <summary>The finished map and its sums over the pixels of each image, in parts.</summary>
    MapAndSums,

    /// <summary>Sums over a part of the depth, as F32.</summary>
    Parts,
}

/// <summary>Where the sums of a convolution on maps go, and what happens to them on the way: y = clamp(sum + bias [+ residual]).</summary>
/// <param name="map">The result.</param>
/// <param name="residual">A map of the result's layout, if <paramref name="added"/>.</param>
/// <param name="added">Add the residual.</param>
/// <param name="bias">One number a channel, zeros behind the last.</param>
/// <param name="sums">For <see cref="ConvStore.MapAndSums"/> [parts of 64 pixels, images in a part, channels], for <see cref="ConvStore.Parts"/> [splits, pixels, channels].</param>
/// <param name="store">What is stored.</param>
/// <param name="activation">Any but SiLU, whose exponential would be written out for each sum of a thread.</param>
/// <param name="layout">The result's layout.</param>
/// <param name="outputs">Channels of a group, whole pieces.</param>
internal readonly struct ConvTarget(
    ArrayView<uint> map, ArrayView<uint> residual, bool added, ArrayView<float> bias, ArrayView<float> sums, ConvStore store, ActivationKind activation, MapLayout layout, int outputs)
{
    public readonly ArrayView<float> Sums = sums;
    public readonly int Store = (int)store;
    public readonly int Pixels = layout.Pixels;
    public readonly int Channels = layout.Pieces * layout.PerPiece;
    public readonly int Outputs = outputs;
    public readonly FastDivisor Plane = new(layout.Height * layout.Width);

    /// <summary>Images that 64 pixels may touch.</summary>
    public readonly int ImagesPerPart = PoolParts.ImagesPerPart(layout.Height * layout.Width);

    private readonly ArrayView<uint> _map = map;
    private readonly ArrayView<uint> _residual = residual;
    private readonly ArrayView<float> _bias = bias;
    private readonly int _added = added ? 1 : 0;
    private readonly float _low = activation is ActivationKind.Relu or ActivationKind.Relu6 ? 0 : float.NegativeInfinity;
    private readonly float _high = activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity;

    /// <summary>The bias of a channel, whether it exists or not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Bias(int channel) => _bias[IntrinsicMath.Min(channel, Channels - 1)];

    /// <summary>Finishes and stores two neighbouring channels; the first is even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put<TFormat>(int element, float firstBias, float secondBias, ref float first, ref float second)
        where TFormat : struct, ITensorFormat
    {
        first += firstBias;
        second += secondBias;
        int word = element / TFormat.PerWord;
        if (_added != 0)
        {
            uint words = _residual[word];
            first += TFormat.First(words);
            second += TFormat.PerWord > 1 ? TFormat.Second(words) : TFormat.First(_residual[word + 1]);
        }

        first = Clamp(first);
        second = Clamp(second);
        _map[word] = TFormat.Pack(first, second);
        if (TFormat.PerWord == 1)
            _map[word + 1] = TFormat.Pack(second, 0);
    }

    /// <summary>Clamps; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Clamp(float value)
    {
        value = Utilities.Select(value < _low, _low, value);
        return Utilities.Select(value > _high, _high, value);
    }
}
