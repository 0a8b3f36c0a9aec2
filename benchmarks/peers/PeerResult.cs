namespace ResNeSt.Peers;

/// <summary>What was measured of one row with one number of threads.</summary>
/// <param name="Row">The network and its input.</param>
/// <param name="Threads">Threads of both.</param>
/// <param name="Instructions">Vector instructions of this engine; ONNX Runtime always takes the best.</param>
/// <param name="Ours">Milliseconds.</param>
/// <param name="Theirs">Milliseconds.</param>
/// <param name="Ratio">Ours ÷ theirs, of the medians of each round.</param>
/// <param name="ProcessorRatio">Ours ÷ theirs of processor time, which what others do on the machine disturbs less. With several threads it counts their waiting too.</param>
/// <param name="AllocatedPerRun">Bytes on the managed heap.</param>
/// <param name="Difference">Largest difference of the two outputs, relative to the largest logit.</param>
internal sealed record PeerResult(
    PeerRow Row, int Threads, string Instructions, Statistics Ours, Statistics Theirs, Statistics Ratio, Statistics ProcessorRatio, double AllocatedPerRun, double Difference);

/// <summary>Process start and memory of one row with one number of threads.</summary>
/// <param name="Row">The network and its input.</param>
/// <param name="Threads">Threads of both.</param>
/// <param name="OurStart">Milliseconds from the start of the process to the first result.</param>
/// <param name="TheirStart">The same of ONNX Runtime.</param>
/// <param name="OurBytes">Most resident memory.</param>
/// <param name="TheirBytes">The same of ONNX Runtime.</param>
internal sealed record StartResult(PeerRow Row, int Threads, Statistics OurStart, Statistics TheirStart, double OurBytes, double TheirBytes);

/// <summary>Distance from the logits in double precision, relative to the largest logit.</summary>
/// <param name="Row">The network and its input.</param>
/// <param name="Draw">The weights.</param>
/// <param name="Ours">This engine's.</param>
/// <param name="Theirs">ONNX Runtime's.</param>
internal sealed record AccuracyResult(PeerRow Row, string Draw, double Ours, double Theirs);

/// <summary>One layer of the first row.</summary>
/// <param name="Module">Path of its module.</param>
/// <param name="What">Shapes, for people.</param>
/// <param name="Algorithm">This engine's choice.</param>
/// <param name="IsWinogradCandidate">3×3 with stride one.</param>
/// <param name="Milliseconds">This engine's time.</param>
/// <param name="Flops">Work as a direct convolution.</param>
/// <param name="Bytes">The least that it must read and write.</param>
/// <param name="TheirMilliseconds">ONNX Runtime's time in the network; null where it has no such operator.</param>
internal sealed record LayerResult(
    string Module, string What, string Algorithm, bool IsWinogradCandidate, double Milliseconds, double Flops, double Bytes, double? TheirMilliseconds);

/// <summary>Everything that one run of the command found.</summary>
/// <param name="Machine">Processor and system.</param>
/// <param name="Versions">Of .NET and ONNX Runtime.</param>
/// <param name="StartProgram">What started ONNX Runtime for the start-up figures.</param>
/// <param name="Peak">GFLOP/s by number of threads.</param>
/// <param name="Bandwidth">GB/s from memory by number of threads.</param>
/// <param name="Rows">Times.</param>
/// <param name="Starts">Start-up and memory.</param>
/// <param name="Accuracies">Distances from double precision.</param>
/// <param name="Layers">Layers of the first row, one thread.</param>
/// <param name="Floors">What each row would take at the machine's limits.</param>
internal sealed record PeerReport(
    string Machine, string Versions, string StartProgram, IReadOnlyDictionary<int, double> Peak, IReadOnlyDictionary<int, double> Bandwidth,
    IReadOnlyList<PeerResult> Rows, IReadOnlyList<StartResult> Starts, IReadOnlyList<AccuracyResult> Accuracies, IReadOnlyList<LayerResult> Layers, IReadOnlyList<FloorResult> Floors);

/// <summary>The work of a row.</summary>
/// <param name="Row">The network and its input.</param>
/// <param name="Gigaflops">Of convolutions and linear layers, directly.</param>
/// <param name="Gigabytes">Weights, input and output, each once.</param>
internal sealed record FloorResult(PeerRow Row, double Gigaflops, double Gigabytes);
