using System.Text;

namespace ResNeSt.Weights.Tests;

/// <summary>Writes .params files in each of the forms that MXNet has used; with where their fields begin.</summary>
internal static class PthMxnetWriter
{
    public const uint Version1 = 0xF993FAC8;
    public const uint Version2 = 0xF993FAC9;
    public const uint Version3 = 0xF993FACA;

    /// <summary>Type flags in MXNet's order.</summary>
    public static readonly WeightDType[] Types =
    [
        WeightDType.F32, WeightDType.F64, WeightDType.F16, WeightDType.U8, WeightDType.I32, WeightDType.I8, WeightDType.I64,
        WeightDType.Bool, WeightDType.I16, WeightDType.U16, WeightDType.U32, WeightDType.U64, WeightDType.BF16,
    ];

    /// <param name="arrays">What to write.</param>
    /// <param name="version">One of the magic numbers, or 0 for the oldest form, which has none.</param>
    public static (byte[] Bytes, List<int> Boundaries) Write(IReadOnlyList<PthMxnetArray> arrays, uint version = Version2)
    {
        var boundaries = new List<int>();
        using var stream = new MemoryStream();
        Put(0x112, 8);
        Put(0, 8);
        Put(arrays.Count, 8);
        foreach (var array in arrays)
        {
            if (version != 0)
                Put(version, 4);
            if (version is Version2 or Version3)
                Put(0, 4);
            Put(array.Sizes.Length, 4);
            foreach (long size in array.Sizes)
                Put(size, version == 0 ? 4 : 8);
            Put(1, 4);
            Put(0, 4);
            Put(Array.IndexOf(Types, array.DType), 4);
            boundaries.Add((int)stream.Position);
            stream.Write(array.Bytes);
        }

        Put(arrays.Count, 8);
        foreach (var array in arrays)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(array.Name);
            Put(utf8.Length, 8);
            boundaries.Add((int)stream.Position);
            stream.Write(utf8);
        }

        return (stream.ToArray(), boundaries);

        void Put(long value, int width)
        {
            boundaries.Add((int)stream.Position);
            stream.Write(BitConverter.GetBytes(value).AsSpan(0, width));
        }
    }
}
