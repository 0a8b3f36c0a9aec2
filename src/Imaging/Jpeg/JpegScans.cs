using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>Decodes the scans of a frame (T.81, A.2, B.2.3, G.1): at once to pixels where one scan has everything, else into stored coefficients.</summary>
internal sealed class JpegScans
{
    // libjpeg smooths blocks over their neighbours while any of these is not final; such unfinished files are refused.
    private const int MustBeFinal = 10;
    private const int MaxBlocksInMcu = 10;

    private readonly JpegHeader header;
    private readonly JpegFrame frame;
    private readonly JpegColour colour;
    private readonly int maxScans;
    private PictureAssembler? streamed;
    private int scans;

    /// <param name="header">Has a frame.</param>
    /// <param name="options">Limits.</param>
    /// <param name="bytesLeft">Bytes of the file from the first scan on.</param>
    /// <param name="offset">Place of the first scan header.</param>
    public JpegScans(JpegHeader header, PictureReadOptions options, int bytesLeft, int offset)
    {
        this.header = header;
        frame = header.Frame!;
        maxScans = options.MaxJpegScans;
        colour = header.Colour(offset);
        Picture.CheckSize(frame.Width, frame.Height, offset, options);
        // Each block takes at least one bit for its DC value, and in sequential files another one for its end.
        long blocks = frame.Components.Sum(c => (long)c.BlocksWide * c.BlocksHigh);
        long bits = frame.IsProgressive ? blocks : 2 * blocks;
        if (bits / 8 > bytesLeft)
            throw Refuse.Cut(offset, $"{frame.Width} x {frame.Height} pixels need at least {bits / 8} bytes, only {bytesLeft} are left");
    }

    /// <summary>Whether the only scan went straight to pixels.</summary>
    public bool IsStreamed => streamed is not null;

    /// <summary>Whether no further scan could change anything.</summary>
    public bool IsComplete => IsStreamed || frame.Components.All(c => Array.TrueForAll(c.KnownBits, bit => bit == 0));

    /// <summary>Decodes one scan and returns the place behind its data.</summary>
    public int Read(ReadOnlySpan<byte> data, ReadOnlySpan<byte> body, int offset, int position)
    {
        if (++scans > maxScans)
            throw Refuse.TooLarge(offset, $"more than {maxScans} scans; save the picture again, or raise PictureReadOptions.MaxJpegScans");
        int count = body.Length > 0 ? body[0] : 0;
        if (count is < 1 or > 4 || body.Length != 4 + 2 * count)
            throw Refuse.Bad(offset, "the scan header has a wrong length; the file is damaged, fetch or save it again");
        var (start, end, high, low) = (body[^3], body[^2], body[^1] >> 4, body[^1] & 15);
        var components = SelectComponents(body.Slice(1, 2 * count), offset);
        if (frame.IsProgressive)
            CheckBand(count, start, end, high, low, offset);
        for (int i = 0; i < count; i++)
        {
            int tables = body[2 + 2 * i];
            bool needsDc = !frame.IsProgressive || start == 0 && high == 0, needsAc = !frame.IsProgressive || start > 0;
            components[i].Prediction = 0;
            header.Bind(components[i], tables >> 4, tables & 15, needsDc, needsAc, offset);
        }

        if (frame.IsProgressive)
            return ReadProgressive(data, position, components, start, end, high, low);
        return count == frame.Components.Length && scans == 1
            ? ReadStreamed(data, position, components)
            : ReadSequential(data, position, components, offset);
    }

    /// <summary>The picture, once all scans were read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Picture Finish(int position)
    {
        if (streamed is not null)
            return streamed.Picture;
        foreach (var component in frame.Components)
        {
            if (component.KnownBits.AsSpan(0, MustBeFinal).ContainsAnyExcept((sbyte)0))
                throw Refuse.Cut(position, "scans that complete the picture are missing");
        }

        var assembler = new PictureAssembler(frame, colour);
        for (int mcuRow = 0; mcuRow < frame.McusHigh; mcuRow++)
        {
            for (int i = 0; i < frame.Components.Length; i++)
            {
                var c = frame.Components[i];
                for (int y = mcuRow * c.Vertical; y < Math.Min((mcuRow + 1) * c.Vertical, c.BlocksHigh); y++)
                {
                    for (int x = 0; x < c.BlocksWide; x++)
                    {
                        int index = y * c.PaddedBlocksWide + x;
                        assembler.PutBlock(i, y, x, c.Coefficients.AsSpan(64 * index, 64), c.LastNonzero![index]);
                    }
                }
            }

            assembler.Advance(mcuRow + 1);
        }

        return assembler.Picture;
    }

    private JpegComponent[] SelectComponents(ReadOnlySpan<byte> selectors, int offset)
    {
        var chosen = new JpegComponent[selectors.Length / 2];
        int blocks = 0;
        for (int i = 0; i < chosen.Length; i++)
        {
            int id = selectors[2 * i], tables = selectors[2 * i + 1];
            // Some cameras give all components one number; then they are taken in order.
            chosen[i] = Array.Find(frame.Components, c => c.Id == id && !chosen.Contains(c))
                ?? throw Refuse.Bad(offset, $"the scan names component {id}, which the frame does not have; the file is damaged, fetch or save it again");
            if (tables >> 4 > 3 || (tables & 15) > 3)
                throw Refuse.Bad(offset, "the scan names a Huffman table that is not 0 to 3; the file is damaged, fetch or save it again");
            blocks += chosen[i].Horizontal * chosen[i].Vertical;
        }

        if (chosen.Length > 1 && blocks > MaxBlocksInMcu)
            throw Refuse.Bad(offset, $"the scan interleaves {blocks} blocks, at most {MaxBlocksInMcu} are allowed; "
                + "save the picture again with another program");
        return chosen;
    }

    private static void CheckBand(int components, int start, int end, int high, int low, int offset)
    {
        bool sound = start == 0 ? end == 0 : end >= start && end <= 63 && components == 1;
        if (!sound || high != 0 && high != low + 1 || low > 13)
            throw Refuse.Bad(offset, $"the scan header asks for coefficients {start} to {end}, bits {high} to {low}, of {components} components, "
                + "which no progressive scan may; the file is damaged, fetch or save it again");
    }

    private void Store(JpegComponent component)
    {
        int blocks = component.PaddedBlocksWide * component.PaddedBlocksHigh;
        component.Coefficients ??= new short[blocks * 64];
        component.LastNonzero ??= new byte[blocks];
    }

    /// <summary>Each MCU row goes to pixels before the next is decoded; no coefficients are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadStreamed(ReadOnlySpan<byte> data, int position, JpegComponent[] components)
    {
        streamed = new PictureAssembler(frame, colour);
        var reader = new BitReader(data, position);
        var restarts = new RestartCounter(header.RestartInterval);
        int[] indices = Array.ConvertAll(components, c => Array.IndexOf(frame.Components, c));
        Span<short> block = stackalloc short[64];
        for (int mcuRow = 0; mcuRow < frame.McusHigh; mcuRow++)
        {
            for (int mcuColumn = 0; mcuColumn < frame.McusWide; mcuColumn++)
            {
                restarts.Next(ref reader, components);
                for (int i = 0; i < components.Length; i++)
                {
                    var c = components[i];
                    for (int y = 0; y < c.Vertical; y++)
                    {
                        for (int x = 0; x < c.Horizontal; x++)
                        {
                            block.Clear();
                            int last = SequentialBlocks.Decode(ref reader, c, block);
                            streamed.PutBlock(indices[i], mcuRow * c.Vertical + y, mcuColumn * c.Horizontal + x, block, last);
                        }
                    }
                }
            }

            reader.RequireData();
            streamed.Advance(mcuRow + 1);
        }

        return reader.Position;
    }

    private int ReadSequential(ReadOnlySpan<byte> data, int position, JpegComponent[] components, int offset)
    {
        foreach (var c in components)
        {
            if (c.KnownBits[0] >= 0)
                throw Refuse.Bad(offset, $"component {c.Id} comes in two scans; the file is damaged, fetch or save it again");
            Array.Clear(c.KnownBits);
            Store(c);
        }

        return Walk(data, position, components, new SequentialBlocks.Stored());
    }

    private int ReadProgressive(ReadOnlySpan<byte> data, int position, JpegComponent[] components, int start, int end, int high, int low)
    {
        foreach (var c in components)
        {
            c.KnownBits.AsSpan(start, end - start + 1).Fill((sbyte)low);
            Store(c);
        }

        return Walk(data, position, components, new ProgressiveBlocks(start, end, high != 0, low));
    }

    /// <summary>Visits the blocks of a scan in coded order: row by row for one component, MCU by MCU for several.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Walk<T>(ReadOnlySpan<byte> data, int position, JpegComponent[] components, T coder)
        where T : struct, IBlockCoder
    {
        var reader = new BitReader(data, position);
        var restarts = new RestartCounter(header.RestartInterval);
        bool alone = components.Length == 1;
        int rows = alone ? components[0].BlocksHigh : frame.McusHigh, columns = alone ? components[0].BlocksWide : frame.McusWide;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                if (restarts.Next(ref reader, components))
                    coder.Restart();
                if (alone)
                {
                    int index = row * components[0].PaddedBlocksWide + column;
                    coder.Decode(ref reader, components[0], index);
                    int skipped = coder.Skip(components[0], index + 1, Math.Min(columns - column - 1, restarts.Left));
                    restarts.Skip(skipped);
                    column += skipped;
                    continue;
                }

                foreach (var c in components)
                {
                    for (int y = 0; y < c.Vertical; y++)
                    {
                        int first = (row * c.Vertical + y) * c.PaddedBlocksWide + column * c.Horizontal;
                        for (int x = 0; x < c.Horizontal; x++)
                            coder.Decode(ref reader, c, first + x);
                    }
                }
            }

            reader.RequireData();
        }

        return reader.Position;
    }
}
