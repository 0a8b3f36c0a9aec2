namespace ResNeSt.Models;

/// <summary>A walk from ResNet-50 to one of its descendants, one switch at a time.</summary>
/// <param name="Title">Where it leads.</param>
/// <param name="Steps">The networks, ResNet-50 first.</param>
/// <param name="IsChain">Each step stands on the one before; otherwise each stands on the first alone.</param>
public sealed record FamilyWalk(string Title, IReadOnlyList<FamilyStep> Steps, bool IsChain = true)
{
    private static readonly ResNetOptions ResNet50 = new() { Depths = [3, 4, 6, 3] };

    private static readonly FamilyStep Start = new("resnet50", "", "y = ReLU(x + W₃ · ReLU(W₂ ∗ ReLU(W₁ · x))), a batch norm behind each W", ResNet50);

    /// <summary>To ResNeSt-50, to CoTNet-50, and to the attentions between them.</summary>
    public static IReadOnlyList<FamilyWalk> All { get; } = [ToResNeSt(), ToCoTNet(), Attentions()];

    private static FamilyWalk ToResNeSt()
    {
        var steps = new List<FamilyStep> { Start };
        Turn("resnet50c", "Stem = Deep", "stem: W(7×7, ↓2) becomes W(3×3) ∗ ReLU(W(3×3) ∗ ReLU(W(3×3, ↓2) ∗ x))", options => options with { Stem = StemKind.Deep });
        Turn("resnet50d", "Shortcut = AverageDown", "shortcut of strided blocks: W · x(↓2) becomes W · mean₂ₓ₂(x)", options => options with { Shortcut = ShortcutKind.AverageDown });
        Turn("(resnet50d, averaged step)", "AverageDown = true", "step of strided blocks: W₂(↓2) ∗ u becomes mean₃ₓ₃,↓2(W₂ ∗ u)", options => options with { AverageDown = true });
        Turn("(ResNeSt-50 of radix 1)", "Radix = 1", "u = ReLU(W₂ ∗ x) becomes σ(F₂ · ReLU(F₁ · mean(u))) · u: a gate for each channel", options => options with { Radix = 1 });
        Turn("resnest50", "Radix = 2", "the gate becomes a choice: Σᵣ softmaxᵣ(F₂ · ReLU(F₁ · mean(Σᵣ uᵣ))) · uᵣ, each uᵣ from its half of the input", options => options with { Radix = 2 });
        return new FamilyWalk("From ResNet-50 to ResNeSt-50", steps);

        void Turn(string name, string what, string formula, Func<ResNetOptions, ResNetOptions> change) =>
            steps.Add(new FamilyStep(name, what, formula, change(steps[^1].Options)));
    }

    private static FamilyWalk ToCoTNet()
    {
        var averaged = ResNet50 with { AverageDown = true, AverageDownFirst = true };
        return new FamilyWalk("From ResNet-50 to CoTNet-50",
        [
            Start,
            new("(resnet50, averaged step)", "AverageDown = true, AverageDownFirst = true",
                "step of strided blocks: W₂(↓2) ∗ u becomes W₂ ∗ mean₃ₓ₃,↓2(u)", averaged),
            new("cotnet50", "Attention = ContextualTransformer", "W₂ ∗ u becomes a₀ · l + a₁ · k with the static context k = ReLU(W ∗ u), "
                + "the dynamic context l = Σₜ wₜ(u, k) · v(· + t) over the 3×3 neighbourhood, and a = softmax(F(mean(l + k)))",
                new() { Depths = [3, 4, 6, 3], Attention = new() { Kind = AttentionKind.ContextualTransformer } }),
        ]);
    }

    private static FamilyWalk Attentions() => new("One attention each, on ResNet-50",
    [
        Start,
        Turn("seresnet50", "SqueezeExcitation", "r becomes σ(F₂ · ReLU(F₁ · mean(r))) · r for the residual r", new() { Kind = AttentionKind.SqueezeExcitation, HiddenMultiple = 8 }),
        Turn("(resnet50 with ECA)", "EfficientChannelAttention", "r becomes σ(w ∗ mean(r)) · r, w a few taps along the channels", new() { Kind = AttentionKind.EfficientChannelAttention }),
        Turn("(resnet50 with sSE)", "SpatialSqueeze", "r becomes σ(w · r) · r: a gate for each position", new() { Kind = AttentionKind.SpatialSqueeze }),
        Turn("cbam_resnet50", "ConvolutionalAttention", "r becomes σ(F(mean(r)) + F(max(r))) · r = q, then σ(W(7×7) ∗ [max_c(q), mean_c(q)]) · q", new() { Kind = AttentionKind.ConvolutionalAttention, Key = "cbam" }),
        Turn("gc_resnet50_r16", "GlobalContext, Stages = [1, 2, 3]", "r becomes r + F₂ · ReLU(LN(F₁ · Σᵢ softmaxᵢ(w · rᵢ) rᵢ)): one context for all positions", new() { Kind = AttentionKind.GlobalContext, Key = "context_block", Stages = [1, 2, 3] }),
        Turn("nl_resnet50", "NonLocal, Stages = [2], LastBlockOnly", "x becomes x + W · Σⱼ softmaxⱼ(θ(x)ᵢ · φ(x)ⱼ) g(x)ⱼ: a context for each position",
            new() { Kind = AttentionKind.NonLocal, Place = AttentionPlace.Input, Key = "non_local", Reduction = 2, Stages = [2], LastBlockOnly = true }),
        Turn("skresnet50", "SelectiveKernel, SplitInput", "W₂ ∗ u becomes Σₘ softmaxₘ(F₂ · ReLU(F₁ · mean(Σₘ uₘ))) · uₘ, u₁ with dilation 1, u₂ with 2", new() { Kind = AttentionKind.SelectiveKernel, HiddenMultiple = 8, SplitInput = true }),
    ], IsChain: false);

    private static FamilyStep Turn(string name, string what, string formula, AttentionOptions attention) =>
        new(name, "Attention = " + what, formula, ResNet50 with { Attention = attention });
}
