using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The right operand of a convolution as matrix product, made from the image on the fly: term (channel, tap), column (image, output pixel).</summary>
/// <remarks>The rows of a channel that the block looks at are first staged: with their padding, and parted by the column step. Then every run of
/// outputs in one row is a plain copy for every tap.</remarks>
internal readonly unsafe ref struct ImageColumns : IColumnSource
{
    private readonly ImageTaps _taps;
    private readonly float* _planes;
    private readonly float* _end;
    private readonly nint _imageStride;
    private readonly int _width, _columns, _images, _firstRow, _stageRows;
    private readonly ReadOnlySpan<Run> _runs;

    /// <summary>Describes the columns of one block.</summary>
    /// <param name="taps">The grid.</param>
    /// <param name="planes">The first channel of the group in the first image.</param>
    /// <param name="end">Behind the last element of the whole source, which is never read over.</param>
    /// <param name="imageStride">Elements from one image to the next.</param>
    /// <param name="images">Images in this block.</param>
    /// <param name="from">First output pixel of each image.</param>
    /// <param name="to">Behind the last output pixel of each image.</param>
    /// <param name="width">Columns of a panel.</param>
    /// <param name="panelStride">Elements from one panel to the next.</param>
    /// <param name="runs">Room for <see cref="MostRuns"/>; empty if the columns are only staged.</param>
    public ImageColumns(ImageTaps taps, float* planes, float* end, nint imageStride, int images, int from, int to, int width, nint panelStride, Span<Run> runs)
    {
        _taps = taps;
        _planes = planes;
        _end = end;
        _imageStride = imageStride;
        _images = images;
        int firstOutputRow = from / taps.GridWidth, lastOutputRow = (to - 1) / taps.GridWidth;
        _firstRow = firstOutputRow * taps.StepH + taps.FirstRow;
        _stageRows = (lastOutputRow - firstOutputRow) * taps.StepH + taps.RowSpan;
        _width = width;
        _columns = images * (to - from);
        if (runs.IsEmpty)
            return;

        int count = 0, column = 0;
        for (int image = 0; image < images; image++)
        {
            for (int p = from; p < to;)
            {
                int y = p / taps.GridWidth, x = p % taps.GridWidth;
                int length = Math.Min(taps.IsPlain ? to - p : Math.Min(taps.GridWidth - x, to - p), width - column % width);
                nint place = taps.IsPlain
                    ? image * imageStride + p
                    : ((nint)image * _stageRows + (y - firstOutputRow) * taps.StepH) * taps.RowPitch + x;
                runs[count++] = new Run(place, column / width * panelStride + column % width, length);
                p += length;
                column += length;
            }
        }

        _runs = runs[..count];
    }

    /// <summary>Most runs that so many columns can have: each column by itself, and cuts between panels.</summary>
    public static int MostRuns(int columns, int width) => columns + columns / width + 1;

    /// <summary>Elements that staging one channel takes.</summary>
    public long StageLength => (long)_images * _stageRows * _taps.RowPitch;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack<TLanes>(int firstTerm, int terms, float* panels, nint panelStride)
        where TLanes : struct, ILanes<TLanes>
    {
        int taps = _taps.Count, lastTerm = firstTerm + terms;
        // Vectors are loaded over the end of the last staged row, and columns behind the last are multiplied like others. Whatever lies there must
        // not be subnormal by chance: that would slow down multiplication twentyfold.
        float* stage = null;
        if (!_taps.IsPlain)
        {
            stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, StageLength + TLanes.Count);
            new Span<float>(stage + StageLength, TLanes.Count).Clear();
        }

        // A single panel as wide as all columns is padded by its owner.
        if (panelStride > 0 && _columns % _width != 0)
            new Span<float>(panels + _columns / _width * panelStride, terms * _width).Clear();
        float* target = panels;
        for (int k = firstTerm; k < lastTerm;)
        {
            int channel = k / taps, tap = k % taps, count = Math.Min(taps - tap, lastTerm - k);
            if (_taps.IsPlain)
            {
                CopyPlain<TLanes>(_planes + (nint)channel * _taps.Area, target);
                target += _width;
            }
            else
            {
                StageChannel(channel, stage);
                foreach (int place in _taps.Places.Slice(tap, count))
                {
                    foreach (ref readonly var run in _runs)
                    {
                        float* from = stage + place + run.Source, to = target + run.Target;
                        for (int i = 0; i < run.Length; i += TLanes.Count)
                            TLanes.Load(from + i).Store(to + i);
                    }

                    target += _width;
                }
            }

            k += count;
        }
    }

    /// <summary>Copies the rows of one channel that the block looks at, with their padding, for every image of the block.</summary>
    public void StageChannel(int channel, float* stage)
    {
        nint plane = (nint)_taps.Height * _taps.Width;
        for (int image = 0; image < _images; image++)
            RowStaging.Copy(_taps, _planes + image * _imageStride + channel * plane, _firstRow, _stageRows, 0, stage + (nint)image * _stageRows * _taps.RowPitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyPlain<TLanes>(float* plane, float* target)
        where TLanes : struct, ILanes<TLanes>
    {
        foreach (ref readonly var run in _runs)
        {
            float* from = plane + run.Source, to = target + run.Target;
            int whole = (run.Length + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
            if (from + whole > _end)
            {
                for (int i = 0; i < run.Length; i++)
                    to[i] = from[i];
                continue;
            }

            for (int i = 0; i < run.Length; i += TLanes.Count)
                TLanes.Load(from + i).Store(to + i);
        }
    }

    /// <summary>Outputs that lie side by side in the source and in a panel.</summary>
    /// <param name="Source">Place of the first one, in staged rows or, for plain grids, from the first channel's plane.</param>
    /// <param name="Target">Place of the first one from the beginning of the first panel, in the first term.</param>
    /// <param name="Length">How many.</param>
    internal readonly record struct Run(nint Source, nint Target, int Length);
}
