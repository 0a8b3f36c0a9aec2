namespace ResNeSt.Imaging.Tests;

/// <summary>Colour conversion over all colours, vector and scalar parts alike.</summary>
public sealed class YccToRgbTests
{
    [Test]
    public void Convert_EveryCbAndCr_EqualsTheTableFormula([Values(0, 1, 77, 128, 200, 255)] int luma)
    {
        // 16 vectors and a rest of 3 pixels for each cr.
        byte[] y = Enumerable.Repeat((byte)luma, 259).ToArray();
        byte[] cb = Enumerable.Range(0, 259).Select(i => (byte)i).ToArray();
        var rgb = new byte[3 * 259];
        for (int cr = 0; cr < 256; cr++)
        {
            byte[] crs = Enumerable.Repeat((byte)cr, 259).ToArray();
            YccToRgb.Convert(y, cb, crs, rgb);
            for (int i = 0; i < 259; i++)
            {
                var expected = Expected(luma, cb[i] - 128, cr - 128);
                if ((rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) != expected)
                    Assert.Fail($"y {luma}, cb {cb[i]}, cr {cr}, pixel {i}: {rgb[3 * i]}, {rgb[3 * i + 1]}, {rgb[3 * i + 2]} instead of {expected}");
            }
        }
    }

    // jdcolor.c, build_ycc_rgb_table, constants rounded from their decimal form.
    private static (byte, byte, byte) Expected(int y, int cb, int cr)
    {
        static long Fix(double x) => (long)(x * 65536 + 0.5);
        static byte Clamp(long v) => (byte)Math.Clamp(v, 0, 255);
        long r = y + ((Fix(1.40200) * cr + 32768) >> 16);
        long g = y + ((-Fix(0.34414) * cb + 32768 - Fix(0.71414) * cr) >> 16);
        long b = y + ((Fix(1.77200) * cb + 32768) >> 16);
        return (Clamp(r), Clamp(g), Clamp(b));
    }
}
