using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>The part of NCCL that is used; tests stand in for the library.</summary>
internal interface INccl
{
    /// <summary>A new name by which replicas find each other.</summary>
    byte[] NewId();

    /// <summary>Waits for all replicas of that name; returns the communicator.</summary>
    IntPtr Join(byte[] id, int size, int rank);

    /// <summary>What follows up to <see cref="End"/> is one launch.</summary>
    void Begin();

    /// <summary>Launches.</summary>
    void End();

    /// <summary>Sums elements in place over all replicas, in order with the stream's work.</summary>
    void AllReduceSum(IntPtr address, long count, DType dtype, IntPtr communicator, IntPtr stream);

    /// <summary>Frees a communicator.</summary>
    void Leave(IntPtr communicator);
}
