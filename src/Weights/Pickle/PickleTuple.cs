namespace ResNeSt.Weights;

/// <summary>A tuple that a pickle built.</summary>
/// <param name="items">The items; never changed.</param>
/// <param name="depth">Levels of tuples below and including this one.</param>
internal sealed class PickleTuple(object[] items, int depth)
{
    public static readonly PickleTuple Empty = new([], 1);

    public object[] Items => items;

    public int Depth => depth;
}
