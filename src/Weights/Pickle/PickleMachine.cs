using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Runs the opcodes of a checkpoint's pickle. It builds data only: a global is an entry of a table, never an import, and nothing is called.</summary>
/// <remarks>
/// Values are bool, long, BigInteger, double, string, <see cref="PickleNone"/>, <see cref="PickleTuple"/>, lists, <see cref="PickleDictionary"/>,
/// <see cref="PickleGlobal"/>, <see cref="TorchStorage"/> and <see cref="TorchTensor"/>. There is no recursion; every step uses up input.
/// </remarks>
internal sealed class PickleMachine
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly object True = true;
    private static readonly object False = false;
    private static readonly object[] SmallIntegers = [.. Enumerable.Range(0, 256).Select(value => (object)(long)value)];

    private readonly PickleReader _reader;
    private readonly TorchObjects _objects;
    private readonly List<object> _stack = [];
    private readonly Stack<int> _marks = new();

    // A dictionary, not an array: a file may use index 4294967295. Seeded hash codes, because it may also choose indices that collide.
    private readonly Dictionary<SeededIndex, object> _memo = [];
    private int _operations;

    public PickleMachine(PickleReader reader, bool isLegacy = false)
    {
        _reader = reader;
        _objects = new TorchObjects(reader, isLegacy);
    }

    /// <summary>Every storage block that the pickle named, by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _objects.Roots;

    /// <summary>Runs one pickle from the reader's place to its STOP, and gives what it built.</summary>
    /// <exception cref="DataFileException">Anything that a checkpoint does not need.</exception>
    public object Run()
    {
        _reader.BeginPickle();
        while (true)
        {
            byte opcode = _reader.ReadOpcode();
            CountOperations(1);
            if (opcode == (byte)'.')
                return Pop();
            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: CheckProtocol(); break;
            case 0x95: _reader.Take(8); break; // FRAME: a hint for buffering
            case (byte)'(': OpenMark(); break;

            case (byte)'N': Push(PickleNone.Value); break;
            case 0x88: Push(True); break;
            case 0x89: Push(False); break;
            case (byte)'K': Push(SmallIntegers[_reader.Take(1)[0]]); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(_reader.Take(2))); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(_reader.Take(4))); break;
            case 0x8a: Push(LongInteger(_reader.Take(_reader.Take(1)[0]))); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(_reader.Take(8))); break;
            case (byte)'X': Push(Text(_reader.Take(ReadUInt32()))); break;
            case 0x8c or (byte)'U': Push(Text(_reader.Take(_reader.Take(1)[0]))); break; // SHORT_BINSTRING is Python 2's str

            case (byte)')': Push(PickleTuple.Empty); break;
            case 0x85: PushTuple(PopItems(1)); break;
            case 0x86: PushTuple(PopItems(2)); break;
            case 0x87: PushTuple(PopItems(3)); break;
            case (byte)'t': PushTuple(PopMarked()); break;
            case (byte)']': Push(new List<object>()); break;
            case (byte)'a': Append(PopItems(1)); break;
            case (byte)'e': Append(PopMarked()); break;
            case (byte)'}': Push(new PickleDictionary()); break;
            case (byte)'s': SetItems(PopItems(2)); break;
            case (byte)'u': SetItems(PopMarked()); break;

            case (byte)'q': _memo[new(_reader.Take(1)[0])] = Top(); break;
            case (byte)'r': _memo[new(ReadUInt32())] = Top(); break;
            case 0x94: _memo[new((uint)_memo.Count)] = Top(); break;
            case (byte)'h': Push(Recall(_reader.Take(1)[0])); break;
            case (byte)'j': Push(Recall(ReadUInt32())); break;

            case (byte)'c': Push(Global(Name(_reader.TakeLine()), Name(_reader.TakeLine()))); break;
            case 0x93: Push(StackGlobal(PopItems(2))); break;
            case (byte)'R': Push(Reduce(PopItems(2))); break;
            case (byte)'b': DropState(PopItems(1)[0]); break;
            case (byte)'Q': Push(_objects.Storage(PopItems(1)[0])); break;

            default:
                string name = PickleOpcodes.NameOf(opcode);
                throw _reader.Error(DataFileErrorKind.ForbiddenOpcode, $"opcode 0x{opcode:x2}{name} is none that a checkpoint needs; the file is damaged or forged, and nothing was run");
        }
    }

    private void CheckProtocol()
    {
        byte version = _reader.Take(1)[0];
        if (version is < 2 or > 5)
            throw Bad($"pickle protocol {version} is not one of 2 to 5");
    }

    private void OpenMark()
    {
        if (_marks.Count >= PickleLimits.Marks)
            throw _reader.Error(DataFileErrorKind.TooLarge, $"more than {PickleLimits.Marks} open marks; the file is damaged or forged");
        _marks.Push(_stack.Count);
    }

    private void PushTuple(object[] items)
    {
        int depth = 1;
        foreach (object item in items)
        {
            if (item is PickleTuple inner && inner.Depth >= depth)
                depth = inner.Depth + 1;
        }

        if (depth > PickleLimits.Depth)
            throw _reader.Error(DataFileErrorKind.TooLarge, $"tuples nested more than {PickleLimits.Depth} deep; the file is damaged or forged");
        Push(items.Length == 0 ? PickleTuple.Empty : new PickleTuple(items, depth));
    }

    private void Append(object[] items)
    {
        if (Top() is not List<object> list)
            throw Bad("APPEND to something that is no list");
        list.AddRange(items);
    }

    private void SetItems(object[] items)
    {
        if (Top() is not PickleDictionary dictionary)
            throw Bad("SETITEM on something that is no dictionary");
        if (items.Length % 2 != 0)
            throw Bad("SETITEMS with a key that has no value");
        for (int i = 0; i < items.Length; i += 2)
        {
            object key = items[i];
            if (key is not (string or long or BigInteger or double or bool or PickleNone))
                throw Bad("a dictionary key is neither text nor a number");
            if (!dictionary.TryAdd(key, items[i + 1]))
                throw _reader.Error(DataFileErrorKind.BadName, $"key '{DataFileException.Escape(key.ToString() ?? "")}' is set twice; two readers could see two models");
        }
    }

    private object Recall(uint index) => _memo.TryGetValue(new(index), out object? value) ? value : throw Bad($"memo {index} was never set");

    private PickleGlobal StackGlobal(object[] items) => items is [string module, string name]
        ? Global(module, name)
        : throw Bad("STACK_GLOBAL without two strings");

    private PickleGlobal Global(string module, string name) => PickleAllowList.TryFind(module, name, out var global)
        ? global!
        : throw _reader.Error(DataFileErrorKind.ForbiddenGlobal, PickleAllowList.Refusal(module, name));

    private object Reduce(object[] items)
    {
        if (items is not [PickleGlobal function, PickleTuple arguments])
            throw _reader.Error(DataFileErrorKind.ForbiddenCall, "REDUCE calls something that is no allowed function; the file is forged and nothing was run");
        // A call may copy a list that the memo holds: without this two million calls could copy a million items each.
        if (arguments.Items is [List<object> list])
            CountOperations(list.Count);
        return _objects.Call(function, arguments);
    }

    private void DropState(object state)
    {
        // The only use is OrderedDict._metadata, which holds version numbers of modules and no weights.
        if (state is not PickleDictionary || Top() is not PickleDictionary)
            throw Bad("BUILD on something that is no OrderedDict");
    }

    private void CountOperations(int count)
    {
        _operations += count;
        if (_operations > PickleLimits.Operations)
            throw _reader.Error(DataFileErrorKind.TooLarge, $"more than {PickleLimits.Operations} operations; save only the state_dict");
    }

    private void Push(object value) => _stack.Add(value);

    private object Top()
    {
        CheckDepth(1);
        return _stack[^1];
    }

    private object Pop() => PopItems(1)[0];

    private object[] PopItems(int count)
    {
        CheckDepth(count);
        return RemoveFrom(_stack.Count - count);
    }

    private object[] PopMarked() => _marks.TryPop(out int start) ? RemoveFrom(start) : throw Bad("no mark is open");

    private object[] RemoveFrom(int start)
    {
        object[] items = new object[_stack.Count - start];
        _stack.CopyTo(start, items, 0, items.Length);
        _stack.RemoveRange(start, items.Length);
        return items;
    }

    /// <summary>Values above the last mark: the stack ends there for everything but the opcode that takes the mark away.</summary>
    private void CheckDepth(int count)
    {
        if (_stack.Count - (_marks.TryPeek(out int mark) ? mark : 0) < count)
            throw Bad("the stack is empty");
    }

    private uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(_reader.Take(4));

    private static object LongInteger(ReadOnlySpan<byte> bytes)
    {
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Bad("a string is not valid UTF-8");
        }
    }

    // Bytes that are no UTF-8 become replacement characters, which no allowed name contains.
    private static string Name(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line);

    private DataFileException Bad(string what) => _reader.Error(DataFileErrorKind.BadPickle, what + "; the file is damaged or forged");

    private readonly record struct SeededIndex(uint Value)
    {
        public override int GetHashCode() => HashCode.Combine(Value);
    }
}
