using System.Net;
using System.Net.Sockets;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Replicas that share a batch: N times B equals one times N·B where it must.</summary>
public sealed class ReplicaTests
{
    /// <summary>Nothing random, and no weighting of samples that a replica could not know.</summary>
    private static readonly Recipe Plain = TestPictures.Recipe with
    {
        Mixing = new BatchMixer(), DropBlock = 0, AverageDecay = 0, ClipNorm = 0, Epochs = 1, WarmupEpochs = 0, LearningRate = 0.01,
    };

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public void AllReduce_OfThreads_SumsInTheOrderOfTheRanks(int count)
    {
        // Numbers whose sum depends on the order.
        float[][] inputs = [.. Enumerable.Range(0, count).Select(rank => Enumerable.Range(0, 7).Select(i => (float)Math.Pow(-7.3, rank * 3 + i)).ToArray())];
        var expected = (float[])inputs[0].Clone();
        for (int rank = 1; rank < count; rank++)
        {
            for (int i = 0; i < expected.Length; i++)
                expected[i] += inputs[rank][i];
        }

        Together(ThreadReplicas.Create(count), group => group.AllReduceSum(inputs[group.Rank].AsSpan()));
        Assert.That(inputs, Has.All.EqualTo(expected));
    }

    [Test]
    public void AllReduce_OverSockets_SumsInTheOrderOfTheRanks()
    {
        const int Count = 3;
        var sums = new double[Count][];
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Parallel.For(0, Count, new ParallelOptions { MaxDegreeOfParallelism = Count }, rank =>
        {
            using var group = rank == 0 ? SocketReplicas.Lead(listener, Count, 77, TimeSpan.FromMinutes(1)) : SocketReplicas.Join(port, rank, Count, 77);
            sums[rank] = [0.1 * group.Rank, 1, 1e16 * (group.Rank - 1), 3];
            for (int i = 0; i < 3; i++)
                group.AllReduceSum(sums[rank].AsSpan());
            var shared = new int[] { group.Rank + 5 };
            group.Broadcast<int>(shared);
            sums[rank] = [.. sums[rank], shared[0]];
        });
        Assert.That(sums[1], Is.EqualTo(sums[0]));
        Assert.That(sums[2], Is.EqualTo(sums[0]));
        Assert.That(sums[0][1], Is.EqualTo(27));
        Assert.That(sums[0][4], Is.EqualTo(5));
    }

    [Test]
    public void Lead_WhenAStrangerComes_DoesNotLetItIn()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stranger = SocketReplicas.Join(((IPEndPoint)listener.LocalEndpoint).Port, 1, 2, 1);
        Assert.That(() => SocketReplicas.Lead(listener, 2, 2, TimeSpan.FromMilliseconds(300)), Throws.InstanceOf<IOException>().With.Message.Contains("0 came"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void FiveSteps_OfTwoReplicas_EqualOneWithTheWholeBatch(bool isDouble)
    {
        foreach (bool frozen in (bool[])[true, false])
        {
            double[] expected = Run(null, isDouble, frozen, synchronized: false);
            var groups = ThreadReplicas.Create(2);
            var bits = new double[2][];
            Together(groups, group => bits[group.Rank] = Run(group, isDouble, frozen, synchronized: !frozen));
            Assert.That(bits[1], Is.EqualTo(bits[0]), "replicas stay alike to the bit");
            double bound = isDouble ? 1e-6 : 1e-4;
            for (int i = 0; i < expected.Length; i++)
                Assert.That(bits[0][i], Is.EqualTo(expected[i]).Within(bound * Math.Max(1, Math.Abs(expected[i]))), frozen ? "frozen statistics" : "synchronised norms");
        }
    }

    [Test]
    public void Step_WithNormsOfTheirOwn_IsThatOfTheMeanGradient()
    {
        // By hand: each half of the batch through a network of its own, gradients averaged, one plain step.
        var recipe = Plain with { WeightDecay = 0, Momentum = 0, Nesterov = false };
        var loader = new DataLoader(TestPictures.Dataset(), recipe.TrainingPipeline(), recipe.BatchSize) { Workers = 0 };
        var batch = loader.Epoch(0).First();
        using var expected = Network(isDouble: true);
        var sums = new Dictionary<string, double[]>();
        foreach (int start in (int[])[0, 4])
        {
            using var scope = new TensorScope();
            using var half = Network(isDouble: true);
            var part = batch.Slice(start, 4);
            half.Forward(part.ToTensor(DType.F64, Device.Reference)).CrossEntropy(Tensor.FromArray(part.Labels, [4], Device.Reference), labelSmoothing: recipe.LabelSmoothing).Backward();
            foreach (var (name, parameter) in half.NamedParameters())
            {
                double[] gradient = parameter.Grad!.ToDoubles();
                sums[name] = sums.TryGetValue(name, out var before) ? [.. before.Zip(gradient, (a, b) => a + b)] : gradient;
            }
        }

        var stepped = new Dictionary<string, double[]>[2];
        Together(ThreadReplicas.Create(2), group =>
        {
            using var model = Network(isDouble: true);
            using var trainer = new Trainer(model, TestPictures.Dataset(), null, new TrainerOptions { Recipe = recipe, Workers = 0, MaxSteps = 1, Group = group });
            trainer.Run();
            stepped[group.Rank] = model.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter.Value.ToDoubles());
        });
        foreach (var (name, parameter) in expected.NamedParameters())
        {
            double[] wanted = [.. parameter.Value.ToDoubles().Zip(sums[name], (value, sum) => value - recipe.LearningRate * sum / 2)];
            Assert.That(stepped[0][name], Is.EqualTo(wanted).Within(1e-12), name);
            Assert.That(stepped[1][name], Is.EqualTo(stepped[0][name]), name);
        }
    }

    private static double[] Run(ReplicaGroup? group, bool isDouble, bool frozen, bool synchronized)
    {
        using var model = Network(isDouble);
        if (frozen)
            model.FreezeStatistics();
        if (synchronized)
            ReplicaSumOp.SynchronizeNorms(model, group!);
        using var trainer = new Trainer(model, TestPictures.Dataset(), null, new TrainerOptions { Recipe = Plain, Workers = 0, MaxSteps = 5, Group = group });
        trainer.Run();
        return TestPictures.Bits(model);
    }

    private static Module Network(bool isDouble) =>
        isDouble ? TestPictures.Model(Device.Reference, DType.F64, random: false) : TestPictures.Model(random: false);

    /// <summary>Each member in a thread of its own; a failing one frees the others.</summary>
    private static void Together(IReadOnlyList<ThreadReplicas> groups, Action<ThreadReplicas> body)
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        var threads = groups.Select(group => new Thread(() =>
        {
            try
            {
                body(group);
            }
            catch (Exception error)
            {
                failures.Enqueue(error);
                group.Leave();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (failures.TryDequeue(out var first))
            Assert.Fail(first.ToString());
    }
}
