using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Tells what a file is from its first bytes, and says what to do about files that are no weights.</summary>
internal static class WeightFileProbe
{
    /// <summary>Bytes that suffice to tell: a tar archive shows itself at 257.</summary>
    public const int HeadBytes = 512;

    /// <summary>The longest safetensors header; what begins with a larger number is no safetensors file.</summary>
    public const ulong LongestHeader = 100_000_000;

    private static readonly (string Magic, string Finding)[] Foreign =
    [
        ("PK\x05\x06", "an empty zip archive; the checkpoint was not written to its end"),
        ("7z\xBC\xAF\x27\x1C", "a 7z archive; PyTorch never writes these - do not unpack it unless you trust its source"),
        ("Rar!", "a RAR archive; unpack it and give the .pth or .safetensors inside"),
        ("\x1F\x8B", "a gzip file; unpack it and give the file inside"),
        ("BZh", "a bzip2 file; unpack it and give the file inside"),
        ("\xFD7zXZ", "an xz file; unpack it and give the file inside"),
        ("\x28\xB5\x2F\xFD", "a Zstandard file; unpack it and give the file inside"),
        ("GGUF", "a GGUF file (llama.cpp); give the original .safetensors or .pth"),
        ("\x89HDF", "an HDF5 file (Keras); give the original .safetensors or .pth"),
        ("\x93NUMPY", "a NumPy array; save the state_dict as .safetensors"),
        ("version https://git-lfs", "a Git LFS pointer, not the weights; run 'git lfs pull', or download the file itself"),
        ("{\"", "plain JSON; if it is a safetensors index, give the .safetensors files it names"),
        ("\x7F" + "ELF", "an ELF program"),
        ("MZ", "a Windows program"),
        ("\xEF\xBB\xBF", "a text file with a byte order mark"),
    ];

    /// <summary>What the file is.</summary>
    /// <exception cref="DataFileException">It cannot be opened, is nothing that can be read, or its extension claims another kind than its contents.</exception>
    public static WeightFileFormat Identify(string filePath)
    {
        using var handle = OpenHandle(filePath);
        Span<byte> head = stackalloc byte[HeadBytes];
        head = head[..ReadAt(handle, filePath, 0, head)];
        return Identify(head, filePath);
    }

    /// <summary>What a file of these first bytes is.</summary>
    public static WeightFileFormat Identify(ReadOnlySpan<byte> head, string filePath)
    {
        var found = Recognize(head);
        var claimed = Path.GetExtension(filePath).ToLowerInvariant() switch
        {
            ".safetensors" => WeightFileFormat.Safetensors,
            ".pth" or ".pt" => WeightFileFormat.TorchZip,
            ".params" => WeightFileFormat.MxnetParams,
            _ => found,
        };

        // A broken header is the safetensors reader's to explain; it names other kinds too.
        if (found is null && claimed == WeightFileFormat.Safetensors)
            return WeightFileFormat.Safetensors;
        if (found is null)
            throw Refuse(head, filePath);
        // A name that claims another kind than the contents fools other readers and scanners: say so rather than guess.
        if (Family(found.Value) != Family(claimed!.Value))
            throw new DataFileException(DataFileErrorKind.NotThisFormat, $"the name ends in '{Path.GetExtension(filePath)}' but the file is {Describe(found.Value)}; rename it (or make it again with weight-converter)", filePath);
        return found.Value;
    }

    /// <summary>The refusal of a file that is not of a readable kind, naming what it is where that is known.</summary>
    /// <param name="head">The first <see cref="HeadBytes"/> bytes, or all of a shorter file.</param>
    /// <param name="filePath">Path as the caller gave it.</param>
    public static DataFileException Refuse(ReadOnlySpan<byte> head, string filePath)
    {
        if (head.IsEmpty)
            return new DataFileException(DataFileErrorKind.Truncated, "the file is empty; download it again", filePath, offset: 0);
        if (IsTar(head))
            return new DataFileException(DataFileErrorKind.Unsupported, "a tar archive (PyTorch before 0.1.12 wrote such checkpoints, and loading them is unsafe); save the state_dict again with a current PyTorch", filePath);
        string finding = Recognize(head) is { } known ? Describe(known)
            : DescribeForeign(head) ?? "no weight file of a known kind (safetensors, PyTorch .pth, MXNet .params); download it again, or check what it is";
        return new DataFileException(DataFileErrorKind.NotThisFormat, $"this is {finding}", filePath, offset: 0);
    }

    /// <summary>True for a readable kind other than safetensors, and for well-known kinds that hold no weights for us.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> head) => Recognize(head) is not null || DescribeForeign(head) is not null;

    /// <summary>The readable kind that the first bytes show, or null.</summary>
    public static WeightFileFormat? Recognize(ReadOnlySpan<byte> head)
    {
        if (head.Length > 8 && BinaryPrimitives.ReadUInt64LittleEndian(head) <= LongestHeader && head[8] is (byte)'{' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            return WeightFileFormat.Safetensors;
        if (head.StartsWith("PK\x03\x04"u8))
            return WeightFileFormat.TorchZip;
        // PROTO 2 to 5 and some opcode: any pickle is the torch reader's to judge. Zeros would be a safetensors length.
        if (head.Length > 2 && head[0] == 0x80 && head[1] is >= 2 and <= 5 && head[2] != 0)
            return WeightFileFormat.TorchLegacy;
        // The list's magic number, then eight reserved zeros.
        if (head.Length >= 16 && BinaryPrimitives.ReadUInt64LittleEndian(head) == 0x112 && BinaryPrimitives.ReadUInt64LittleEndian(head[8..]) == 0)
            return WeightFileFormat.MxnetParams;
        return null;
    }

    /// <summary>What the file is, with an article, for messages.</summary>
    public static string Describe(WeightFileFormat format) => format switch
    {
        WeightFileFormat.Safetensors => "a safetensors file",
        WeightFileFormat.TorchZip => "a zip archive, as PyTorch .pth files are (weight-converter makes .safetensors of them)",
        WeightFileFormat.TorchLegacy => "a Python pickle, as old PyTorch .pth files are (weight-converter makes .safetensors of them)",
        _ => "an MXNet .params file",
    };

    /// <summary>Opens a file for reading; every failure becomes <see cref="DataFileErrorKind.Unreadable"/>.</summary>
    public static SafeFileHandle OpenHandle(string filePath)
    {
        try
        {
            return File.OpenHandle(filePath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string what = Directory.Exists(filePath) ? "this is a folder; give a file"
                : error is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist; check the path"
                : $"the file cannot be opened ({DataFileException.Escape(error.Message)})";
            throw new DataFileException(DataFileErrorKind.Unreadable, what, filePath, inner: error);
        }
    }

    /// <summary>Reads until the span is full or the file ends; returns the count.</summary>
    public static int ReadAt(SafeFileHandle handle, string filePath, long offset, Span<byte> destination)
    {
        int done = 0;
        try
        {
            while (done < destination.Length)
            {
                int got = RandomAccess.Read(handle, destination[done..], offset + done);
                if (got == 0)
                    break;
                done += got;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, $"reading failed ({DataFileException.Escape(error.Message)})", filePath, offset: offset + done, inner: error);
        }

        return done;
    }

    /// <summary>What a file of these first bytes is, if it is a well-known kind without weights for us.</summary>
    private static string? DescribeForeign(ReadOnlySpan<byte> head)
    {
        if (IsTar(head))
            return "a tar archive";
        foreach (var (magic, finding) in Foreign)
        {
            if (StartsWith(head, magic))
                return finding;
        }

        int first = head.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && head[first] == (byte)'<'
            ? "an HTML or XML page, probably an error page saved by a download; open it in a browser, then download the file itself"
            : null;
    }

    private static bool StartsWith(ReadOnlySpan<byte> head, string magic)
    {
        if (head.Length < magic.Length)
            return false;
        for (int i = 0; i < magic.Length; i++)
        {
            if (head[i] != magic[i])
                return false;
        }

        return true;
    }

    private static bool IsTar(ReadOnlySpan<byte> head) => head.Length >= 262 && head.Slice(257, 5).SequenceEqual("ustar"u8);

    private static int Family(WeightFileFormat format) => format == WeightFileFormat.TorchLegacy ? (int)WeightFileFormat.TorchZip : (int)format;
}
