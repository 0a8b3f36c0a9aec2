using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Fills a new parameter or buffer with its first values; see <see cref="Init"/>.</summary>
/// <param name="values">One value per element, row-major, to be written; arrives as zeros.</param>
/// <param name="shape">The shape: convolution weights are [out, in/groups, height, width], linear ones [out, in].</param>
/// <param name="generator">The source of randomness.</param>
public delegate void Initializer(Span<double> values, Shape shape, Generator generator);
