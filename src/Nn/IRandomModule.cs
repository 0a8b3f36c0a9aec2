using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>A module that draws random numbers in training.</summary>
public interface IRandomModule
{
    /// <summary>The source; there is no global one.</summary>
    Generator? Generator { get; set; }
}
