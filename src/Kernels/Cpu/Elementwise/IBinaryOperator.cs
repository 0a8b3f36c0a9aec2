namespace ResNeSt.Kernels.Cpu;

/// <summary>A function of two elements, written once for every vector width. Fields hold the operator's numbers.</summary>
internal interface IBinaryOperator
{
    /// <summary>The function on all lanes.</summary>
    TLanes Apply<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>;
}
