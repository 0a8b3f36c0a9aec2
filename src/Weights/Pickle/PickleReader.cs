using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The bytes of a pickle, read forwards through a small window: nothing is allocated by a length before that many bytes are known to be there.</summary>
internal sealed class PickleReader
{
    private const int WindowBytes = 1 << 16;

    private readonly RandomAccessFile? _file;
    private readonly string? _entry;
    private readonly DataFileErrorKind _endKind;
    private readonly long _end;
    private byte[] _window;
    private long _windowStart;
    private int _windowLength;
    private int _next;
    private long _pickleStart;

    /// <summary>Reads a pickle that is in memory.</summary>
    /// <param name="pickle">All of its bytes.</param>
    /// <param name="entry">The archive entry they came from, for messages.</param>
    public PickleReader(byte[] pickle, string? entry)
    {
        _window = pickle;
        _windowLength = pickle.Length;
        _end = pickle.Length;
        _entry = entry;
        _endKind = DataFileErrorKind.BadPickle;
    }

    /// <summary>Reads pickles at the begin of a file.</summary>
    public PickleReader(RandomAccessFile file)
    {
        _file = file;
        _window = new byte[(int)Math.Min(WindowBytes, file.Length)];
        _end = file.Length;
        _endKind = DataFileErrorKind.Truncated;
    }

    /// <summary>Offset of the next byte, in the entry or file.</summary>
    public long Position => _windowStart + _next;

    /// <summary>Bytes that are left.</summary>
    public long Remaining => _end - Position;

    /// <summary>Where the last opcode began, for messages.</summary>
    public long OpcodeOffset { get; private set; }

    /// <summary>Begins the next pickle: its size is counted from here.</summary>
    public void BeginPickle() => OpcodeOffset = _pickleStart = Position;

    public byte ReadOpcode()
    {
        OpcodeOffset = Position;
        if (Remaining == 0)
            throw Error(_endKind, "the pickle ends without STOP; the file is cut short or damaged, fetch it again");
        return Take(1)[0];
    }

    /// <summary>The next bytes; valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)Remaining)
            throw Error(_endKind, $"a length of {count} bytes runs past the end, {Remaining} are left; the file is cut short or damaged, fetch it again");
        if (count > (ulong)(PickleLimits.Bytes - (Position - _pickleStart)))
            throw Error(DataFileErrorKind.TooLarge, $"the pickle is longer than {PickleLimits.Bytes} bytes; save only the state_dict");
        int length = (int)count;
        if (length > _windowLength - _next)
            Refill(length);
        var bytes = _window.AsSpan(_next, length);
        _next += length;
        return bytes;
    }

    /// <summary>The bytes up to the next line feed, which is skipped.</summary>
    public ReadOnlySpan<byte> TakeLine()
    {
        int limit = (int)Math.Min(Remaining, PickleLimits.LineLength);
        if (limit > _windowLength - _next)
            Refill(limit);
        int length = _window.AsSpan(_next, limit).IndexOf((byte)'\n');
        if (length < 0)
            throw Error(limit < PickleLimits.LineLength ? _endKind : DataFileErrorKind.BadPickle, "a global's name does not end; the file is cut short or damaged, fetch it again");
        return Take((ulong)length + 1)[..length];
    }

    /// <summary>A refusal at the current opcode.</summary>
    public DataFileException Error(DataFileErrorKind kind, string what) => new(kind, what, _file?.Path, _entry, OpcodeOffset);

    private void Refill(int length)
    {
        _windowStart = Position;
        _next = 0;
        if (length > _window.Length)
            _window = new byte[length];
        _windowLength = (int)Math.Min(_window.Length, _end - _windowStart);
        _file!.Read(_windowStart, _window.AsSpan(0, _windowLength));
    }
}
