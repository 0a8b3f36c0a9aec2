using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Inference;

/// <summary>Device <c>recording</c>: running a network on it computes nothing and writes each operator into the trace that is open on the thread.</summary>
/// <remarks>Composite operators stay whole unless the trace wants them taken apart: they are what optimisations recognise.</remarks>
internal sealed class RecordingBackend() : Backend(RecordingDevice)
{
    private static readonly Kernel Recorder = new RecordingKernel();

    /// <summary>The device's name.</summary>
    public static Device RecordingDevice => new("recording");

    /// <summary>Makes the device known; more calls do nothing.</summary>
    public static void Register() => BackendRegistry.Register("recording", _ => new RecordingBackend());

    public override Storage Allocate(long byteLength) => new RecordedStorage(this, byteLength);

    public override void Upload(ReadOnlySpan<byte> source, Storage destination) => ((RecordedStorage)destination).Uploaded = source.ToArray();

    public override void Clear(Storage storage) => ((RecordedStorage)storage).Uploaded = new byte[storage.ByteLength];

    public override void Download(Storage source, Span<byte> destination) => throw GraphTrace.Error(
        "the network looks at values while it computes (Item, ToArray, To); what it does may depend on the picture, so it cannot be compiled");

    public override void Copy(Storage source, Storage destination, long byteLength) =>
        throw GraphTrace.Error("the network overwrites a tensor while it computes, as in training; call Eval() before compiling it");

    public override Tensor Import(Tensor constant) => GraphTrace.Open.Import(constant);

    public override Kernel? FindKernel(Op op, ReadOnlySpan<TensorSpec> inputs)
    {
        if (op is InPlaceOp or DropoutOp or BatchNormTrainOp or BatchNormTrainReluOp)
            throw GraphTrace.Error($"operator {op.Name} belongs to training; call Eval() on the network before compiling it");
        return GraphTrace.Open.Keeps(op, inputs) ? Recorder : null;
    }

    private sealed class RecordingKernel : Kernel
    {
        public override Type OpType => typeof(Op);

        public override string Name => "record";

        public override bool CanRun(Op op, ReadOnlySpan<TensorSpec> inputs) => true;

        public override void Launch(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => GraphTrace.Open.Record(op, inputs, outputs);
    }
}
