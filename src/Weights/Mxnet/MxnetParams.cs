using System.Runtime.InteropServices;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>A .params file of MXNet or GluonCV: a list of arrays, then the list of their names.</summary>
/// <remarks>The prefixes <c>arg:</c> and <c>aux:</c>, which the Module interface writes before names, are dropped. The format has no checksums.</remarks>
public sealed class MxnetParams : WeightFile
{
    /// <summary>The first eight bytes of a list of arrays.</summary>
    public const ulong ListMagic = 0x112;

    private const uint Version1 = 0xF993FAC8;
    private const uint Version2 = 0xF993FAC9;
    private const uint Version3 = 0xF993FACA;
    private const int MostArrays = 200_000;
    private const int MostDimensions = 16;
    private const int MostNameBytes = 4096;
    private const string Damaged = "; the file is damaged or no .params file, fetch it again";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // In the order of MXNet's type flags.
    private static readonly WeightDType[] TypeFlags =
    [
        WeightDType.F32, WeightDType.F64, WeightDType.F16, WeightDType.U8, WeightDType.I32, WeightDType.I8, WeightDType.I64,
        WeightDType.Bool, WeightDType.I16, WeightDType.U16, WeightDType.U32, WeightDType.U64, WeightDType.BF16,
    ];

    private readonly RandomAccessFile _file;
    private readonly MxnetArray[] _arrays;

    private MxnetParams(RandomAccessFile file)
        : base(file.Path, WeightFileFormat.MxnetParams)
    {
        _file = file;
        var cursor = new MxnetCursor(file);
        _arrays = ReadArrays(cursor);
        string[] names = ReadNames(cursor, _arrays.Length);
        if (cursor.Remaining != 0)
            throw cursor.Error(DataFileErrorKind.BadLayout, $"{cursor.Remaining} bytes after the names; something was appended, or the file is damaged");
        SetContents([.. _arrays.Select((array, i) => new WeightEntry(i, names[i], array.DType, ImmutableCollectionsMarshal.AsImmutableArray(array.Sizes), array.ByteLength))]);
    }

    /// <summary>Opens a .params file: its structure is checked whole, the values when they are read.</summary>
    /// <exception cref="DataFileException">The file is refused.</exception>
    public static new MxnetParams Open(string filePath)
    {
        var file = RandomAccessFile.Open(filePath);
        try
        {
            return new MxnetParams(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void CopyRangeCore(WeightEntry entry, long offset, Span<byte> destination) =>
        _file.Read(_arrays[entry.Index].Start + offset, destination);

    /// <inheritdoc/>
    protected override bool TryMapCore(WeightEntry entry, out ReadOnlySpan<byte> bytes)
    {
        var array = _arrays[entry.Index];
        bytes = default;
        if (array.Start % array.DType.ByteSize != 0)
            return false;
        bytes = _file.Map(array.Start, (int)array.ByteLength);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();

    private static MxnetArray[] ReadArrays(MxnetCursor cursor)
    {
        if (cursor.Remaining < 24)
            throw cursor.Error(DataFileErrorKind.Truncated, "too short for a .params file; fetch it again");
        if (cursor.ReadUInt64() != ListMagic)
            throw cursor.Error(DataFileErrorKind.NotThisFormat, "not a list of MXNet arrays; check what the file is");
        if (cursor.ReadUInt64() != 0)
            throw cursor.Error(DataFileErrorKind.BadHeader, "the reserved field is not 0" + Damaged);
        ulong count = cursor.ReadUInt64();
        if (count > MostArrays)
            throw cursor.Error(DataFileErrorKind.TooLarge, $"{count} arrays, at most {MostArrays} are handled" + Damaged);
        if (count == 0)
            throw cursor.Error(DataFileErrorKind.Unsupported, "the file holds no arrays; save the parameters again");
        // Every array takes four bytes at least, so the list stays below the file in size.
        if (count > (ulong)cursor.Remaining / 4)
            throw cursor.Error(DataFileErrorKind.Truncated, $"{count} arrays do not fit the {cursor.Remaining} bytes that are left" + Damaged);
        var arrays = new MxnetArray[count];
        for (int i = 0; i < arrays.Length; i++)
            arrays[i] = ReadArray(cursor, i);
        return arrays;
    }

    private static MxnetArray ReadArray(MxnetCursor cursor, int index)
    {
        // The oldest form has no magic number: its first field is the number of dimensions.
        uint magic = cursor.ReadUInt32();
        if (magic is Version2 or Version3 && cursor.ReadInt32() is var storage and not 0)
            throw Bad(storage is 1 or 2 ? DataFileErrorKind.Unsupported : DataFileErrorKind.BadTensor, storage is 1 or 2 ? "is sparse; call tostype('default') in MXNet and save again" : $"has storage type {storage}" + Damaged);
        uint dimensions = magic is Version1 or Version2 or Version3 ? cursor.ReadUInt32() : magic;
        if (dimensions == uint.MaxValue || (dimensions == 0 && magic != Version3))
            throw Bad(DataFileErrorKind.Unsupported, "has no values; initialise the parameter in MXNet and save again");
        if (dimensions > MostDimensions)
            throw Bad(DataFileErrorKind.TooLarge, $"has {dimensions} dimensions, at most {MostDimensions} are handled" + Damaged);
        long[] sizes = new long[dimensions];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            sizes[axis] = magic is Version1 or Version2 or Version3 ? cursor.ReadInt64() : cursor.ReadUInt32();
            if (sizes[axis] < 0)
                throw Bad(DataFileErrorKind.BadTensor, $"has an extent of {sizes[axis]}" + Damaged);
        }

        cursor.Skip(8); // the device it was saved from: kind and number
        int flag = cursor.ReadInt32();
        if ((uint)flag >= (uint)TypeFlags.Length)
            throw Bad(DataFileErrorKind.UnsupportedDType, $"has type flag {flag}, which is not known" + Damaged);
        var dtype = TypeFlags[flag];
        long start = cursor.Position;
        long length = ByteLength(sizes, dtype);
        cursor.Skip(length);
        return new MxnetArray(dtype, sizes, start, length);

        DataFileException Bad(DataFileErrorKind kind, string what) => cursor.Error(kind, $"array {index} {what}");

        long ByteLength(long[] extents, WeightDType type)
        {
            var bytes = (UInt128)type.ByteSize;
            bool isEmpty = false;
            foreach (long extent in extents)
            {
                bytes *= (UInt128)Math.Max(extent, 1);
                isEmpty |= extent == 0;
                if (bytes > long.MaxValue)
                    throw Bad(DataFileErrorKind.Overflow, "has more elements than can be counted" + Damaged);
            }

            return isEmpty ? 0 : (long)bytes;
        }
    }

    private static string[] ReadNames(MxnetCursor cursor, int arrays)
    {
        ulong count = cursor.ReadUInt64();
        if (count == 0)
            throw cursor.Error(DataFileErrorKind.Unsupported, "the arrays have no names; save them as a dictionary: mx.nd.save(file, {'name': array})");
        if (count != (ulong)arrays)
            throw cursor.Error(DataFileErrorKind.BadLayout, $"{count} names for {arrays} arrays" + Damaged);
        string[] names = new string[arrays];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            ulong length = cursor.ReadUInt64();
            if (length > MostNameBytes)
                throw cursor.Error(length > (ulong)cursor.Remaining ? DataFileErrorKind.Truncated : DataFileErrorKind.BadName, $"name {i} has {length} bytes, at most {MostNameBytes} are handled" + Damaged);
            string name = CheckedName(cursor, cursor.ReadBytes((int)length), i);
            if (!seen.Add(name))
                throw cursor.Error(DataFileErrorKind.BadName, $"two arrays are called '{DataFileException.Escape(name)}' without 'arg:' and 'aux:'; rename one in MXNet");
            names[i] = name;
        }

        return names;
    }

    private static string CheckedName(MxnetCursor cursor, byte[] bytes, int index)
    {
        string name;
        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw cursor.Error(DataFileErrorKind.BadName, $"name {index} is not valid UTF-8" + Damaged);
        }

        if (name.StartsWith("arg:", StringComparison.Ordinal) || name.StartsWith("aux:", StringComparison.Ordinal))
            name = name[4..];
        if (name is "" or "__metadata__" || name.Any(char.IsControl))
            throw cursor.Error(DataFileErrorKind.BadName, $"array {index} is called '{DataFileException.Escape(name)}', which cannot be used; rename it in MXNet");
        return name;
    }
}
