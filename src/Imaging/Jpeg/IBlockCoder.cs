namespace ResNeSt.Imaging;

/// <summary>Decodes the blocks of one scan into stored coefficients, in coded order.</summary>
internal interface IBlockCoder
{
    void Decode(ref BitReader reader, JpegComponent component, int blockIndex);

    /// <summary>How many of the next blocks of a scan of one component can be passed over, because neither bits nor coefficients belong to them.</summary>
    int Skip(JpegComponent component, int blockIndex, int most);

    /// <summary>Forgets what a restart marker ends.</summary>
    void Restart();
}
