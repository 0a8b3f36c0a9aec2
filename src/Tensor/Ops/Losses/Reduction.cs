namespace ResNeSt.Tensors;

/// <summary>How a loss puts the losses of its samples together.</summary>
public enum Reduction
{
    /// <summary>Not at all: one loss per sample.</summary>
    None,

    /// <summary>The mean over the samples that count, by their class weights where there are any.</summary>
    Mean,

    /// <summary>The sum.</summary>
    Sum,
}
