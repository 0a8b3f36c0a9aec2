namespace ResNeSt.Imaging.Tests;

/// <summary>The vector form of the inverse DCT against a plain one written from the same rules.</summary>
public sealed class InverseDctTests
{
    [Test]
    public void Transform_OrdinaryCoefficients_EqualsPlainForm([Values(1, 3, 10, 64)] int nonzero) => Compare(nonzero, 300, 40, 2000);

    [Test]
    public void Transform_CoefficientsThatNoEncoderMakes_WrapsLikeSixteenBitWords([Values(1, 8, 64)] int nonzero) =>
        Compare(nonzero, 32767, 32767, 2000);

    [Test]
    public void Flat_EveryCoefficient_EqualsTransform([Values(1, 16, 255, 32767)] int quant)
    {
        Span<short> block = stackalloc short[64], table = stackalloc short[64];
        Span<byte> flat = stackalloc byte[64], full = stackalloc byte[64];
        table.Fill((short)quant);
        for (int dc = short.MinValue; dc <= short.MaxValue; dc += 7)
        {
            block.Clear();
            block[0] = (short)dc;
            InverseDct.Flat(block[0], table[0], flat, 8);
            InverseDct.Transform(block, table, full, 8);
            Assert.That(flat.SequenceEqual(full), $"dc {dc}");
        }
    }

    private static void Compare(int nonzero, int range, int quantRange, int blocks)
    {
        var random = new System.Random(nonzero);
        var block = new short[64];
        var quant = new short[64];
        var samples = new byte[8 * 11];
        for (int n = 0; n < blocks; n++)
        {
            Array.Clear(block);
            for (int i = 0; i < nonzero; i++)
                block[random.Next(64)] = (short)random.Next(-range, range + 1);
            for (int i = 0; i < 64; i++)
                quant[i] = (short)random.Next(1, quantRange + 1);

            InverseDct.Transform(block, quant, samples, 11);

            byte[] expected = Plain(block, quant);
            for (int y = 0; y < 8; y++)
                Assert.That(samples.AsSpan(11 * y, 8).ToArray(), Is.EqualTo(expected[(8 * y)..(8 * y + 8)]), $"block {n}, row {y}");
        }
    }

    private static byte[] Plain(short[] block, short[] quant)
    {
        var values = new short[64];
        for (int i = 0; i < 64; i++)
            values[i] = (short)(block[i] * quant[i]);
        bool onlyFirstRow = block.Skip(8).All(v => v == 0);
        for (int x = 0; x < 8; x++)
        {
            if (onlyFirstRow)
            {
                for (int y = 7; y >= 0; y--)
                    values[8 * y + x] = (short)(values[x] << 2);
            }
            else
            {
                One(values, x, 8, 11);
            }
        }

        for (int y = 0; y < 8; y++)
            One(values, 8 * y, 1, 18);
        return values.Select(v => (byte)(Math.Clamp((int)v, -128, 127) + 128)).ToArray();
    }

    /// <summary>One transform in libjpeg's own order of operations (jidctint.c), with 16-bit sums as its SIMD code has them.</summary>
    private static void One(short[] v, int at, int step, int shift)
    {
        static int Fix(double x) => (int)(x * 8192 + 0.5);
        unchecked
        {
            int In(int k) => v[at + k * step];
            int z1 = (In(2) + In(6)) * Fix(0.541196100);
            int t2 = z1 - In(6) * Fix(1.847759065), t3 = z1 + In(2) * Fix(0.765366865);
            int t0 = (short)(In(0) + In(4)) << 13, t1 = (short)(In(0) - In(4)) << 13;
            int[] even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
            int z3 = (short)(In(7) + In(3)), z4 = (short)(In(5) + In(1)), z5 = (z3 + z4) * Fix(1.175875602);
            z1 = -(In(7) + In(1)) * Fix(0.899976223);
            int z2 = -(In(5) + In(3)) * Fix(2.562915447);
            z3 = z5 - z3 * Fix(1.961570560);
            z4 = z5 - z4 * Fix(0.390180644);
            int[] odd =
            [
                In(1) * Fix(1.501321110) + z1 + z4, In(3) * Fix(3.072711026) + z2 + z3,
                In(5) * Fix(2.053119869) + z2 + z4, In(7) * Fix(0.298631336) + z1 + z3,
            ];
            int half = 1 << (shift - 1);
            for (int k = 0; k < 4; k++)
            {
                v[at + k * step] = Saturate((even[k] + odd[k] + half) >> shift);
                v[at + (7 - k) * step] = Saturate((even[k] - odd[k] + half) >> shift);
            }
        }
    }

    private static short Saturate(int value) => (short)Math.Clamp(value, short.MinValue, short.MaxValue);
}
