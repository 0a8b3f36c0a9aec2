using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Graphs;

/// <summary>One step of a <see cref="LoweredGraph"/>: an operator, or several as one, prepared for fixed shapes, with its weights packed.</summary>
/// <remarks>A step is immutable and may be bound to any number of buffer sets, which may run at the same time.</remarks>
public abstract class GraphStep : IDisposable
{
    /// <summary>The algorithm, for people: <c>conv 3×3 winograd4</c>, <c>conv 1×1 direct</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The node it computes, of the graph or a part of one; null for a change of layout.</summary>
    public virtual GraphNode? Node => null;

    /// <summary>Indices of the buffers it reads.</summary>
    public abstract IReadOnlyList<int> Reads { get; }

    /// <summary>Indices of the buffers it writes; one that it reads too is overwritten in place.</summary>
    public abstract IReadOnlyList<int> Writes { get; }

    /// <summary>Bytes of packed weights that it keeps.</summary>
    public virtual long WeightBytes => 0;

    /// <summary>The least work it can cost: by default its node's, on tensors as the graph has them.</summary>
    public virtual OpCost Cost => Node?.Cost ?? default;

    /// <summary>Ties the step to memory. Everything that running needs is allocated here.</summary>
    /// <param name="buffers">All buffers of the lowered graph, by index. They outlive the result.</param>
    public abstract BoundStep Bind(IReadOnlyList<Storage> buffers);

    /// <summary>Frees packed weights.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>A <see cref="GraphStep"/> tied to memory. It must not run on two threads at once.</summary>
public abstract class BoundStep : IDisposable
{
    /// <summary>Computes, without allocating. Bits do not depend on <paramref name="threads"/>.</summary>
    /// <param name="threads">Processors to use at most.</param>
    public abstract void Run(int threads);

    /// <summary>Lets go of the memory.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
