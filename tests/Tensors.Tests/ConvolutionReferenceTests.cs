using ResNeSt.Conformance;
using ResNeSt.Conformance.Cases;

namespace ResNeSt.Tensors.Tests;

/// <summary>The oracle's convolutions are matrix products in disguise; here the formula itself judges them, on small integers so that every sum is exact.</summary>
public sealed class ConvolutionReferenceTests
{
    private static IEnumerable<OpCase> SmallCases => ConvolutionCases.All.Where(c => !c.Large);

    [TestCaseSource(nameof(SmallCases))]
    public void ReferenceConvolution_OnSmallIntegers_EqualsTheFormula(OpCase test)
    {
        using var scope = new TensorScope();
        var values = test.Inputs.Select((input, i) => (input with { Values = InputValues.SmallIntegers }).Generate((ulong)i)).ToArray();
        var inputs = test.Specs(DType.F64).Select((spec, i) => Tensor.FromDoubles(values[i], spec, Device.Reference)).ToArray();

        var output = OpDispatcher.Run(test.Op, inputs)[0];

        Assert.That(output.ToArray<double>(), Is.EqualTo(Formula(test.Op, inputs, values, output.Shape)));
    }

    private static double[] Formula(Op op, Tensor[] inputs, double[][] values, Shape result)
    {
        var y = new double[result.ElementCount];
        switch (op)
        {
            case Conv2dOp conv:
                Visit(conv.Geometry, inputs[0].Shape, inputs[1].Shape, result, (ix, iw, iy) => y[iy] += values[0][ix] * values[1][iw]);
                break;
            case Conv2dInputGradOp conv:
                Visit(conv.Geometry, result, inputs[1].Shape, inputs[0].Shape, (ix, iw, iy) => y[ix] += values[0][iy] * values[1][iw]);
                break;
            case Conv2dWeightGradOp conv:
                Visit(conv.Geometry, inputs[0].Shape, result, inputs[1].Shape, (ix, iw, iy) => y[iw] += values[0][ix] * values[1][iy]);
                break;
            case ConvTranspose2dOp conv:
                Visit(conv.Geometry, result, inputs[1].Shape, inputs[0].Shape, (ix, iw, iy) => y[ix] += values[0][iy] * values[1][iw]);
                break;
        }

        if (op is Conv2dOp or ConvTranspose2dOp && inputs.Length == 3)
        {
            for (int i = 0; i < y.Length; i++)
                y[i] += values[2][i / result.Product(2, 4) % result[1]];
        }

        return y;
    }

    private static void Visit(ConvGeometry g, Shape x, Shape w, Shape y, Action<int, int, int> visit)
    {
        int perGroup = w[0] / g.Groups;
        for (int n = 0; n < y[0]; n++)
        for (int k = 0; k < w[0]; k++)
        for (int c = 0; c < w[1]; c++)
        for (int r = 0; r < w[2]; r++)
        for (int s = 0; s < w[3]; s++)
        for (int oy = 0; oy < y[2]; oy++)
        for (int ox = 0; ox < y[3]; ox++)
        {
            int iy = oy * g.StrideH - g.PadTop + r * g.DilationH, ix = ox * g.StrideW - g.PadLeft + s * g.DilationW;
            if (iy < 0 || iy >= x[2] || ix < 0 || ix >= x[3])
                continue;
            int channel = k / perGroup * w[1] + c;
            visit(((n * x[1] + channel) * x[2] + iy) * x[3] + ix, ((k * w[1] + c) * w[2] + r) * w[3] + s, ((n * y[1] + k) * y[2] + oy) * y[3] + ox);
        }
    }
}
