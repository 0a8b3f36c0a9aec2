namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Operands of mma by name, for the product of row tile i and column tile j of a warp: sums, rows, columns, sums.</summary>
/// <remarks>Fragments and sums are PTX registers that ILGPU does not know of. As its own values they would be kept as local variables, which
/// ptxas no longer turns into registers once cp.async stands in the same kernel.</remarks>
internal static class MmaOperands
{
    public const string Tile00 = "{%%sum0,%%sum1,%%sum2,%%sum3},{%%left0,%%left1,%%left2,%%left3},{%%right0,%%right1},{%%sum0,%%sum1,%%sum2,%%sum3};";
    public const string Tile01 = "{%%sum4,%%sum5,%%sum6,%%sum7},{%%left0,%%left1,%%left2,%%left3},{%%right2,%%right3},{%%sum4,%%sum5,%%sum6,%%sum7};";
    public const string Tile02 = "{%%sum8,%%sum9,%%sum10,%%sum11},{%%left0,%%left1,%%left2,%%left3},{%%right4,%%right5},{%%sum8,%%sum9,%%sum10,%%sum11};";
    public const string Tile03 = "{%%sum12,%%sum13,%%sum14,%%sum15},{%%left0,%%left1,%%left2,%%left3},{%%right6,%%right7},{%%sum12,%%sum13,%%sum14,%%sum15};";
    public const string Tile10 = "{%%sum16,%%sum17,%%sum18,%%sum19},{%%left4,%%left5,%%left6,%%left7},{%%right0,%%right1},{%%sum16,%%sum17,%%sum18,%%sum19};";
    public const string Tile11 = "{%%sum20,%%sum21,%%sum22,%%sum23},{%%left4,%%left5,%%left6,%%left7},{%%right2,%%right3},{%%sum20,%%sum21,%%sum22,%%sum23};";
    public const string Tile12 = "{%%sum24,%%sum25,%%sum26,%%sum27},{%%left4,%%left5,%%left6,%%left7},{%%right4,%%right5},{%%sum24,%%sum25,%%sum26,%%sum27};";
    public const string Tile13 = "{%%sum28,%%sum29,%%sum30,%%sum31},{%%left4,%%left5,%%left6,%%left7},{%%right6,%%right7},{%%sum28,%%sum29,%%sum30,%%sum31};";
    public const string Tile20 = "{%%sum32,%%sum33,%%sum34,%%sum35},{%%left8,%%left9,%%left10,%%left11},{%%right0,%%right1},{%%sum32,%%sum33,%%sum34,%%sum35};";
    public const string Tile21 = "{%%sum36,%%sum37,%%sum38,%%sum39},{%%left8,%%left9,%%left10,%%left11},{%%right2,%%right3},{%%sum36,%%sum37,%%sum38,%%sum39};";
    public const string Tile22 = "{%%sum40,%%sum41,%%sum42,%%sum43},{%%left8,%%left9,%%left10,%%left11},{%%right4,%%right5},{%%sum40,%%sum41,%%sum42,%%sum43};";
    public const string Tile23 = "{%%sum44,%%sum45,%%sum46,%%sum47},{%%left8,%%left9,%%left10,%%left11},{%%right6,%%right7},{%%sum44,%%sum45,%%sum46,%%sum47};";
    public const string Tile30 = "{%%sum48,%%sum49,%%sum50,%%sum51},{%%left12,%%left13,%%left14,%%left15},{%%right0,%%right1},{%%sum48,%%sum49,%%sum50,%%sum51};";
    public const string Tile31 = "{%%sum52,%%sum53,%%sum54,%%sum55},{%%left12,%%left13,%%left14,%%left15},{%%right2,%%right3},{%%sum52,%%sum53,%%sum54,%%sum55};";
    public const string Tile32 = "{%%sum56,%%sum57,%%sum58,%%sum59},{%%left12,%%left13,%%left14,%%left15},{%%right4,%%right5},{%%sum56,%%sum57,%%sum58,%%sum59};";
    public const string Tile33 = "{%%sum60,%%sum61,%%sum62,%%sum63},{%%left12,%%left13,%%left14,%%left15},{%%right6,%%right7},{%%sum60,%%sum61,%%sum62,%%sum63};";
}
