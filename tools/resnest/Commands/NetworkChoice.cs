using System.CommandLine;
using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;
using ResNeSt.Weights;

namespace ResNeSt.Cli;

/// <summary>Which network classifies, with which weights: one of the zoo, that of a training run, one that a weight file describes, or the box's.</summary>
/// <param name="Entry">Of the zoo.</param>
/// <param name="Changes">What differs from its published form.</param>
/// <param name="Input">How a picture becomes its input.</param>
/// <param name="Labels">Names of the classes, fit to be printed.</param>
/// <param name="Weights">Its weights.</param>
internal sealed record NetworkChoice(ModelEntry Entry, ModelChanges Changes, PictureInput Input, IReadOnlyList<string> Labels, WeightChoice Weights)
{
    /// <summary>The network where nothing is asked for.</summary>
    public const string DefaultModel = "resnest50";

    /// <summary>Shape of the input for one picture.</summary>
    public TensorSpec InputSpec => new([1, Input.Channels, Input.Transform.CropSize, Input.Transform.CropSize], DType.F32);

    /// <summary>A network that a run or a weight file describes.</summary>
    /// <param name="description">What it is.</param>
    /// <param name="file">The weight file.</param>
    /// <param name="rule">Another evaluation rule, or null.</param>
    /// <param name="labels">Another list of class names, or null.</param>
    public static NetworkChoice Described(NetworkDescription description, string file, string? rule, string? labels)
    {
        var names = labels is null ? [.. description.Classes.Select(DataFileException.Escape)] : Cli.Labels.Read(labels, description.Classes.Count);
        var input = new PictureInput(Preprocessor.For(description, rule, file), description.Mean.Count);
        return new NetworkChoice(ModelZoo.Find(description.Model), description.Changes, input, names, WeightChoice.Of(file));
    }

    /// <summary>The network of a training run.</summary>
    public static NetworkChoice OfRun(string run, string? weights, string? rule, string? labels) =>
        Described(RunModel.Describe(RunConfig.Read(run)), weights ?? RunModel.FindWeights(run), rule, labels);

    /// <summary>What a weight file on this machine says of itself, or null.</summary>
    public static NetworkDescription? ReadDescription(string file)
    {
        using var weights = WeightFile.Open(file);
        return NetworkDescription.Find(weights.Metadata, file);
    }
}
