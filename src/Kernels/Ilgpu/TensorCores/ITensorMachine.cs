using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What kernels for tensor cores ask of the machine beyond C#: on CUDA instructions of <see cref="TensorHardware"/>, on simulated devices
/// <see cref="TensorTwin"/>, which moves every word between lanes and memories as the instructions do. The kernel's body is the same.</summary>
/// <remarks>Addresses in shared memory are bytes, and on CUDA begin at <see cref="Base"/>.</remarks>
internal interface ITensorMachine
{
    /// <summary>Address of the shared array.</summary>
    uint Base { get; }

    /// <summary>Makes ready. All threads call it, once, first.</summary>
    /// <param name="shared">The kernel's only shared array.</param>
    void Open<TTile>(ArrayView<Word4> shared)
        where TTile : unmanaged, ITensorTile;

    /// <summary>An element of an image, or zero, without a branch: all loads of a thread are then in flight together.</summary>
    /// <param name="image">The image; read by the twin.</param>
    /// <param name="from">Where a row begins in it.</param>
    /// <param name="address">The same as an address; used by hardware.</param>
    /// <param name="offset">Elements from there.</param>
    /// <param name="missed">Zero where there is such an element.</param>
    static abstract float LoadOrZero(ArrayView<float> image, int from, long address, int offset, uint missed);

    /// <summary>Makes ready for copies.</summary>
    /// <param name="first">The first source; read by the twin.</param>
    /// <param name="firstAddress">Its address; used by hardware.</param>
    /// <param name="second">The second source.</param>
    /// <param name="secondAddress">Its address.</param>
    void OpenCopies<TTile>(ArrayView<Word4> first, long firstAddress, ArrayView<Word4> second, long secondAddress)
        where TTile : unmanaged, ITensorTile;

    /// <summary>Starts a copy of 16 bytes from the first source to shared memory, or of zeros.</summary>
    /// <param name="slot">Target.</param>
    /// <param name="index">Place in the source, in pieces of 16 bytes.</param>
    /// <param name="bytes">16, or 0 for zeros.</param>
    void CopyOrClear(uint slot, int index, int bytes);

    /// <summary>Starts a copy of 16 bytes from the second source.</summary>
    void Copy(uint slot, int index);

    /// <summary>Ends a group of copies: what was started since the last one. It may be empty.</summary>
    void Commit();

    /// <summary>Waits until of this thread's groups at most the last one is under way. Other threads see the bytes after a barrier.</summary>
    void WaitForAllButOne();

    /// <summary>One step of a warp's 64×32 part: loads four row tiles and four column tiles, and adds their products to the sums.</summary>
    /// <param name="left">Address of the row of the left factor that this lane shows to ldmatrix: lane i row i % 8 of matrix i / 8.</param>
    /// <param name="right">The same of the right factor.</param>
    /// <param name="apart">Bytes from a row to the sixteenth after it.</param>
    void Step<TFormat>(uint left, uint right, uint apart)
        where TFormat : struct, ITensorFormat;

    /// <summary>The sums: rows lane / 4 + 8 k; columns 2 · (lane % 4), the next and 8 further in the left halves, 16 further in the right ones.</summary>
    void Collect(ref MicroTile sums);
}
