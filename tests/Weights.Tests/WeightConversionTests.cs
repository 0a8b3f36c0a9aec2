using System.Buffers.Binary;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class WeightConversionTests
{
    private const int Seed = 20261121;

    [Test]
    public void EveryType_HasTheNameAndWidthOfSafetensors()
    {
        string[] names = ["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"];
        int[] bits = [8, 4, 6, 6, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32, 32, 64, 64, 64, 64];
        var types = Enum.GetValues<WeightDType>().Where(dtype => dtype != WeightDType.Unknown).ToArray();
        Assert.That(types.Select(dtype => dtype.Name), Is.EqualTo(names));
        Assert.That(types.Select(dtype => dtype.BitSize), Is.EqualTo(bits));
        Assert.That(names.Select(WeightDTypeExtensions.Parse), Is.EqualTo(types));
        Assert.That(WeightDTypeExtensions.Parse("F32 "), Is.EqualTo(WeightDType.Unknown));
        Assert.That(WeightDTypeExtensions.Parse("?"), Is.EqualTo(WeightDType.Unknown));
    }

    [Test]
    public void EngineType_OfEveryType_HoldsItsValuesOrIsRefused()
    {
        var expected = new Dictionary<WeightDType, DType?>
        {
            [WeightDType.F32] = DType.F32, [WeightDType.F16] = DType.F16, [WeightDType.BF16] = DType.BF16, [WeightDType.F64] = DType.F32,
            [WeightDType.I32] = DType.I32, [WeightDType.I64] = DType.I64, [WeightDType.U8] = DType.U8, [WeightDType.Bool] = DType.U8,
            [WeightDType.I8] = DType.I32, [WeightDType.I16] = DType.I32, [WeightDType.U16] = DType.I32, [WeightDType.U32] = DType.I64,
            [WeightDType.F8E4M3] = DType.F32, [WeightDType.F8E5M2] = DType.F32, [WeightDType.F8E8M0] = DType.F32, [WeightDType.F8E4M3Fnuz] = DType.F32, [WeightDType.F8E5M2Fnuz] = DType.F32,
        };
        foreach (var dtype in Enum.GetValues<WeightDType>())
            Assert.That(dtype.EngineType, Is.EqualTo(expected.GetValueOrDefault(dtype)), dtype.ToString());
    }

    // Values of the OCP 8-bit specification and of the fnuz variants: largest, smallest normal, smallest subnormal, one.
    [TestCase(WeightDType.F8E4M3, 0x7E, 448f)]
    [TestCase(WeightDType.F8E4M3, 0x08, 0.015625f)]
    [TestCase(WeightDType.F8E4M3, 0x01, 0.001953125f)]
    [TestCase(WeightDType.F8E4M3, 0x38, 1f)]
    [TestCase(WeightDType.F8E4M3, 0x7F, float.NaN)]
    [TestCase(WeightDType.F8E4M3, 0xFF, float.NaN)]
    [TestCase(WeightDType.F8E4M3, 0xFE, -448f)]
    [TestCase(WeightDType.F8E4M3, 0x80, -0f)]
    [TestCase(WeightDType.F8E5M2, 0x7B, 57344f)]
    [TestCase(WeightDType.F8E5M2, 0x04, 6.103515625e-05f)]
    [TestCase(WeightDType.F8E5M2, 0x01, 1.52587890625e-05f)]
    [TestCase(WeightDType.F8E5M2, 0x3C, 1f)]
    [TestCase(WeightDType.F8E5M2, 0x7C, float.PositiveInfinity)]
    [TestCase(WeightDType.F8E5M2, 0xFC, float.NegativeInfinity)]
    [TestCase(WeightDType.F8E5M2, 0x7D, float.NaN)]
    [TestCase(WeightDType.F8E4M3Fnuz, 0x7F, 240f)]
    [TestCase(WeightDType.F8E4M3Fnuz, 0x08, 0.0078125f)]
    [TestCase(WeightDType.F8E4M3Fnuz, 0x01, 0.0009765625f)]
    [TestCase(WeightDType.F8E4M3Fnuz, 0x40, 1f)]
    [TestCase(WeightDType.F8E4M3Fnuz, 0x80, float.NaN)]
    [TestCase(WeightDType.F8E5M2Fnuz, 0x7F, 57344f)]
    [TestCase(WeightDType.F8E5M2Fnuz, 0x04, 3.0517578125e-05f)]
    [TestCase(WeightDType.F8E5M2Fnuz, 0x01, 7.62939453125e-06f)]
    [TestCase(WeightDType.F8E5M2Fnuz, 0x40, 1f)]
    [TestCase(WeightDType.F8E5M2Fnuz, 0x80, float.NaN)]
    [TestCase(WeightDType.F8E8M0, 127, 1f)]
    [TestCase(WeightDType.F8E8M0, 0, 5.877472e-39f)]
    [TestCase(WeightDType.F8E8M0, 254, 1.7014118e38f)]
    [TestCase(WeightDType.F8E8M0, 255, float.NaN)]
    [TestCase(WeightDType.I8, 0x80, -128f)]
    [TestCase(WeightDType.U8, 0xFF, 255f)]
    [TestCase(WeightDType.Bool, 0x01, 1f)]
    public void ToSingles_EightBits_IsExact(WeightDType dtype, int code, float expected)
    {
        var value = new float[1];
        WeightConversion.ToSingles(dtype, [(byte)code], value);
        Assert.That(BitConverter.SingleToInt32Bits(value[0]), Is.EqualTo(BitConverter.SingleToInt32Bits(expected)).Or.Matches<int>(_ => float.IsNaN(expected) && float.IsNaN(value[0])));
    }

    [TestCase(WeightDType.F16)]
    [TestCase(WeightDType.BF16)]
    public void SixteenBits_EveryPattern_RoundTrips(WeightDType dtype)
    {
        var bytes = new byte[2 << 16];
        for (int code = 0; code < 1 << 16; code++)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * code), (ushort)code);
        var values = new float[1 << 16];
        WeightConversion.ToSingles(dtype, bytes, values);
        var back = new byte[bytes.Length];
        WeightConversion.FromSingles(values, dtype, back);
        for (int code = 0; code < 1 << 16; code++)
        {
            if (dtype == WeightDType.F16 && !values[code].Equals((float)BitConverter.UInt16BitsToHalf((ushort)code)))
                Assert.Fail($"0x{code:x4} became {values[code]:r}");
            if (!float.IsNaN(values[code]) && BinaryPrimitives.ReadUInt16LittleEndian(back.AsSpan(2 * code)) != code)
                Assert.Fail($"0x{code:x4} did not come back");
        }
    }

    [Test]
    public void FromSingles_NaN_StaysNaN()
    {
        foreach (var dtype in new[] { WeightDType.F16, WeightDType.BF16 })
        {
            // Payloads that sit only in the half that is cut off.
            float[] values = [BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFF800001), BitConverter.UInt32BitsToSingle(0x7FFFFFFF)];
            var bytes = new byte[6];
            WeightConversion.FromSingles(values, dtype, bytes);
            WeightConversion.ToSingles(dtype, bytes, values);
            Assert.That(values, Is.All.NaN);
        }
    }

    [TestCase(WeightDType.F64, WeightDType.F16)]
    [TestCase(WeightDType.F64, WeightDType.BF16)]
    [TestCase(WeightDType.F64, WeightDType.F32)]
    [TestCase(WeightDType.F32, WeightDType.F16)]
    [TestCase(WeightDType.F32, WeightDType.BF16)]
    [TestCase(WeightDType.I64, WeightDType.BF16)]
    [TestCase(WeightDType.I64, WeightDType.F32)]
    [TestCase(WeightDType.U64, WeightDType.BF16)]
    [TestCase(WeightDType.U64, WeightDType.F32)]
    [TestCase(WeightDType.I32, WeightDType.BF16)]
    [TestCase(WeightDType.U32, WeightDType.F16)]
    public void Convert_ValuesBesideMidpoints_RoundOnceToNearestEven(WeightDType from, WeightDType to)
    {
        var random = new System.Random(Seed);
        int unit = from.ByteSize;
        var source = new byte[20_000 * unit];
        for (int i = 0; i < source.Length; i += unit)
        {
            // Half-way patterns of the target, one step of the source above, on, or below.
            double middle = Middle(to, random);
            int step = random.Next(-1, 2);
            switch (from)
            {
                case WeightDType.F64:
                    BinaryPrimitives.WriteInt64LittleEndian(source.AsSpan(i), BitConverter.DoubleToInt64Bits(middle) + step);
                    break;
                case WeightDType.F32:
                    BinaryPrimitives.WriteInt32LittleEndian(source.AsSpan(i), BitConverter.SingleToInt32Bits((float)middle) + step);
                    break;
                case WeightDType.I64:
                    BinaryPrimitives.WriteInt64LittleEndian(source.AsSpan(i), unchecked((long)(1L << 62 | (long)random.Next(512) << 53 | 1L << (random.Next(2) == 0 ? 54 : 38)) + step) * (random.Next(2) == 0 ? 1 : -1));
                    break;
                case WeightDType.U64:
                    BinaryPrimitives.WriteUInt64LittleEndian(source.AsSpan(i), (1UL << 63 | (ulong)random.Next(512) << 54 | 1UL << (random.Next(2) == 0 ? 55 : 39)) + (ulong)step);
                    break;
                default:
                    BinaryPrimitives.WriteUInt32LittleEndian(source.AsSpan(i), (uint)((1 << random.Next(10, 31)) + (random.Next(256) << random.Next(20)) + step));
                    break;
            }
        }

        var target = new byte[20_000 * to.ByteSize];
        WeightConversion.Convert(from, source, to, target);
        var results = new double[20_000];
        WeightConversion.ToDoubles(to, target, results);
        for (int i = 0; i < results.Length; i++)
        {
            var exact = Exact(from, source.AsSpan(i * unit));
            if (double.IsNaN((double)exact.Double))
                continue;
            CheckNearest(exact, results[i], to);
        }
    }

    private static double Middle(WeightDType to, System.Random random)
    {
        // A value of the target plus half its last place; subnormals and overflow included.
        var (mantissa, lowest, highest) = to switch
        {
            WeightDType.F16 => (10, -24, 16),
            WeightDType.BF16 => (7, -134, 128),
            _ => (23, -150, 128),
        };
        double value = Math.ScaleB(1 + (random.Next(1 << mantissa) + 0.5) / (1 << mantissa), random.Next(lowest, highest));
        return random.Next(2) == 0 ? value : -value;
    }

    private static (double Double, System.Numerics.BigInteger? Integer) Exact(WeightDType from, ReadOnlySpan<byte> value) => from switch
    {
        WeightDType.F64 => (BinaryPrimitives.ReadDoubleLittleEndian(value), null),
        WeightDType.F32 => (BinaryPrimitives.ReadSingleLittleEndian(value), null),
        WeightDType.I64 => (0, BinaryPrimitives.ReadInt64LittleEndian(value)),
        WeightDType.U64 => (0, BinaryPrimitives.ReadUInt64LittleEndian(value)),
        WeightDType.I32 => (0, BinaryPrimitives.ReadInt32LittleEndian(value)),
        _ => (0, BinaryPrimitives.ReadUInt32LittleEndian(value)),
    };

    /// <summary>The result is the nearest value of its type, by exact distances to it and to both neighbours; on a tie its last bit is 0.</summary>
    private static void CheckNearest((double Double, System.Numerics.BigInteger? Integer) exact, double result, WeightDType to)
    {
        double largest = to == WeightDType.F16 ? 65504 : to == WeightDType.BF16 ? 3.3895313892515355e38 : float.MaxValue;
        if (double.IsInfinity(result))
        {
            double limit = largest + (largest - Below(largest, to)) / 2;
            Assert.That(Math.Abs(exact.Integer is { } integer ? (double)integer : exact.Double), Is.GreaterThanOrEqualTo(limit));
            return;
        }

        var own = Distance(exact, result);
        foreach (double neighbour in new[] { Above(result, to), Below(result, to) })
        {
            int order = own.CompareTo(Distance(exact, neighbour));
            if (order > 0 || (order == 0 && LastBit(result, to) != 0))
                Assert.Fail($"{exact} became {result:r}, not its neighbour {neighbour:r}");
        }
    }

    // Distances in units of 2^-1100, exact: every double is a whole number of them.
    private static System.Numerics.BigInteger Distance((double Double, System.Numerics.BigInteger? Integer) exact, double value)
        => System.Numerics.BigInteger.Abs((exact.Integer is { } integer ? integer << 1100 : Scaled(exact.Double)) - Scaled(value));

    private static System.Numerics.BigInteger Scaled(double value)
    {
        if (value == 0)
            return 0;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7FF;
        System.Numerics.BigInteger mantissa = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        var scaled = mantissa << (Math.Max(exponent, 1) - 1075 + 1100);
        return value < 0 ? -scaled : scaled;
    }

    private static double Above(double value, WeightDType to) => Step(value, to, 1);

    private static double Below(double value, WeightDType to) => Step(value, to, -1);

    private static double Step(double value, WeightDType to, int direction) => to switch
    {
        WeightDType.F16 => (double)(direction > 0 ? Half.BitIncrement((Half)value) : Half.BitDecrement((Half)value)),
        WeightDType.F32 => direction > 0 ? MathF.BitIncrement((float)value) : MathF.BitDecrement((float)value),
        // bfloat16 is the upper half of a float: a step is 2^16 of a float's steps, away from zero or toward it.
        _ => value == 0 ? direction * Math.ScaleB(1, -133)
            : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits((float)value) + ((value > 0) == (direction > 0) ? 1 << 16 : -(1 << 16))),
    };

    private static int LastBit(double value, WeightDType to) => to switch
    {
        WeightDType.F16 => BitConverter.HalfToInt16Bits((Half)value) & 1,
        WeightDType.BF16 => (BitConverter.SingleToInt32Bits((float)value) >> 16) & 1,
        _ => BitConverter.SingleToInt32Bits((float)value) & 1,
    };

    [Test]
    public void ToSingles_WrongLengths_Throw()
    {
        Assert.That(() => WeightConversion.ToSingles(WeightDType.F16, new byte[3], new float[1]), Throws.ArgumentException);
        Assert.That(() => WeightConversion.ToSingles(WeightDType.F4, new byte[1], new float[2]), Throws.ArgumentException);
        Assert.That(() => WeightConversion.FromSingles(new float[1], WeightDType.I32, new byte[4]), Throws.ArgumentException);
        Assert.That(() => WeightConversion.Convert(WeightDType.C64, new byte[8], WeightDType.F32, new byte[4]), Throws.ArgumentException);
    }

    [Test]
    public void ToDoubles_WideIntegers_AreExactTo53Bits()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, -(1L << 53) + 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), (1L << 53) - 1);
        var values = new double[2];
        WeightConversion.ToDoubles(WeightDType.I64, bytes, values);
        Assert.That(values, Is.EqualTo((double[])[-9007199254740991, 9007199254740991]));
    }
}
