using System.Buffers.Binary;
using System.Text;

namespace ResNeSt.Weights.Tests;

/// <summary>safetensors files put together by hand, well-formed or not.</summary>
internal static class SafetensorsBytes
{
    /// <summary>A file of this header text and these data bytes.</summary>
    public static byte[] File(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        return bytes;
    }

    /// <summary>What the writer makes of some tensors.</summary>
    public static byte[] Written(IEnumerable<WeightSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }
}
