namespace ResNeSt.Weights.Tests;

/// <summary>One array of a .params file that the tests write.</summary>
internal sealed record PthMxnetArray(string Name, WeightDType DType, long[] Sizes, byte[] Bytes);
