namespace ResNeSt.Imaging;

/// <summary>The header of a Netpbm picture.</summary>
internal readonly record struct PpmHeader(int Width, int Height, int Maximum, int Channels, bool IsPlain);
