using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Convolutions and their gradients: layers of the networks, and every way in which window, stride, padding, dilation and groups can be awkward.</summary>
public static class ConvolutionCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Forward.Concat(Gradients).Concat(Transposed);

    private static IEnumerable<OpCase> Forward =>
    [
        Conv("one pixel", [1, 3, 1, 1], [4, 3, 1, 1], ConvGeometry.Of(), bias: true),
        Conv("one pixel under 3x3", [2, 3, 1, 1], [4, 3, 3, 3], ConvGeometry.Of(padding: 1)),
        Conv("1x1", [2, 5, 7, 9], [6, 5, 1, 1], ConvGeometry.Of(), bias: true),
        Conv("1x1 stride 2", [1, 4, 7, 8], [5, 4, 1, 1], ConvGeometry.Of(stride: 2)),
        Conv("1x1 padded", [1, 3, 4, 5], [2, 3, 1, 1], ConvGeometry.Of(padding: 1), bias: true),
        Conv("3x3", [2, 4, 7, 9], [6, 4, 3, 3], ConvGeometry.Of(padding: 1), bias: true),
        Conv("3x3 unpadded", [1, 2, 6, 5], [3, 2, 3, 3], ConvGeometry.Of()),
        Conv("3x3 stride 2 odd", [1, 3, 9, 11], [5, 3, 3, 3], ConvGeometry.Of(stride: 2, padding: 1), bias: true),
        Conv("3x3 stride 3 wide", [1, 2, 5, 37], [3, 2, 3, 3], ConvGeometry.Of(stride: 3, padding: 1)),
        Conv("3x3 dilation 2", [1, 3, 9, 8], [4, 3, 3, 3], ConvGeometry.Of(padding: 2, dilation: 2)),
        Conv("3x3 dilation 4 beyond the image", [1, 2, 5, 6], [3, 2, 3, 3], ConvGeometry.Of(padding: 4, dilation: 4)),
        Conv("padding wider than the image", [1, 2, 3, 2], [2, 2, 3, 3], ConvGeometry.Of(padding: 5), bias: true),
        Conv("2x3 asymmetric", [2, 4, 5, 6], [3, 4, 2, 3], new ConvGeometry(2, 1, 0, 1, 1, 2, 2, 1, 1), bias: true),
        Conv("negative padding", [1, 2, 7, 8], [3, 2, 3, 3], new ConvGeometry(1, 1, -1, -2, 1, -1, 1, 1, 1)),
        Conv("1x5", [1, 3, 4, 9], [2, 3, 1, 5], ConvGeometry.Same(1, 5)),
        Conv("7x7 stride 2", [1, 3, 15, 17], [4, 3, 7, 7], ConvGeometry.Of(stride: 2, padding: 3)),
        Conv("stride beyond the window", [1, 3, 11, 10], [2, 3, 2, 2], ConvGeometry.Of(stride: 4)),
        Conv("groups 2", [2, 6, 7, 5], [8, 3, 3, 3], ConvGeometry.Of(padding: 1, groups: 2), bias: true),
        Conv("groups 3 stride 2", [1, 9, 8, 7], [6, 3, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 3)),
        Conv("narrow groups", [1, 16, 6, 7], [16, 2, 3, 3], ConvGeometry.Of(padding: 1, groups: 8)),
        Conv("depthwise", [2, 5, 9, 10], [5, 1, 3, 3], ConvGeometry.Of(padding: 1, groups: 5), bias: true),
        Conv("depthwise stride 2", [1, 6, 9, 35], [6, 1, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 6)),
        Conv("depthwise 5x5 dilation 2", [1, 3, 11, 9], [3, 1, 5, 5], ConvGeometry.Of(padding: 4, dilation: 2, groups: 3)),
        Conv("depthwise with multiplier", [2, 4, 6, 6], [8, 1, 3, 3], ConvGeometry.Of(groups: 4), bias: true),
        Conv("empty batch", [0, 3, 4, 4], [2, 3, 3, 3], ConvGeometry.Of(padding: 1), bias: true),
        Conv("no input channels", [1, 0, 4, 4], [2, 0, 3, 3], ConvGeometry.Of(padding: 1), bias: true),
        Exact("exact sums", [2, 17, 13, 15], [19, 17, 3, 3], ConvGeometry.Of(padding: 1)),
        Exact("exact sums, groups, stride", [1, 12, 17, 19], [40, 6, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 2)),
        Layer("stem 1", [1, 3, 64, 70], [32, 3, 3, 3], ConvGeometry.Of(stride: 2, padding: 1)),
        Layer("stem 3", [1, 32, 40, 40], [64, 32, 3, 3], ConvGeometry.Of(padding: 1)),
        Layer("layer1 conv1", [1, 64, 28, 28], [64, 64, 1, 1], ConvGeometry.Of()),
        Layer("layer1 split attention", [1, 64, 28, 28], [128, 32, 3, 3], ConvGeometry.Of(padding: 1, groups: 2)),
        Layer("layer3 split attention", [1, 256, 14, 14], [512, 128, 3, 3], ConvGeometry.Of(padding: 1, groups: 2)),
        Layer("layer4 conv1", [1, 1024, 7, 7], [512, 1024, 1, 1], ConvGeometry.Of()),
        Layer("4s2x40d split attention", [1, 80, 14, 14], [320, 10, 3, 3], ConvGeometry.Of(padding: 1, groups: 8)),
        Layer("attention fc1", [2, 64, 1, 1], [32, 64, 1, 1], ConvGeometry.Of(), bias: true),
        Layer("attention fc2, cardinality 2", [2, 32, 1, 1], [256, 16, 1, 1], ConvGeometry.Of(groups: 2), bias: true),
    ];

    private static IEnumerable<OpCase> Gradients
    {
        get
        {
            foreach (var forward in Forward)
            {
                var (x, w) = (forward.Inputs[0], forward.Inputs[1]);
                var op = (Conv2dOp)forward.Op;
                OpInput dy = new(op.Infer(forward.Specs(DType.F32)[..2])[0].Shape, x.Values);
                bool large = forward.Large;
                yield return new OpCase(forward.Name, new Conv2dInputGradOp(op.Geometry, x.Shape[2], x.Shape[3]), dy, w)
                {
                    Terms = Math.Max(1, w.Shape[0] / op.Geometry.Groups * w.Shape.Product(2, 4)), Large = large,
                };
                yield return new OpCase(forward.Name, new Conv2dWeightGradOp(op.Geometry, w.Shape[2], w.Shape[3]), x, dy)
                {
                    Terms = Math.Max(1, dy.Shape[0] * dy.Shape.Product(2, 4)), Large = large,
                };
            }
        }
    }

    private static IEnumerable<OpCase> Transposed =>
    [
        new("3x3 stride 2", new ConvTranspose2dOp(ConvGeometry.Of(stride: 2, padding: 1), 1, 1), [1, 3, 4, 5], [3, 4, 3, 3], [4]) { Terms = 28 },
        new("groups", new ConvTranspose2dOp(ConvGeometry.Of(groups: 4), 0, 0), [2, 8, 4, 4], [8, 1, 3, 3]) { Terms = 18 },
        new("asymmetric, dilated, extra rows", new ConvTranspose2dOp(new ConvGeometry(3, 2, 1, 2, 0, 1, 4, 4, 2), 2, 3), [2, 2, 4, 4], [2, 2, 4, 5], [4]) { Terms = 21 },
        new("one pixel", new ConvTranspose2dOp(ConvGeometry.Of(), 0, 0), [1, 2, 1, 1], [2, 3, 2, 2]) { Terms = 2 },
    ];

    private static OpCase Conv(string name, OpInput x, OpInput w, ConvGeometry geometry, bool bias = false) =>
        new(name, new Conv2dOp(geometry), bias ? [x, w, new OpInput([w.Shape[0]])] : [x, w]) { Terms = w.Shape.Product(1, 4) + 1 };

    private static OpCase Exact(string name, Shape x, Shape w, ConvGeometry geometry) =>
        Conv(name, new OpInput(x, InputValues.SmallIntegers), new OpInput(w, InputValues.SmallIntegers), geometry) with { Large = true };

    private static OpCase Layer(string name, OpInput x, OpInput w, ConvGeometry geometry, bool bias = false) =>
        Conv($"resnest50 {name}", x, w, geometry, bias) with { Large = true };
}
