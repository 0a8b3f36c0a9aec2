using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>A network compiled for one input shape: traced, optimised, its weights packed, its memory planned.</summary>
/// <remarks>
/// <para>Any number of threads may call <c>Run</c> at once: each call takes a block of working memory from a pool, which grows to as many
/// blocks as there were calls at the same time. Once it has grown, the session itself allocates nothing.</para>
/// <para>The module may be disposed after compiling. Its weights must not be overwritten as long as the session lives: some steps share them.</para>
/// </remarks>
/// <example><code>
/// using var session = InferenceSession.Compile(model, new TensorSpec([1, 3, 224, 224], DType.F32));
/// session.Run(pixels, logits);
/// </code></example>
public sealed class InferenceSession : IDisposable
{
    private readonly LoweredGraph _lowered;
    private readonly MemoryPlan _plan;
    private readonly int _threads;
    private readonly Stack<SessionContext> _idle = new();
    private readonly Lock _gate = new();
    private int _running;
    private bool _disposed;

    private InferenceSession(Graph graph, LoweredGraph lowered, Backend backend, int threads)
    {
        (_lowered, Backend, _threads) = (lowered, backend, threads);
        _plan = PlanMemory.Run(lowered);
        Inputs = Specs(graph.Inputs);
        Outputs = Specs(graph.Outputs);
        Steps = [.. lowered.Steps.Select((step, index) => new SessionStep(
            index, step.Name, step.Node?.Op.Name ?? "layout", step.Node?.Module ?? "", step.Node?.Outputs[0].Spec,
            step.Writes.Count > 0 ? lowered.Buffers[step.Writes[0]].Layout : "", step.Cost, step.WeightBytes))];
    }

    /// <summary>Specs of the inputs.</summary>
    public IReadOnlyList<TensorSpec> Inputs { get; }

    /// <summary>Specs of the outputs.</summary>
    public IReadOnlyList<TensorSpec> Outputs { get; }

    /// <summary>Spec of the first input.</summary>
    public TensorSpec Input => Inputs[0];

    /// <summary>Spec of the first output.</summary>
    public TensorSpec Output => Outputs[0];

    /// <summary>What runs, in order.</summary>
    public IReadOnlyList<SessionStep> Steps { get; }

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => Steps.Sum(step => step.WeightBytes);

    /// <summary>Bytes of working memory that each run at the same time takes.</summary>
    public long ArenaBytes => _plan.ByteLength;

    /// <summary>The device's backend.</summary>
    public Backend Backend { get; }

    /// <summary>Compiles a network of one input and one output.</summary>
    /// <param name="module">The network with its weights, on any device, in evaluation mode.</param>
    /// <param name="input">Shape and element type of the input.</param>
    /// <param name="options">Wishes.</param>
    /// <exception cref="InvalidOperationException">The network is in training mode, has no weights, or computes by looking at values.</exception>
    /// <exception cref="NotSupportedException">The device cannot run an operator of it.</exception>
    public static InferenceSession Compile(Module module, TensorSpec input, InferenceOptions? options = null) =>
        Compile(module ?? throw new ArgumentNullException(nameof(module)), new TensorSpec[] { input }, inputs => [module.Forward(inputs[0])], options);

    /// <summary>Compiles a function of several inputs and outputs that uses a module, such as the feature maps of a backbone.</summary>
    /// <param name="module">The network with its weights.</param>
    /// <param name="inputs">Shapes and element types of the inputs.</param>
    /// <param name="compute">What is compiled; it is called once.</param>
    /// <param name="options">Wishes.</param>
    /// <example><code>
    /// InferenceSession.Compile(resnet, [input], x => resnet.Features(x[0]));
    /// </code></example>
    public static InferenceSession Compile(
        Module module, IReadOnlyList<TensorSpec> inputs, Func<Tensor[], Tensor[]> compute, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(compute);
        options ??= new InferenceOptions();
        using var workspace = new GraphWorkspace(options.Device, options.Log);
        workspace.Backend.WarmUp(Lowering(options));
        var graph = GraphRecorder.Trace(module, inputs, compute, workspace);
        if (options.DumpPrefix is { } before)
            GraphDump.Write(graph, before, ".before");
        if (options.Fuse)
            graph = GraphPasses.Optimize(graph, workspace);
        if (options.DumpPrefix is { } after)
            GraphDump.Write(graph, after, ".after");
        return Compile(graph, workspace, options);
    }

    /// <summary>Compiles a graph as it is, but for composite operators that the device runs by their definition.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">The workspace in which it was made.</param>
    /// <param name="options">Wishes; the device is that of the workspace.</param>
    public static InferenceSession Compile(Graph graph, GraphWorkspace workspace, InferenceOptions options)
    {
        foreach (var node in graph.Nodes)
        {
            foreach (var input in node.Inputs)
            {
                if (input.Constant is { Tensor: { } tensor } && tensor.Device == Device.Meta)
                    throw new InvalidOperationException($"compile: '{input.Name}' {input.Spec} has no values: give the network its weights first (Materialize, or MaterializeEmpty and Load)");
            }
        }

        var backend = workspace.Backend;
        graph = ExpandComposites.Run(graph, workspace);
        var lowered = backend.Lower(graph, Lowering(options));
        try
        {
            workspace.Report($"lower: {graph.Nodes.Count} operators in {lowered.Steps.Count} steps, {lowered.Steps.Count(step => step.Node is null)} of them changes of layout");
            var session = new InferenceSession(graph, lowered, backend, options.Threads);
            workspace.Report(string.Create(CultureInfo.InvariantCulture,
                $"plan memory: {lowered.Buffers.Count} buffers of {session._plan.UnsharedByteLength / 1e6:F1} MB in {session._plan.ByteLength / 1e6:F1} MB"));
            return session;
        }
        catch
        {
            lowered.Dispose();
            throw;
        }
    }

    /// <summary>Computes a network of one input and one output, both F32.</summary>
    /// <param name="input">All elements, row-major.</param>
    /// <param name="output">Room for all elements, row-major.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="ArgumentException">A length does not fit, or there are several inputs or outputs.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the output is unchanged.</exception>
    public void Run(ReadOnlySpan<float> input, Span<float> output, CancellationToken cancellation = default)
    {
        if (Inputs.Count != 1 || Outputs.Count != 1)
            throw new ArgumentException($"session: has {Inputs.Count} inputs and {Outputs.Count} outputs; give them as lists");
        CheckLength("input", 0, Input, input.Length);
        CheckLength("output", 0, Output, output.Length);
        var context = Take();
        try
        {
            Backend.Upload(MemoryMarshal.AsBytes(input), context.Inputs[0]);
            RunSteps(context, cancellation);
            Backend.Download(context.Outputs[0], MemoryMarshal.AsBytes(output));
        }
        finally
        {
            Return(context);
        }
    }

    /// <summary>Computes a network of any number of inputs and outputs, all F32.</summary>
    /// <param name="inputs">All elements of each input, row-major.</param>
    /// <param name="outputs">Room for all elements of each output, row-major.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="ArgumentException">A number or length does not fit.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the outputs are unchanged.</exception>
    public void Run(ReadOnlySpan<ReadOnlyMemory<float>> inputs, ReadOnlySpan<Memory<float>> outputs, CancellationToken cancellation = default)
    {
        if (inputs.Length != Inputs.Count || outputs.Length != Outputs.Count)
            throw new ArgumentException($"session: has {Inputs.Count} inputs and {Outputs.Count} outputs, got {inputs.Length} and {outputs.Length}");
        for (int i = 0; i < inputs.Length; i++)
            CheckLength("input", i, Inputs[i], inputs[i].Length);
        for (int i = 0; i < outputs.Length; i++)
            CheckLength("output", i, Outputs[i], outputs[i].Length);
        var context = Take();
        try
        {
            for (int i = 0; i < inputs.Length; i++)
                Backend.Upload(MemoryMarshal.AsBytes(inputs[i].Span), context.Inputs[i]);
            RunSteps(context, cancellation);
            for (int i = 0; i < outputs.Length; i++)
                Backend.Download(context.Outputs[i], MemoryMarshal.AsBytes(outputs[i].Span));
        }
        finally
        {
            Return(context);
        }
    }

    /// <summary>Computes from tensors, which may lie on any device.</summary>
    /// <param name="inputs">One tensor for each input.</param>
    /// <returns>The outputs on the session's device, owned by the current <see cref="TensorScope"/>.</returns>
    /// <exception cref="ShapeException">An input is not of the session's spec.</exception>
    public Tensor[] Run(params ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != Inputs.Count)
            throw new ArgumentException($"session: has {Inputs.Count} inputs, got {inputs.Length}", nameof(inputs));
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Spec != Inputs[i])
                throw new ShapeException($"session: was compiled for input {i} {Inputs[i]}, got {inputs[i].Spec}");
        }

        var context = Take();
        try
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                using var input = TensorScope.Release(inputs[i].To(Backend.Device));
                Backend.Copy(input.Storage, context.Inputs[i], input.Spec.ByteLength);
            }

            RunSteps(context, CancellationToken.None);
            var outputs = new Tensor[Outputs.Count];
            for (int i = 0; i < outputs.Length; i++)
            {
                outputs[i] = Tensor.Empty(Outputs[i].Shape, Outputs[i].DType, Backend.Device);
                Backend.Copy(context.Outputs[i], outputs[i].Storage, Outputs[i].ByteLength);
            }

            return outputs;
        }
        finally
        {
            Return(context);
        }
    }

    /// <summary>Measures each step: the median of several runs on whatever the working memory holds, zeros at first.</summary>
    /// <remarks>On a GPU by the device's own clock. <see cref="Backend.StartProfile"/> around runs tells the kernels one by one.</remarks>
    /// <param name="runs">Number of runs that count; as many as a third of them run before.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is told of the steps that were measured.</exception>
    public IReadOnlyList<StepTime> Profile(int runs = 15, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        var times = new double[Steps.Count][];
        var kernels = new IReadOnlyList<string>[Steps.Count];
        for (int i = 0; i < times.Length; i++)
            times[i] = new double[runs];
        var context = Take();
        try
        {
            int threads = ThreadCount;
            for (int run = -(runs + 2) / 3; run < runs; run++)
            {
                // Later steps use the inputs' memory again; what they leave there might be slow to compute with.
                foreach (var input in context.Inputs)
                    Backend.Clear(input);
                for (int i = 0; i < times.Length; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    (double milliseconds, kernels[i]) = Measure(context.Steps[i], threads);
                    if (run >= 0)
                        times[i][run] = milliseconds;
                }
            }
        }
        finally
        {
            Return(context);
        }

        foreach (double[] time in times)
            Array.Sort(time);
        return [.. Steps.Select(step => new StepTime(step, times[step.Index][runs / 2]) { Kernels = kernels[step.Index] })];
    }

    /// <summary>A table of the steps: algorithm, operator, module, layout, weights.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Steps.Count} steps on {Backend.Device}, {WeightBytes / 1e6:F1} MB of weights, {ArenaBytes / 1e6:F1} MB of working memory for each run at a time\n");
        int width = Steps.Count == 0 ? 0 : Steps.Max(step => step.Name.Length);
        foreach (var step in Steps)
            text.Append(CultureInfo.InvariantCulture, $"{step.Index,4}  {step.Name.PadRight(width)}  {step.Layout,-28}  {step.WeightBytes,10}  {step.Operator} {step.Module}\n");
        return text.ToString();
    }

    /// <summary>Frees working memory that no run uses at the moment.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            while (_idle.TryPop(out var context))
                context.Dispose();
        }
    }

    /// <summary>Frees weights and working memory; if a run is under way, when the last one ends. No further run begins.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            while (_idle.TryPop(out var context))
                context.Dispose();
            if (_running > 0)
                return;
        }

        _lowered.Dispose();
    }

    private int ThreadCount => _threads > 0 ? _threads : EngineSettings.Threads;

    private static LoweringOptions Lowering(InferenceOptions options) =>
        new(options.WeightType, options.Threads > 0 ? options.Threads : EngineSettings.Threads, options.AlgorithmFile, options.Tune);

    private static TensorSpec[] Specs(IReadOnlyList<GraphValue> values)
    {
        var specs = new TensorSpec[values.Count];
        for (int i = 0; i < specs.Length; i++)
            specs[i] = values[i].Spec;
        return specs;
    }

    private static void CheckLength(string kind, int index, TensorSpec spec, int length)
    {
        if (spec.DType != DType.F32)
            throw new ArgumentException($"session: {kind} {index} is {spec}, not F32; give tensors");
        if (length != spec.ElementCount)
            throw new ArgumentException($"session: {kind} {index} {spec} has {spec.ElementCount} elements, got {length}");
    }

    private void RunSteps(SessionContext context, CancellationToken cancellation)
    {
        int threads = ThreadCount;
        foreach (var step in context.Steps)
        {
            cancellation.ThrowIfCancellationRequested();
            step.Run(threads);
        }
    }

    private (double Milliseconds, IReadOnlyList<string> Kernels) Measure(BoundStep step, int threads)
    {
        using var profile = Backend.StartProfile();
        long start = Stopwatch.GetTimestamp();
        step.Run(threads);
        Backend.Synchronize();
        if (profile is null)
            return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, []);
        var launched = profile.Read();
        return (launched.Sum(time => time.Seconds) * 1e3, [.. launched.Select(time => time.Name)]);
    }

    private SessionContext Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _running++;
            if (_idle.TryPop(out var context))
                return context;
        }

        try
        {
            return new SessionContext(Backend, _lowered, _plan);
        }
        catch
        {
            Return(null);
            throw;
        }
    }

    private void Return(SessionContext? context)
    {
        bool last;
        lock (_gate)
        {
            last = --_running == 0 && _disposed;
            if (!_disposed && context is not null)
            {
                _idle.Push(context);
                return;
            }
        }

        context?.Dispose();
        if (last)
            _lowered.Dispose();
    }
}
