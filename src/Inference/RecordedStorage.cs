using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Memory that does not exist: it stands for a value of the graph that is being recorded.</summary>
internal sealed class RecordedStorage(Backend backend, long byteLength) : Storage(backend, byteLength)
{
    /// <summary>The value; null until a node writes it or a tensor with uploaded bytes is first read.</summary>
    public GraphValue? Value { get; set; }

    /// <summary>Bytes from the host that become a constant at the first use.</summary>
    public byte[]? Uploaded { get; set; }

    protected override void Free()
    {
    }
}
