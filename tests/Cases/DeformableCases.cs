using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Deformable convolution: taps inside, across the border and far outside of the picture, with and without mask, in groups of both kinds.</summary>
public static class DeformableCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Convolutions.Concat(Samplings.SelectMany(Sampled));

    private static IEnumerable<OpCase> Convolutions =>
    [
        Conv("3x3", [2, 4, 7, 9], [6, 4, 3, 3], ConvGeometry.Of(padding: 1), bias: true),
        Conv("3x3 with mask", [1, 4, 5, 7], [3, 4, 3, 3], ConvGeometry.Of(padding: 1), masked: true, bias: true),
        Conv("groups 2, offset groups 3, stride 2", [2, 12, 9, 7], [4, 6, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 2), offsetGroups: 3, masked: true),
        Conv("dilation 2 beyond the image", [1, 2, 3, 5], [3, 2, 3, 3], ConvGeometry.Of(padding: 2, dilation: 2), offsetGroups: 2),
        Conv("2x3 asymmetric", [1, 3, 5, 6], [2, 3, 2, 3], new ConvGeometry(2, 1, 0, 1, 1, 2, 2, 1, 1), masked: true),
        Conv("one pixel", [2, 3, 1, 1], [2, 3, 1, 1], ConvGeometry.Of(), masked: true, bias: true),
        Conv("one pixel under 3x3", [1, 4, 1, 1], [4, 2, 3, 3], ConvGeometry.Of(padding: 1, groups: 2)),
        Conv("depthwise", [1, 5, 6, 5], [5, 1, 3, 3], ConvGeometry.Of(padding: 1, groups: 5), offsetGroups: 5, masked: true),
        Conv("empty batch", [0, 4, 5, 5], [2, 4, 3, 3], ConvGeometry.Of(padding: 1), masked: true, bias: true),
        Conv("resnest50 layer3 split attention", [1, 256, 14, 14], [512, 128, 3, 3], ConvGeometry.Of(padding: 1, groups: 2), offsetGroups: 2, masked: true) with { Large = true },
        Conv("resnest50 layer2 first", [2, 128, 28, 27], [256, 64, 3, 3], ConvGeometry.Of(padding: 1, groups: 2), offsetGroups: 2, masked: true) with { Large = true },
    ];

    private static IEnumerable<(string Name, OpInput Image, DeformSampling Sampling, bool Masked, bool Large)> Samplings =>
    [
        ("3x3", [2, 4, 5, 7], new(ConvGeometry.Of(padding: 1), 3, 3, 1), false, false),
        ("3x3 with mask, offset groups 2, stride 2", [1, 6, 7, 6], new(ConvGeometry.Of(stride: 2, padding: 1), 3, 3, 2), true, false),
        ("dilation 2 unpadded", [1, 3, 7, 9], new(ConvGeometry.Of(dilation: 2), 3, 3, 3), false, false),
        ("one pixel", [2, 2, 1, 1], new(ConvGeometry.Of(padding: 1), 3, 3, 1), true, false),
        ("five channels that move together", [1, 10, 4, 6], new(ConvGeometry.Of(padding: 1), 2, 2, 2), true, false),
        ("1x2 stride 2", [1, 3, 5, 5], new(ConvGeometry.Of(stride: 2, padding: 1), 1, 2, 1), false, false),
        ("empty batch", [0, 2, 3, 3], new(ConvGeometry.Of(padding: 1), 3, 3, 1), true, false),
        ("many channels", [1, 83, 11, 13], new(ConvGeometry.Of(padding: 1), 3, 3, 1), true, true),
    ];

    private static OpCase Conv(string name, OpInput x, OpInput w, ConvGeometry geometry, int offsetGroups = 1, bool masked = false, bool bias = false)
    {
        var sampling = new DeformSampling(geometry, w.Shape[2], w.Shape[3], offsetGroups);
        var inputs = new List<OpInput> { x, Offset(x.Shape, sampling) };
        if (masked)
            inputs.Add(Mask(x.Shape, sampling));
        inputs.Add(w);
        if (bias)
            inputs.Add(new OpInput([w.Shape[0]]));
        return new OpCase(name, new DeformConv2dOp(geometry, offsetGroups, masked), [.. inputs]) { Terms = 4 * w.Shape.Product(1, 4) + 1 };
    }

    private static IEnumerable<OpCase> Sampled((string Name, OpInput Image, DeformSampling Sampling, bool Masked, bool Large) given)
    {
        var (name, x, sampling, masked, large) = given;
        var offset = Offset(x.Shape, sampling);
        OpInput[] mask = masked ? [Mask(x.Shape, sampling)] : [];
        var (height, width) = sampling.OutputExtents(x.Shape[2], x.Shape[3]);
        OpInput columns = [x.Shape[0], x.Shape[1] * sampling.Taps, height, width];
        int channels = x.Shape[1] / sampling.OffsetGroups;
        yield return new OpCase(name, new DeformSampleOp(sampling), [x, offset, .. mask]) { Terms = 4, Large = large };
        yield return new OpCase(name, new DeformSampleInputGradOp(sampling, x.Shape[2], x.Shape[3]), [columns, offset, .. mask]) { Terms = 4 * sampling.Taps * height * width, Large = large };
        yield return new OpCase(name, new DeformSampleOffsetGradOp(sampling), [x, offset, columns, .. mask]) { Terms = 4 * channels, Large = large };
    }

    private static OpInput Offset(Shape x, DeformSampling sampling)
    {
        var (height, width) = sampling.OutputExtents(x[2], x[3]);
        return new OpInput([x[0], 2 * sampling.OffsetGroups * sampling.Taps, height, width], InputValues.Displacements);
    }

    private static OpInput Mask(Shape x, DeformSampling sampling)
    {
        var (height, width) = sampling.OutputExtents(x[2], x[3]);
        return new OpInput([x[0], sampling.OffsetGroups * sampling.Taps, height, width]);
    }
}
