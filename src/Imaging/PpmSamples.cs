namespace ResNeSt.Imaging;

/// <summary>The samples of a Netpbm picture one after another, scaled to 0..255 as Pillow does: round half to even of v / max * 255.</summary>
internal ref struct PpmSamples
{
    private readonly ReadOnlySpan<byte> data;
    private readonly PpmHeader header;
    private readonly byte[] scaled;
    private int position;

    public PpmSamples(ReadOnlySpan<byte> data, int position, PpmHeader header)
    {
        this.data = data;
        this.position = position;
        this.header = header;
        // Raw samples above the maximum are clamped; one byte cannot exceed 255, two not 65535.
        scaled = new byte[header.IsPlain ? header.Maximum + 1 : header.Maximum > 255 ? 65536 : 256];
        for (int v = 0; v < scaled.Length; v++)
            scaled[v] = (byte)Math.Min(255, Math.Round(v / (double)header.Maximum * 255, MidpointRounding.ToEven));
    }

    public byte Next()
    {
        if (!header.IsPlain)
            return scaled[header.Maximum > 255 ? data[position++] << 8 | data[position++] : data[position++]];
        int at = position;
        int value = PpmDecoder.ReadNumber(data, ref position, "a sample");
        if (value > header.Maximum)
            throw Refuse.Bad(at, $"sample {value} is above the greatest value {header.Maximum}; the file is damaged, fetch or save it again");
        return scaled[value];
    }
}
