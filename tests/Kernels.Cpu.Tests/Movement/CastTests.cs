namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Conversions bit by bit.</summary>
public sealed class CastTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Cast_OfEveryHalf_WidensExactlyAndComesBack()
    {
        using var scope = new TensorScope();
        var halves = AllBits<Half>(BitConverter.UInt16BitsToHalf);

        var x = Tensor.FromArray(halves, [halves.Length]);
        var wide = x.Cast(DType.F32).ToArray<float>();
        var back = x.Cast(DType.F32).Cast(DType.F16).ToArray<Half>();

        Assert.That(FirstDifference(wide, Array.ConvertAll(halves, h => (float)h)), Is.Null);
        Assert.That(FirstDifference(back, halves), Is.Null);
    }

    [Test]
    public void Cast_OfEveryBrain_WidensExactlyAndComesBack()
    {
        using var scope = new TensorScope();
        var bits = AllBits(i => i);
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits.AsSpan());

        var x = Tensor.FromBytes(bytes, new TensorSpec([bits.Length], DType.BF16));
        var wide = x.Cast(DType.F32);

        Assert.That(FirstDifference(wide.ToArray<float>(), Array.ConvertAll(bits, b => BitConverter.UInt32BitsToSingle((uint)b << 16))), Is.Null);
        Assert.That(FirstDifference(wide.Cast(DType.BF16).ToDoubles(), x.ToDoubles()), Is.Null);
    }

    [TestCase(DType.F16)]
    [TestCase(DType.BF16)]
    public void Cast_OfSinglesAroundEveryTie_RoundsToEven(DType dtype)
    {
        using var scope = new TensorScope();
        // Each value of the narrow type, the middle between it and the next one, and the neighbours of that middle.
        var values = new List<float>();
        for (int i = 0; i < 0x10000; i++)
        {
            float narrow = dtype == DType.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)i) : BitConverter.UInt32BitsToSingle((uint)i << 16);
            float next = dtype == DType.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)(i + 1)) : BitConverter.UInt32BitsToSingle((uint)(i + 1) << 16);
            float middle = (float)((narrow + (double)next) / 2);
            values.AddRange([narrow, middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle)]);
        }

        values.AddRange([65519.996f, 65520f, -65520f, 1e-8f, 3e-8f, float.MaxValue, float.Epsilon, 2.98e-8f]);
        var x = Tensor.FromArray(values.ToArray(), [values.Count]);

        var actual = x.Cast(dtype).ToDoubles();
        var expected = x.To(Device.Reference).Cast(dtype).ToDoubles();

        Assert.That(FirstDifference(actual, expected), Is.Null);
    }

    [TestCase(DType.I32)]
    [TestCase(DType.I64)]
    [TestCase(DType.U8)]
    public void Cast_ToIntegers_TruncatesAndSaturates(DType dtype)
    {
        using var scope = new TensorScope();
        float[] values = [0.9f, -0.9f, 1.5f, -1.5f, 255.9f, 256f, 3e9f, -3e9f, 1e30f, -1e30f, float.NaN, float.PositiveInfinity];
        var x = Tensor.FromArray(values, [values.Length]);

        Assert.That(x.Cast(dtype).ToDoubles(), Is.EqualTo(x.To(Device.Reference).Cast(dtype).ToDoubles()));
    }

    private static T[] AllBits<T>(Func<ushort, T> convert) => Array.ConvertAll(Enumerable.Range(0, 0x10000).ToArray(), i => convert((ushort)i));

    /// <summary>NUnit's own comparison of long arrays takes seconds. NaN equals NaN.</summary>
    private static string? FirstDifference<T>(T[] actual, T[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (!EqualityComparer<T>.Default.Equals(actual[i], expected[i]))
                return $"element {i}: {actual[i]} instead of {expected[i]}";
        }

        return actual.Length == expected.Length ? null : $"{actual.Length} elements instead of {expected.Length}";
    }
}
