using System.Runtime.InteropServices;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>How far an algorithm's results lie from those in double precision, on inputs like a network's.</summary>
/// <param name="OfLargest">The largest error of an output channel, divided by the channel's largest result; the worst channel.</param>
/// <param name="OfTerms">The largest error divided by what stands behind that output, Σ|x||w|.</param>
internal readonly unsafe record struct ConvErrors(double OfLargest, double OfTerms)
{
    private const int Block = BlockedLayout.Block;

    // The double sums take longer than the algorithm: some output channels stand for all.
    private const int SampledOutputs = 24;

    /// <summary>Measures a convolution with positive inputs, as behind a ReLU, and weights of He's initialisation.</summary>
    /// <param name="algorithm">What computes.</param>
    /// <param name="problem">What is computed; without epilogue.</param>
    /// <param name="decades">Input channels have scales of their own, drawn evenly from so many powers of ten, and output channels too: what a
    /// batch norm with running variances between 10^-decades and 10^decades leaves behind when it is folded in. Zero for equal scales.</param>
    /// <param name="seed">Seed of the draw.</param>
    public static ConvErrors Measure(ConvAlgorithm algorithm, ConvProblem problem, double decades, ulong seed)
    {
        CpuBackend.Register();
        using var scope = new TensorScope();
        var generator = new Generator(seed);
        float[] x = new float[problem.InputChannels * problem.InputHeight * problem.InputWidth];
        for (int c = 0, i = 0; c < problem.InputChannels; c++)
        {
            double scale = Scale(generator, decades);
            for (int pixel = 0; pixel < problem.InputHeight * problem.InputWidth; pixel++, i++)
                x[i] = (float)(scale * Math.Max(0, generator.NextNormal()));
        }

        float[] w = new float[problem.OutputChannels * problem.GroupInputs * 9];
        double deviation = Math.Sqrt(2.0 / (9 * problem.GroupInputs));
        for (int k = 0, i = 0; k < problem.OutputChannels; k++)
        {
            double scale = deviation * Scale(generator, decades);
            for (int term = 0; term < problem.GroupInputs * 9; term++, i++)
                w[i] = (float)(scale * generator.NextNormal());
        }

        var y = Compute(algorithm, problem, x, w);
        double ofLargest = 0, ofTerms = 0;
        for (int k = 0; k < problem.OutputChannels; k += Math.Max(1, problem.OutputChannels / SampledOutputs))
        {
            double largest = 0, error = 0;
            for (int row = 0; row < problem.OutputHeight; row++)
            {
                for (int column = 0; column < problem.OutputWidth; column++)
                {
                    var (sum, terms) = Exact(problem, x, w, k, row, column);
                    double difference = Math.Abs(y[(k * problem.OutputHeight + row) * problem.OutputWidth + column] - sum);
                    if (!(difference <= double.MaxValue))
                        return new ConvErrors(double.NaN, double.NaN);
                    largest = Math.Max(largest, Math.Abs(sum));
                    error = Math.Max(error, difference);
                    ofTerms = Math.Max(ofTerms, terms == 0 ? 0 : difference / terms);
                }
            }

            ofLargest = Math.Max(ofLargest, error / largest);
        }

        return new ConvErrors(ofLargest, ofTerms);
    }

    private static double Scale(Generator generator, double decades) => Math.Pow(10, decades * (generator.NextUniform() - 0.5));

    private static float[] Compute(ConvAlgorithm algorithm, ConvProblem problem, float[] x, float[] w)
    {
        var input = new BlockedLayout(1, problem.InputChannels, problem.InputHeight, problem.InputWidth, algorithm.InputBorder(problem));
        var output = new BlockedLayout(1, problem.OutputChannels, problem.OutputHeight, problem.OutputWidth, default);
        float* from = (float*)NativeMemory.AllocZeroed((nuint)input.ByteLength);
        float* to = (float*)NativeMemory.AllocZeroed((nuint)output.ByteLength);
        int plane = problem.InputHeight * problem.InputWidth;
        for (int i = 0; i < x.Length; i++)
            from[input.Offset(0, i / plane / Block, i % plane / problem.InputWidth, i % problem.InputWidth) + i / plane % Block] = x[i];
        Shape shape = [problem.OutputChannels, problem.GroupInputs, 3, 3];
        using var packed = algorithm.Pack(problem, new GraphConstant(Tensor.FromArray(w, shape)), new GraphConstant(Tensor.Zeros([problem.OutputChannels])));
        var memory = new ConvMemory { Input = from, InputLayout = input, Output = to, OutputLayout = output };
        for (int chunk = 0; chunk < packed.Chunks; chunk++)
            packed.RunChunk(chunk, chunk - 1, memory);
        var y = new float[problem.OutputChannels * problem.OutputHeight * problem.OutputWidth];
        plane = problem.OutputHeight * problem.OutputWidth;
        for (int i = 0; i < y.Length; i++)
            y[i] = to[output.Offset(0, i / plane / Block, i % plane / problem.OutputWidth, i % problem.OutputWidth) + i / plane % Block];
        NativeMemory.Free(from);
        NativeMemory.Free(to);
        return y;
    }

    private static (double Sum, double Terms) Exact(ConvProblem problem, float[] x, float[] w, int k, int row, int column)
    {
        double sum = 0, terms = 0;
        int first = k / problem.GroupOutputs * problem.GroupInputs;
        for (int r = 0; r < 3; r++)
        {
            for (int s = 0; s < 3; s++)
            {
                int y = row + r - problem.Geometry.PadTop, z = column + s - problem.Geometry.PadLeft;
                if (y < 0 || y >= problem.InputHeight || z < 0 || z >= problem.InputWidth)
                    continue;
                for (int c = 0; c < problem.GroupInputs; c++)
                {
                    double term = (double)x[((first + c) * problem.InputHeight + y) * problem.InputWidth + z] * w[((k * problem.GroupInputs + c) * 3 + r) * 3 + s];
                    sum += term;
                    terms += Math.Abs(term);
                }
            }
        }

        return (sum, terms);
    }
}
