using ResNeSt.Imaging;

namespace ResNeSt.Cli;

/// <summary>Makes a network's input from a picture: the evaluation rule, and grey for networks of one channel.</summary>
internal sealed record PictureInput(EvaluationTransform Transform, int Channels)
{
    /// <summary>[Channels, Size, Size].</summary>
    public float[] Of(Picture picture)
    {
        if (Channels == 3)
            return Transform.Apply(picture);
        var pixels = Transform.Prepare(picture).Pixels;
        var plane = new float[pixels.Length / 3];
        for (int i = 0; i < plane.Length; i++)
        {
            // Pillow's convert("L"): ITU-R 601 in 16 bits.
            int grey = (19595 * pixels[3 * i] + 38470 * pixels[3 * i + 1] + 7471 * pixels[3 * i + 2] + 0x8000) >> 16;
            plane[i] = (grey / 255f - Transform.Mean.Red) / Transform.Deviation.Red;
        }

        return plane;
    }
}
