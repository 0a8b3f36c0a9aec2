namespace ResNeSt.Imaging;

/// <summary>Decodes the blocks of one scan into stored coefficients, in coded order.</summary>
internal interface IBlockCoder
{
    void Decode(ref BitReader reader, JpegComponent component, int blockIndex);

    /// <summary>Forgets what a restart marker ends.</summary>
    void Restart();
}
