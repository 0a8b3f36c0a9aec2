using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Orders and seeds that depend on numbers alone.</summary>
public static class Shuffling
{
    /// <summary>Fisher and Yates' shuffle.</summary>
    public static void Shuffle<T>(Span<T> items, Generator generator)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = generator.NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The numbers below <paramref name="count"/> in the order of an epoch.</summary>
    public static int[] Order(int count, ulong seed, int epoch)
    {
        var order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        Shuffle<int>(order, new Generator(Seed(seed, (ulong)epoch)));
        return order;
    }

    /// <summary>A seed that depends on all of the numbers, and on their order.</summary>
    public static ulong Seed(params ReadOnlySpan<ulong> numbers)
    {
        ulong state = 0x243F6A8885A308D3;
        foreach (ulong number in numbers)
            state = new Generator(state ^ number).NextBits();
        return state;
    }
}
