using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The warp-wide instructions of the tensor cores, and what they do lane by lane on simulated devices.</summary>
/// <remarks>The twin follows the fragment layouts of the PTX ISA (section "Matrix multiply-accumulate operation using mma instruction") and moves
/// every word between lanes as the hardware does: kernels that give a lane the wrong word give wrong sums here too.</remarks>
internal static class WarpMatrix
{
    /// <summary>Lanes of a warp as the instructions are defined; devices with others never get these kernels.</summary>
    public const int Lanes = 32;

    /// <summary>Words that each lane shows to the others in the twin.</summary>
    public const int WordsPerLane = 24;

    /// <summary>Address of the kernel's first shared array, in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint SharedBase()
    {
        CudaAsm.Emit("mov.u32 %0, __shared_alloca0;", out uint address);
        return address;
    }

    /// <summary>Loads four 8×8 matrices of 16-bit numbers, or 8×4 of 32-bit ones: lane i gives the address of row i % 8 of matrix i / 8.</summary>
    /// <param name="tile">The shared array.</param>
    /// <param name="sharedBase">Its address; only on CUDA.</param>
    /// <param name="index">The row's place in the array.</param>
    /// <param name="words">What this lane gets.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(ArrayView<Word4> tile, uint sharedBase, int index, ref MatrixWords words)
    {
        if (CudaAsm.IsSupported)
        {
            Ref<uint> address = sharedBase + (uint)(16 * index);
            CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];", ref words.X, ref words.Y, ref words.Z, ref words.W, ref address);
        }
        else
        {
            int row = Warp.LaneIdx / 4, word = Warp.LaneIdx % 4;
            var all = tile.Cast<uint>();
            words.X.Value = all[4 * Warp.Shuffle(index, row) + word];
            words.Y.Value = all[4 * Warp.Shuffle(index, 8 + row) + word];
            words.Z.Value = all[4 * Warp.Shuffle(index, 16 + row) + word];
            words.W.Value = all[4 * Warp.Shuffle(index, 24 + row) + word];
        }
    }

    /// <summary>Adds the products of four row tiles and four column tiles: sixteen mma instructions.</summary>
    /// <param name="sums">This lane's sums.</param>
    /// <param name="from">This lane's fragments.</param>
    /// <param name="shown">Shared memory of <see cref="WordsPerLane"/> words a thread, for the twin; what stands in it is lost.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd<TFormat>(ref WarpSums sums, ref WarpFragments from, ArrayView<uint> shown)
        where TFormat : struct, ITensorFormat
    {
        if (CudaAsm.IsSupported)
        {
            MultiplyRow<TFormat>(ref from.A0, ref from, ref sums.C00, ref sums.C01, ref sums.C02, ref sums.C03);
            MultiplyRow<TFormat>(ref from.A1, ref from, ref sums.C10, ref sums.C11, ref sums.C12, ref sums.C13);
            MultiplyRow<TFormat>(ref from.A2, ref from, ref sums.C20, ref sums.C21, ref sums.C22, ref sums.C23);
            MultiplyRow<TFormat>(ref from.A3, ref from, ref sums.C30, ref sums.C31, ref sums.C32, ref sums.C33);
        }
        else
            Exchange<TFormat>(ref sums, from, shown);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyRow<TFormat>(
        ref MatrixWords a, ref WarpFragments from, ref SumWords c0, ref SumWords c1, ref SumWords c2, ref SumWords c3)
        where TFormat : struct, ITensorFormat
    {
        TFormat.MultiplyAdd(ref c0, ref a, ref from.B0.X, ref from.B0.Y);
        TFormat.MultiplyAdd(ref c1, ref a, ref from.B0.Z, ref from.B0.W);
        TFormat.MultiplyAdd(ref c2, ref a, ref from.B1.X, ref from.B1.Y);
        TFormat.MultiplyAdd(ref c3, ref a, ref from.B1.Z, ref from.B1.W);
    }

    /// <summary>Every lane shows its words, then reads those that the hardware would bring to it.</summary>
    private static void Exchange<TFormat>(ref WarpSums sums, WarpFragments from, ArrayView<uint> shown)
        where TFormat : struct, ITensorFormat
    {
        // Fragments of slower warps are still being read from here.
        Group.Barrier();
        var mine = shown.SubView(Group.IdxX * WordsPerLane, WordsPerLane);
        Show(mine, 0, from.A0);
        Show(mine, 4, from.A1);
        Show(mine, 8, from.A2);
        Show(mine, 12, from.A3);
        Show(mine, 16, from.B0);
        Show(mine, 20, from.B1);
        Group.Barrier();
        var warp = shown.SubView(Group.IdxX / Lanes * Lanes * WordsPerLane, Lanes * WordsPerLane);
        Add<TFormat>(ref sums.C00, warp, 0, 0);
        Add<TFormat>(ref sums.C01, warp, 0, 1);
        Add<TFormat>(ref sums.C02, warp, 0, 2);
        Add<TFormat>(ref sums.C03, warp, 0, 3);
        Add<TFormat>(ref sums.C10, warp, 1, 0);
        Add<TFormat>(ref sums.C11, warp, 1, 1);
        Add<TFormat>(ref sums.C12, warp, 1, 2);
        Add<TFormat>(ref sums.C13, warp, 1, 3);
        Add<TFormat>(ref sums.C20, warp, 2, 0);
        Add<TFormat>(ref sums.C21, warp, 2, 1);
        Add<TFormat>(ref sums.C22, warp, 2, 2);
        Add<TFormat>(ref sums.C23, warp, 2, 3);
        Add<TFormat>(ref sums.C30, warp, 3, 0);
        Add<TFormat>(ref sums.C31, warp, 3, 1);
        Add<TFormat>(ref sums.C32, warp, 3, 2);
        Add<TFormat>(ref sums.C33, warp, 3, 3);
        // The next step overwrites what slower lanes may still read.
        Group.Barrier();
    }

    private static void Show(ArrayView<uint> mine, int at, MatrixWords words)
    {
        mine[at] = words.X.Value;
        mine[at + 1] = words.Y.Value;
        mine[at + 2] = words.Z.Value;
        mine[at + 3] = words.W.Value;
    }

    private static void Add<TFormat>(ref SumWords sums, ArrayView<uint> warp, int rowTile, int columnTile)
        where TFormat : struct, ITensorFormat
    {
        int row = Warp.LaneIdx / 4, column = Warp.LaneIdx % 4 * 2;
        int left = 4 * rowTile, right = 16 + 2 * columnTile;
        sums.X.Value += Dot<TFormat>(warp, row, left, column, right);
        sums.Y.Value += Dot<TFormat>(warp, row, left, column + 1, right);
        sums.Z.Value += Dot<TFormat>(warp, row, left + 1, column, right);
        sums.W.Value += Dot<TFormat>(warp, row, left + 1, column + 1, right);
    }

    /// <summary>Row times column: words 0-3 lie in the first register of lanes 4 · row to 4 · row + 3, words 4-7 in a later one.</summary>
    private static float Dot<TFormat>(ArrayView<uint> warp, int row, int left, int column, int right)
        where TFormat : struct, ITensorFormat
    {
        float sum = 0;
        for (int word = 0; word < 4; word++)
        {
            int from = (4 * row + word) * WordsPerLane + left, to = (4 * column + word) * WordsPerLane + right;
            sum += TFormat.Dot(warp[from], warp[to]);
            sum += TFormat.Dot(warp[from + 2], warp[to + 1]);
        }

        return sum;
    }
}
