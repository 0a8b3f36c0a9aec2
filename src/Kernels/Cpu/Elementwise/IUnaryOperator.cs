namespace ResNeSt.Kernels.Cpu;

/// <summary>A function of one element, written once for every vector width. Fields hold the operator's numbers.</summary>
internal interface IUnaryOperator
{
    /// <summary>The function on all lanes.</summary>
    TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>;
}
