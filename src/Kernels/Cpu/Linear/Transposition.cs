using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Copies a matrix with its rows and columns exchanged, four rows at a time.</summary>
/// <remarks>With 512 bits a step reads four rows of 16 and writes 16 quadruples after 8 shuffles, which keep inside of 128-bit parts.</remarks>
internal static unsafe class Transposition
{
    /// <summary>target[j · targetStride + i] = source[i · sourceStride + j].</summary>
    /// <param name="source">First row.</param>
    /// <param name="sourceStride">Elements from one row to the next.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="target">Where the first column goes.</param>
    /// <param name="targetStride">Elements from one target row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride)
    {
        if (sourceStride == 1)
        {
            CopySideBySide(source, rows, columns, target, targetStride);
            return;
        }

        int i = 0;
        if (Sse.IsSupported)
        {
            for (; i <= rows - 4; i += 4)
                FourRows(source + i * sourceStride, sourceStride, columns, target + i, targetStride);
        }

        for (; i < rows; i++)
        {
            float* row = source + i * sourceStride, to = target + i;
            for (int j = 0; j < columns; j++, to += targetStride)
                *to = row[j];
        }
    }

    /// <summary>The same where the source's columns lie side by side: target rows are then stretches of the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopySideBySide(float* source, int rows, int columns, float* target, nint targetStride)
    {
        for (int j = 0; j < columns; j++, target += targetStride)
        {
            float* from = source + j;
            int i = 0;
            for (; i <= rows - Vector128<float>.Count; i += Vector128<float>.Count)
                Vector128.Load(from + i).Store(target + i);
            for (; i < rows; i++)
                target[i] = from[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* source, nint stride, int columns, float* target, nint targetStride)
    {
        float* r0 = source, r1 = r0 + stride, r2 = r1 + stride, r3 = r2 + stride;
        int j = 0;
        if (Avx512F.IsSupported)
        {
            for (; j <= columns - 16; j += 16)
            {
                Vector512<float> a = Vector512.Load(r0 + j), b = Vector512.Load(r1 + j), c = Vector512.Load(r2 + j), d = Vector512.Load(r3 + j);
                Vector512<double> low01 = Avx512F.UnpackLow(a, b).AsDouble(), high01 = Avx512F.UnpackHigh(a, b).AsDouble();
                Vector512<double> low23 = Avx512F.UnpackLow(c, d).AsDouble(), high23 = Avx512F.UnpackHigh(c, d).AsDouble();
                var column0 = Avx512F.UnpackLow(low01, low23).AsSingle();
                var column1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
                var column2 = Avx512F.UnpackLow(high01, high23).AsSingle();
                var column3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
                StoreParts(column0, target, 4 * targetStride);
                StoreParts(column1, target + targetStride, 4 * targetStride);
                StoreParts(column2, target + 2 * targetStride, 4 * targetStride);
                StoreParts(column3, target + 3 * targetStride, 4 * targetStride);
                target += 16 * targetStride;
            }
        }

        for (; j <= columns - 4; j += 4)
        {
            Vector128<float> a = Vector128.Load(r0 + j), b = Vector128.Load(r1 + j), c = Vector128.Load(r2 + j), d = Vector128.Load(r3 + j);
            Vector128<float> low01 = Sse.UnpackLow(a, b), high01 = Sse.UnpackHigh(a, b), low23 = Sse.UnpackLow(c, d), high23 = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(low01, low23).Store(target);
            Sse.MoveHighToLow(low23, low01).Store(target + targetStride);
            Sse.MoveLowToHigh(high01, high23).Store(target + 2 * targetStride);
            Sse.MoveHighToLow(high23, high01).Store(target + 3 * targetStride);
            target += 4 * targetStride;
        }

        for (; j < columns; j++, target += targetStride)
            Vector128.Create(r0[j], r1[j], r2[j], r3[j]).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreParts(Vector512<float> value, float* target, nint stride)
    {
        Avx512F.ExtractVector128(value, 0).Store(target);
        Avx512F.ExtractVector128(value, 1).Store(target + stride);
        Avx512F.ExtractVector128(value, 2).Store(target + 2 * stride);
        Avx512F.ExtractVector128(value, 3).Store(target + 3 * stride);
    }
}
