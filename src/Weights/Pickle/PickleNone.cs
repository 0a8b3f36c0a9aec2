namespace ResNeSt.Weights;

/// <summary>Python's None as an object, so that it can be a dictionary key.</summary>
internal sealed class PickleNone
{
    public static readonly PickleNone Value = new();

    private PickleNone()
    {
    }
}
