namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Convolutions of small integers, which are exact in any order, with awkward and with random windows: the CPU against the reference, both gradients too.</summary>
internal static class ExactConvolutions
{
    private const int RandomShapes = 250;

    private static IEnumerable<(Shape Image, Shape Weight, ConvGeometry Geometry)> Awkward =>
    [
        // Channels around the tiles' 12, 8, 4 and 6 rows, pixels around their vectors.
        ([1, 13, 5, 7], [13, 13, 3, 3], ConvGeometry.Of(padding: 1)),
        ([1, 7, 6, 11], [25, 7, 3, 3], ConvGeometry.Of(padding: 1)),
        ([2, 9, 4, 4], [11, 9, 1, 1], ConvGeometry.Of()),
        ([1, 5, 1, 257], [9, 5, 1, 3], new ConvGeometry(1, 1, 0, 1, 0, 1, 1, 1, 1)),
        ([1, 5, 257, 1], [9, 5, 3, 1], new ConvGeometry(1, 1, 1, 0, 1, 0, 1, 1, 1)),
        ([1, 10, 16, 16], [16, 10, 1, 1], ConvGeometry.Of()),
        ([3, 10, 17, 15], [16, 10, 1, 1], ConvGeometry.Of(stride: 2)),
        // More terms than are packed at once, and a window that exceeds that by itself.
        ([1, 70, 5, 5], [12, 70, 3, 3], ConvGeometry.Of(padding: 1)),
        ([1, 2, 20, 20], [12, 2, 17, 17], ConvGeometry.Of(padding: 8)),
        // Several images in a block of columns, and a last block with fewer.
        ([11, 12, 7, 7], [24, 12, 3, 3], ConvGeometry.Of(padding: 1)),
        ([70, 9, 2, 2], [10, 9, 3, 3], ConvGeometry.Of(padding: 1)),
        ([300, 9, 1, 1], [10, 9, 3, 3], ConvGeometry.Of(padding: 1)),
        ([5, 24, 1, 1], [36, 12, 1, 1], ConvGeometry.Of(groups: 2)),
        // Channels around the blocks of 32 and the pieces of 288 that weight gradients have, and more pixels than one of their blocks.
        ([3, 40, 5, 7], [300, 40, 1, 1], ConvGeometry.Of()),
        ([2, 35, 30, 33], [24, 35, 3, 3], ConvGeometry.Of(padding: 1)),
        ([5, 64, 13, 12], [26, 32, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 2)),
        ([9, 33, 2, 2], [20, 33, 1, 1], ConvGeometry.Of()),
        ([7, 64, 1, 1], [80, 32, 1, 1], ConvGeometry.Of(groups: 2)),
        ([1, 20, 1, 1], [16, 20, 1, 1], ConvGeometry.Of(stride: 3, padding: 1)),
        // Strides that step over the window, dilations that reach into the padding, windows that never meet the image.
        ([1, 9, 14, 14], [9, 9, 2, 2], ConvGeometry.Of(stride: 5)),
        ([1, 9, 9, 9], [9, 9, 3, 3], ConvGeometry.Of(stride: 2, padding: 6, dilation: 6)),
        ([1, 9, 3, 3], [9, 9, 2, 2], ConvGeometry.Of(padding: 7, dilation: 9)),
        ([1, 4, 12, 40], [4, 1, 5, 5], ConvGeometry.Of(stride: 3, padding: 2, groups: 4)),
        ([2, 20, 9, 33], [20, 2, 3, 3], ConvGeometry.Of(padding: 1, groups: 10)),
        ([1, 30, 8, 8], [15, 10, 3, 3], ConvGeometry.Of(padding: 1, groups: 3)),
        ([1, 9, 70, 3], [10, 9, 3, 3], new ConvGeometry(2, 3, 1, 0, 2, 1, 1, 1, 1)),
        ([2, 9, 12, 12], [10, 9, 3, 3], new ConvGeometry(1, 2, -2, -1, -3, 2, 2, 1, 1)),
    ];

    /// <summary>One line for each convolution that is wrong.</summary>
    public static List<string> Check()
    {
        var failures = new List<string>();
        using var bounds = EngineSettings.WithCheckBounds(true);
        foreach (var (image, weight, geometry) in Awkward)
            Check(image, weight, geometry, failures);
        var generator = new Generator(2026);
        for (int i = 0; i < RandomShapes;)
        {
            int groups = 1 + Math.Max(0, generator.NextInt(8) - 4), channels = 1 + generator.NextInt(20);
            Shape image = [1 + generator.NextInt(3), groups * channels, 1 + generator.NextInt(24), 1 + generator.NextInt(24)];
            Shape weight = [groups * (1 + generator.NextInt(30)), channels, 1 + generator.NextInt(5), 1 + generator.NextInt(5)];
            var geometry = new ConvGeometry(
                1 + generator.NextInt(3), 1 + generator.NextInt(3), Padding(), Padding(), Padding(), Padding(), 1 + generator.NextInt(3), 1 + generator.NextInt(3), groups);
            if (geometry.OutputHeight(image[2], weight[2]) < 1 || geometry.OutputWidth(image[3], weight[3]) < 1)
                continue;
            Check(image, weight, geometry, failures);
            i++;
        }

        return failures;

        int Padding() => generator.NextInt(6) - 1;
    }

    private static void Check(Shape image, Shape weight, ConvGeometry geometry, List<string> failures)
    {
        Shape output = [image[0], weight[0], geometry.OutputHeight(image[2], weight[2]), geometry.OutputWidth(image[3], weight[3])];
        Compare(new Conv2dOp(geometry), failures, image, weight, [weight[0]]);
        Compare(new Conv2dInputGradOp(geometry, image[2], image[3]), failures, output, weight);
        Compare(new Conv2dWeightGradOp(geometry, weight[2], weight[3]), failures, image, output);
    }

    private static void Compare(Op op, List<string> failures, params ReadOnlySpan<Shape> shapes)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = new Tensor[shapes.Length], references = new Tensor[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            double[] values = new OpInput(shapes[i], InputValues.SmallIntegers).Generate((ulong)(i + 1));
            inputs[i] = Tensor.FromDoubles(values, new TensorSpec(shapes[i], DType.F32), Device.Cpu);
            references[i] = Tensor.FromDoubles(values, new TensorSpec(shapes[i], DType.F64), Device.Reference);
        }

        var actual = OpDispatcher.Run(op, inputs)[0].ToDoubles();
        var expected = OpDispatcher.Run(op, references)[0].ToDoubles();
        if (!actual.AsSpan().SequenceEqual(expected))
            failures.Add($"{op} of {string.Join(", ", shapes.ToArray())}");
    }
}
