namespace ResNeSt.Tensors;

/// <summary>A seeded source of random numbers: SplitMix64, so that a state is one number that a checkpoint can hold.</summary>
/// <remarks>There is no global seed: whatever draws numbers is handed a generator.</remarks>
/// <param name="state">The seed, or a <see cref="State"/> saved before.</param>
public sealed class Generator(ulong state)
{
    /// <summary>The state; a generator made from it continues the sequence.</summary>
    public ulong State { get; private set; } = state;

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(State += 0x9E3779B97F4A7C15);

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform integer in [0, <paramref name="bound"/>), without bias.</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        // Lemire's multiplication: reject the few values that would make some results more frequent.
        ulong limit = (0UL - (ulong)bound) % (ulong)bound;
        while (true)
        {
            ulong high = Math.BigMul(NextBits(), (ulong)bound, out ulong low);
            if (low >= limit)
                return (int)high;
        }
    }

    /// <summary>Standard normal, by Box and Muller's transform.</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextUniform()));
        return radius * Math.Cos(2 * Math.PI * NextUniform());
    }

    /// <summary>The i-th number of the counter-based sequence of <paramref name="seed"/>, uniform in [0, 1): the same on every device and in any order.</summary>
    public static double UniformAt(ulong seed, ulong index) => (Mix(seed + (index + 1) * 0x9E3779B97F4A7C15) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
