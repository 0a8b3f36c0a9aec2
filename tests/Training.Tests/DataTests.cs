using System.Buffers.Binary;
using System.IO.Compression;
using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Data sets, the loader, mixing, metrics.</summary>
public sealed class DataTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("resnest-data-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Epoch_WithAnyNumberOfWorkers_GivesTheSameBatches()
    {
        var serial = Loader(0).Epoch(2).ToList();
        Assert.That(serial, Has.Count.EqualTo(5));
        foreach (int workers in (int[])[1, 4])
            AssertEqual(Loader(workers).Epoch(2).ToList(), serial);
        Assert.That(Loader(0).Epoch(3).First().Pixels, Is.Not.EqualTo(serial[0].Pixels), "another epoch, another order");
        AssertEqual(Loader(2).Epoch(2, first: 3).ToList(), serial[3..]);
    }

    [Test]
    public void Epoch_LeftEarly_StopsItsWorkers()
    {
        foreach (var batch in Loader(3).Epoch(0))
        {
            Assert.That(batch.Count, Is.EqualTo(8));
            break;
        }

        Assert.That(Loader(3).Epoch(0).Count(), Is.EqualTo(5));
    }

    [Test]
    public void Epoch_SharedByReplicas_MakesUpTheWholeBatch()
    {
        var whole = Loader(0).Epoch(1).ToList();
        var parts = Enumerable.Range(0, 2).Select(rank => Loader(1, rank, 2).Epoch(1).ToList()).ToList();
        for (int i = 0; i < whole.Count; i++)
        {
            Assert.That((long[])[.. parts[0][i].Labels, .. parts[1][i].Labels], Is.EqualTo(whole[i].Labels));
            Assert.That((float[])[.. parts[0][i].Pixels, .. parts[1][i].Pixels], Is.EqualTo(whole[i].Pixels));
        }
    }

    [Test]
    public void Epoch_WithoutDroppingTheLast_GivesEverySampleOnce()
    {
        var loader = new DataLoader(TestPictures.Dataset(37), TestPictures.Recipe.EvaluationPipeline(), 8) { DropLast = false, Shuffle = false };
        var batches = loader.Epoch(0).ToList();
        Assert.That(batches.Sum(batch => batch.Count), Is.EqualTo(37));
        Assert.That(batches[^1].Count, Is.EqualTo(5));
        Assert.That(batches.SelectMany(batch => batch.Labels), Is.EqualTo(Enumerable.Range(0, 37).Select(i => i % 3)));
    }

    [Test]
    public void Order_OfAnEpoch_IsAPermutation()
    {
        Assert.That(Shuffling.Order(100, 1, 0).Order(), Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(Shuffling.Order(100, 1, 0), Is.Not.EqualTo(Shuffling.Order(100, 2, 0)));
    }

    [Test]
    public void Split_TakesTheSamePicturesEachTime()
    {
        var (training, validation) = SubsetDataset.Split(TestPictures.Dataset(), 10, 4);
        Assert.That((training.Count, validation.Count), Is.EqualTo((30, 10)));
        var names = Enumerable.Range(0, 10).Select(validation.Name).ToList();
        Assert.That(names, Is.EqualTo(Enumerable.Range(0, 10).Select(SubsetDataset.Split(TestPictures.Dataset(), 10, 4).Validation.Name)));
        Assert.That(Enumerable.Range(0, 30).Select(training.Name), Has.None.Matches<string>(name => names.Contains(name!)));
    }

    [Test]
    public void Cifar10_FromItsFiles_ReadsPlanesAndLabels()
    {
        WriteCifar("test_batch.bin", 3);
        var dataset = Datasets.Open(_folder, training: false);
        Assert.That(dataset.Count, Is.EqualTo(3));
        Assert.That(dataset.Classes[dataset.Label(2)], Is.EqualTo("bird"));
        var pixels = dataset.Read(2).Pixels;
        Assert.That((pixels[0], pixels[1], pixels[2]), Is.EqualTo(((byte)2, (byte)102, (byte)202)), "red, green, blue");
    }

    [Test]
    public void Cifar10_WithDamagedFiles_SaysWhatIsWrong()
    {
        Refused("test_batch.bin", DataFileErrorKind.SizeMismatch, bytes => bytes[..^1]);
        Refused("test_batch.bin", DataFileErrorKind.BadHeader, bytes =>
        {
            bytes[3073] = 10;
            return bytes;
        });
        File.Delete(Path.Combine(_folder, "test_batch.bin"));
        Assert.That(() => Cifar10.Open(_folder, training: true), Refuses(DataFileErrorKind.Unreadable));

        void Refused(string file, DataFileErrorKind kind, Func<byte[], byte[]> damage)
        {
            WriteCifar(file, 2);
            string path = Path.Combine(_folder, file);
            File.WriteAllBytes(path, damage(File.ReadAllBytes(path)));
            Assert.That(() => Cifar10.Open(_folder, training: false), Refuses(kind).With.Message.Contains(file));
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Idx_PackedOrNot_ReadsPicturesAndLabels(bool packed)
    {
        WriteIdx(packed, 4, 4);
        var dataset = Datasets.Open(_folder, training: true);
        Assert.That((dataset.Count, dataset.Channels, dataset.Label(3)), Is.EqualTo((4, 1, 3)));
        var picture = dataset.Read(1);
        Assert.That((picture.Width, picture.Height), Is.EqualTo((3, 2)));
        Assert.That(picture.Pixels.ToArray(), Is.EqualTo((byte[])[6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11]));
    }

    [Test]
    public void Idx_WithWrongLabels_SaysWhatIsWrong()
    {
        WriteIdx(false, 4, 3);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.SizeMismatch).With.Message.Contains("3 labels for the 4 pictures"));
        WriteIdx(false, 4, 4, firstLabel: 9);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.BadHeader).With.Message.Contains("label 10 of picture 1"));
        string labels = Path.Combine(_folder, "train-labels-idx1-ubyte"), images = Path.Combine(_folder, "train-images-idx3-ubyte");
        File.Copy(images, labels, overwrite: true);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.NotThisFormat).With.Message.Contains("labels"));
        WriteIdx(false, 4, 4);
        File.WriteAllBytes(images, File.ReadAllBytes(images)[..^2]);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.SizeMismatch));
        File.WriteAllBytes(images, [0, 0, 8]);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.Truncated));
        File.Delete(labels);
        Assert.That(() => Datasets.Open(_folder, true), Refuses(DataFileErrorKind.Unreadable));
        File.WriteAllBytes(labels + ".gz", [1, 2, 3, 4]);
        Assert.That(() => Datasets.Open(_folder, true), Throws.InstanceOf<DataFileException>());
    }

    [Test]
    public void ImageFolder_SortsClassesAndPictures()
    {
        foreach (string file in (string[])["train/zebra/b.png", "train/zebra/a.png", "train/ant/c.png", "train/ant/notes.txt", "val/ant/x.png", "val/zebra/y.png"])
        {
            string path = Path.Combine(_folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (file.EndsWith(".png", StringComparison.Ordinal))
                PngWriter.Write(path, new Picture(9, 9));
            else
                File.WriteAllText(path, "no picture");
        }

        var dataset = Datasets.Open(_folder, training: true);
        Assert.That(dataset.Classes, Is.EqualTo((string[])["ant", "zebra"]));
        Assert.That(Enumerable.Range(0, 3).Select(dataset.Name), Is.EqualTo(new[] { "ant/c.png", "zebra/a.png", "zebra/b.png" }.Select(name => name.Replace('/', Path.DirectorySeparatorChar))));
        Assert.That(dataset.Label(2), Is.EqualTo(1));
        Assert.That(dataset.Read(0).Width, Is.EqualTo(9));
        Assert.That(Datasets.Open(_folder, training: false).Count, Is.EqualTo(2));
        Directory.CreateDirectory(Path.Combine(_folder, "train", "empty"));
        Assert.That(() => Datasets.Open(_folder, training: true), Refuses(DataFileErrorKind.NotThisFormat).With.Message.Contains("empty"));
        Assert.That(() => Datasets.Open(Path.Combine(_folder, "nowhere"), training: true), Refuses(DataFileErrorKind.Unreadable));
    }

    [Test]
    public void Mixup_BlendsPixelsAndLabelsAlike()
    {
        var batch = Ones();
        float[] targets = new BatchMixer { Mixup = 0.4 }.Apply(batch, 4, new Generator(8));
        for (int i = 0; i < 4; i++)
        {
            // Sample i holds the number i everywhere; its partner is 3 - i.
            float share = targets[i * 4 + i];
            Assert.That(targets[i * 4 + 3 - i], Is.EqualTo(1 - share).Within(1e-6));
            Assert.That(batch.Pixels[i * 48], Is.EqualTo(share * i + (1 - share) * (3 - i)).Within(1e-5));
        }
    }

    [Test]
    public void CutMix_CountsThePixelsThatItPastes()
    {
        bool sawSome = false;
        for (ulong seed = 0; seed < 40; seed++)
        {
            var batch = Ones();
            float[] targets = new BatchMixer { CutMix = 1, Reversed = true }.Apply(batch, 4, new Generator(seed));
            for (int i = 0; i < 4; i++)
            {
                int own = batch.Pixels[(i * 48)..(i * 48 + 48)].Count(value => value == i);
                Assert.That(own / 48.0, Is.EqualTo(targets[i * 4 + i]).Within(1e-6), "the share of the label is that of the pixels");
                sawSome |= own is > 0 and < 48;
            }
        }

        Assert.That(sawSome);
    }

    [TestCase(0.2)]
    [TestCase(1)]
    [TestCase(5)]
    public void MixupShares_OverManyDraws_HaveTheMomentsOfBeta(double alpha)
    {
        var generator = new Generator(1);
        double sum = 0, squares = 0;
        const int Draws = 20000;
        for (int i = 0; i < Draws; i++)
        {
            var batch = new Batch([0, 0], [0, 1], 1, 1, 1);
            double share = new BatchMixer { Mixup = alpha }.Apply(batch, 2, generator)[0];
            sum += share;
            squares += share * share;
        }

        double mean = sum / Draws;
        Assert.That(mean, Is.EqualTo(0.5).Within(0.01));
        Assert.That(squares / Draws - mean * mean, Is.EqualTo(1 / (4 * (2 * alpha + 1))).Within(4).Percent);
    }

    [Test]
    public void TopAccuracy_CountsRanksAndRefusesNumbersThatAreNone()
    {
        var accuracy = new TopAccuracy();
        accuracy.Add([5, 4, 3, 2, 1, 0], [0]);
        accuracy.Add([5, 4, 3, 2, 1, 0], [4]);
        accuracy.Add([5, 4, 3, 2, 1, 0], [5]);
        accuracy.Add([1, 1, 1, 1, 1, 1], [0]);
        accuracy.Add([1, 1, 1, 1, 1, 1], [5]);
        accuracy.Add([double.NaN, double.NaN, 0, 0, 0, 0], [0]);
        Assert.That((accuracy.Count, accuracy.Best, accuracy.AmongFive), Is.EqualTo((6L, 2L, 3L)));
    }

    [Test]
    public void TensorBoardFile_HasSoundRecords()
    {
        Assert.That(TensorBoardWriter.MaskedCrc("123456789"u8), Is.EqualTo(Mask(0xe3069283)), "the check value of CRC-32C");
        using var stream = new MemoryStream();
        using (var writer = new TensorBoardWriter(stream))
        {
            writer.Scalar("loss", 300, 0.5, 1e9);
            writer.Scalar("loss", 301, 0.25, 1e9 + 1);
        }

        byte[] bytes = stream.ToArray();
        int records = 0;
        for (int at = 0; at < bytes.Length; records++)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)), Is.EqualTo(TensorBoardWriter.MaskedCrc(bytes.AsSpan(at, 8))));
            Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)), Is.EqualTo(TensorBoardWriter.MaskedCrc(bytes.AsSpan(at + 12, length))));
            at += 16 + length;
        }

        Assert.That(records, Is.EqualTo(3), "the version, then two scalars");
        // field 1 wall time, field 2 step 300, field 5 summary { value { tag "loss", simple_value 0.5 } }
        byte[] expected = [0x09, .. BitConverter.GetBytes(1e9), 0x10, 0xac, 0x02, 0x2a, 0x0d, 0x0a, 0x0b, 0x0a, 0x04, .. "loss"u8, 0x15, .. BitConverter.GetBytes(0.5f)];
        Assert.That(bytes.AsSpan().IndexOf(expected), Is.GreaterThan(0));

        static uint Mask(uint crc) => (crc >> 15 | crc << 17) + 0xa282ead8;
    }

    private static DataLoader Loader(int workers, int rank = 0, int replicas = 1) =>
        new(TestPictures.Dataset(), TestPictures.Recipe.TrainingPipeline(), 8) { Seed = 9, Workers = workers, Rank = rank, Replicas = replicas, Prefetch = 2 };

    private static NUnit.Framework.Constraints.EqualConstraint Refuses(DataFileErrorKind kind) =>
        Throws.InstanceOf<DataFileException>().With.Property(nameof(DataFileException.Kind)).EqualTo(kind);

    private static void AssertEqual(List<Batch> actual, List<Batch> expected)
    {
        Assert.That(actual.Select(batch => batch.Labels), Is.EqualTo(expected.Select(batch => batch.Labels)));
        Assert.That(actual.Select(batch => batch.Pixels), Is.EqualTo(expected.Select(batch => batch.Pixels)));
    }

    private static Batch Ones() => new([.. Enumerable.Range(0, 4 * 48).Select(i => (float)(i / 48))], [0, 1, 2, 3], 3, 4, 4);

    private void WriteCifar(string file, int count)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < count; i++)
            bytes.AddRange([(byte)i, .. Enumerable.Range(0, 3072).Select(k => (byte)(i + k / 1024 * 100))]);
        File.WriteAllBytes(Path.Combine(_folder, file), [.. bytes]);
    }

    private void WriteIdx(bool packed, int pictures, int labels, int firstLabel = 0)
    {
        Write("train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, (byte)pictures, 0, 0, 0, 2, 0, 0, 0, 3, .. Enumerable.Range(0, pictures * 6).Select(i => (byte)i)]);
        Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, (byte)labels, .. Enumerable.Range(firstLabel, labels).Select(i => (byte)i)]);

        void Write(string name, byte[] bytes)
        {
            if (!packed)
            {
                File.WriteAllBytes(Path.Combine(_folder, name), bytes);
                return;
            }

            using var stream = new GZipStream(File.Create(Path.Combine(_folder, name + ".gz")), CompressionLevel.Fastest);
            stream.Write(bytes);
        }
    }
}
