using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Numbers as types: the size of each is its number, see <see cref="ConvTile512{TWidth, TRows, TStep, TVectors}"/>.</summary>
internal static class Numbers
{
    [StructLayout(LayoutKind.Sequential, Size = 1)]
    public readonly struct N1;

    [StructLayout(LayoutKind.Sequential, Size = 2)]
    public readonly struct N2;

    [StructLayout(LayoutKind.Sequential, Size = 3)]
    public readonly struct N3;

    [StructLayout(LayoutKind.Sequential, Size = 4)]
    public readonly struct N4;

    [StructLayout(LayoutKind.Sequential, Size = 5)]
    public readonly struct N5;

    [StructLayout(LayoutKind.Sequential, Size = 6)]
    public readonly struct N6;

    [StructLayout(LayoutKind.Sequential, Size = 7)]
    public readonly struct N7;

    [StructLayout(LayoutKind.Sequential, Size = 8)]
    public readonly struct N8;

    [StructLayout(LayoutKind.Sequential, Size = 9)]
    public readonly struct N9;

    [StructLayout(LayoutKind.Sequential, Size = 10)]
    public readonly struct N10;

    [StructLayout(LayoutKind.Sequential, Size = 11)]
    public readonly struct N11;

    [StructLayout(LayoutKind.Sequential, Size = 12)]
    public readonly struct N12;

    [StructLayout(LayoutKind.Sequential, Size = 13)]
    public readonly struct N13;

    [StructLayout(LayoutKind.Sequential, Size = 14)]
    public readonly struct N14;

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    public readonly struct N16;

    [StructLayout(LayoutKind.Sequential, Size = 32)]
    public readonly struct N32;
}
