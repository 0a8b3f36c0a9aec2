using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Lets the modules below a module draw the random numbers of now once more, later.</summary>
internal sealed class RandomReplay
{
    private readonly (IRandomModule Module, Generator Generator, ulong State)[] _sources;

    private RandomReplay((IRandomModule Module, Generator Generator, ulong State)[] sources) => _sources = sources;

    /// <summary>Notes the states of all generators; the result hands generators in these states to their modules until it is disposed. Null where none draws.</summary>
    public static Func<IDisposable>? Of(Module module)
    {
        var sources = module.NamedModules().Select(entry => entry.Module).OfType<IRandomModule>()
            .Where(random => random.Generator is not null).Select(random => (random, random.Generator!, random.Generator!.State)).ToArray();
        return sources.Length == 0 ? null : new RandomReplay(sources).Begin;
    }

    private Restored Begin()
    {
        var before = new Restored([.. _sources.Select(source => (source.Module, source.Module.Generator))]);
        // Modules that shared a generator share its copy.
        var copies = new Dictionary<Generator, Generator>(ReferenceEqualityComparer.Instance);
        foreach (var (module, generator, state) in _sources)
        {
            if (!copies.TryGetValue(generator, out var copy))
                copies.Add(generator, copy = new Generator(state));
            module.Generator = copy;
        }

        return before;
    }

    private sealed class Restored((IRandomModule Module, Generator? Generator)[] generators) : IDisposable
    {
        public void Dispose()
        {
            foreach (var (module, generator) in generators)
                module.Generator = generator;
        }
    }
}
