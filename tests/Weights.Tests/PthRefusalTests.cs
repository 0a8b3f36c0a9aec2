using System.Buffers.Binary;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>What is refused, how, and what the message says, beyond the files of the corpus.</summary>
internal sealed class PthRefusalTests
{
    private static readonly PthTensor[] Two =
    [
        PthTensor.Whole("w", "0", WeightDType.F32, PthRoundTripTests.Noise(64, 1), 4, 4),
        PthTensor.Whole("b", "1", WeightDType.F32, PthRoundTripTests.Noise(16, 2), 4),
    ];

    [TestCase("argparse", "Namespace", "training arguments")]
    [TestCase("numpy.core.multiarray", "scalar", "NumPy")]
    [TestCase("torchvision.models.resnet", "ResNet", "whole model")]
    [TestCase("__main__", "Net", "whole model")]
    [TestCase("torch._utils", "_rebuild_sparse_tensor", "to_dense()")]
    [TestCase("torch", "QInt8Storage", "dequantize()")]
    [TestCase("builtins", "eval", "nothing was run")]
    [TestCase("collections", "OrderedDict.fromkeys", "not on the list")]
    [TestCase("torch._utils ", "_rebuild_tensor_v2", "not on the list")]
    [TestCase("os", "sys\u001b[31mtem\u202e", @"sys\u001b[31mtem\u202e")]
    public void Pickle_ForbiddenGlobal_NamesItAndAdvises(string module, string name, string advice)
    {
        foreach (int protocol in (int[])[2, 4])
        {
            var refusal = PthFile.Refusal(Zip(new PthPickle(protocol).Op('}').Text("args").Global(module, name).Op(')').Op(0x81).Op('s')));
            Assert.Multiple(() =>
            {
                Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.ForbiddenGlobal));
                Assert.That(refusal.Message, Does.Contain(advice));
                Assert.That(refusal.Entry, Is.EqualTo("archive/data.pkl"));
                Assert.That(refusal.Offset, Is.GreaterThan(0));
            });
        }
    }

    [TestCase((byte)'i', "INST")]
    [TestCase((byte)'o', "OBJ")]
    [TestCase((byte)0x81, "NEWOBJ")]
    [TestCase((byte)0x92, "NEWOBJ_EX")]
    [TestCase((byte)0x82, "EXT")]
    [TestCase((byte)'P', "PERSID")]
    [TestCase((byte)'0', "POP")]
    [TestCase((byte)0x8e, "BINBYTES8")]
    [TestCase((byte)0xff, "0xff")]
    public void Pickle_ForbiddenOpcode_NamesIt(byte opcode, string name)
    {
        var refusal = PthFile.Refusal(Zip(new PthPickle().Op('}').Op('}').Op(opcode)));
        Assert.That((refusal.Kind, refusal.Offset), Is.EqualTo((DataFileErrorKind.ForbiddenOpcode, (long?)4)));
        Assert.That(refusal.Message, Does.Contain(name));
    }

    [Test]
    public void Pickle_EveryOpcodeByte_EndsInARefusal()
    {
        for (int opcode = 0; opcode < 256; opcode++)
        {
            var refusal = PthFile.Refusal(Zip(new PthPickle().Op((byte)opcode)));
            Assert.That(refusal.Kind, Is.AnyOf(DataFileErrorKind.ForbiddenOpcode, DataFileErrorKind.BadPickle, DataFileErrorKind.Unsupported), $"0x{opcode:x2}");
        }
    }

    [Test]
    public void Pickle_TooManyOperations_IsRefusedInTime()
    {
        // Two million calls that would each copy a list of a hundred thousand pairs.
        var pickle = new PthPickle().Op(']').Op((byte)'q', 200).Op('(').Op((byte)'X', 1, 0, 0, 0, (byte)'k').Op('N').Op(0x86).Op((byte)'q', 201);
        for (int i = 0; i < 100_000; i++)
            pickle.Op((byte)'h', 201);
        pickle.Op('e').Global("collections", "OrderedDict").Op((byte)'q', 202);
        for (int i = 0; i < 300_000; i++)
            pickle.Op((byte)'h', 202).Op((byte)'h', 200).Op(0x85).Op('R');
        var start = Environment.CpuUsage.TotalTime;
        var refusal = PthFile.Refusal(Zip(pickle));
        Assert.That(refusal.Kind, Is.AnyOf(DataFileErrorKind.TooLarge, DataFileErrorKind.BadName));
        Assert.That((Environment.CpuUsage.TotalTime - start).TotalSeconds, Is.LessThan(2));
    }

    [Test]
    public void Pickle_KeysThatCollideInARuntimeHash_AreReadInTime()
    {
        // Numbers whose two halves are equal all have the runtime's hash code 0.
        var pickle = new PthPickle().Op('}').Op('(');
        for (long i = 1; i <= 150_000; i++)
            pickle.Long(i | (i << 32)).Op('N');
        pickle.Op('u').Text("w").Tensor(Two[0], isLegacy: false).Op('s');
        var start = Environment.CpuUsage.TotalTime;
        using var file = new PthFile(Zip(pickle, Two[0].Storage));
        Assert.That(PthFile.ReadAll(file.FilePath).Keys, Is.EqualTo(["w"]));
        Assert.That((Environment.CpuUsage.TotalTime - start).TotalSeconds, Is.LessThan(2));
    }

    [TestCase(64, false)]
    [TestCase(65, true)]
    public void Names_NestingBeyondTheLimit_IsRefused(int levels, bool isRefused)
    {
        var pickle = new PthPickle();
        for (int i = 1; i < levels; i++)
            pickle.Op('}').Text("n");
        pickle.Op('}').Text("w").Tensor(Two[0], isLegacy: false).Op('s');
        for (int i = 1; i < levels; i++)
            pickle.Op('s');
        byte[] bytes = Zip(pickle, Two[0].Storage);
        if (isRefused)
        {
            Assert.That(PthFile.Refusal(bytes).Kind, Is.EqualTo(DataFileErrorKind.TooLarge));
            return;
        }

        using var file = new PthFile(bytes);
        Assert.That(PthFile.ReadAll(file.FilePath).Keys.Single(), Has.Length.EqualTo(2 * levels - 1));
    }

    [Test]
    public void Names_LongKeysSharedByManyPaths_AreRefusedInTime()
    {
        // A megabyte of a key before each of two hundred thousand tensors would be 200 GB of names.
        var pickle = new PthPickle().Op('}').Text(new string('k', 1 << 20)).Op('}').Text("w").Tensor(Two[0], isLegacy: false).Op((byte)'q', 200).Op('s').Op('(');
        for (int i = 0; i < 200_000; i++)
            pickle.Op([(byte)'X', 6, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes($"{i:d6}")]).Op((byte)'h', 200);
        pickle.Op('u').Op('s');
        var start = Environment.CpuUsage.TotalTime;
        Assert.That(PthFile.Refusal(Zip(pickle, Two[0].Storage)).Kind, Is.EqualTo(DataFileErrorKind.BadName));
        Assert.That((Environment.CpuUsage.TotalTime - start).TotalSeconds, Is.LessThan(2));
    }

    [Test]
    public void Names_TensorInAList_IsRefused()
    {
        var pickle = new PthPickle().Op('}').Text("list").Op(']').Tensor(Two[0], isLegacy: false).Op('a').Op('s');
        var refusal = PthFile.Refusal(Zip(pickle, Two[0].Storage));
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unsupported));
        Assert.That(refusal.Message, Does.Contain("'list'"));
    }

    [Test]
    public void Names_TrainingState_CountsNumbersAndPositions()
    {
        // What torch writes for an optimizer with momentum and for the generators of several devices.
        var pickle = new PthPickle().Op('}')
            .Text("state_dict").StateDictionary([Two[0]], isLegacy: false).Op('s')
            .Text("optimizer").Op('}').Text("state").Op('}').Integer(0).Op('}').Text("momentum_buffer").Tensor(Two[1], isLegacy: false).Op('s').Op('s').Op('s').Op('s')
            .Text("cuda_rng_state").Op(']').Tensor(Two[1] with { Sizes = [2], Strides = [1] }, isLegacy: false).Op('a').Op('s')
            .Text("epoch").Integer(7).Op('s');
        using var file = new PthFile(Zip(pickle, Two[0].Storage, Two[1].Storage));
        Assert.That(PthFile.ReadAll(file.FilePath).Keys, Is.EqualTo(["state_dict.w", "optimizer.state.0.momentum_buffer", "cuda_rng_state.0"]));
    }

    [Test]
    public void Tensor_ZeroExtentThatHidesAnOverflow_IsRefused()
    {
        var tensor = Two[0] with { Sizes = [1L << 62, 1L << 62, 0], Strides = [0, 0, 0] };
        Assert.That(PthFile.Refusal(PthWriter.Zip([tensor]).Bytes).Kind, Is.EqualTo(DataFileErrorKind.TooLarge));
    }

    [Test]
    public void Tensor_SixteenHugeStrides_IsRefused()
    {
        var tensor = Two[0] with { Sizes = [.. Enumerable.Repeat(2L, 16)], Strides = [.. Enumerable.Repeat(long.MaxValue, 16)] };
        Assert.That(PthFile.Refusal(PthWriter.Zip([tensor]).Bytes).Kind, Is.EqualTo(DataFileErrorKind.BadTensor));
    }

    [Test]
    public void Tensor_SeventeenDimensions_IsRefused()
    {
        var tensor = Two[1] with { Sizes = [.. Enumerable.Repeat(1L, 17)], Strides = [.. Enumerable.Repeat(1L, 17)] };
        Assert.That(PthFile.Refusal(PthWriter.Zip([tensor]).Bytes).Kind, Is.EqualTo(DataFileErrorKind.TooLarge));
    }

    [Test]
    public void Zip_EveryFlippedBitOfAHeader_IsRefusedOrHarmless()
    {
        var (bytes, _) = PthWriter.Zip(Two, deflate: true);
        int directory = bytes.AsSpan().IndexOf("PK\x01\x02"u8);
        for (int bit = 8 * directory; bit < 8 * bytes.Length; bit++)
        {
            byte[] mutant = [.. bytes];
            mutant[bit / 8] ^= (byte)(1 << (bit % 8));
            PthMutantTests.CheckSameOrRefused(mutant, Two, ".pth", $"bit {bit}");
        }
    }

    [Test]
    public void Zip_EndRecordInsideTheComment_IsRefused()
    {
        var (bytes, _) = PthWriter.Zip(Two, deflate: true);
        byte[] inner = bytes[^22..];
        byte[] twice = [.. bytes, .. inner];
        BinaryPrimitives.WriteUInt16LittleEndian(twice.AsSpan(bytes.Length - 2), 22);
        Assert.That(PthFile.Refusal(twice).Kind, Is.EqualTo(DataFileErrorKind.BadArchive));
    }

    [Test]
    public void Zip_PlainComment_IsAccepted()
    {
        var (bytes, _) = PthWriter.Zip(Two, deflate: true);
        byte[] commented = [.. bytes, .. "made by hand"u8];
        commented[bytes.Length - 2] = 12;
        PthMutantTests.CheckSameOrRefused(commented, Two, ".pth", "comment", mustRead: true);
    }

    [Test]
    public void Zip_EveryCut_IsRefused()
    {
        foreach (bool deflate in (bool[])[false, true])
        {
            byte[] bytes = PthWriter.Zip(Two, deflate: deflate).Bytes;
            for (int length = 0; length < bytes.Length; length += 1 + (length / 97))
                Assert.That(PthFile.Refusal(bytes[..length]).Kind, Is.AnyOf(DataFileErrorKind.Truncated, DataFileErrorKind.BadArchive, DataFileErrorKind.NotThisFormat), $"{length}");
        }
    }

    [Test]
    public void Legacy_EveryCut_IsRefused()
    {
        byte[] bytes = PthWriter.Legacy(Two).Bytes;
        for (int length = 0; length < bytes.Length; length++)
            Assert.That(PthFile.Refusal(bytes[..length]).Kind, Is.AnyOf(DataFileErrorKind.Truncated, DataFileErrorKind.NotThisFormat), $"{length}");
    }

    [Test]
    public void Zip_ManyViewsOfALargeDeflatedStorage_IsRefused()
    {
        // 100 kB that would be unpacked to 64 MiB for each of a hundred tensors.
        var storage = new PthStorage("0", WeightDType.U8, new byte[64 << 20]);
        PthTensor[] tensors = [.. Enumerable.Range(0, 100).Select(i => new PthTensor($"t{i}", storage, i, [1], [1]))];
        Assert.That(PthFile.Refusal(PthWriter.Zip(tensors, deflate: true).Bytes).Kind, Is.EqualTo(DataFileErrorKind.TooLarge));
    }

    [Test]
    public void Zip_AnotherArchive_SaysWhatToUnpack()
    {
        using var stream = new MemoryStream();
        var pen = new PthZipPen(stream, deflate: true);
        pen.Add("resnest50.params", [1, 2, 3]).Finish();
        var refusal = PthFile.Refusal(stream.ToArray());
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.BadArchive));
        Assert.That(refusal.Message, Does.Contain("resnest50.params"));
    }

    [Test]
    public void Zip_TorchScript_SaysSo()
    {
        using var stream = new MemoryStream();
        var pen = new PthZipPen(stream);
        pen.Add("net/data.pkl", new PthPickle().Op('}').Stop()).Add("net/constants.pkl", [0x80, 2, (byte)')', (byte)'.']).Add("net/version", "3\n"u8).Finish();
        var refusal = PthFile.Refusal(stream.ToArray());
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unsupported));
        Assert.That(refusal.Message, Does.Contain("TorchScript"));
    }

    [TestCase(5, 2, DataFileErrorKind.BadTensor)]
    [TestCase(-1, 2, DataFileErrorKind.BadTensor)]
    [TestCase(3, 4, DataFileErrorKind.BadTensor)]
    public void Legacy_ViewOutsideItsStorage_IsRefused(long first, long count, DataFileErrorKind kind)
    {
        var pickle = new PthPickle().Op('}').Text("w").Global("torch._utils", "_rebuild_tensor").Op('(').Op('(')
            .Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Integer(6)
            .Op('(').Text("view").Integer(first).Integer(count).Op('t').Op('t').Op('Q').Integer(0).Integers([2]).Integers([1]).Op('t').Op('R').Op('s');
        using var stream = new MemoryStream();
        PthWriter.WriteLegacy(stream, pickle.Stop(), pickle.Boundaries, [new PthStorage("0", WeightDType.F32, new byte[24])]);
        Assert.That(PthFile.Refusal(stream.ToArray()).Kind, Is.EqualTo(kind));
    }

    [Test]
    public void Open_DamagedStorage_IsFoundWhenItIsRead()
    {
        var (bytes, _) = PthWriter.Zip(Two);
        bytes[bytes.AsSpan().IndexOf(Two[1].Storage.Bytes) + 5] ^= 1;
        using var written = new PthFile(bytes);
        using var file = WeightFile.Open(written.FilePath);
        Assert.That(file.Read(file["w"]).SequenceEqual(Two[0].Packed()));
        var refusal = Assert.Throws<DataFileException>(() => file.CopyRange(file["b"], 0, new byte[4]))!;
        Assert.That((refusal.Kind, refusal.Entry), Is.EqualTo((DataFileErrorKind.BadChecksum, "archive/data/1")));
        Assert.Throws<DataFileException>(() => file.TryMap(file["b"], out _));
    }

    [Test]
    public void Read_AfterDispose_Throws()
    {
        using var written = new PthFile(PthWriter.Zip(Two).Bytes);
        var file = WeightFile.Open(written.FilePath);
        var entry = file["w"];
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read(entry));
    }

    [Test]
    public void Open_FileThatIsNotThere_IsUnreadable()
    {
        var refusal = Assert.Throws<DataFileException>(() => TorchArchive.Open(Path.Combine(Path.GetTempPath(), "no-such-file.pth")))!;
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unreadable));
    }

    private static byte[] Zip(PthPickle pickle, params PthStorage[] storages)
    {
        using var stream = new MemoryStream();
        PthWriter.WriteZip(stream, pickle.Stop(), storages);
        return stream.ToArray();
    }
}
