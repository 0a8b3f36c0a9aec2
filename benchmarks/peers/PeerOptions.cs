using System.Globalization;

namespace ResNeSt.Peers;

/// <summary>What the command line asks for.</summary>
internal sealed record PeerOptions
{
    public const string Help =
        """
        benchmarks/peers/run.sh [options]: this engine against ONNX Runtime, interleaved, with equal threads.
          --quick           seconds instead of many minutes: the first row, one thread, few runs; rewrites no page
          --rows TEXT       only rows whose name contains TEXT, such as resnest101 or 'batch 8'
          --row MODEL:SIZE:BATCH   another row, instead of those of the table
          --threads 1,2     numbers of threads
          --rounds N        rounds of a comparison (12)
          --no-accuracy     without the comparison with double precision (minutes at the first time)
          --no-startup      without process start and memory
          --ort PATH        ONNX Runtime's library; RESNEST_ORT or npm's onnxruntime-node if left out
          --work FOLDER     where weights, models and results are kept (artifacts/peers)
          --page FILE       rewrite the generated part of this page (docs/performance.md), and its pictures beside it

        """;

    public bool Quick { get; init; }

    public string Rows { get; init; } = "";

    public PeerRow? Row { get; init; }

    public IReadOnlyList<int> Threads { get; init; } = [1, 2];

    public int Rounds { get; init; } = 12;

    public bool Accuracy { get; init; } = true;

    public bool Startup { get; init; } = true;

    public string? Library { get; init; }

    public string Work { get; init; } = Path.Combine("artifacts", "peers");

    public string? Page { get; init; }

    public static PeerOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new PeerOptions();
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            options = name switch
            {
                "--quick" => options with { Quick = true, Rounds = 3, Accuracy = false, Startup = false, Threads = [1] },
                "--no-accuracy" => options with { Accuracy = false },
                "--no-startup" => options with { Startup = false },
                _ when i + 1 == args.Length => throw new ArgumentException($"'{name}' is no option, or lacks its value; see --help"),
                "--rows" => options with { Rows = args[++i] },
                "--row" => options with { Row = Custom(args[++i]) },
                "--threads" => options with { Threads = [.. args[++i].Split(',').Select(Number)] },
                "--rounds" => options with { Rounds = Number(args[++i]) },
                "--ort" => options with { Library = args[++i] },
                "--work" => options with { Work = args[++i] },
                "--page" => options with { Page = args[++i] },
                _ => throw new ArgumentException($"'{name}' is no option; see --help"),
            };
        }

        return options;
    }

    private static PeerRow Custom(string text) => text.Split(':') is [var model, var size, var batch]
        ? new PeerRow(model, Number(size), Number(batch), 0, 0)
        : throw new ArgumentException($"'{text}' is not MODEL:SIZE:BATCH");

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : throw new ArgumentException($"'{text}' is no positive number");
}
