namespace ResNeSt.Tools;

/// <summary>What a command's exit code tells.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Failed: no weights and no network, a file that cannot be written, an output that exists.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense: unknown flag or model.</summary>
    public const int Usage = 2;

    /// <summary>A file is missing, damaged, hostile, or does not fit the model.</summary>
    public const int BadInput = 3;

    /// <summary>The asked-for device is absent.</summary>
    public const int NoDevice = 4;

    /// <summary>A comparison or check found more than was allowed.</summary>
    public const int Different = 5;

    /// <summary>Ctrl-C.</summary>
    public const int Cancelled = 130;
}
