using System.CommandLine;
using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>The options of <c>train</c> that decide what a run is; each is checked once, here.</summary>
internal sealed class TrainFlags
{
    private readonly Option<string?> _data = new("--data", "-d") { Description = "Folder of the data: CIFAR-10 binary, MNIST or Fashion-MNIST IDX, or an image folder", HelpName = "DIR" };
    private readonly Option<string> _format = new("--format") { Description = "auto, imagefolder, cifar10 or idx", DefaultValueFactory = _ => "auto", HelpName = "KIND" };
    private readonly Option<string?> _recipe = new("--recipe", "-r") { Description = $"One of {string.Join(", ", Recipes.All.Select(recipe => recipe.Name))}; the data's own if left out", HelpName = "NAME" };
    private readonly Option<string?> _model = new("--model", "-m") { Description = "Name in the zoo; the recipe's if left out", HelpName = "NAME" };
    private readonly Option<int?> _radix = new("--radix") { Description = "Other radix: 0 for plain convolutions, 1, 2, 4", HelpName = "R" };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Epochs instead of the recipe's", HelpName = "N" };
    private readonly Option<int?> _batch = new("--batch") { Description = "Batch size instead of the recipe's; the learning rate follows where the recipe says so", HelpName = "N" };
    private readonly Option<int?> _size = new("--size") { Description = "Side of the training crops instead of the recipe's", HelpName = "PIXELS" };
    private readonly Option<double?> _rate = new("--lr") { Description = "Learning rate instead of the recipe's, at the recipe's batch size", HelpName = "RATE" };
    private readonly Option<double?> _decay = new("--weight-decay") { Description = "Weight decay instead of the recipe's", HelpName = "WD" };
    private readonly Option<double?> _clip = new("--clip") { Description = "Most of the gradients' norm; 0 for no limit", HelpName = "NORM" };
    private readonly Option<double?> _average = new("--ema") { Description = "Decay of a moving average of the weights; 0 for none", HelpName = "DECAY" };
    private readonly Option<string?> _seed = new("--seed") { Description = "Seed of everything that is random (0)", HelpName = "N" };
    private readonly Option<int?> _validation = new("--validation") { Description = "Training pictures set aside to measure after each epoch; a tenth of small data sets if left out, 0 for none", HelpName = "N" };
    private readonly Option<int> _accumulate = new("--accumulate") { Description = "Parts a batch is cut into, to save memory", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<string?> _weights = new("--weights", "-w") { Description = "Begin with these weights instead of random ones", HelpName = "FILE" };

    private readonly Option<bool> _syncNorms = new("--sync-bn") { Description = "With several replicas: batch norms take their statistics over all of them" };

    private readonly Option<string> _precision = new("--precision")
    {
        Description = "f32, f16, bf16, and tf32 on a GPU with tensor cores: what products round to there, what parameters are kept in elsewhere; f16 scales the loss",
        DefaultValueFactory = _ => "f32",
        HelpName = "TYPE",
    };

    public IEnumerable<Option> All => [_data, _format, _recipe, _model, _radix, _epochs, _batch, _size, _rate, _decay, _clip, _average, _seed, _validation, _accumulate, _weights, _syncNorms, _precision];

    /// <summary>The run that the flags describe, and its data.</summary>
    public (RunConfig Config, PictureDataset Training, PictureDataset? Validation) NewRun(ParseResult parsed)
    {
        string data = parsed.GetValue(_data) ?? throw new UsageException("--data is missing: give the folder of the training data, or --resume with the folder of a run");
        string format = parsed.GetRequiredValue(_format);
        if (!Datasets.Formats.Contains(format))
            throw new UsageException($"--format {DataFile(format)} is none of {string.Join(", ", Datasets.Formats)}");
        var all = Datasets.Open(data, training: true, format);
        var recipe = Adjust(parsed, Choose(parsed.GetValue(_recipe), data, all));
        if (recipe.Mean.Length != all.Channels)
            throw new UsageException($"recipe {recipe.Name} is for pictures of {recipe.Mean.Length} channels, the data has {all.Channels}");
        var entry = ModelZoo.Find(parsed.GetValue(_model) ?? recipe.Model);
        int validation = parsed.GetValue(_validation) ?? (HasOwnValidation(data, all) ? 0 : all.Count / 10);
        if (validation < 0 || validation >= all.Count)
            throw new UsageException($"--validation {validation} is not between 0 and {all.Count - 1}, one less than the pictures");
        var config = new RunConfig
        {
            Model = entry.Name,
            Radix = AtLeast(parsed, _radix, 0),
            Classes = all.Classes,
            Data = Path.GetFullPath(data),
            Format = format,
            Validation = validation,
            Seed = Seed(parsed.GetValue(_seed)),
            Accumulation = AtLeast(parsed, _accumulate, 1),
            InitialWeights = parsed.GetValue(_weights),
            SynchronizedNorms = parsed.GetValue(_syncNorms),
            Precision = Precision(parsed.GetRequiredValue(_precision)),
            Recipe = recipe,
        };
        var (training, held) = Split(config, all);
        return (config, training, held);
    }

    /// <summary>The run of a folder; flags may change what does not break its order of batches.</summary>
    public (RunConfig Config, PictureDataset Training, PictureDataset? Validation) OldRun(ParseResult parsed, string folder)
    {
        Option[] fixedOnes = [_format, _recipe, _model, _radix, _batch, _size, _average, _seed, _validation, _accumulate, _weights, _syncNorms, _precision];
        if (fixedOnes.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } given)
            throw new UsageException($"{given.Name} cannot be changed in a run that is resumed; begin a new one with --out");
        var config = RunConfig.Read(folder);
        config = config with { Data = parsed.GetValue(_data) ?? config.Data, Recipe = Adjust(parsed, config.Recipe) };
        var all = Datasets.Open(config.Data, training: true, config.Format);
        if (!all.Classes.SequenceEqual(config.Classes))
            throw new UsageException($"the data in {DataFile(config.Data)} has other classes than the run");
        var (training, validation) = Split(config, all);
        return (config, training, validation);
    }

    private static Recipe Choose(string? name, string data, PictureDataset dataset) => name switch
    {
        not null => Recipes.All.FirstOrDefault(recipe => recipe.Name == name)
            ?? throw new UsageException($"there is no recipe '{DataFile(name)}'; there are {string.Join(", ", Recipes.All.Select(recipe => recipe.Name))}"),
        null when Cifar10.IsIn(data) => Recipes.Cifar10,
        null when dataset.Channels == 1 => Recipes.FashionMnist,
        _ => Recipes.ResNeSt,
    };

    private static (PictureDataset Training, PictureDataset? Validation) Split(RunConfig config, PictureDataset all)
    {
        if (all.Count - config.Validation < config.Recipe.BatchSize)
            throw new UsageException($"{all.Count - config.Validation} pictures are less than one batch of {config.Recipe.BatchSize}; choose a smaller --batch");
        if (config.Validation > 0)
            return SubsetDataset.Split(all, config.Validation, config.Seed);
        return (all, HasOwnValidation(config.Data, all) ? Datasets.Open(config.Data, training: false, config.Format) : null);
    }

    /// <summary>An image folder's val is there to be looked at after every epoch; the test pictures of CIFAR-10 and MNIST are not.</summary>
    private static bool HasOwnValidation(string data, PictureDataset all) => all is ImageFolder && Directory.Exists(Path.Combine(data, "val"));

    private static string DataFile(string text) => Tensors.DataFileException.Escape(text);

    private static string Precision(string text) => MixedPrecision.Names.Contains(text)
        ? text
        : throw new UsageException($"--precision {DataFile(text)} is none of {string.Join(", ", MixedPrecision.Names)}");

    private static ulong Seed(string? text) => text is null ? 0
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed
        : throw new UsageException($"--seed {DataFile(text)} is no whole number");

    private static int AtLeast(ParseResult parsed, Option<int> option, int least) => parsed.GetValue(option) is var value && value >= least
        ? value
        : throw new UsageException($"{option.Name} {value} is less than {least}");

    private static int? AtLeast(ParseResult parsed, Option<int?> option, int least) => parsed.GetValue(option) is not { } value ? null
        : value >= least ? value
        : throw new UsageException($"{option.Name} {value} is less than {least}");

    private static double? Within(ParseResult parsed, Option<double?> option, double below) => parsed.GetValue(option) is not { } value ? null
        : value >= 0 && value < below ? value
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option.Name} {value} is not in [0, {below})"));

    private Recipe Adjust(ParseResult parsed, Recipe recipe) => recipe with
    {
        Epochs = AtLeast(parsed, _epochs, 1) ?? recipe.Epochs,
        BatchSize = AtLeast(parsed, _batch, 2) ?? recipe.BatchSize,
        Size = AtLeast(parsed, _size, 1) ?? recipe.Size,
        LearningRate = Within(parsed, _rate, 1e3) ?? recipe.LearningRate,
        WeightDecay = Within(parsed, _decay, 1) ?? recipe.WeightDecay,
        ClipNorm = Within(parsed, _clip, 1e9) ?? recipe.ClipNorm,
        AverageDecay = Within(parsed, _average, 1) ?? recipe.AverageDecay,
    };
}
