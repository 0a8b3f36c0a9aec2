namespace ResNeSt.Imaging;

/// <summary>Makes a network's input from a picture: crop, resize, scale to 0..1, normalise - bit-equal to the PyTorch scripts it is named after.</summary>
public sealed record EvaluationTransform
{
    private const double UsualRatio = 0.875;

    private EvaluationTransform(string name, int cropSize, EvaluationCrop crop, int shortSide, ResizeFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cropSize);
        if (crop == EvaluationCrop.ResizeThenCentre && shortSide < cropSize)
            throw new ArgumentOutOfRangeException(nameof(shortSide), $"a short side of {shortSide} has no room for a crop of {cropSize}");
        (Name, CropSize, Crop, ShortSide, Filter) = (name, cropSize, crop, shortSide, filter);
    }

    /// <summary>The names that <see cref="ByName"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["official", "gluon", "timm", "torchvision", "torchvision-v2"];

    /// <summary>The rule's name.</summary>
    public string Name { get; }

    /// <summary>Width and height of the result.</summary>
    public int CropSize { get; }

    /// <summary>How the square is got.</summary>
    public EvaluationCrop Crop { get; }

    /// <summary>What the short side is resized to before cropping; 0 for <see cref="EvaluationCrop.CentreThenResize"/>.</summary>
    public int ShortSide { get; }

    /// <summary>The resize filter.</summary>
    public ResizeFilter Filter { get; }

    /// <summary>Subtracted from values in 0..1.</summary>
    public ChannelValues Mean { get; init; } = ChannelValues.ImageNetMean;

    /// <summary>Divides what is left.</summary>
    public ChannelValues Deviation { get; init; } = ChannelValues.ImageNetDeviation;

    /// <summary>The rule behind ResNeSt's published accuracies (its scripts/torch/verify.py): ECenterCrop, bicubic. Bilinear gives its training loop's validation.</summary>
    public static EvaluationTransform Official(int cropSize, ResizeFilter filter = ResizeFilter.Bicubic) =>
        new("official", cropSize, EvaluationCrop.CentreThenResize, 0, filter);

    /// <summary>The rule of the Gluon scripts: below 320 short side to ceil(size / 0.875), bilinear, centre crop; from 320 on ECenterCrop, bicubic.</summary>
    /// <param name="cropSize">Side of the result.</param>
    /// <param name="filter">Another filter than the rule's.</param>
    public static EvaluationTransform Gluon(int cropSize, ResizeFilter? filter = null) => cropSize < 320
        ? new("gluon", cropSize, EvaluationCrop.ResizeThenCentre, (int)Math.Ceiling(cropSize / UsualRatio), filter ?? ResizeFilter.Bilinear)
        : new("gluon", cropSize, EvaluationCrop.CentreThenResize, 0, filter ?? ResizeFilter.Bicubic);

    /// <summary>timm's rule: short side to floor(size / crop_pct), centre crop.</summary>
    /// <param name="cropSize">Side of the result.</param>
    /// <param name="cropRatio">timm's <c>crop_pct</c>, above 0 and at most 1.</param>
    /// <param name="filter">timm's <c>interpolation</c>.</param>
    public static EvaluationTransform Timm(int cropSize, double cropRatio = UsualRatio, ResizeFilter filter = ResizeFilter.Bilinear) =>
        new("timm", cropSize, EvaluationCrop.ResizeThenCentre, (int)Math.Floor(cropSize / CheckRatio(cropRatio)), filter);

    /// <summary>torchvision's rule: short side to a given size, centre crop; the first weights use 256 and 224, the second (V2) 232 and 224.</summary>
    public static EvaluationTransform Torchvision(int cropSize = 224, int shortSide = 256, ResizeFilter filter = ResizeFilter.Bilinear) =>
        new(shortSide == 232 ? "torchvision-v2" : "torchvision", cropSize, EvaluationCrop.ResizeThenCentre, shortSide, filter);

    /// <summary>A rule by its name in <see cref="Names"/>.</summary>
    /// <param name="name">For example <c>official</c>.</param>
    /// <param name="cropSize">Side of the result.</param>
    /// <param name="cropRatio">Crop size by short side, for the rules that resize first; null for the rule's own.</param>
    /// <param name="filter">Null for the rule's own.</param>
    /// <exception cref="ArgumentException">No such rule, or a ratio for a rule that has none.</exception>
    public static EvaluationTransform ByName(string name, int cropSize = 224, double? cropRatio = null, ResizeFilter? filter = null)
    {
        if (cropRatio is not null && name is "official" or "gluon")
            throw new ArgumentException($"the rule '{name}' has a fixed ratio; leave the ratio out, or use 'timm'", nameof(cropRatio));
        return name switch
        {
            "official" => Official(cropSize, filter ?? ResizeFilter.Bicubic),
            "gluon" => Gluon(cropSize, filter),
            "timm" => Timm(cropSize, cropRatio ?? UsualRatio, filter ?? ResizeFilter.Bilinear),
            "torchvision" => Torchvision(cropSize, (int)Math.Floor(cropSize / CheckRatio(cropRatio ?? UsualRatio)), filter ?? ResizeFilter.Bilinear),
            "torchvision-v2" => Torchvision(cropSize, cropRatio is { } ratio ? (int)Math.Floor(cropSize / CheckRatio(ratio)) : 232 * cropSize / 224,
                filter ?? ResizeFilter.Bilinear),
            _ => throw new ArgumentException($"no evaluation rule is called '{name}'; there are {string.Join(", ", Names)}", nameof(name)),
        };
    }

    /// <summary>Crops and resizes to <see cref="CropSize"/> x <see cref="CropSize"/>, still 8 bits.</summary>
    public Picture Prepare(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        int w = picture.Width, h = picture.Height;
        if (Crop == EvaluationCrop.CentreThenResize)
        {
            // PIL rounds the fractional edges of a crop, half to even like Python.
            double side = (double)CropSize / (CropSize + 32) * Math.Min(w, h);
            int left = Round((w - side) / 2), top = Round((h - side) / 2);
            int width = Round(left + side) - left, height = Round(top + side) - top;
            return picture.Crop(left, top, Math.Max(1, width), Math.Max(1, height)).Resize(CropSize, CropSize, Filter);
        }

        long shorter = Math.Min(w, h), longer = Math.Max(w, h);
        int newLonger = checked((int)((double)(ShortSide * longer) / shorter));
        int newWidth = w <= h ? ShortSide : newLonger, newHeight = w <= h ? newLonger : ShortSide;
        var resized = picture.Resize(newWidth, newHeight, Filter);
        return resized.Crop(Round((newWidth - CropSize) / 2.0), Round((newHeight - CropSize) / 2.0), CropSize, CropSize);
    }

    /// <summary>The network's input [3, CropSize, CropSize].</summary>
    public float[] Apply(Picture picture)
    {
        var result = new float[3 * CropSize * CropSize];
        Apply(picture, result);
        return result;
    }

    /// <summary>Writes the network's input [3, CropSize, CropSize], for one place of a batch.</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public void Apply(Picture picture, Span<float> planes)
    {
        if (planes.Length != 3 * CropSize * CropSize)
            throw new ArgumentException($"{planes.Length} numbers for [3, {CropSize}, {CropSize}]", nameof(planes));
        Normalization.Apply(Prepare(picture), Mean, Deviation, planes);
    }

    private static int Round(double value) => (int)Math.Round(value, MidpointRounding.ToEven);

    private static double CheckRatio(double ratio) => ratio is > 0 and <= 1
        ? ratio
        : throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "the ratio of crop to short side must be above 0 and at most 1");
}
