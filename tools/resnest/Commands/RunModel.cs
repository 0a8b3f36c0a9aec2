using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>Makes the network of a run.</summary>
internal static class RunModel
{
    /// <summary>With memory and first values.</summary>
    public static Module Create(RunConfig config, Device device, DType dtype = DType.F32)
    {
        var model = Declare(config);
        try
        {
            model.Materialize(device, dtype, new Generator(Shuffling.Seed(config.Seed, 0x1417)));
            if (config.InitialWeights is { } path)
                WeightLoader.Load(model, path, config.Model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>What its weight files say of themselves. Pictures of the size that it was trained on were taken as they are; a photograph becomes one
    /// by its middle square, each pixel the mean of those that it covers.</summary>
    public static NetworkDescription Describe(RunConfig config)
    {
        var recipe = config.Recipe;
        bool asTheyAre = recipe.Crop is "pad" or "none";
        return new NetworkDescription
        {
            Model = config.Model,
            Radix = config.Radix,
            Classes = config.Classes,
            Size = recipe.Size,
            Rule = asTheyAre ? "timm" : "official",
            CropRatio = asTheyAre ? 1 : null,
            Interpolation = (asTheyAre ? ResizeFilter.Box : recipe.Filter).ToString().ToLowerInvariant(),
            Mean = recipe.Mean,
            Deviation = recipe.Deviation,
        };
    }

    /// <summary>The weights of a run: those of its best epoch, or of its last.</summary>
    /// <exception cref="DataFileException">There are none yet.</exception>
    public static string FindWeights(string run) =>
        new[] { "best.safetensors", "model.safetensors" }.Select(file => Path.Combine(run, file)).FirstOrDefault(File.Exists)
        ?? throw new DataFileException(DataFileErrorKind.Unreadable, "holds no weights yet: the run has not ended an epoch", run);

    /// <summary>Without memory.</summary>
    public static Module Declare(RunConfig config)
    {
        var recipe = config.Recipe;
        return ModelZoo.Find(config.Model).Create(new ModelChanges(
            Classes: config.Classes.Count,
            InputChannels: recipe.Mean.Length,
            ZeroLastGamma: recipe.ZeroLastGamma ? true : null,
            Radix: config.Radix,
            DropPath: recipe.DropPath > 0 ? recipe.DropPath : null,
            DropBlock: recipe.DropBlock > 0 ? 0 : null,
            FinalDropout: recipe.FinalDropout > 0 ? recipe.FinalDropout : null));
    }
}
