using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Runs the usual convolutions once on zeros, so that its code is there when the first picture comes.</summary>
/// <remarks>The hot loops are compiled when they first run, a twentieth of a second together. On a thread of its own that happens while a network is
/// traced, which keeps one processor busy only.</remarks>
internal static class KernelWarmUp
{
    // Of the maps of a network for pictures of 224 pixels, and of its attention and its classifier.
    private static readonly int[] Extents = [56, 28, 14, 7, 1];

    /// <summary>Begins, and returns at once.</summary>
    public static void Start() => new Thread(Run) { IsBackground = true, Name = "ResNeSt warm-up" }.Start();

    private static void Run()
    {
        try
        {
            var relu = new ConvEpilogue(ActivationKind.Relu, false, 0);
            var pooled = relu with { PoolRadix = 2 };
            // Five blocks a group: panels of three and of two.
            Try(WinogradAlgorithms.Four, Problem(64, 160, 28, 3, ConvGeometry.Of(padding: 1, groups: 2), pooled));
            Try(DirectAlgorithm.Planes, Problem(3, 32, 28, 3, ConvGeometry.Of(stride: 2, padding: 1), relu));
            foreach (int extent in Extents)
                Try(DirectAlgorithm.Blocked, Problem(64, 256, extent, 1, ConvGeometry.Of(), relu with { Residual = true }));
            Try(WinogradAlgorithms.Two, Problem(64, 160, 14, 3, ConvGeometry.Of(padding: 1, groups: 2), pooled));
            Try(DirectAlgorithm.Blocked, Problem(64, 256, 28, 1, ConvGeometry.Of(), relu) with { Prologue = new ConvPrologue(2, null) });
            Try(WinogradRowAlgorithm.Instance, Problem(64, 64, 7, 3, ConvGeometry.Of(padding: 1), pooled));
        }
        catch (Exception error) when (error is OutOfMemoryException or NotSupportedException)
        {
            // What is missing here will be missed, with a message, where it matters.
        }
    }

    private static ConvProblem Problem(int inputs, int outputs, int extent, int kernel, ConvGeometry geometry, ConvEpilogue epilogue)
    {
        int output = (extent + geometry.PadTop + geometry.PadBottom - kernel) / geometry.StrideH + 1;
        return new ConvProblem(1, inputs, outputs, extent, extent, output, output, kernel, kernel, geometry, default, epilogue, DType.F32);
    }

    private static void Try(ConvAlgorithm algorithm, ConvProblem problem)
    {
        using var weight = Zeros(Shape.Create([problem.OutputChannels, problem.GroupInputs, problem.KernelH, problem.KernelW]));
        using var bias = Zeros(Shape.Create([problem.OutputChannels]));
        using var trial = new ConvTrial(algorithm, problem, new GraphConstant(weight), new GraphConstant(bias));
        trial.Run(threads: 1);
    }

    private static Tensor Zeros(Shape shape) => Tensor.Deferred(new TensorSpec(shape, DType.F32), (_, bytes) => bytes.Clear());
}
