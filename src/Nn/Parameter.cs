using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>A tensor that is learned. <see cref="StateTensor.Value"/> is a leaf that requires gradients, unless frozen.</summary>
public sealed class Parameter : StateTensor
{
    private bool _requiresGrad = true;

    internal Parameter(string name, Shape shape, Initializer initializer)
        : base(name, shape, null, initializer)
    {
    }

    /// <summary>Whether it is learned; false freezes it.</summary>
    public bool RequiresGrad
    {
        get => _requiresGrad;
        set
        {
            _requiresGrad = value;
            if (IsMaterialized)
                Value.RequiresGrad = value;
        }
    }

    /// <summary>The gradient summed up so far, or null.</summary>
    public Tensor? Grad => IsMaterialized ? Value.Grad : null;

    /// <summary>Drops the gradient.</summary>
    public void ClearGrad()
    {
        if (IsMaterialized)
            Value.ClearGrad();
    }

    private protected override void Prepare(Tensor value) => value.RequiresGrad = _requiresGrad;
}
