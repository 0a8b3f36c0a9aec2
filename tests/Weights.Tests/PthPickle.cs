using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace ResNeSt.Weights.Tests;

/// <summary>Writes pickles opcode by opcode, as Python's pickler lays them out, and remembers where each opcode begins.</summary>
internal sealed class PthPickle
{
    private readonly MemoryStream _bytes = new();
    private readonly int _protocol;
    private uint _memo;

    /// <param name="protocol">2 for what torch.save writes by default; 4 adds frames, short strings and STACK_GLOBAL.</param>
    public PthPickle(int protocol = 2)
    {
        _protocol = protocol;
        Op(0x80, (byte)protocol);
        if (protocol >= 4)
            Op([0x95, .. new byte[8]]);
    }

    /// <summary>Where each opcode begins.</summary>
    public List<int> Boundaries { get; } = [];

    public byte[] Stop()
    {
        Op((byte)'.');
        byte[] bytes = _bytes.ToArray();
        if (_protocol >= 4)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(3), bytes.Length - 11);
        return bytes;
    }

    public PthPickle Op(params ReadOnlySpan<byte> bytes)
    {
        Boundaries.Add((int)_bytes.Position);
        _bytes.Write(bytes);
        return this;
    }

    public PthPickle Op(char opcode) => Op((byte)opcode);

    /// <summary>The last value goes to the memo, as the pickler does with everything that it could meet again.</summary>
    public PthPickle Memoize()
    {
        uint index = _memo++;
        return _protocol >= 4 ? Op(0x94) : index < 256 ? Op((byte)'q', (byte)index) : Op([(byte)'r', .. BitConverter.GetBytes(index)]);
    }

    public PthPickle Text(string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        Op(_protocol >= 4 && utf8.Length < 256 ? [0x8c, (byte)utf8.Length, .. utf8] : [(byte)'X', .. BitConverter.GetBytes(utf8.Length), .. utf8]);
        return Memoize();
    }

    /// <summary>A string as Python 2 writes it.</summary>
    public PthPickle ByteText(string value) => Op([(byte)'U', (byte)value.Length, .. Encoding.UTF8.GetBytes(value)]).Memoize();

    public PthPickle Integer(long value) => value switch
    {
        >= 0 and < 256 => Op((byte)'K', (byte)value),
        >= 0 and < 65536 => Op([(byte)'M', .. BitConverter.GetBytes((ushort)value)]),
        >= int.MinValue and <= int.MaxValue => Op([(byte)'J', .. BitConverter.GetBytes((int)value)]),
        _ => Long(value),
    };

    public PthPickle Long(BigInteger value)
    {
        byte[] bytes = value.ToByteArray();
        return Op([0x8a, (byte)bytes.Length, .. bytes]);
    }

    public PthPickle Bool(bool value) => Op(value ? (byte)0x88 : (byte)0x89);

    public PthPickle Global(string module, string name)
    {
        if (_protocol >= 4)
            Text(module).Text(name).Op(0x93);
        else
            Op(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"c{module}\n{name}\n")));
        return Memoize();
    }

    public PthPickle Integers(IReadOnlyList<long> values)
    {
        if (values.Count > 3)
            Op('(');
        foreach (long value in values)
            Integer(value);
        Op(values.Count switch { 0 => (byte)')', 1 => (byte)0x85, 2 => (byte)0x86, 3 => (byte)0x87, _ => (byte)'t' });
        return values.Count == 0 ? this : Memoize();
    }

    /// <summary>A persistent id of a storage; a legacy one has a sixth item.</summary>
    public PthPickle Storage(PthStorage storage, bool isLegacy)
    {
        Op('(').Text("storage").Global(storage.IsUntyped ? "torch.storage" : "torch", storage.ClassName).Text(storage.Key).Text("cpu").Integer(storage.Count);
        if (isLegacy)
            Op('N');
        return Op('t').Memoize().Op('Q');
    }

    public PthPickle EmptyOrderedDictionary() => Global("collections", "OrderedDict").Op(')').Op('R').Memoize();

    public PthPickle Tensor(PthTensor tensor, bool isLegacy)
    {
        Global("torch._utils", tensor.Storage.IsUntyped ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2").Op('(');
        Storage(tensor.Storage, isLegacy).Integer(tensor.Offset).Integers(tensor.Sizes).Integers(tensor.Strides).Bool(false).EmptyOrderedDictionary();
        if (tensor.Storage.IsUntyped)
            Global("torch", tensor.Storage.TypeName);
        return Op('t').Memoize().Op('R').Memoize();
    }

    /// <summary>A state_dict: an OrderedDict of tensors, with the attribute that modules leave on it.</summary>
    public PthPickle StateDictionary(IEnumerable<PthTensor> tensors, bool isLegacy)
    {
        EmptyOrderedDictionary().Op('(');
        foreach (var tensor in tensors)
            Text(tensor.Name).Tensor(tensor, isLegacy);
        return Op('u').Op('}').Memoize().Text("_metadata").EmptyOrderedDictionary().Op('s').Op('b');
    }
}
