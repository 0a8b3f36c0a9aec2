using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The registers of one warp's 64×32 part of a product, by name (see <see cref="MmaOperands"/>): four row tiles, four column tiles, sixteen
/// tiles of sums.</summary>
/// <remarks>A lane holds of a 16×8 tile of sums rows lane / 4 (the first two) and lane / 4 + 8 (the last two), columns 2 · (lane % 4) and the next.</remarks>
internal static class WarpRegisters
{
    /// <summary>Lanes of a warp as the instructions are defined; devices with others never get these kernels.</summary>
    public const int Lanes = 32;

    /// <summary>Declares the registers and sets the sums to zero. Once in a kernel, before all else of this class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Declare()
    {
        CudaAsm.Emit(".reg .f32 %%sum<64>;");
        CudaAsm.Emit(".reg .b32 %%left<16>;");
        CudaAsm.Emit(".reg .b32 %%right<8>;");
        CudaAsm.Emit("mov.f32 %%sum0, 0f00000000; mov.f32 %%sum1, 0f00000000; mov.f32 %%sum2, 0f00000000; mov.f32 %%sum3, 0f00000000; mov.f32 %%sum4, 0f00000000; mov.f32 %%sum5, 0f00000000; mov.f32 %%sum6, 0f00000000; mov.f32 %%sum7, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum8, 0f00000000; mov.f32 %%sum9, 0f00000000; mov.f32 %%sum10, 0f00000000; mov.f32 %%sum11, 0f00000000; mov.f32 %%sum12, 0f00000000; mov.f32 %%sum13, 0f00000000; mov.f32 %%sum14, 0f00000000; mov.f32 %%sum15, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum16, 0f00000000; mov.f32 %%sum17, 0f00000000; mov.f32 %%sum18, 0f00000000; mov.f32 %%sum19, 0f00000000; mov.f32 %%sum20, 0f00000000; mov.f32 %%sum21, 0f00000000; mov.f32 %%sum22, 0f00000000; mov.f32 %%sum23, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum24, 0f00000000; mov.f32 %%sum25, 0f00000000; mov.f32 %%sum26, 0f00000000; mov.f32 %%sum27, 0f00000000; mov.f32 %%sum28, 0f00000000; mov.f32 %%sum29, 0f00000000; mov.f32 %%sum30, 0f00000000; mov.f32 %%sum31, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum32, 0f00000000; mov.f32 %%sum33, 0f00000000; mov.f32 %%sum34, 0f00000000; mov.f32 %%sum35, 0f00000000; mov.f32 %%sum36, 0f00000000; mov.f32 %%sum37, 0f00000000; mov.f32 %%sum38, 0f00000000; mov.f32 %%sum39, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum40, 0f00000000; mov.f32 %%sum41, 0f00000000; mov.f32 %%sum42, 0f00000000; mov.f32 %%sum43, 0f00000000; mov.f32 %%sum44, 0f00000000; mov.f32 %%sum45, 0f00000000; mov.f32 %%sum46, 0f00000000; mov.f32 %%sum47, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum48, 0f00000000; mov.f32 %%sum49, 0f00000000; mov.f32 %%sum50, 0f00000000; mov.f32 %%sum51, 0f00000000; mov.f32 %%sum52, 0f00000000; mov.f32 %%sum53, 0f00000000; mov.f32 %%sum54, 0f00000000; mov.f32 %%sum55, 0f00000000;");
        CudaAsm.Emit("mov.f32 %%sum56, 0f00000000; mov.f32 %%sum57, 0f00000000; mov.f32 %%sum58, 0f00000000; mov.f32 %%sum59, 0f00000000; mov.f32 %%sum60, 0f00000000; mov.f32 %%sum61, 0f00000000; mov.f32 %%sum62, 0f00000000; mov.f32 %%sum63, 0f00000000;");
    }

    /// <summary>Sets all fragments to a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill(uint word)
    {
        CudaAsm.Emit("mov.b32 %%left0, %0; mov.b32 %%left1, %0; mov.b32 %%left2, %0; mov.b32 %%left3, %0; mov.b32 %%left4, %0; mov.b32 %%left5, %0; mov.b32 %%left6, %0; mov.b32 %%left7, %0;", word);
        CudaAsm.Emit("mov.b32 %%left8, %0; mov.b32 %%left9, %0; mov.b32 %%left10, %0; mov.b32 %%left11, %0; mov.b32 %%left12, %0; mov.b32 %%left13, %0; mov.b32 %%left14, %0; mov.b32 %%left15, %0;", word);
        CudaAsm.Emit("mov.b32 %%right0, %0; mov.b32 %%right1, %0; mov.b32 %%right2, %0; mov.b32 %%right3, %0; mov.b32 %%right4, %0; mov.b32 %%right5, %0; mov.b32 %%right6, %0; mov.b32 %%right7, %0;", word);
    }

    /// <summary>Loads the fragments of one step.</summary>
    /// <param name="left">Shared address, in bytes, of the row of the left factor that this lane shows to ldmatrix.</param>
    /// <param name="right">The same of the right factor.</param>
    /// <param name="apart">Bytes from a row to the sixteenth after it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint left, uint right, uint apart)
    {
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%right0,%%right1,%%right2,%%right3},[%0];", right);
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%right4,%%right5,%%right6,%%right7},[%0];", right + apart);
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%left0,%%left1,%%left2,%%left3},[%0];", left);
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%left4,%%left5,%%left6,%%left7},[%0];", left + apart);
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%left8,%%left9,%%left10,%%left11},[%0];", left + 2 * apart);
        CudaAsm.Emit("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%%left12,%%left13,%%left14,%%left15},[%0];", left + 3 * apart);
    }

    /// <summary>The sums: rows 8 apart, left halves from the first two column tiles, right halves from the last two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Collect(ref MicroTile sums)
    {
        CudaAsm.Emit("mov.f32 %0, %%sum0;", out float l0x);
        sums.L0.X = l0x;
        CudaAsm.Emit("mov.f32 %0, %%sum1;", out float l0y);
        sums.L0.Y = l0y;
        CudaAsm.Emit("mov.f32 %0, %%sum4;", out float l0z);
        sums.L0.Z = l0z;
        CudaAsm.Emit("mov.f32 %0, %%sum5;", out float l0w);
        sums.L0.W = l0w;
        CudaAsm.Emit("mov.f32 %0, %%sum8;", out float r0x);
        sums.R0.X = r0x;
        CudaAsm.Emit("mov.f32 %0, %%sum9;", out float r0y);
        sums.R0.Y = r0y;
        CudaAsm.Emit("mov.f32 %0, %%sum12;", out float r0z);
        sums.R0.Z = r0z;
        CudaAsm.Emit("mov.f32 %0, %%sum13;", out float r0w);
        sums.R0.W = r0w;
        CudaAsm.Emit("mov.f32 %0, %%sum2;", out float l1x);
        sums.L1.X = l1x;
        CudaAsm.Emit("mov.f32 %0, %%sum3;", out float l1y);
        sums.L1.Y = l1y;
        CudaAsm.Emit("mov.f32 %0, %%sum6;", out float l1z);
        sums.L1.Z = l1z;
        CudaAsm.Emit("mov.f32 %0, %%sum7;", out float l1w);
        sums.L1.W = l1w;
        CudaAsm.Emit("mov.f32 %0, %%sum10;", out float r1x);
        sums.R1.X = r1x;
        CudaAsm.Emit("mov.f32 %0, %%sum11;", out float r1y);
        sums.R1.Y = r1y;
        CudaAsm.Emit("mov.f32 %0, %%sum14;", out float r1z);
        sums.R1.Z = r1z;
        CudaAsm.Emit("mov.f32 %0, %%sum15;", out float r1w);
        sums.R1.W = r1w;
        CudaAsm.Emit("mov.f32 %0, %%sum16;", out float l2x);
        sums.L2.X = l2x;
        CudaAsm.Emit("mov.f32 %0, %%sum17;", out float l2y);
        sums.L2.Y = l2y;
        CudaAsm.Emit("mov.f32 %0, %%sum20;", out float l2z);
        sums.L2.Z = l2z;
        CudaAsm.Emit("mov.f32 %0, %%sum21;", out float l2w);
        sums.L2.W = l2w;
        CudaAsm.Emit("mov.f32 %0, %%sum24;", out float r2x);
        sums.R2.X = r2x;
        CudaAsm.Emit("mov.f32 %0, %%sum25;", out float r2y);
        sums.R2.Y = r2y;
        CudaAsm.Emit("mov.f32 %0, %%sum28;", out float r2z);
        sums.R2.Z = r2z;
        CudaAsm.Emit("mov.f32 %0, %%sum29;", out float r2w);
        sums.R2.W = r2w;
        CudaAsm.Emit("mov.f32 %0, %%sum18;", out float l3x);
        sums.L3.X = l3x;
        CudaAsm.Emit("mov.f32 %0, %%sum19;", out float l3y);
        sums.L3.Y = l3y;
        CudaAsm.Emit("mov.f32 %0, %%sum22;", out float l3z);
        sums.L3.Z = l3z;
        CudaAsm.Emit("mov.f32 %0, %%sum23;", out float l3w);
        sums.L3.W = l3w;
        CudaAsm.Emit("mov.f32 %0, %%sum26;", out float r3x);
        sums.R3.X = r3x;
        CudaAsm.Emit("mov.f32 %0, %%sum27;", out float r3y);
        sums.R3.Y = r3y;
        CudaAsm.Emit("mov.f32 %0, %%sum30;", out float r3z);
        sums.R3.Z = r3z;
        CudaAsm.Emit("mov.f32 %0, %%sum31;", out float r3w);
        sums.R3.W = r3w;
        CudaAsm.Emit("mov.f32 %0, %%sum32;", out float l4x);
        sums.L4.X = l4x;
        CudaAsm.Emit("mov.f32 %0, %%sum33;", out float l4y);
        sums.L4.Y = l4y;
        CudaAsm.Emit("mov.f32 %0, %%sum36;", out float l4z);
        sums.L4.Z = l4z;
        CudaAsm.Emit("mov.f32 %0, %%sum37;", out float l4w);
        sums.L4.W = l4w;
        CudaAsm.Emit("mov.f32 %0, %%sum40;", out float r4x);
        sums.R4.X = r4x;
        CudaAsm.Emit("mov.f32 %0, %%sum41;", out float r4y);
        sums.R4.Y = r4y;
        CudaAsm.Emit("mov.f32 %0, %%sum44;", out float r4z);
        sums.R4.Z = r4z;
        CudaAsm.Emit("mov.f32 %0, %%sum45;", out float r4w);
        sums.R4.W = r4w;
        CudaAsm.Emit("mov.f32 %0, %%sum34;", out float l5x);
        sums.L5.X = l5x;
        CudaAsm.Emit("mov.f32 %0, %%sum35;", out float l5y);
        sums.L5.Y = l5y;
        CudaAsm.Emit("mov.f32 %0, %%sum38;", out float l5z);
        sums.L5.Z = l5z;
        CudaAsm.Emit("mov.f32 %0, %%sum39;", out float l5w);
        sums.L5.W = l5w;
        CudaAsm.Emit("mov.f32 %0, %%sum42;", out float r5x);
        sums.R5.X = r5x;
        CudaAsm.Emit("mov.f32 %0, %%sum43;", out float r5y);
        sums.R5.Y = r5y;
        CudaAsm.Emit("mov.f32 %0, %%sum46;", out float r5z);
        sums.R5.Z = r5z;
        CudaAsm.Emit("mov.f32 %0, %%sum47;", out float r5w);
        sums.R5.W = r5w;
        CudaAsm.Emit("mov.f32 %0, %%sum48;", out float l6x);
        sums.L6.X = l6x;
        CudaAsm.Emit("mov.f32 %0, %%sum49;", out float l6y);
        sums.L6.Y = l6y;
        CudaAsm.Emit("mov.f32 %0, %%sum52;", out float l6z);
        sums.L6.Z = l6z;
        CudaAsm.Emit("mov.f32 %0, %%sum53;", out float l6w);
        sums.L6.W = l6w;
        CudaAsm.Emit("mov.f32 %0, %%sum56;", out float r6x);
        sums.R6.X = r6x;
        CudaAsm.Emit("mov.f32 %0, %%sum57;", out float r6y);
        sums.R6.Y = r6y;
        CudaAsm.Emit("mov.f32 %0, %%sum60;", out float r6z);
        sums.R6.Z = r6z;
        CudaAsm.Emit("mov.f32 %0, %%sum61;", out float r6w);
        sums.R6.W = r6w;
        CudaAsm.Emit("mov.f32 %0, %%sum50;", out float l7x);
        sums.L7.X = l7x;
        CudaAsm.Emit("mov.f32 %0, %%sum51;", out float l7y);
        sums.L7.Y = l7y;
        CudaAsm.Emit("mov.f32 %0, %%sum54;", out float l7z);
        sums.L7.Z = l7z;
        CudaAsm.Emit("mov.f32 %0, %%sum55;", out float l7w);
        sums.L7.W = l7w;
        CudaAsm.Emit("mov.f32 %0, %%sum58;", out float r7x);
        sums.R7.X = r7x;
        CudaAsm.Emit("mov.f32 %0, %%sum59;", out float r7y);
        sums.R7.Y = r7y;
        CudaAsm.Emit("mov.f32 %0, %%sum62;", out float r7z);
        sums.R7.Z = r7z;
        CudaAsm.Emit("mov.f32 %0, %%sum63;", out float r7w);
        sums.R7.W = r7w;
    }
}
