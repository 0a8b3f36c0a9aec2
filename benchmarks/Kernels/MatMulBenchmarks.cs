using BenchmarkDotNet.Attributes;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>Matrix products, square and thin, each way round.</summary>
public class MatMulBenchmarks : KernelBenchmark
{
    /// <summary>The product.</summary>
    [ParamsSource(nameof(Products))]
    public KernelWork Work { get; set; } = null!;

    /// <summary>The products.</summary>
    public static IEnumerable<KernelWork> Products
    {
        get
        {
            foreach (int size in (int[])[64, 256, 1024])
            {
                yield return new KernelWork(new OpCase($"{size}³", new MatMulOp(false, false), [size, size], [size, size]));
                yield return new KernelWork(new OpCase($"{size}³ left transposed", new MatMulOp(true, false), [size, size], [size, size]));
                yield return new KernelWork(new OpCase($"{size}³ right transposed", new MatMulOp(false, true), [size, size], [size, size]));
            }

            yield return new KernelWork(new OpCase("classifier of one image", new LinearOp(), [1, 2048], [1000, 2048], [1000]));
            yield return new KernelWork(new OpCase("classifier of 32 images", new LinearOp(), [32, 2048], [1000, 2048], [1000]));
        }
    }

    /// <inheritdoc/>
    protected override KernelWork Current => Work;
}
