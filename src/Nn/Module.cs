using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>A part of a network: named parameters and buffers, named children, and a function of one tensor.</summary>
/// <remarks>
/// <para>Names and their order are those of the PyTorch original: own parameters, own buffers, then each child, in the order of
/// registration; full names join the parts with dots, such as <c>layer1.0.conv2.fc1.weight</c>.</para>
/// <para>A new module has shapes but no memory: <see cref="NamedState"/> lists a network of 100 million parameters at once, and
/// <see cref="Forward"/> on tensors of device <c>meta</c> tells shapes and costs. <see cref="Materialize"/> allocates and initialises;
/// <see cref="MaterializeEmpty"/> allocates for a following <see cref="Load"/>. Modules start in training mode.</para>
/// </remarks>
/// <example><code>
/// var net = new Sequential { new Linear(4, 8), new Relu(), new Linear(8, 3) };
/// net.Materialize(Device.Cpu, DType.F32, new Generator(seed));
/// </code></example>
public abstract class Module : IDisposable
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<ModuleBuffer> _buffers = [];
    private readonly List<(string Name, Module Module)> _children = [];

    /// <summary>True in training mode: batch norms use the batch's statistics, dropout drops.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>The direct children by name, in order of registration.</summary>
    public IReadOnlyList<(string Name, Module Module)> Children => _children;

    /// <summary>False until <see cref="Materialize"/>, <see cref="MaterializeEmpty"/> gave every parameter and buffer its memory.</summary>
    public bool IsMaterialized => NamedState().All(entry => entry.State.IsMaterialized);

    /// <summary>Whether training keeps only the input of this module and computes the module again during backward: less memory for a second forward.</summary>
    /// <remarks>Gradients, running statistics and random numbers are those without it. Set it for a few large parts, such as the stages of a network;
    /// see <see cref="Recomputation"/> and <see cref="RetainedMemory"/>.</remarks>
    public bool Recomputes { get; set; }

    /// <summary>Computes the output.</summary>
    /// <param name="x">The input, on the device and of the floating-point type of the parameters.</param>
    /// <returns>The output, owned by the current <see cref="TensorScope"/>.</returns>
    public Tensor Forward(Tensor x)
    {
        ModuleObserver.Begin(this);
        // What only this module needs is freed when it is done, unless gradients hold on to it.
        using var scope = new TensorScope();
        var y = scope.Keep(Recomputes && Training && GradMode.Enabled ? Recomputation.Run(Compute, x, RandomReplay.Of(this)) : Compute(x));
        ModuleObserver.End(this, y.Spec);
        return y;
    }

    /// <summary>Switches this module and all below it to training or evaluation mode.</summary>
    public void SetTraining(bool training)
    {
        foreach (var (_, module) in NamedModules())
            module.Training = training;
    }

    /// <summary>Training mode for this module and all below it.</summary>
    public void Train() => SetTraining(true);

    /// <summary>Evaluation mode for this module and all below it.</summary>
    public void Eval() => SetTraining(false);

    /// <summary>This module under the empty name, then every module below it, parents first.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        yield return ("", this);
        foreach (var (name, child) in _children)
        {
            foreach (var (inner, module) in child.NamedModules())
                yield return (inner.Length == 0 ? name : $"{name}.{inner}", module);
        }
    }

    /// <summary>Every parameter and buffer by its full name, in the order of the original's state_dict.</summary>
    public IEnumerable<(string Name, StateTensor State)> NamedState()
    {
        foreach (var (path, module) in NamedModules())
        {
            string prefix = path.Length == 0 ? "" : path + ".";
            foreach (var parameter in module._parameters)
                yield return (prefix + parameter.Name, parameter);
            foreach (var buffer in module._buffers)
                yield return (prefix + buffer.Name, buffer);
        }
    }

    /// <summary>Every parameter by its full name, in state_dict order.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters()
    {
        foreach (var (name, state) in NamedState())
        {
            if (state is Parameter parameter)
                yield return (name, parameter);
        }
    }

    /// <summary>Every buffer's tensor by its full name, in state_dict order.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedBuffers()
    {
        foreach (var (name, state) in NamedState())
        {
            if (state is ModuleBuffer)
                yield return (name, state.Value);
        }
    }

    /// <summary>Number of learned values, frozen ones included.</summary>
    public long ParameterCount() => NamedParameters().Sum(entry => (long)entry.Parameter.Shape.ElementCount);

    /// <summary>Gives every parameter and buffer memory and its initial values, drawn in state_dict order; anew if they had some.</summary>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Floating-point type of parameters and statistics.</param>
    /// <param name="generator">Source of the random values.</param>
    public void Materialize(Device device, DType dtype, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        foreach (var (_, state) in NamedState())
            state.Materialize(device, dtype, generator);
    }

    /// <summary>Gives every parameter and buffer memory, filled with zeros: for weights that are loaded next.</summary>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Floating-point type of parameters and statistics.</param>
    public void MaterializeEmpty(Device device, DType dtype = DType.F32)
    {
        foreach (var (_, state) in NamedState())
        {
            state.Materialize(device, dtype, null);
            // What a file may leave out must not stay unset.
            if (state.IsOptional)
                state.Materialize(device, dtype, new Generator(0));
        }
    }

    /// <summary>Moves every parameter and buffer to a device, and to another floating-point type if one is given. Gradients are dropped.</summary>
    public void ToDevice(Device device, DType? dtype = null)
    {
        foreach (var (_, state) in NamedState())
            state.Move(device, dtype);
    }

    /// <summary>Drops all gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var (_, parameter) in NamedParameters())
            parameter.ClearGrad();
    }

    /// <summary>Stops learning every parameter of this module and below. Running statistics have a switch of their own, <see cref="FreezeStatistics"/>.</summary>
    public void Freeze() => SetRequiresGrad(false);

    /// <summary>Undoes <see cref="Freeze"/>.</summary>
    public void Unfreeze() => SetRequiresGrad(true);

    /// <summary>Makes every batch norm of this module and below use its running statistics in training too, or not.</summary>
    public void FreezeStatistics(bool frozen = true)
    {
        foreach (var (_, module) in NamedModules())
        {
            if (module is BatchNorm2d norm)
                norm.FrozenStatistics = frozen;
        }
    }

    /// <summary>Hands the source of randomness to every module that draws: dropout and its kin.</summary>
    public void SetGenerator(Generator generator)
    {
        foreach (var (_, module) in NamedModules())
        {
            if (module is IRandomModule random)
                random.Generator = generator;
        }
    }

    /// <summary>The state by full name in the original's order. The tensors share the module's memory; <see cref="Nn.StateDict.Clone"/> copies.</summary>
    public StateDict StateDict()
    {
        var dict = new StateDict();
        foreach (var (name, state) in NamedState())
            dict.Add(name, state.Value.Detach());
        return dict;
    }

    /// <summary>Copies values into the parameters and buffers of the same names, converting their type.</summary>
    /// <param name="source">Tensors by full name, on any device.</param>
    /// <param name="strict">Demand that names and shapes match exactly, but for optional counters; if not, what fits is loaded.</param>
    /// <returns>What was loaded and what did not fit.</returns>
    /// <exception cref="StateDictException">Strict, and something does not fit; then nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">The module has no memory yet.</exception>
    public StateDictReport Load(StateDict source, bool strict = true)
    {
        var matched = new List<(string Name, StateTensor State, Tensor Value)>();
        var missing = new List<string>();
        var wrong = new List<StateDictMismatch>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, state) in NamedState())
        {
            known.Add(name);
            if (!source.TryGetValue(name, out var value))
            {
                if (!state.IsOptional)
                    missing.Add(name);
            }
            else if (value.Shape != state.Shape)
                wrong.Add(new StateDictMismatch(name, state.Shape, value.Shape));
            else
                matched.Add((name, state, value));
        }

        var unexpected = source.Names.Where(name => !known.Contains(name)).ToArray();
        var report = new StateDictReport(matched.ConvertAll(entry => entry.Name), missing, unexpected, wrong);
        if (strict && !report.IsExact)
            throw new StateDictException(report);
        if (matched.Find(entry => !entry.State.IsMaterialized) is { State: { } empty } first)
            throw new InvalidOperationException($"load: '{first.Name}' {empty.Shape} has no memory yet: call MaterializeEmpty(device, dtype) first");
        foreach (var (_, state, value) in matched)
            state.Load(value);
        return report;
    }

    /// <summary>Frees the memory of every parameter and buffer.</summary>
    public void Dispose()
    {
        foreach (var (_, state) in NamedState())
            state.Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>What the module computes; called by <see cref="Forward"/>, which frees the temporaries.</summary>
    protected abstract Tensor Compute(Tensor x);

    /// <summary>Registers a part under a name; the names of its state begin with it.</summary>
    /// <returns>The part.</returns>
    protected T Child<T>(string name, T module)
        where T : Module
    {
        CheckName(name, _children.Any(child => child.Name == name));
        _children.Add((name, module));
        return module;
    }

    /// <summary>Declares a learned tensor.</summary>
    /// <param name="name">Name inside this module.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="initializer">Its first values.</param>
    protected Parameter AddParameter(string name, Shape shape, Initializer initializer)
    {
        CheckName(name, HasState(name));
        var parameter = new Parameter(name, shape, initializer);
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Declares a tensor that is kept and not learned.</summary>
    /// <param name="name">Name inside this module.</param>
    /// <param name="shape">Extents.</param>
    /// <param name="initializer">Its first values.</param>
    /// <param name="dtype">A type of its own; null follows the parameters'.</param>
    /// <param name="optional">Files of weights may leave it out.</param>
    protected ModuleBuffer AddBuffer(string name, Shape shape, Initializer initializer, DType? dtype = null, bool optional = false)
    {
        CheckName(name, HasState(name));
        var buffer = new ModuleBuffer(name, shape, initializer, dtype, optional);
        _buffers.Add(buffer);
        return buffer;
    }

    private bool HasState(string name) => _parameters.Any(p => p.Name == name) || _buffers.Any(b => b.Name == name);

    private void CheckName(string name, bool taken)
    {
        if (name.Length == 0 || name.Contains('.'))
            throw new ArgumentException($"{GetType().Name}: '{name}' is no name of a part: it must not be empty or contain a dot", nameof(name));
        if (taken)
            throw new ArgumentException($"{GetType().Name}: there is a '{name}' already", nameof(name));
    }

    private void SetRequiresGrad(bool value)
    {
        foreach (var (_, parameter) in NamedParameters())
            parameter.RequiresGrad = value;
    }
}
