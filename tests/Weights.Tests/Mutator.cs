namespace ResNeSt.Weights.Tests;

/// <summary>Makes broken files of sound ones: bytes flipped, cut out, put in, or taken from another file, mostly where the structure has its joints.</summary>
/// <param name="seed">Fixes the whole sequence.</param>
internal sealed class Mutator(int seed)
{
    private static readonly byte[] Telling = [0, 1, 0x7F, 0x80, 0xFF, (byte)'{', (byte)'}', (byte)'[', (byte)']', (byte)'"', (byte)',', (byte)':', (byte)'\\', (byte)'0', (byte)'9', (byte)'-', (byte)'.', (byte)' '];

    private readonly System.Random _random = new(seed);

    /// <summary>A mutant of one file.</summary>
    /// <param name="file">The sound file and the offsets of its joints.</param>
    /// <param name="other">Where spliced bytes come from.</param>
    public byte[] Mutate((byte[] Bytes, int[] Joints) file, (byte[] Bytes, int[] Joints) other)
    {
        var bytes = file.Bytes.ToList();
        for (int edits = _random.Next(4) == 0 ? 2 : 1; edits > 0; edits--)
        {
            int at = Math.Min(At(file), bytes.Count);
            switch (_random.Next(4))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = _random.Next(2) == 0 ? (byte)(bytes[at] ^ 1 << _random.Next(8)) : Telling[_random.Next(Telling.Length)];
                    break;
                case 1:
                    // To the next joint, to the end, or a few bytes.
                    int end = _random.Next(3) switch { 0 => At(file), 1 => bytes.Count, _ => at + _random.Next(1, 9) };
                    end = Math.Min(end, bytes.Count);
                    bytes.RemoveRange(Math.Min(at, end), Math.Abs(end - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Enumerable.Range(0, _random.Next(1, 9)).Select(_ => Telling[_random.Next(Telling.Length)]));
                    break;
                default:
                    int from = At(other), to = At(other);
                    bytes.InsertRange(at, other.Bytes[Math.Min(from, to)..Math.Max(from, to)]);
                    if (_random.Next(2) == 0)
                    {
                        int replaced = Math.Min(Math.Abs(to - from), bytes.Count - at - Math.Abs(to - from));
                        bytes.RemoveRange(at + Math.Abs(to - from), Math.Max(replaced, 0));
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A number below a bound.</summary>
    public int Next(int bound) => _random.Next(bound);

    private int At((byte[] Bytes, int[] Joints) file)
    {
        int joint = _random.Next(8) == 0 ? _random.Next(file.Bytes.Length + 1) : file.Joints[_random.Next(file.Joints.Length)];
        return Math.Clamp(joint + _random.Next(-1, 2), 0, file.Bytes.Length);
    }
}
