using System.Globalization;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The zip container that torch.save writes since 1.6: a folder with data.pkl, version, byteorder, and one stored entry for each storage.</summary>
internal static class TorchArchiveZip
{
    private const string Pickle = "data.pkl";
    private const int NoteBytes = 64;

    public static TorchArchiveContents Read(RandomAccessFile file)
    {
        var entries = ZipDirectory.Read(file).Entries;
        string folder = Folder(file, entries);
        CheckVersion(file, entries, folder);
        if (entries.TryGetValue(folder + "byteorder", out var order) && Note(file, order) is var bytes && bytes != "little")
            throw new DataFileException(DataFileErrorKind.Unsupported, $"byte order '{DataFileException.Escape(bytes)}' is not handled; load and save the file on a little-endian machine", file.Path, order.Name);

        var reader = new PickleReader(ZipPayload.ReadAll(file, entries[folder + Pickle], PickleLimits.Bytes), folder + Pickle);
        var machine = new PickleMachine(reader);
        object root = machine.Run();
        if (reader.Remaining != 0)
            throw new DataFileException(DataFileErrorKind.BadPickle, $"{reader.Remaining} bytes after STOP, which torch.save never writes; the file is forged", file.Path, folder + Pickle, reader.Position);

        var blocks = new Dictionary<string, TorchArchiveBlock>(StringComparer.Ordinal);
        foreach (var (key, storage) in machine.Storages)
            blocks.Add(key, Block(file, entries, $"{folder}data/{key}", storage));
        return new TorchArchiveContents(root, blocks, folder + Pickle);
    }

    private static TorchArchiveBlock Block(RandomAccessFile file, IReadOnlyDictionary<string, ZipEntry> entries, string name, TorchStorage storage)
    {
        if (!entries.TryGetValue(name, out var entry))
            throw new DataFileException(DataFileErrorKind.BadArchive, "a tensor's storage is not in the archive; the file is damaged or forged", file.Path, name);
        if (entry.Length != storage.RootBytes)
            throw new DataFileException(DataFileErrorKind.BadTensor, $"the storage holds {entry.Length} bytes, {storage.RootBytes} are declared; the file is damaged or forged", file.Path, name, entry.Start);
        return new TorchArchiveBlock(entry.Start, entry.Length, entry);
    }

    /// <summary>The one folder that everything lies under, with its '/'.</summary>
    private static string Folder(RandomAccessFile file, IReadOnlyDictionary<string, ZipEntry> entries)
    {
        var folders = entries.Keys.Where(name => name.Contains('/')).Select(name => name[..(name.IndexOf('/') + 1)]).Distinct(StringComparer.Ordinal).Take(2).ToArray();
        if (folders.Length == 0 || !folders.Any(folder => entries.ContainsKey(folder + Pickle)))
            throw new DataFileException(DataFileErrorKind.BadArchive, $"no {Pickle}: not a PyTorch checkpoint{Inside(entries)}", file.Path);
        if (folders.Length > 1)
            throw new DataFileException(DataFileErrorKind.BadArchive, $"more than one top folder ('{DataFileException.Escape(folders[0])}', '{DataFileException.Escape(folders[1])}'), so that two readers could see two models; zip only the folder that holds {Pickle}", file.Path);
        if (entries.ContainsKey(folders[0] + "constants.pkl") || entries.Keys.Any(name => name.StartsWith(folders[0] + "code/", StringComparison.Ordinal)))
            throw new DataFileException(DataFileErrorKind.Unsupported, "a TorchScript archive, which is a program; save model.state_dict() of the Python model instead", file.Path);
        return folders[0];
    }

    /// <summary>A hint at a weight file that was zipped as a whole.</summary>
    private static string Inside(IReadOnlyDictionary<string, ZipEntry> entries)
    {
        string? inner = entries.Keys.FirstOrDefault(name => Path.GetExtension(name).ToLowerInvariant() is ".pth" or ".pt" or ".params" or ".safetensors");
        return inner is null ? "; check what the file is" : $"; unpack it and give '{DataFileException.Escape(inner)}'";
    }

    private static void CheckVersion(RandomAccessFile file, IReadOnlyDictionary<string, ZipEntry> entries, string folder)
    {
        bool found = false;
        foreach (string name in (ReadOnlySpan<string>)["version", ".data/version"])
        {
            if (!entries.TryGetValue(folder + name, out var entry))
                continue;
            found = true;
            string text = Note(file, entry).Trim();
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version) || version is < 1 or > 10)
                throw new DataFileException(DataFileErrorKind.Unsupported, $"container version '{DataFileException.Escape(text)}' is not one of 1 to 10; save the file again with a current PyTorch", file.Path, entry.Name);
        }

        if (!found)
            throw new DataFileException(DataFileErrorKind.BadArchive, "no version entry: not a PyTorch checkpoint, or a damaged one", file.Path);
    }

    private static string Note(RandomAccessFile file, ZipEntry entry) => Encoding.Latin1.GetString(ZipPayload.ReadAll(file, entry, NoteBytes));
}
