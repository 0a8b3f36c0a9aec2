namespace ResNeSt.Imaging;

/// <summary>A part of a picture with edges that may lie inside pixels; (0, 0, width, height) is the whole. Single precision, as in Pillow.</summary>
/// <param name="Left">Left edge.</param>
/// <param name="Top">Upper edge.</param>
/// <param name="Right">Right edge, greater than <paramref name="Left"/>.</param>
/// <param name="Bottom">Lower edge, greater than <paramref name="Top"/>.</param>
public readonly record struct ResizeBox(float Left, float Top, float Right, float Bottom);
