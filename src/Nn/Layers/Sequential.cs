using System.Collections;
using System.Globalization;
using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Modules one after the other, named "0", "1", ... by their place, or by names of their own.</summary>
/// <example><code>
/// new Sequential { new Conv2d(3, 8, 3), new Relu(), new Conv2d(8, 8, 3) }            // weights "0.weight", "2.weight"
/// new Sequential { { "1", new Conv2d(3, 8, 1) }, { "2", new BatchNorm2d(8) } }      // names with gaps
/// </code></example>
public sealed class Sequential : Module, IEnumerable<Module>
{
    /// <summary>An empty sequence: the identity.</summary>
    public Sequential()
    {
    }

    /// <summary>A sequence of modules named by their place.</summary>
    public Sequential(params IEnumerable<Module> modules)
    {
        foreach (var module in modules)
            Add(module);
    }

    /// <summary>Number of modules.</summary>
    public int Count => Children.Count;

    /// <summary>The module at a place, counted from zero whatever its name.</summary>
    public Module this[int index] => Children[index].Module;

    /// <summary>Appends a module under its place as name.</summary>
    public void Add(Module module) => Add(Children.Count.ToString(CultureInfo.InvariantCulture), module);

    /// <summary>Appends a module under a name.</summary>
    public void Add(string name, Module module) => Child(name, module);

    /// <summary>Runs every module on the output of the one before and frees what lay between, unless gradients need it.</summary>
    protected override Tensor Compute(Tensor x)
    {
        var input = x;
        for (int i = 0; i < Children.Count; i++)
        {
            var y = this[i] is BatchNorm2d { UsesBatch: true } norm && i + 1 < Children.Count && this[i + 1] is Relu
                ? Fused(norm, this[++i], x)
                : this[i].Forward(x);
            // What lies between two modules is not seen outside; gradients hold on to the memory themselves.
            if (x != input && x != y)
                x.Dispose();
            x = y;
        }

        return x;
    }

    /// <summary>A batch norm and the ReLU behind it in one; observers see both.</summary>
    private static Tensor Fused(BatchNorm2d norm, Module relu, Tensor x)
    {
        var y = norm.ForwardRelu(x);
        ModuleObserver.Begin(relu);
        ModuleObserver.End(relu, y.Spec);
        return y;
    }

    /// <inheritdoc/>
    public IEnumerator<Module> GetEnumerator() => Children.Select(child => child.Module).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
