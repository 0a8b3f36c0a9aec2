namespace ResNeSt.Models;

/// <summary>Where a block stands and how wide it is.</summary>
/// <param name="InputChannels">Channels that come in.</param>
/// <param name="Planes">P: a bottleneck puts out 4·P channels, a basic block P.</param>
/// <param name="Stride">Step of the block.</param>
/// <param name="Dilation">Distance of the taps of its first 3×3 convolution.</param>
/// <param name="StageDilation">Dilation of the whole stage, which decides how the shortcut pools.</param>
/// <param name="IsFirst">First block of a stage whose resolution would change without dilation.</param>
public readonly record struct BlockPlace(
    int InputChannels, int Planes, int Stride = 1, int Dilation = 1, int StageDilation = 1, bool IsFirst = false);
