namespace ResNeSt.Kernels.Cpu;

/// <summary>Fills memory with one element of any type.</summary>
internal static unsafe class ElementFill
{
    /// <summary>Writes <paramref name="count"/> copies of an element.</summary>
    /// <param name="destination">First element.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="size">Bytes of one: 1, 2, 4 or 8.</param>
    /// <param name="bits">The element in the lowest bytes.</param>
    public static void Run(byte* destination, int count, int size, ulong bits)
    {
        switch (size)
        {
            case 1:
                new Span<byte>(destination, count).Fill((byte)bits);
                break;
            case 2:
                new Span<ushort>(destination, count).Fill((ushort)bits);
                break;
            case 4:
                new Span<uint>(destination, count).Fill((uint)bits);
                break;
            default:
                new Span<ulong>(destination, count).Fill(bits);
                break;
        }
    }

    /// <summary>The element at an address, in the lowest bytes.</summary>
    public static ulong Read(byte* source, int size) => size switch
    {
        1 => *source,
        2 => *(ushort*)source,
        4 => *(uint*)source,
        _ => *(ulong*)source,
    };
}
