using ResNeSt.Tensors;

namespace ResNeSt.Inference;

/// <summary>Wishes for an <see cref="InferenceSession"/>.</summary>
public sealed record InferenceOptions
{
    /// <summary>Where it runs; its backend must be registered. Default: the CPU.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>How packed weights are kept: F32, or F16 or BF16 for half the memory. Arithmetic stays in F32.</summary>
    public DType WeightType { get; init; } = DType.F32;

    /// <summary>Processors that one run uses at most; zero for <see cref="EngineSettings.Threads"/> at the time of each run. Results have equal bits for any number.</summary>
    public int Threads { get; init; }

    /// <summary>File with measured choices of algorithms; null for the machine's own. It must exist unless <see cref="Tune"/> is set, and be of the device's kind.</summary>
    public string? AlgorithmFile { get; init; }

    /// <summary>Measure the algorithms of layers that have no measured choice yet, and save the results: compiling takes seconds then.</summary>
    public bool Tune { get; init; }

    /// <summary>Whether operators are joined. False runs what was traced, for the hunt of a bug.</summary>
    public bool Fuse { get; init; } = true;

    /// <summary>Where to write the graph as traced and as optimised, each as text, Graphviz and SVG: <c>PREFIX.before.svg</c> and so on, <c>FOLDER/graph.before.svg</c> where it ends in a separator; null for nowhere.</summary>
    public string? DumpPrefix { get; init; }

    /// <summary>Takes one line from each optimisation; null for none.</summary>
    public TextWriter? Log { get; init; }
}
