using System.Diagnostics;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>Damaged files are refused with the one exception type or read; nothing else, in time and within memory.</summary>
public sealed class MutantTests
{
    private const long MemoryLimit = 512L << 20;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    [TestCase("jpg", 250)]
    [TestCase("png", 200)]
    [TestCase("bmp", 80)]
    [TestCase("ppm", 80)]
    public void Read_Mutants_AreRefusedOrRead(string format, int count) => Run(format, count, seed: 1);

    [Category("Long")]
    [TestCase("jpg")]
    [TestCase("png")]
    [TestCase("bmp")]
    [TestCase("ppm")]
    public void Read_HundredThousandMutants_AreRefusedOrRead(string format) => Run(format, 100_000, seed: 2);

    private static void Run(string format, int count, int seed)
    {
        var originals = Originals(format);
        var random = new System.Random(seed);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            int mutantSeed = random.Next();
            byte[] original = originals[random.Next(originals.Count)], other = originals[random.Next(originals.Count)];
            byte[] mutant = new Mutator(mutantSeed).Mutate(original, other);
            var clock = Stopwatch.StartNew();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                refused += TryRead(mutant) ? 0 : 1;
            }
            catch (Exception e)
            {
                Assert.Fail($"mutant {i} of seed {seed} ({Convert.ToHexString(mutant.AsSpan(0, Math.Min(64, mutant.Length)))}...): {e}");
            }

            Assert.That(clock.Elapsed, Is.LessThan(TimeLimit), $"mutant {i} of seed {seed}");
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MemoryLimit), $"mutant {i} of seed {seed}");
        }

        TestContext.Out.WriteLine($"{format}: {refused} of {count} mutants refused");
        Assert.That(refused, Is.InRange(count / 10, count - 1), "mutants are too gentle or too rough to test anything");
    }

    private static bool TryRead(byte[] mutant)
    {
        bool identified = Attempt(() => PictureReader.Identify(mutant));
        bool read = Attempt(() => PictureReader.Read(mutant, new PictureReadOptions { ApplyOrientation = true }));
        Assert.That(identified || !read, "was read but not identified");
        return read;
    }

    private static bool Attempt(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (DataFileException e)
        {
            Assert.That(e.What, Does.Contain(";").And.Not.Contain("\n"));
            Assert.That(e.Offset, Is.Not.Null, e.Message);
            return false;
        }
    }

    /// <summary>The small accepted pictures of the corpus.</summary>
    private static List<byte[]> Originals(string format) => CorpusPicture.Readable()
        .Where(p => p.File.EndsWith(format, StringComparison.Ordinal) && new FileInfo(p.Path).Length < 20_000)
        .Select(p => File.ReadAllBytes(p.Path))
        .ToList();
}
