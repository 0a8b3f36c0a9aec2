namespace ResNeSt.Kernels.Cpu;

/// <summary>Gives the right operand of a matrix product in panels of <see cref="GemmTile{TLanes}.Columns"/> columns.</summary>
internal unsafe interface IColumnSource
{
    /// <summary>Writes some terms of all columns: panel after panel, and in each term after term. Columns behind the last hold numbers that are quick to multiply, zeros best.</summary>
    /// <param name="firstTerm">First term.</param>
    /// <param name="terms">Number of terms.</param>
    /// <param name="panels">Where the first panel goes.</param>
    /// <param name="panelStride">Elements from one panel to the next: one term more than is asked for, so that vectors may be stored over the end.</param>
    void Pack<TLanes>(int firstTerm, int terms, float* panels, nint panelStride)
        where TLanes : struct, ILanes<TLanes>;
}
