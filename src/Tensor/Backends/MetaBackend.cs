namespace ResNeSt.Tensors.Backends;

/// <summary>Device <c>meta</c>: tensors with shapes and no values. Running a network on it takes no time and no memory;
/// together with <see cref="OpObserver"/> it tells every layer's shapes and costs.</summary>
public sealed class MetaBackend() : Backend(new Device("meta"))
{
    private static readonly Kernel Nothing = new NothingKernel();

    /// <inheritdoc/>
    public override Storage Allocate(long byteLength) => new MetaStorage(this, byteLength);

    /// <summary>Forgets the values.</summary>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination)
    {
    }

    /// <inheritdoc/>
    public override void Clear(Storage storage)
    {
    }

    /// <summary>Always refuses: there are no values.</summary>
    public override void Download(Storage source, Span<byte> destination) =>
        throw new NotSupportedException("device meta: its tensors have shapes only, no values");

    /// <inheritdoc/>
    public override void Copy(Storage source, Storage destination, long byteLength)
    {
    }

    /// <summary>One kernel for every operator, fused ones too: it does nothing.</summary>
    public override Kernel FindKernel(Op op, ReadOnlySpan<TensorSpec> inputs) => Nothing;

    private sealed class MetaStorage(Backend backend, long byteLength) : Storage(backend, byteLength)
    {
        protected override void Free()
        {
        }
    }

    private sealed class NothingKernel : Kernel
    {
        public override Type OpType => typeof(Op);

        public override string Name => "nothing";

        public override bool CanRun(Op op, ReadOnlySpan<TensorSpec> inputs) => true;

        public override void Launch(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
        {
        }
    }
}
