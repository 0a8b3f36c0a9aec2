using System.Collections;
using System.Runtime.CompilerServices;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>One operator with inputs to run it on: it drives forward, gradient, overrun, determinism, dtype tests and benchmarks.</summary>
/// <param name="Name">What is special about it, for test names: <c>resnest50 layer1 3x3 groups 2</c>.</param>
/// <param name="Op">The operator.</param>
/// <param name="Inputs">Its inputs.</param>
public sealed record OpCase(string Name, Op Op, params OpInput[] Inputs)
{
    /// <summary>The operator's inputs.</summary>
    /// <exception cref="ArgumentException">There are none: a lone <c>[]</c> is an empty list of inputs; write <c>new OpInput(Shape.Scalar)</c> for a scalar.</exception>
    public OpInput[] Inputs { get; } = Inputs.Length > 0 ? Inputs : throw new ArgumentException($"case '{Name}' has no inputs", nameof(Inputs));

    /// <summary>Length of the longest sum behind one output element; tolerances grow with it.</summary>
    public int Terms { get; init; } = 1;

    /// <summary>Too large for finite differences in double, or for a slow backend: forward and reference gradient only.</summary>
    public bool Large { get; init; }

    /// <summary>Specs of the inputs with floating-point types replaced by <paramref name="dtype"/>.</summary>
    public TensorSpec[] Specs(DType dtype) =>
        Array.ConvertAll(Inputs, input => new TensorSpec(input.Shape, input.DType.IsFloatingPoint ? dtype : input.DType));

    /// <inheritdoc/>
    public override string ToString() => $"{Op.Name}: {Name}";
}

/// <summary>One input of an <see cref="OpCase"/>; a plain list of extents is an input of uniform values.</summary>
/// <param name="Shape">Extents.</param>
/// <param name="Values">What values it holds.</param>
[CollectionBuilder(typeof(OpInput), nameof(Create))]
public sealed record OpInput(Shape Shape, InputValues Values = InputValues.Uniform) : IEnumerable<int>
{
    /// <summary>Element type; floating-point ones are replaced by the type under test.</summary>
    public DType DType { get; init; } = DType.F32;

    /// <summary>Exclusive bound of <see cref="InputValues.Indices"/>.</summary>
    public int Bound { get; init; } = 1;

    /// <summary>Whether the gradient with respect to this input is tested.</summary>
    public bool Differentiate { get; init; } = true;

    /// <summary>An input of uniform values.</summary>
    public static OpInput Create(ReadOnlySpan<int> extents) => new(Shape.Create(extents));

    /// <summary>The values, rounded to F32 so that every type under test can start from them.</summary>
    public double[] Generate(ulong seed)
    {
        var generator = new Generator(seed);
        var values = new double[Shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Values switch
            {
                InputValues.Uniform => (float)(2 * generator.NextUniform() - 1),
                InputValues.Positive => (float)(0.5 + 1.5 * generator.NextUniform()),
                InputValues.SmallIntegers => generator.NextInt(7) - 3,
                InputValues.Indices => generator.NextInt(Bound),
                InputValues.Displacements => (float)(generator.NextInt(7) - 3 + 0.1 + 0.8 * generator.NextUniform()),
                // A shuffled grid: no two values are closer than the step, so that no maximum or kink is ambiguous.
                InputValues.Distinct => i,
                _ => throw new InvalidOperationException($"unknown kind of values {Values}"),
            };
        }

        if (Values == InputValues.Distinct)
        {
            for (int i = values.Length - 1; i > 0; i--)
            {
                int j = generator.NextInt(i + 1);
                (values[i], values[j]) = (values[j], values[i]);
            }

            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((values[i] - values.Length / 2 + 0.5) * (1.9 / Math.Max(values.Length, 8)));
        }

        return values;
    }

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => Shape.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>What an input of a case holds.</summary>
public enum InputValues
{
    /// <summary>Uniform in (-1, 1).</summary>
    Uniform,

    /// <summary>Uniform in (0.5, 2): for logarithms, roots and divisors.</summary>
    Positive,

    /// <summary>Different values in (-1, 1), far enough apart and from -1, 0 and 1: for maxima and kinks.</summary>
    Distinct,

    /// <summary>Integers from -3 to 3: sums are exact in any order.</summary>
    SmallIntegers,

    /// <summary>Integers from 0 to <see cref="OpInput.Bound"/> - 1.</summary>
    Indices,

    /// <summary>A few pixels to either side, never nearly a whole number of them: for samples between pixels, whose slopes jump at each.</summary>
    Displacements,
}
