using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>One call of a PyTorch function as a sample writes it: an input, positional and keyword arguments; tensors among them are on the device.</summary>
public sealed class TorchCall
{
    private readonly List<object?> _positional = [];
    private readonly Dictionary<string, object?> _keywords = [];

    /// <summary>Makes the tensors of a case.</summary>
    /// <param name="sample">The case.</param>
    /// <param name="binary">The corpus' arrays.</param>
    /// <param name="device">Where tensors go.</param>
    /// <param name="dtype">Type of floating-point tensors.</param>
    public TorchCall(JsonElement sample, byte[] binary, Device device, DType dtype)
    {
        _positional.Add(Make(sample.GetProperty("input")));
        foreach (var argument in sample.GetProperty("args").EnumerateArray())
            _positional.Add(Make(argument));
        foreach (var argument in sample.GetProperty("kwargs").EnumerateObject())
            _keywords.Add(argument.Name, Make(argument.Value));

        object? Make(JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    var data = CorpusTensor.Read(value.GetProperty("tensor"), binary);
                    var tensor = Tensor.FromDoubles(data.Values, new TensorSpec(data.Shape, data.IsFloatingPoint ? dtype : data.DType), device);
                    if (value.GetProperty("grad").GetBoolean())
                    {
                        tensor.RequiresGrad = true;
                        Leaves.Add(tensor);
                    }

                    return tensor;
                case JsonValueKind.Array:
                    return value.EnumerateArray().Select(Make).ToArray();
                case JsonValueKind.Number:
                    return value.GetDouble();
                case JsonValueKind.String:
                    return value.GetString();
                case JsonValueKind.True or JsonValueKind.False:
                    return value.GetBoolean();
                default:
                    return null;
            }
        }
    }

    /// <summary>The tensors marked for gradients, in order of input, arguments and keyword arguments.</summary>
    public List<Tensor> Leaves { get; } = [];

    /// <summary>The first tensor.</summary>
    public Tensor Input => (Tensor)_positional[0]!;

    /// <summary>The first argument where it is a list of tensors.</summary>
    public Tensor[] Inputs => Array.ConvertAll((object?[])_positional[0]!, item => (Tensor)item!);

    /// <summary>Whether an argument is there and not None.</summary>
    public bool Has(int position, string name) => Find(position, name) is not null;

    /// <summary>An argument that must be a tensor.</summary>
    public Tensor TensorAt(int position, string name) => (Tensor)Find(position, name)!;

    /// <summary>A tensor, or null for None.</summary>
    public Tensor? OptionalTensor(int position, string name) => (Tensor?)Find(position, name);

    /// <summary>An integer.</summary>
    public int Int(int position, string name, int otherwise = 0) => Find(position, name) is double number ? (int)number : otherwise;

    /// <summary>A number.</summary>
    public double Number(int position, string name, double otherwise) => Find(position, name) is double number ? number : otherwise;

    /// <summary>True or false.</summary>
    public bool Flag(int position, string name, bool otherwise = false) => Find(position, name) is bool flag ? flag : otherwise;

    /// <summary>A string.</summary>
    public string? Text(int position, string name) => Find(position, name) as string;

    /// <summary>Integers from a list or one number; null for None.</summary>
    public int[]? Ints(int position, string name) => Find(position, name) switch
    {
        double number => [(int)number],
        object?[] list => Array.ConvertAll(list, item => (int)(double)item!),
        _ => null,
    };

    /// <summary>Two integers, from one number, a list of one, or a list of two; an empty or missing list gives the other value.</summary>
    public (int H, int W) Pair(int position, string name, int otherwise) => Ints(position, name) switch
    {
        [int both] => (both, both),
        [int h, int w] => (h, w),
        _ => (otherwise, otherwise),
    };

    /// <summary>The value of an argument as it is: number, flag, text, tensor, list or null. A negative position: by name only.</summary>
    public object? Find(int position, string name) =>
        _keywords.TryGetValue(name, out object? value) ? value : (uint)position < (uint)_positional.Count ? _positional[position] : null;
}
