namespace ResNeSt.Weights;

/// <summary>Kinds of weight files that can be read.</summary>
public enum WeightFileFormat
{
    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>PyTorch checkpoint, zip container (torch 1.6 and later).</summary>
    TorchZip,

    /// <summary>PyTorch checkpoint, the stream written before torch 1.6.</summary>
    TorchLegacy,

    /// <summary>MXNet / GluonCV parameters.</summary>
    MxnetParams,
}
