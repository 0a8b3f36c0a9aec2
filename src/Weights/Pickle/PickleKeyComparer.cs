using System.Numerics;

namespace ResNeSt.Weights;

/// <summary>Python's equality of dictionary keys: 1, 1.0 and True are one key.</summary>
/// <remarks>Hash codes are seeded for each process, so that no file can be made whose keys all collide.</remarks>
internal sealed class PickleKeyComparer : IEqualityComparer<object>
{
    public static readonly PickleKeyComparer Instance = new();

    public new bool Equals(object? x, object? y) => Normal(x).Equals(Normal(y));

    public int GetHashCode(object obj) => Normal(obj) switch
    {
        // Both halves by themselves: the type's own hash code XORs them, which a file could exploit.
        long number => HashCode.Combine((int)number, (int)(number >> 32)),
        double number => HashCode.Combine((int)BitConverter.DoubleToInt64Bits(number), (int)(BitConverter.DoubleToInt64Bits(number) >> 32)),
        var key => key.GetHashCode(),
    };

    private static object Normal(object? key) => key switch
    {
        bool flag => flag ? 1L : 0L,
        double number when number == Math.Floor(number) && Math.Abs(number) < 1L << 62 => (long)number,
        double number when number == Math.Floor(number) && double.IsFinite(number) => new BigInteger(number),
        null => PickleNone.Value,
        _ => key,
    };
}
