using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Small networks and inputs that several fixtures share.</summary>
internal static class TestNets
{
    /// <summary>Convolution, batch norm, pool and classifier for pictures of 8×8 with 2 channels; 3 classes.</summary>
    public static Sequential Small() =>
    [
        new Conv2d(2, 4, 3, padding: 1, bias: false),
        new BatchNorm2d(4),
        new Relu(),
        new MaxPool2d(2),
        new GlobalAvgPool2d(),
        new Linear(4, 3),
    ];

    /// <summary>The small network, materialised.</summary>
    public static Sequential Small(Device device, DType dtype = DType.F32, ulong seed = 1)
    {
        CpuBackend.Register();
        var net = Small();
        net.Materialize(device, dtype, new Generator(seed));
        return net;
    }

    /// <summary>Uniform values in (-1, 1).</summary>
    public static Tensor Random(Shape shape, Device device, DType dtype = DType.F32, ulong seed = 5)
    {
        var generator = new Generator(seed);
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(2 * generator.NextUniform() - 1);
        return Tensor.FromDoubles(values, new TensorSpec(shape, dtype), device);
    }
}
