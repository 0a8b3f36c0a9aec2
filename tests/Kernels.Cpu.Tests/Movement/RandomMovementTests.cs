namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Movements of random shapes and every element size against plain index arithmetic.</summary>
public sealed class RandomMovementTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCase(DType.U8)]
    [TestCase(DType.F16)]
    [TestCase(DType.F32)]
    [TestCase(DType.I64)]
    public void Permute_OfRandomShapes_MovesEveryElement(DType dtype)
    {
        var generator = new Generator(3);
        for (int round = 0; round < 120; round++)
        {
            using var scope = new TensorScope();
            int rank = 1 + generator.NextInt(5);
            var extents = new int[rank];
            var order = Enumerable.Range(0, rank).ToArray();
            for (int i = 0; i < rank; i++)
            {
                extents[i] = generator.NextInt(4) == 0 ? 1 : 1 + generator.NextInt(rank > 3 ? 7 : 70);
                int j = generator.NextInt(i + 1);
                (order[i], order[j]) = (order[j], order[i]);
            }

            var shape = Shape.Create(extents);
            var x = Numbered(shape, dtype);
            var expected = OpDispatcher.Run(new PermuteOp(Permutation.Of(order)), x.To(Device.Reference))[0].ToDoubles();

            var y = x.Permute(Permutation.Of(order));

            Assert.That(y.ToDoubles(), Is.EqualTo(expected), $"{shape} in order [{string.Join(",", order)}]");
        }
    }

    [TestCase(PadMode.Constant)]
    [TestCase(PadMode.Reflect)]
    [TestCase(PadMode.Replicate)]
    [TestCase(PadMode.Circular)]
    public void Pad_ByRandomNumbers_MatchesReference(PadMode mode)
    {
        var generator = new Generator(8);
        for (int round = 0; round < 150; round++)
        {
            using var scope = new TensorScope();
            Shape shape = [1 + generator.NextInt(4), 2 + generator.NextInt(8), 1 + generator.NextInt(5)];
            int axis = generator.NextInt(3);
            int extent = shape[axis];
            var op = new PadOp(axis, generator.NextInt(2 * extent) - extent, generator.NextInt(2 * extent) - extent, mode, 3);
            if (extent + op.Before + op.After < 0)
                continue;
            var x = Numbered(shape, DType.F32);

            Assert.That(OpDispatcher.Run(op, x)[0].ToDoubles(), Is.EqualTo(OpDispatcher.Run(op, x.To(Device.Reference))[0].ToDoubles()), $"{op} of {shape}");
        }
    }

    [Test]
    public void Concat_OfSplits_GivesTheTensorBack([Values(0, 1, 2, -1)] int axis, [Values(DType.U8, DType.BF16, DType.F32)] DType dtype)
    {
        using var scope = new TensorScope();
        var x = Numbered([6, 6, 6], dtype);

        var joined = Tensor.Concat(axis, x.Split(axis, 1, 0, 3, 2));

        Assert.That(joined.ToDoubles(), Is.EqualTo(x.ToDoubles()));
    }

    private static Tensor Numbered(Shape shape, DType dtype)
    {
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = dtype == DType.U8 ? i % 251 : dtype.ByteSize == 2 ? i % 255 : i;
        return Tensor.FromDoubles(values, new TensorSpec(shape, dtype));
    }
}
