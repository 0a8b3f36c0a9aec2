using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Values for one fused convolution, and what comes out of an algorithm and out of the reference.</summary>
internal sealed unsafe class ConvRun
{
    private const int Block = BlockedLayout.Block;

    private readonly ConvProblem _problem;
    private readonly TensorSpec[] _specs;
    private readonly double[][] _values;
    private readonly FusedConv2dOp _op;
    private readonly double[] _factors;

    public ConvRun(ConvProblem problem)
    {
        CpuBackend.Register();
        _problem = problem;
        _op = new FusedConv2dOp(problem.Geometry, problem.Prologue, problem.Epilogue);
        int radix = Math.Max(1, problem.Prologue.AttentionRadix);
        var (height, width) = problem.Prologue.Pool is { } pool ? Before(pool, problem) : (problem.InputHeight, problem.InputWidth);
        List<TensorSpec> specs =
        [
            new([problem.Batch, radix * problem.InputChannels, height, width], DType.F32),
            new([problem.OutputChannels, problem.GroupInputs, problem.KernelH, problem.KernelW], DType.F32),
            new([problem.OutputChannels], DType.F32),
        ];
        if (problem.Prologue.AttentionRadix > 0)
            specs.Add(new([problem.Batch, radix * problem.InputChannels, 1, 1], DType.F32));
        if (problem.Epilogue.Residual)
            specs.Add(new([problem.Batch, problem.OutputChannels, problem.OutputHeight, problem.OutputWidth], DType.F32));
        _specs = [.. specs];
        _values = new double[_specs.Length][];
        var random = new System.Random(problem.InputChannels + problem.OutputWidth);
        for (int i = 0; i < _values.Length; i++)
        {
            // Multiples of 1/64 are exact in every type.
            _values[i] = new double[_specs[i].ElementCount];
            for (int j = 0; j < _values[i].Length; j++)
                _values[i][j] = random.Next(-64, 65) / 64.0;
        }

        _factors = new double[problem.OutputChannels];
        for (int k = 0; k < _factors.Length; k++)
            _factors[k] = problem.WeightType == DType.F32 ? 0.5 + (k % 5) / 3.0 : 1;
    }

    /// <summary>The convolution's result and the means, by the double reference.</summary>
    public (double[] Output, double[]? Means) Reference()
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        int slice = _values[1].Length / _factors.Length;
        var inputs = _specs.Select((spec, i) => Tensor.FromDoubles(
            i == 1 ? [.. _values[1].Select((value, j) => value * _factors[j / slice])] : _values[i], spec with { DType = DType.F64 }, Device.Reference)).ToArray();
        var outputs = _op.Define(inputs);
        return (outputs[0].ToDoubles(), outputs.Length > 1 ? outputs[1].ToDoubles() : null);
    }

    /// <summary>The same by an algorithm, between guard zones.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="threads">Number of threads.</param>
    /// <param name="inPlace">Whether the residual lies where the result goes.</param>
    /// <param name="surrounded">Whether there are more zeros around the input than the algorithm needs, as another reader might.</param>
    public (double[] Output, double[]? Means) Compute(ConvAlgorithm algorithm, int threads, bool inPlace, bool surrounded = false)
    {
        using var check = EngineSettings.WithCheckBounds(true);
        using var setting = Set(algorithm, inPlace, surrounded);
        var (packed, memory) = (setting.Packed, setting.Memory);

        // Chunks may run in any order: backwards if there are threads.
        WorkerPool.Shared.Run(packed.Chunks, threads, (chunk, before) => packed.RunChunk(Turned(chunk), before < 0 ? before : Turned(before), memory));
        int Turned(int chunk) => threads == 1 ? chunk : packed.Chunks - 1 - chunk;

        return (Get(memory.Output, memory.OutputLayout), packed.PoolParts > 0 ? Means(memory, packed.PoolParts) : null);
    }

    /// <summary>The algorithm with packed weights, and the values where it reads them.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="inPlace">Whether the residual lies where the result goes.</param>
    /// <param name="surrounded">Whether there are more zeros around the input than the algorithm needs, as another reader might.</param>
    public ConvSetting Set(ConvAlgorithm algorithm, bool inPlace, bool surrounded = false)
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var weight = new GraphConstant(Tensor.FromDoubles(_values[1], _specs[1]), _problem.WeightType == DType.F32 ? _factors : null);
        var setting = new ConvSetting(algorithm.Pack(_problem, weight, new GraphConstant(Tensor.FromDoubles(_values[2], _specs[2]))));
        ref var memory = ref setting.Memory;

        var x = _specs[0].Shape;
        var border = algorithm.InputBorder(_problem);
        memory.InputLayout = new BlockedLayout(x[0], x[1], x[2], x[3], surrounded ? Border.Union(border, new Border(2, 1, 1, 3)) : border);
        if (algorithm.ReadsPlanes)
        {
            memory.Input = setting.Take(_values[0].Length);
            for (int i = 0; i < _values[0].Length; i++)
                memory.Input[i] = (float)_values[0][i];
        }
        else
        {
            memory.Input = setting.Take(memory.InputLayout.ByteLength / sizeof(float));
            Put(_values[0], memory.Input, memory.InputLayout);
        }

        memory.OutputLayout = new BlockedLayout(_problem.Batch, _problem.OutputChannels, _problem.OutputHeight, _problem.OutputWidth, new Border(1, 2, 3, 1));
        memory.Output = setting.Take(memory.OutputLayout.ByteLength / sizeof(float));
        if (_problem.Epilogue.Residual)
        {
            memory.ResidualLayout = inPlace ? memory.OutputLayout : memory.OutputLayout with { Border = new Border(0, 1, 0, 0) };
            memory.Residual = inPlace ? memory.Output : setting.Take(memory.ResidualLayout.ByteLength / sizeof(float));
            Put(_values[^1], memory.Residual, memory.ResidualLayout);
        }

        if (_problem.Prologue.AttentionRadix > 0)
        {
            int channels = x[1], padded = (channels + Block - 1) / Block * Block;
            memory.Attention = setting.Take(_problem.Batch * padded);
            for (int i = 0; i < _problem.Batch * padded; i++)
                memory.Attention[i] = i % padded < channels ? (float)_values[3][i / padded * channels + i % padded] : 0;
        }

        if (setting.Packed.PoolParts > 0)
            memory.PoolSums = setting.Take(setting.SumCount);
        return setting;
    }

    private double[] Means(in ConvMemory memory, int parts)
    {
        int width = memory.OutputLayout.Blocks * Block, radix = _problem.Epilogue.PoolRadix, channels = _problem.OutputChannels / radix;
        var means = new double[_problem.Batch * channels];
        for (int n = 0; n < _problem.Batch; n++)
        {
            for (int c = 0; c < _problem.OutputChannels; c++)
            {
                for (int part = 0; part < parts; part++)
                    means[n * channels + c % channels] += memory.PoolSums[(part * _problem.Batch + n) * width + c] / (_problem.OutputHeight * _problem.OutputWidth);
            }
        }

        return means;
    }

    // Values into their places, zeros into the border and behind the last channel.
    private static void Put(double[] values, float* target, BlockedLayout layout)
    {
        new Span<float>(target, (int)(layout.ByteLength / sizeof(float))).Clear();
        for (int i = 0; i < values.Length; i++)
            target[Index(i, layout)] = (float)values[i];
    }

    // The values; NaN in the first one if the border or a lane behind the last channel is not zero.
    private static double[] Get(float* source, BlockedLayout layout)
    {
        var values = new double[layout.Batch * layout.Channels * layout.Height * layout.Width];
        double magnitude = 0;
        var copy = new Span<float>(source, (int)(layout.ByteLength / sizeof(float))).ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            nint index = Index(i, layout);
            values[i] = source[index];
            copy[index] = 0;
        }

        foreach (float rest in copy)
            magnitude += Math.Abs(rest);
        Assert.That(magnitude, Is.Zero, "the border and unused lanes");
        return values;
    }

    private static nint Index(int i, BlockedLayout layout)
    {
        int x = i % layout.Width, y = i / layout.Width % layout.Height, c = i / layout.Width / layout.Height % layout.Channels;
        return layout.Offset(i / layout.Width / layout.Height / layout.Channels, c / Block, y, x) + c % Block;
    }

    // Extents in front of a pool: the least that give the wanted ones.
    private static (int Height, int Width) Before(AvgPool2dOp pool, ConvProblem problem)
    {
        int height = 1, width = 1;
        while (pool.Geometry.OutputHeight(height) < problem.InputHeight)
            height++;
        while (pool.Geometry.OutputWidth(width) < problem.InputWidth)
            width++;
        return (height, width);
    }
}
