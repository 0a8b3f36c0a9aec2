namespace ResNeSt.Models;

/// <summary>A place of a backbone whose feature map can be had.</summary>
/// <param name="Name">stem, layer1, … layer4.</param>
/// <param name="Stride">Input pixels for each pixel of the map, along each axis.</param>
/// <param name="Channels">Channels of the map.</param>
public sealed record FeatureTap(string Name, int Stride, int Channels);
