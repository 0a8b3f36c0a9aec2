using System.Diagnostics;

namespace ResNeSt.Imaging.Tests;

/// <summary>Small files that ask for much work: a large empty picture in as many scans as are allowed.</summary>
public sealed class JpegBombTests
{
    private const int Side = 4000;
    private const int RunOfBlocks = 32767;

    [Test]
    public void Read_NinetyNineScansOverSixteenMegapixels_StaysWithinTwoSeconds()
    {
        byte[] file = EmptyProgressive();
        var clock = Stopwatch.StartNew();

        var picture = PictureReader.Read(file);

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2)));
        Assert.That(file, Has.Length.LessThan(100_000));
        Assert.That(picture.Pixels.IndexOfAnyExcept((byte)128), Is.EqualTo(-1));
    }

    /// <summary>All codes are a single 0 bit: DC difference 0, and a run of 32,767 blocks without new coefficients.</summary>
    private static byte[] EmptyProgressive()
    {
        const int blocks = Side / 8 * (Side / 8);
        var file = new List<byte> { 0xFF, 0xD8 };
        Add(file, 0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]);
        Add(file, 0xC2, [8, Side >> 8, Side & 0xFF, Side >> 8, Side & 0xFF, 1, 1, 0x11, 0]);
        Add(file, 0xC4, [0x00, 1, .. new byte[15], 0]);
        Add(file, 0xC4, [0x10, 1, .. new byte[15], 0xE0]);
        Add(file, 0xDA, [1, 1, 0, 0, 0, 0]);
        file.AddRange(new byte[blocks / 8 + 1]);
        for (int i = 0; i < 98; i++)
        {
            int low = 13 - i % 14;
            Add(file, 0xDA, [1, 1, 0, 1, 63, (byte)((low == 13 ? 0 : low + 1) << 4 | low)]);
            file.AddRange(Runs(blocks / RunOfBlocks + 1));
        }

        file.AddRange([0xFF, 0xD9]);
        return file.ToArray();
    }

    /// <summary>Each run is the code 0 and fourteen 1 bits.</summary>
    private static IEnumerable<byte> Runs(int count)
    {
        string bits = string.Concat(Enumerable.Repeat("0" + new string('1', 14), count));
        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '1');
        for (int i = 0; i < bits.Length; i += 8)
        {
            byte value = Convert.ToByte(bits.Substring(i, 8), 2);
            yield return value;
            if (value == 0xFF)
                yield return 0;
        }
    }

    private static void Add(List<byte> file, byte marker, byte[] body)
    {
        file.AddRange([0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2)]);
        file.AddRange(body);
    }
}
