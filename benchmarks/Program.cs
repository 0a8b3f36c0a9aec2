using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using ResNeSt.Benchmarks;

// layers [threads] [batch] [gradients], winograd [threads] [batch]: quick tables. training [threads] [steps] [--python FILE]: training steps
// beside PyTorch's. Anything else goes to BenchmarkDotNet.
if (args is ["layers", ..])
{
    int threads = args.Length > 1 ? int.Parse(args[1]) : Environment.ProcessorCount;
    int batch = args.Length > 2 ? int.Parse(args[2]) : 1;
    LayerTable.Print(batch, threads, args.Contains("gradients"));
}
else if (args is ["training", ..])
    TrainingTable.Run(args[1..]);
else if (args is ["winograd", ..])
{
    int threads = args.Length > 1 ? int.Parse(args[1]) : Environment.ProcessorCount;
    WinogradTable.Print(args.Length > 2 ? int.Parse(args[2]) : 1, threads);
}
else
{
    // Its own build takes longer than the usual two minutes on a busy machine; names of networks are longer than its columns.
    var config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(10)).WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40));
    BenchmarkSwitcher.FromAssembly(typeof(LayerTable).Assembly).Run(args, config);
}
