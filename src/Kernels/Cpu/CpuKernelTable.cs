using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Every kernel of the CPU backend, one line each, by family.</summary>
internal static class CpuKernelTable
{
    public static void AddTo(KernelTable table)
    {
        AddElementwise(table);
        AddReductions(table);
        AddMovement(table);
        AddLinear(table);
        AddConvolution(table);
        AddPooling(table);
        switch (VectorBits())
        {
            case 512:
                AddLanes<Lanes512>(table);
                break;
            case 256:
                AddLanes<Lanes256>(table);
                break;
            case 128:
                AddLanes<Lanes128>(table);
                break;
            default:
                AddLanes<Lane>(table);
                break;
        }
    }

    // Apart: a method that asks for 512 bits itself is not compiled when an application is published, nor is what only it calls.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int VectorBits() =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    /// <summary>Kernels that are made for one width of vectors.</summary>
    private static void AddLanes<TLanes>(KernelTable table)
        where TLanes : struct, ILanes<TLanes>
    {
        AddNormalization<TLanes>(table);
        AddAttention<TLanes>(table);
        AddDeformation<TLanes>(table);
    }

    private static void AddElementwise(KernelTable table) => table
        .Add(new UnaryCpuKernel<NegateOp, NegateOperator>(_ => default))
        .Add(new UnaryCpuKernel<AbsOp, AbsOperator>(_ => default))
        .Add(new UnaryCpuKernel<SignOp, SignOperator>(_ => default))
        .Add(new UnaryCpuKernel<FloorOp, FloorOperator>(_ => default))
        .Add(new UnaryCpuKernel<ExpOp, ExpOperator>(_ => default))
        .Add(new UnaryCpuKernel<LogOp, LogOperator>(_ => default))
        .Add(new UnaryCpuKernel<SqrtOp, SqrtOperator>(_ => default))
        .Add(new UnaryCpuKernel<RsqrtOp, RsqrtOperator>(_ => default))
        .Add(new UnaryCpuKernel<ReciprocalOp, ReciprocalOperator>(_ => default))
        .Add(new UnaryCpuKernel<SquareOp, SquareOperator>(_ => default))
        .Add(new UnaryCpuKernel<TanhOp, TanhOperator>(_ => default))
        .Add(new UnaryCpuKernel<SigmoidOp, SigmoidOperator>(_ => default))
        .Add(new UnaryCpuKernel<ReluOp, ReluOperator>(_ => default))
        .Add(new UnaryCpuKernel<SiluOp, SiluOperator>(_ => default))
        .Add(new UnaryCpuKernel<AffineOp, AffineOperator>(op => new((float)op.Scale, (float)op.Shift)))
        .Add(new UnaryCpuKernel<ClampOp, ClampOperator>(op => new((float)op.Min, (float)op.Max)))
        .Add(new UnaryCpuKernel<LeakyReluOp, LeakyReluOperator>(op => new((float)op.Slope)))
        .Add(new BinaryCpuKernel<AddOp, AddOperator>(_ => default))
        .Add(new BinaryCpuKernel<SubtractOp, SubtractOperator>(_ => default))
        .Add(new BinaryCpuKernel<MultiplyOp, MultiplyOperator>(_ => default))
        .Add(new BinaryCpuKernel<DivideOp, DivideOperator>(_ => default))
        .Add(new BinaryCpuKernel<MaximumOp, MaximumOperator>(_ => default))
        .Add(new BinaryCpuKernel<MinimumOp, MinimumOperator>(_ => default))
        .Add(new BinaryCpuKernel<PowerOp, PowerOperator>(_ => default))
        .Add(new BinaryCpuKernel<GreaterOp, GreaterOperator>(_ => default))
        .Add(new BinaryCpuKernel<EqualOp, EqualOperator>(_ => default))
        .Add(new BinaryCpuKernel<ReluGradOp, ReluGradOperator>(_ => default))
        .Add(new BinaryCpuKernel<SiluGradOp, SiluGradOperator>(_ => default))
        .Add(new BinaryCpuKernel<ClampGradOp, ClampGradOperator>(op => new((float)op.Min, (float)op.Max)))
        .Add(new BinaryCpuKernel<LeakyReluGradOp, LeakyReluGradOperator>(op => new((float)op.Slope)))
        .Add(new WhereCpuKernel())
        .Add(new AssignLerpCpuKernel())
        .Add(new AdamWStepCpuKernel())
        .Add(new SgdStepCpuKernel())
        .Add(new DropoutCpuKernel());

    private static void AddReductions(KernelTable table) => table
        .Add(new ReduceCpuKernel<SumOp, SumReduction>(op => op.Axes, (_, _) => 1))
        .Add(new ReduceCpuKernel<MeanOp, SumReduction>(op => op.Axes, MeanFactor))
        .Add(new ReduceCpuKernel<MaxOp, MaxReduction>(op => op.Axes, (_, _) => 1))
        .Add(new ArgMaxCpuKernel());

    private static void AddMovement(KernelTable table) => table
        .Add(new PermuteCpuKernel())
        .Add(new SliceCpuKernel())
        .Add(new ConcatCpuKernel())
        .Add(new PadCpuKernel())
        .Add(new PadGradCpuKernel())
        .Add(new BroadcastToCpuKernel())
        .Add(new OneHotCpuKernel())
        .Add(new CastCpuKernel());

    private static void AddLinear(KernelTable table) => table
        .Add(new MatMulCpuKernel())
        .Add(new LinearCpuKernel());

    private static void AddConvolution(KernelTable table) => table
        .Add(new Conv2dCpuKernel())
        .Add(new Conv2dInputGradCpuKernel())
        .Add(new Conv2dWeightGradCpuKernel());

    private static void AddPooling(KernelTable table) => table
        .Add(new MaxPool2dCpuKernel())
        .Add(new MaxPool2dGradCpuKernel())
        .Add(new AvgPool2dCpuKernel())
        .Add(new AvgPool2dGradCpuKernel())
        .Add(new AdaptiveAvgPool2dCpuKernel())
        .Add(new AdaptiveAvgPool2dGradCpuKernel())
        .Add(new InterpolateCpuKernel())
        .Add(new InterpolateGradCpuKernel());

    private static void AddNormalization<TLanes>(KernelTable table)
        where TLanes : struct, ILanes<TLanes> => table
        .Add(new SoftmaxCpuKernel<TLanes>())
        .Add(new SoftmaxGradCpuKernel<TLanes>())
        .Add(new LogSoftmaxCpuKernel<TLanes>())
        .Add(new LogSoftmaxGradCpuKernel<TLanes>())
        .Add(new BatchNormInferenceCpuKernel<TLanes>())
        .Add(new BatchNormInferenceGradCpuKernel<TLanes>())
        .Add(new BatchNormTrainCpuKernel<TLanes>())
        .Add(new BatchNormTrainGradCpuKernel<TLanes>())
        .Add(new BatchNormTrainReluCpuKernel<TLanes>())
        .Add(new BatchNormTrainReluGradCpuKernel<TLanes>())
        .Add(new GroupNormCpuKernel<TLanes>());

    private static void AddAttention<TLanes>(KernelTable table)
        where TLanes : struct, ILanes<TLanes> => table
        .Add(new RadixSumGlobalAvgPoolCpuKernel<TLanes>())
        .Add(new RadixSumGlobalAvgPoolGradCpuKernel<TLanes>())
        .Add(new RadixSoftmaxCpuKernel<TLanes>())
        .Add(new RadixSoftmaxGradCpuKernel<TLanes>())
        .Add(new AttentionWeightedSumCpuKernel<TLanes>())
        .Add(new AttentionWeightedSumGradCpuKernel<TLanes>())
        .Add(new LocalAggregationCpuKernel<TLanes>())
        .Add(new LocalAggregationValueGradCpuKernel<TLanes>())
        .Add(new LocalAggregationWeightGradCpuKernel<TLanes>());

    private static void AddDeformation<TLanes>(KernelTable table)
        where TLanes : struct, ILanes<TLanes> => table
        .Add(new DeformSampleCpuKernel<TLanes>())
        .Add(new DeformSampleInputGradCpuKernel<TLanes>())
        .Add(new DeformSampleOffsetGradCpuKernel<TLanes>());

    private static double MeanFactor(Shape shape, Axes axes)
    {
        double terms = 1;
        foreach (int axis in axes)
            terms *= shape[axis];
        return 1 / terms;
    }
}
