namespace ResNeSt.Imaging;

/// <summary>The two ways in which evaluation scripts get a square out of a picture.</summary>
public enum EvaluationCrop
{
    /// <summary>Resize the short side keeping the ratio, then cut the square out of the middle.</summary>
    ResizeThenCentre,

    /// <summary>Cut a square of side size / (size + 32) of the short side out of the middle, then resize it (<c>ECenterCrop</c>).</summary>
    CentreThenResize,
}
