using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>Counts MCUs and expects the restart markers between them (T.81, F.2.1.3.1, E.2.4).</summary>
internal struct RestartCounter(int interval)
{
    private readonly int interval = interval;
    private int left = interval;
    private int number;

    /// <summary>MCUs up to the next restart marker.</summary>
    public readonly int Left => interval == 0 ? int.MaxValue : left;

    /// <summary>Counts MCUs that are passed over, at most <see cref="Left"/>.</summary>
    public void Skip(int count) => left -= count;

    /// <summary>To be called before each MCU; true where a restart marker was passed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Next(ref BitReader reader, JpegComponent[] components)
    {
        if (interval == 0)
            return false;
        bool restart = left == 0;
        if (restart)
        {
            reader.RequireData();
            reader.Restart(number);
            number = (number + 1) & 7;
            left = interval;
            foreach (var c in components)
                c.Prediction = 0;
        }

        left--;
        return restart;
    }
}
