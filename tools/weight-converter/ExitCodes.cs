namespace ResNeSt.WeightConverter;

/// <summary>What the command's exit code tells.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Writing failed, or OUT exists.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>A file is missing, damaged, hostile, or does not fit the model.</summary>
    public const int BadInput = 3;

    /// <summary>A comparison found more than was allowed.</summary>
    public const int Different = 5;

    /// <summary>Ctrl-C.</summary>
    public const int Cancelled = 130;
}
