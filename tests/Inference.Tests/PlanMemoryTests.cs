using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference.Tests;

/// <summary>The memory plan on step lists made up for it.</summary>
public sealed class PlanMemoryTests
{
    [Test]
    public void Run_OnAChain_NeedsTwoNeighboursOnly()
    {
        var graph = Lowered([1000, 6400, 6400, 6400, 64], ([0], [1]), ([1], [2]), ([2], [3]), ([3], [4]));

        var plan = PlanMemory.Run(graph);

        Assert.That(plan.ByteLength, Is.EqualTo(2 * 6400));
        AssertDisjoint(graph, plan);
    }

    [Test]
    public void Run_OnAResidual_KeepsTheShortcut()
    {
        var graph = Lowered([6400, 6400, 6400, 6400], ([0], [1]), ([1], [2]), ([2, 0], [3]));

        Assert.That(PlanMemory.Run(graph).ByteLength, Is.EqualTo(3 * 6400), "0, and two of 1, 2, 3");
    }

    [Test]
    public void Run_WhereAStepWorksInPlace_CountsItsBufferOnce()
    {
        var graph = Lowered([640, 6400, 64], ([0], [1]), ([1], [1]), ([1], [1]), ([1], [2]));

        Assert.That(PlanMemory.Run(graph).ByteLength, Is.EqualTo(640 + 6400));
    }

    [Test]
    public void Run_WhereNothingReadsABuffer_GivesItAPlaceAllTheSame()
    {
        var graph = Lowered([64, 128, 64], ([0], [1, 2]));

        AssertDisjoint(graph, PlanMemory.Run(graph));
    }

    [Test]
    public void Run_WhereTheInputIsTheOutput_Plans()
    {
        var graph = new LoweredGraph([], [new GraphBuffer(100, "")], [0], [0]);

        Assert.That(PlanMemory.Run(graph).ByteLength, Is.EqualTo(128));
    }

    [Test]
    public void Run_OnAnySteps_NeverOverlapsWhatLivesTogether([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        int count = random.Next(2, 40);
        long[] sizes = [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(1, 5000))];
        var steps = Enumerable.Range(1, count - 1)
            .Select(i => (Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(Math.Max(0, i - 6), i)).Distinct().ToArray(), new[] { i }))
            .ToArray();
        var graph = Lowered(sizes, steps);

        var plan = PlanMemory.Run(graph);

        AssertDisjoint(graph, plan);
        Assert.That(plan.ByteLength, Is.LessThanOrEqualTo(plan.UnsharedByteLength));
        Assert.That(plan.Offsets, Is.All.Matches<long>(offset => offset % PlanMemory.Alignment == 0));
    }

    private static LoweredGraph Lowered(long[] sizes, params (int[] Reads, int[] Writes)[] steps) => new(
        [.. steps.Select(step => new Nothing(step.Reads, step.Writes))], [.. sizes.Select(size => new GraphBuffer(size, ""))], [0], [sizes.Length - 1]);

    private static void AssertDisjoint(LoweredGraph graph, MemoryPlan plan)
    {
        // Runs the steps and marks every byte with its owner: nobody may find his buffer overwritten when he reads it.
        var memory = new int[plan.ByteLength];
        Array.Fill(memory, -1);
        Mark(0);
        foreach (var step in graph.Steps)
        {
            foreach (int read in step.Reads)
                Check(read);
            foreach (int write in step.Writes)
                Mark(write);
            foreach (int read in step.Reads)
                Check(read);
        }

        Check(graph.Outputs[0]);

        void Mark(int buffer) => Array.Fill(memory, buffer, (int)plan.Offsets[buffer], (int)graph.Buffers[buffer].ByteLength);
        void Check(int buffer) => Assert.That(
            memory.AsSpan((int)plan.Offsets[buffer], (int)graph.Buffers[buffer].ByteLength).ContainsAnyExcept(buffer), Is.False, $"buffer {buffer}");
    }

    private sealed class Nothing(int[] reads, int[] writes) : GraphStep
    {
        public override string Name => "nothing";

        public override IReadOnlyList<int> Reads => reads;

        public override IReadOnlyList<int> Writes => writes;

        public override BoundStep Bind(IReadOnlyList<Storage> buffers) => throw new InvalidOperationException("plans only");
    }
}
