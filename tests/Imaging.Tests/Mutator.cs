using System.Buffers.Binary;

namespace ResNeSt.Imaging.Tests;

/// <summary>Damages files the way accidents and attackers do: flips, cuts, insertions, and splices at the borders of the format's own parts.</summary>
public sealed class Mutator(int seed)
{
    private static readonly byte[] Telling = [0, 1, 2, 3, 7, 8, 16, 0x7F, 0x80, 0xC0, 0xC2, 0xD0, 0xD8, 0xD9, 0xDA, 0xFE, 0xFF];
    private readonly System.Random random = new(seed);

    public byte[] Mutate(byte[] file, byte[] other)
    {
        byte[] result = file;
        for (int n = random.Next(1, 4); n > 0; n--)
            result = Once(result, other);
        // A wrong CRC would hide everything behind it, so most PNG mutants get right ones.
        return random.Next(4) > 0 ? RepairCrcs(result) : result;
    }

    private byte[] Once(byte[] file, byte[] other)
    {
        if (file.Length == 0)
            return other;
        // Headers are short and pixels are long: half of the places lie near the start.
        int place = random.Next(2) == 0 ? random.Next(file.Length) : random.Next(Math.Min(file.Length, 700));
        int count = Math.Min(random.Next(1, random.Next(2) == 0 ? 5 : 300), file.Length - place);
        switch (random.Next(9))
        {
            case 0 or 1:
                return With(file, place, (byte)(file[place] ^ 1 << random.Next(8)));
            case 2 or 3:
                return With(file, place, Telling[random.Next(Telling.Length)]);
            case 4:
                return file[..place];
            case 5:
                return [.. file[..place], .. file[(place + count)..]];
            case 6:
                byte[] noise = new byte[count];
                random.NextBytes(noise);
                return [.. file[..place], .. noise, .. file[place..]];
            case 7:
                var (start, end) = (Border(file), Border(file));
                return [.. file[..Math.Max(start, end)], .. file[Math.Min(start, end)..]];
            default:
                return [.. file[..Border(file)], .. other[Border(other)..]];
        }
    }

    private static byte[] With(byte[] file, int place, byte value)
    {
        byte[] copy = (byte[])file.Clone();
        copy[place] = value;
        return copy;
    }

    /// <summary>The start of a JPEG segment or a PNG chunk; any place in other files.</summary>
    private int Border(byte[] file)
    {
        var borders = new List<int>();
        if (IsPng(file))
        {
            for (long at = 8; at + 12 <= file.Length; at += 12L + BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at)))
                borders.Add((int)at);
        }
        else if (file.Length > 2 && file[0] == 0xFF)
        {
            for (int at = 2; at + 1 < file.Length; at++)
            {
                if (file[at] == 0xFF && file[at + 1] >= 0xC0 && file[at + 1] != 0xFF)
                    borders.Add(at);
            }
        }

        return borders.Count > 0 ? borders[random.Next(borders.Count)] : random.Next(file.Length + 1);
    }

    private static bool IsPng(byte[] file) => file.AsSpan().StartsWith(new byte[] { 0x89, 0x50, 0x4E, 0x47 });

    private static byte[] RepairCrcs(byte[] file)
    {
        if (!IsPng(file))
            return file;
        byte[] copy = (byte[])file.Clone();
        for (long at = 8; at + 12 <= copy.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(copy.AsSpan((int)at));
            if (length > copy.Length - at - 12)
                break;
            var body = copy.AsSpan((int)at + 4, 4 + (int)length);
            BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan((int)at + 8 + (int)length), TestPng.Crc(body));
            at += 12 + length;
        }

        return copy;
    }
}
