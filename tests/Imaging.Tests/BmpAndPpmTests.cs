using System.Buffers.Binary;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

public sealed class BmpAndPpmTests
{
    [TestCase(1, new byte[] { 0b0100_0000, 0, 0, 0 }, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [TestCase(4, new byte[] { 0x10, 0, 0, 0 }, new byte[] { 4, 5, 6, 1, 2, 3 })]
    [TestCase(8, new byte[] { 1, 0, 0, 0 }, new byte[] { 4, 5, 6, 1, 2, 3 })]
    [TestCase(16, new byte[] { 0xFF, 0x7F, 0x10, 0x00 }, new byte[] { 255, 255, 255, 0, 0, 131 })]
    [TestCase(24, new byte[] { 3, 2, 1, 6, 5, 4, 0, 0 }, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [TestCase(32, new byte[] { 3, 2, 1, 99, 6, 5, 4, 0 }, new byte[] { 1, 2, 3, 4, 5, 6 })]
    public void Read_BmpOfEachDepth_GivesRgb(int bits, byte[] row, byte[] expected)
    {
        Assert.That(PictureReader.Read(Bmp(bits, 1, row)).Pixels.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Read_BmpRows_RunUpwardsUnlessHeightIsNegative()
    {
        byte[] rows = [1, 1, 1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0];
        Assert.That(PictureReader.Read(Bmp(24, 2, rows)).Pixels[0], Is.EqualTo(2));
        Assert.That(PictureReader.Read(Bmp(24, -2, rows)).Pixels[0], Is.EqualTo(1));
    }

    [TestCase(1u, "RLE8")]
    [TestCase(2u, "RLE4")]
    [TestCase(4u, "JPEG")]
    public void Read_CompressedBmp_IsRefusedByName(uint compression, string name)
    {
        byte[] file = Bmp(8, 1, [0, 0, 0, 0]);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(30), compression);
        Assert.That(() => PictureReader.Read(file), Throws.InstanceOf<DataFileException>().With.Message.Contains(name));
    }

    [Test]
    public void Read_BmpIndexOutsidePalette_IsRefused() =>
        Assert.That(() => PictureReader.Read(Bmp(8, 1, [0, 2, 0, 0])), Throws.InstanceOf<DataFileException>().With.Message.Contains("colour 2"));

    [TestCase("P6 2 1 255\n\u0001\u0002\u0003\u0004\u0005\u0006", new byte[] { 1, 2, 3, 4, 5, 6 })]
    [TestCase("P5\n#comment\n2 1\n255\n\u0007\u0008", new byte[] { 7, 7, 7, 8, 8, 8 })]
    [TestCase("P3 2 1 255 1 2 3 4 5 6", new byte[] { 1, 2, 3, 4, 5, 6 })]
    [TestCase("P2\r\n2 #c\r\n1\r\n15\r\n0 # c\n15", new byte[] { 0, 0, 0, 255, 255, 255 })]
    [TestCase("P5 2 1 100\n\u0032\u0064", new byte[] { 128, 128, 128, 255, 255, 255 })]
    [TestCase("P5 2 1 65535\n\u0080\u0000\u00FF\u00FF", new byte[] { 128, 128, 128, 255, 255, 255 })]
    public void Read_Ppm_GivesScaledRgb(string file, byte[] expected) =>
        Assert.That(PictureReader.Read(Encoding.Latin1.GetBytes(file)).Pixels.ToArray(), Is.EqualTo(expected));

    [TestCase("P6 2 1 255\n\u0001\u0002\u0003\u0004\u0005", DataFileErrorKind.Truncated)]
    [TestCase("P6 2 1", DataFileErrorKind.Truncated)]
    [TestCase("P6 x 1 255\n", DataFileErrorKind.BadImage)]
    [TestCase("P6 0 1 255\n", DataFileErrorKind.BadImage)]
    [TestCase("P6 1 1 70000\n\0\0\0\0\0\0", DataFileErrorKind.BadImage)]
    [TestCase("P6 99999999999999 1 255\n", DataFileErrorKind.TooLarge)]
    [TestCase("P6 99999 99999 255\n", DataFileErrorKind.TooLarge)]
    [TestCase("P2 2 1 15 1 16", DataFileErrorKind.BadImage)]
    [TestCase("P2 2 1 15 1 -1", DataFileErrorKind.BadImage)]
    [TestCase("P2 2 1 15 1    ", DataFileErrorKind.Truncated)]
    public void Read_BadPpm_IsRefused(string file, DataFileErrorKind kind) =>
        Assert.That(Assert.Throws<DataFileException>(() => PictureReader.Read(Encoding.Latin1.GetBytes(file)))!.Kind, Is.EqualTo(kind));

    /// <summary>A bitmap two pixels wide with a palette of two colours where it has one.</summary>
    private static byte[] Bmp(int bits, int height, byte[] rows)
    {
        byte[] palette = bits <= 8 ? [3, 2, 1, 0, 6, 5, 4, 0] : [];
        byte[] header = new byte[54];
        Encoding.ASCII.GetBytes("BM", header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(10), 54 + palette.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(18), 2);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(22), height);
        header[26] = 1;
        header[28] = (byte)bits;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(46), palette.Length / 4);
        return [.. header, .. palette, .. rows];
    }
}
