using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A weight packed as left operand of matrix products, one product per group, remembered with the weight's memory.</summary>
/// <remarks>Packing costs about as much as the product itself where an image has few pixels. The memory is managed and pinned:
/// whoever still computes with an older packing keeps it alive.</remarks>
internal sealed unsafe class PackedWeight
{
    private readonly float[] _values;
    private readonly (int Groups, int Rows, int Terms) _form;
    private int _version;

    private PackedWeight((int Groups, int Rows, int Terms) form, long count)
    {
        _form = form;
        _values = GC.AllocateUninitializedArray<float>(checked((int)(count + NativeMemoryPool.Alignment / sizeof(float))), pinned: true);
        nint address = (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _values[0]);
        Pointer = (float*)((address + NativeMemoryPool.Alignment - 1) / NativeMemoryPool.Alignment * NativeMemoryPool.Alignment);
    }

    /// <summary>Group after group, each packed by <see cref="LeftPacking"/>.</summary>
    public float* Pointer { get; }

    /// <summary>The packing of a weight [groups · rows, terms], made now if it is not there or the weight was overwritten since.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="groups">Groups, each a product of its own.</param>
    /// <param name="rows">Rows of a group.</param>
    /// <param name="terms">Terms of a row.</param>
    /// <param name="onlyIfReused">Give null when these values are asked for the first time: a weight that is trained changes before the next.</param>
    public static PackedWeight? Get<TLanes>(Tensor weight, int groups, int rows, int terms, bool onlyIfReused)
        where TLanes : struct, ILanes<TLanes>
    {
        var storage = (CpuStorage)weight.Storage;
        var form = (groups, rows, terms);
        lock (storage)
        {
            var packed = storage.Packed;
            int version = storage.Version;
            if (packed is not null && packed._form == form && packed._version == version)
                return packed;
            if (onlyIfReused && storage.PackingAskedFor != version)
            {
                storage.PackingAskedFor = version;
                return null;
            }

            var tiles = RowTiles.For<TLanes>(rows);
            long group = (long)tiles.Padded * terms;
            if (packed is null || packed._form != form)
                storage.Packed = packed = new PackedWeight(form, groups * group);
            packed._version = version;
            float* source = weight.Floats, target = packed.Pointer;
            ParallelRows.For(groups * tiles.Count, chunk =>
            {
                int g = chunk / tiles.Count;
                LeftPacking.PackTile(tiles, chunk % tiles.Count, source + (nint)g * rows * terms, terms, new TermLayout(1), terms, target + g * group);
            });
            return packed;
        }
    }
}
