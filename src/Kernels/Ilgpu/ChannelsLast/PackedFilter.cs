using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Weights, bias and depths of a convolution on maps, packed on the host once and kept on the device.</summary>
internal sealed class PackedFilter : IDisposable
{
    private readonly MemoryBuffer _weights;
    private readonly MemoryBuffer _bias;
    private readonly MemoryBuffer _depths;

    private PackedFilter(GpuQueue queue, Word4[] weights, float[] bias, int[] depths)
    {
        _weights = queue.Upload(weights);
        _bias = queue.Upload(bias);
        _depths = queue.Upload(depths);
    }

    /// <summary>Output channels of a group, whole pieces.</summary>
    public int Rows { get; private init; }

    /// <summary>Slices of depth.</summary>
    public int Slices { get; private init; }

    /// <summary>Size in bytes.</summary>
    public long ByteLength => _weights.LengthInBytes + _bias.LengthInBytes + _depths.LengthInBytes;

    /// <summary>The weights as a kernel takes them.</summary>
    public ConvFilter Weights => new(_weights.AsArrayView<Word4>(0, _weights.Length), Address(_weights), Rows, Slices * TensorConvKernel.SlicePieces);

    /// <summary>The bias: one number a channel of whole pieces.</summary>
    public ArrayView<float> Bias => _bias.AsArrayView<float>(0, _bias.Length);

    /// <summary>The depths as <see cref="ConvSource"/> takes them.</summary>
    public ArrayView<int> Depths => _depths.AsArrayView<int>(0, _depths.Length);

    /// <summary>Packs.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weight">[K, C/groups, R, S].</param>
    /// <param name="bias">[K].</param>
    /// <param name="input">The map that it reads.</param>
    public static PackedFilter Pack<TFormat>(GpuQueue queue, ConvGeometry geometry, GraphConstant weight, GraphConstant bias, MapLayout input)
        where TFormat : struct, ITensorFormat
    {
        var shape = weight.Tensor.Shape;
        int perPiece = MapKernels<TFormat>.PerPiece, channels = shape[1], kernelH = shape[2], kernelW = shape[3], taps = kernelH * kernelW;
        int outputs = shape[0] / geometry.Groups, rows = WholePieces(outputs), groupPieces = WholePieces(channels) / perPiece;
        int slices = (taps * groupPieces + TensorConvKernel.SlicePieces - 1) / TensorConvKernel.SlicePieces, rowPieces = slices * TensorConvKernel.SlicePieces;
        // One slice more: kernels look one ahead.
        var depths = new int[rowPieces + TensorConvKernel.SlicePieces];
        Array.Fill(depths, ConvSource.NoDepth);
        for (int tap = 0; tap < taps; tap++)
        {
            int offset = (tap / kernelW * geometry.DilationH * input.Width + tap % kernelW * geometry.DilationW) * input.Pieces;
            for (int piece = 0; piece < groupPieces; piece++)
                depths[tap * groupPieces + piece] = ConvSource.PackDepth(offset + piece, tap);
        }

        var values = weight.ToDoubles();
        var packed = new Word4[geometry.Groups * rows * rowPieces];
        for (int group = 0; group < geometry.Groups; group++)
        {
            for (int row = 0; row < outputs; row++)
            {
                int from = (group * outputs + row) * channels * taps, to = (group * rows + row) * rowPieces;
                for (int piece = 0; piece < taps * groupPieces; piece++)
                {
                    int tap = piece / groupPieces, channel = piece % groupPieces * perPiece;
                    packed[to + piece] = Piece16.Pack<TFormat>(Four(channel), Four(channel + 4));

                    Float4 Four(int first) => new() { X = At(first), Y = At(first + 1), Z = At(first + 2), W = At(first + 3) };

                    // Rounded once: what is lost on the way to F32 still counts for the shorter type.
                    float At(int c) => c < channels ? HalfBits.ToOddSingle(values[from + c * taps + tap]) : 0;
                }
            }
        }

        var biases = new float[geometry.Groups * rows];
        var given = bias.ToDoubles();
        for (int i = 0; i < given.Length; i++)
            biases[i] = (float)given[i];
        return new PackedFilter(queue, packed, biases, depths) { Rows = rows, Slices = slices };

        int WholePieces(int count) => (count + perPiece - 1) / perPiece * perPiece;
    }

    /// <summary>Address of device memory, for cp.async.</summary>
    public static long Address(MemoryBuffer buffer) => buffer.NativePtr.ToInt64();

    public void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
        _depths.Dispose();
    }
}
