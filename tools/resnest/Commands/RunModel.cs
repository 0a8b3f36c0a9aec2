using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>Makes the network of a run.</summary>
internal static class RunModel
{
    /// <summary>With memory and first values.</summary>
    public static Module Create(RunConfig config, Device device)
    {
        var model = Declare(config);
        try
        {
            model.Materialize(device, DType.F32, new Generator(Shuffling.Seed(config.Seed, 0x1417)));
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
