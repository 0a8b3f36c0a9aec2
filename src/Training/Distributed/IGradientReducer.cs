using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Sums gradients over the replicas where they lie, without a way through the host's memory.</summary>
public interface IGradientReducer : IDisposable
{
    /// <summary>Replaces the values of each tensor by their sum over all replicas; all get the same bits. All replicas call it with tensors of the same
    /// shapes in the same order.</summary>
    /// <param name="gradients">Tensors of one device.</param>
    void Sum(IReadOnlyList<Tensor> gradients);
}
