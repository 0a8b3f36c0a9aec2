using ResNeSt.Inference;
using ResNeSt.Models;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Networks small enough for simulated devices, with weights that are known.</summary>
internal static class SmallResNeSt
{
    /// <summary>What networks see here.</summary>
    public static readonly TensorSpec Input = new([2, 3, 32, 32], DType.F32);

    /// <summary>A ResNeSt of one block a stage.</summary>
    public static ResNetOptions Options(params int[] planes) => new()
    {
        Depths = [1, 1, 1, 1], Planes = [.. planes], Stem = StemKind.Deep, StemWidth = 8, Shortcut = ShortcutKind.AverageDown,
        Radix = 2, AverageDown = true, Classes = 10,
    };

    /// <summary>The network on a device, in evaluation mode.</summary>
    public static ResNet Create(ResNetOptions options, Device device, DType dtype)
    {
        var net = new ResNet(options);
        net.MaterializeEmpty(device, dtype);
        GoldenWeights.Fill(net);
        net.Eval();
        return net;
    }

    /// <summary>The input on a device; the network's kind of golden values.</summary>
    public static Tensor InputOn(Device device, DType dtype, Shape shape) =>
        Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, dtype), device);

    /// <summary>What a network answers.</summary>
    public static double[] Forward(ResNetOptions options, Device device, DType dtype, Shape shape)
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        using var net = Create(options, device, dtype);
        return net.Forward(InputOn(device, dtype, shape)).ToDoubles();
    }

    /// <summary>Compiles a session and looks at it.</summary>
    public static void Compile(ResNetOptions options, Device device, Action<InferenceSession> look)
    {
        using var scope = new TensorScope();
        using var net = Create(options, device, DType.F32);
        using var session = InferenceSession.Compile(net, Input, new InferenceOptions { Device = device });
        look(session);
    }

    /// <summary>Checks a compiled session against double precision, and that a second run has equal bits.</summary>
    /// <param name="options">The network.</param>
    /// <param name="device">The device.</param>
    /// <param name="bound">Allowed distance, given the size of what is expected.</param>
    /// <param name="look">Looks at the session.</param>
    public static void CheckSession(ResNetOptions options, Device device, Func<double, double> bound, Action<InferenceSession> look)
    {
        double[] expected = Forward(options, Device.Reference, DType.F64, Input.Shape);
        float[] pixels = [.. GoldenWeights.Values("input", Input.Shape).Select(value => (float)value)], output = new float[expected.Length], again = new float[expected.Length];
        Compile(options, device, session =>
        {
            look(session);
            session.Run(pixels, output);
            session.Run(pixels, again);
        });

        Assert.That(Distance(expected, [.. output.Select(value => (double)value)]), Is.LessThanOrEqualTo(bound(Size(expected))));
        Assert.That(again, Is.EqualTo(output), "equal bits in a second run");
    }

    public static double Size(double[] values) => Math.Sqrt(values.Sum(value => value * value));

    public static double Distance(double[] one, double[] other) => Math.Sqrt(one.Zip(other, (a, b) => (a - b) * (a - b)).Sum());
}
