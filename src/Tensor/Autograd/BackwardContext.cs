namespace ResNeSt.Tensors;

/// <summary>What a gradient rule may see and give.</summary>
public sealed class BackwardContext
{
    private readonly GradNode _node;
    private readonly Tensor?[] _gradOutputs;
    private readonly Action<Tensor, Tensor> _reachLeaf;

    internal BackwardContext(GradNode node, Tensor?[] gradOutputs, Action<Tensor, Tensor> reachLeaf)
    {
        _reachLeaf = reachLeaf;
        _node = node;
        _gradOutputs = gradOutputs;
        GradInputs = new Tensor?[node.InputSpecs.Length];
    }

    /// <summary>Number of inputs.</summary>
    public int InputCount => _node.InputSpecs.Length;

    /// <summary>Number of outputs.</summary>
    public int OutputCount => _node.OutputSpecs.Length;

    internal Tensor?[] GradInputs { get; }

    /// <summary>Shape and type of an input; always known.</summary>
    public TensorSpec InputSpec(int index) => _node.InputSpecs[index];

    /// <summary>Shape and type of an output; always known.</summary>
    public TensorSpec OutputSpec(int index) => _node.OutputSpecs[index];

    /// <summary>The value of an input, if the operator's <see cref="Op.SavesInput"/> said so.</summary>
    public Tensor Input(int index) => _node.Input(index);

    /// <summary>The value of an output, if the operator's <see cref="Op.SavesOutput"/> said so.</summary>
    public Tensor Output(int index) => _node.Output(index);

    /// <summary>Whether the gradient of an input is wanted; skip the work if not.</summary>
    public bool Needs(int index) => _node.Edges[index].IsOpen;

    /// <summary>Whether any gradient reached an output; if not, <see cref="GradOutput"/> gives zeros.</summary>
    public bool HasGradOutput(int index) => _gradOutputs[index] is not null;

    /// <summary>The gradient of an output, zeros if none reached it.</summary>
    public Tensor GradOutput(int index = 0)
    {
        if (_gradOutputs[index] is { } gradient)
            return gradient;
        var spec = _node.OutputSpecs[index];
        var device = _gradOutputs.First(g => g is not null)!.Device;
        return _gradOutputs[index] = Tensor.Zeros(spec.Shape, spec.DType, device);
    }

    /// <summary>Gives the gradient of an input, of that input's spec.</summary>
    public void GiveGrad(int index, Tensor gradient)
    {
        if (gradient.Spec != _node.InputSpecs[index])
            throw new InvalidOperationException($"{_node.Name}: gradient of input {index} is {gradient.Spec}, the input was {_node.InputSpecs[index]}");
        GradInputs[index] = gradient;
    }

    /// <summary>The rule of <see cref="Recomputation"/>: computes the body again, recorded, and walks through it to this node's input and to the leaves inside.</summary>
    internal void Recompute(Func<Tensor, Tensor> body, Func<IDisposable>? prepare)
    {
        Tensor input, output;
        using (Recomputation.Begin())
        using (prepare?.Invoke())
        using (GradMode.On())
        {
            input = Input(0).Detach();
            input.RequiresGrad = Needs(0);
            output = body(input);
        }

        if (!output.NeedsGrad)
            return;
        Tensor? sum = null;
        Backpropagation.Walk([output], [GradOutput()], (leaf, arriving) =>
        {
            if (leaf == input)
                sum = Backpropagation.Accumulate(sum, arriving);
            else
                _reachLeaf(leaf, arriving);
        });
        if (sum is null)
            return;
        TensorScope.Current?.Track(sum);
        GiveGrad(0, sum);
    }

    /// <summary>The rule of composite operators: computes the definition again, recorded, and differentiates that.</summary>
    internal void DifferentiateDefinition(CompositeOp op)
    {
        var inputs = new Tensor[InputCount];
        var wanted = new List<Tensor>();
        var indices = new List<int>();
        Tensor[] outputs;
        using (GradMode.On())
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = Input(i).Detach();
                if (!Needs(i))
                    continue;
                inputs[i].RequiresGrad = true;
                wanted.Add(inputs[i]);
                indices.Add(i);
            }

            outputs = op.Define(inputs);
        }

        var gradients = Backpropagation.Gradients(outputs, _gradOutputs, wanted.ToArray());
        for (int k = 0; k < gradients.Length; k++)
        {
            if (gradients[k] is { } gradient)
                GiveGrad(indices[k], gradient);
        }
    }
}
