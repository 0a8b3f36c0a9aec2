using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace ResNeSt.Weights.Tests;

/// <summary>Writes .pth files of both kinds, for tests; with where their parts begin.</summary>
internal static class PthWriter
{
    public static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>A zip container as torch writes it, or deflated as a user may have zipped it again.</summary>
    public static (byte[] Bytes, List<int> Boundaries) Zip(IReadOnlyList<PthTensor> tensors, int protocol = 2, bool deflate = false)
    {
        using var stream = new MemoryStream();
        var boundaries = WriteZip(stream, new PthPickle(protocol).StateDictionary(tensors, isLegacy: false).Stop(), Storages(tensors), deflate);
        return (stream.ToArray(), boundaries);
    }

    /// <summary>A zip container of any pickle.</summary>
    public static List<int> WriteZip(Stream stream, byte[] pickle, IEnumerable<PthStorage> storages, bool deflate = false)
    {
        var pen = new PthZipPen(stream, deflate);
        pen.Add("archive/data.pkl", pickle).Add("archive/byteorder", "little"u8);
        foreach (var storage in storages)
            pen.Add($"archive/data/{storage.Key}", storage.Bytes);
        pen.Add("archive/version", "3\n"u8).Add("archive/.data/serialization_id", "0123456789"u8);
        pen.Finish();
        return pen.Boundaries;
    }

    /// <summary>A legacy stream.</summary>
    public static (byte[] Bytes, List<int> Boundaries) Legacy(IReadOnlyList<PthTensor> tensors, int protocol = 2)
    {
        var pickle = new PthPickle(protocol).StateDictionary(tensors, isLegacy: true);
        using var stream = new MemoryStream();
        var boundaries = WriteLegacy(stream, pickle.Stop(), pickle.Boundaries, Storages(tensors), protocol);
        return (stream.ToArray(), boundaries);
    }

    /// <summary>A legacy stream around any pickle.</summary>
    public static List<int> WriteLegacy(Stream stream, byte[] pickle, IEnumerable<int> pickleBoundaries, IReadOnlyList<PthStorage> storages, int protocol = 2)
    {
        var boundaries = new List<int>();
        var keys = new PthPickle(protocol).Op(']').Memoize().Op('(');
        foreach (var storage in storages)
            keys.Text(storage.Key);
        keys.Op('e');
        Append(new PthPickle(protocol).Long(Magic));
        Append(new PthPickle(protocol).Integer(1001));
        Append(new PthPickle(protocol).Op('}').Memoize().Op('(').Text("protocol_version").Integer(1001).Text("little_endian").Bool(true)
            .Text("type_sizes").Op('}').Memoize().Op('(').Text("short").Integer(2).Text("int").Integer(4).Text("long").Integer(4).Op('u').Op('u'));
        boundaries.AddRange(pickleBoundaries.Select(at => at + (int)stream.Position));
        stream.Write(pickle);
        Append(keys);

        byte[] count = new byte[8];
        foreach (var storage in storages)
        {
            boundaries.Add((int)stream.Position);
            BinaryPrimitives.WriteInt64LittleEndian(count, storage.Count);
            stream.Write(count);
            boundaries.Add((int)stream.Position);
            stream.Write(storage.Bytes);
        }

        return boundaries;

        void Append(PthPickle part)
        {
            byte[] bytes = part.Stop();
            boundaries.AddRange(part.Boundaries.Select(at => at + (int)stream.Position));
            stream.Write(bytes);
        }
    }

    public static PthStorage[] Storages(IEnumerable<PthTensor> tensors) => [.. tensors.Select(tensor => tensor.Storage).Distinct()];
}
