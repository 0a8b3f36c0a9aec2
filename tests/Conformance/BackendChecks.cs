using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Conformance;

/// <summary>What every backend must do with every case, as plain methods: one line for each failure.</summary>
/// <remarks><see cref="BackendConformance"/> wraps them in tests; child processes run them without a test framework.</remarks>
/// <param name="device">The device under test.</param>
public sealed class BackendChecks(Device device)
{
    /// <summary>Outputs equal those of the reference backend in double precision, for inputs of one type.</summary>
    public IReadOnlyList<string> Forward(IEnumerable<OpCase> cases, DType dtype) => Check(cases, opCase =>
    {
        var values = CaseRun.InputValues(opCase, dtype);
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values);
        var actual = CaseRun.On(device, opCase, dtype, values);
        return Differences(expected, actual, dtype, opCase.Terms).Concat(CompareInputs(opCase, values, actual));
    });

    /// <summary>Gradients in F32 equal those of the reference backend in double precision, for a random upstream gradient.</summary>
    public IReadOnlyList<string> Gradients(IEnumerable<OpCase> cases) => Check(cases.Where(CaseRun.IsDifferentiable), opCase =>
    {
        var values = CaseRun.InputValues(opCase, DType.F32);
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values, withGradients: true);
        var actual = CaseRun.On(device, opCase, DType.F32, values, withGradients: true);
        var failures = GradientDifferences(opCase, expected, actual, 1).Concat(CompareInputs(opCase, values, actual)).ToList();
        // A rule may leave out what nobody needs, and must not leave out more.
        int[] wanted = [.. Enumerable.Range(0, values.Length).Where(i => expected.Gradients[i] is not null)];
        foreach (int input in wanted.Length > 1 && !opCase.Large ? wanted : [])
        {
            var alone = CaseRun.On(device, opCase, DType.F32, values, withGradients: true, onlyInput: input);
            failures.AddRange(GradientDifferences(opCase, expected, alone, 1, input).Select(failure => failure + ", differentiated alone"));
        }

        return failures;
    });

    /// <summary>A composite operator's fused kernel and fused gradient equal what its definition gives on the same device.</summary>
    public IReadOnlyList<string> Definition(IEnumerable<OpCase> cases) => Check(cases.Where(HasFusedKernel), opCase =>
    {
        var values = CaseRun.InputValues(opCase, DType.F32);
        bool differentiable = CaseRun.IsDifferentiable(opCase);
        var fused = CaseRun.On(device, opCase, DType.F32, values, differentiable);
        CaseRun defined;
        using (EngineSettings.WithFuse(false))
            defined = CaseRun.On(device, opCase, DType.F32, values, differentiable);
        // Both are rounded, so they may lie twice as far apart as either from the truth.
        return Differences(defined, fused, DType.F32, opCase.Terms, 2).Concat(GradientDifferences(opCase, defined, fused, 2));
    });

    /// <summary>Outputs and gradients have equal bits when run again, with one, two and three threads, and in poisoned, guarded memory.</summary>
    public IReadOnlyList<string> Bits(IEnumerable<OpCase> cases) => Check(cases, opCase =>
    {
        var values = CaseRun.InputValues(opCase, DType.F32);
        bool differentiable = CaseRun.IsDifferentiable(opCase);
        var first = Run(1);
        var failures = new List<string>();
        failures.AddRange(BitDifferences("second run", first, Run(1)));
        failures.AddRange(BitDifferences("two threads", first, Run(2)));
        failures.AddRange(BitDifferences("three threads", first, Run(3)));
        // Guards are checked when memory is freed: the run's own scope does that, and it throws.
        using (EngineSettings.WithCheckBounds(true))
            failures.AddRange(BitDifferences("poisoned memory", first, Run(2)));
        return failures;

        CaseRun Run(int threads)
        {
            int before = EngineSettings.Threads;
            EngineSettings.Threads = threads;
            try
            {
                return CaseRun.On(device, opCase, DType.F32, values, differentiable);
            }
            finally
            {
                EngineSettings.Threads = before;
            }
        }
    });

    /// <summary>The essence of the other checks in two runs a case, for simulated devices, whose launches are slow and know no thread count:
    /// outputs and gradients in poisoned, guarded memory equal the reference, and plain memory gives the same bits.</summary>
    public IReadOnlyList<string> InTwoRuns(IEnumerable<OpCase> cases) => Check(cases, opCase =>
    {
        var values = CaseRun.InputValues(opCase, DType.F32);
        bool differentiable = CaseRun.IsDifferentiable(opCase);
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values, differentiable);
        CaseRun guarded;
        using (EngineSettings.WithCheckBounds(true))
            guarded = CaseRun.On(device, opCase, DType.F32, values, differentiable);
        var plain = CaseRun.On(device, opCase, DType.F32, values, differentiable);
        return
        [
            .. Differences(expected, guarded, DType.F32, opCase.Terms),
            .. GradientDifferences(opCase, expected, guarded, 1),
            .. CompareInputs(opCase, values, guarded),
            .. BitDifferences("plain memory", guarded, plain),
        ];
    });

    /// <summary>Largest errors of F32 or narrower outputs against the reference, over cases; for the table of operators.</summary>
    public double WorstForwardError(IEnumerable<OpCase> cases, DType dtype)
    {
        double worst = 0;
        foreach (var opCase in cases)
        {
            var values = CaseRun.InputValues(opCase, dtype);
            var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values);
            var actual = CaseRun.On(device, opCase, dtype, values);
            for (int i = 0; i < expected.Outputs.Length; i++)
                worst = Math.Max(worst, Comparison.WorstError(expected.Outputs[i], actual.Outputs[i]));
        }

        return worst;
    }

    /// <summary>Largest errors of F32 gradients against the reference, over cases; null if no case has gradients.</summary>
    public double? WorstGradientError(IEnumerable<OpCase> cases)
    {
        double? worst = null;
        foreach (var opCase in cases.Where(CaseRun.IsDifferentiable))
        {
            var values = CaseRun.InputValues(opCase, DType.F32);
            var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values, withGradients: true);
            var actual = CaseRun.On(device, opCase, DType.F32, values, withGradients: true);
            for (int i = 0; i < expected.Gradients.Length; i++)
            {
                if (expected.Gradients[i] is { } gradient)
                    worst = Math.Max(worst ?? 0, Comparison.WorstError(gradient, actual.Gradients[i]!));
            }
        }

        return worst;
    }

    private bool HasFusedKernel(OpCase opCase) =>
        opCase.Op is CompositeOp or InPlaceOp && BackendRegistry.Get(device).FindKernel(opCase.Op, opCase.Specs(DType.F32)) is not null;

    /// <summary>Runs a check on each case; exceptions and storages left alive are failures like any other.</summary>
    private List<string> Check(IEnumerable<OpCase> cases, Func<OpCase, IEnumerable<string>> check)
    {
        var failures = new List<string>();
        var backend = BackendRegistry.Get(device);
        foreach (var opCase in cases)
        {
            int alive = backend.LiveStorages;
            try
            {
                failures.AddRange(check(opCase).Select(failure => $"{opCase}: {failure}"));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failures.Add($"{opCase}: {e.GetType().Name}: {e.Message}");
            }

            if (backend.LiveStorages != alive)
                failures.Add($"{opCase}: leaves {backend.LiveStorages - alive} storages alive on {device}");
        }

        return failures;
    }

    private static IEnumerable<string> Differences(CaseRun expected, CaseRun actual, DType dtype, int terms, double factor = 1)
    {
        for (int i = 0; i < expected.Outputs.Length; i++)
        {
            if (expected.Specs[i].Shape != actual.Specs[i].Shape)
            {
                yield return $"output {i} has shape {actual.Specs[i].Shape} instead of {expected.Specs[i].Shape}";
                continue;
            }

            var stored = actual.Specs[i].DType;
            var tolerance = stored.IsFloatingPoint ? Tolerance.For(Coarser(dtype, stored), terms) * factor : Tolerance.Exact;
            if (Comparison.Difference(expected.Outputs[i], actual.Outputs[i], tolerance) is { } difference)
                yield return $"output {i} in {stored}: {difference}";
        }
    }

    private static IEnumerable<string> GradientDifferences(OpCase opCase, CaseRun expected, CaseRun actual, double factor, int onlyInput = -1)
    {
        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            if (expected.Gradients[i] is not { } gradient || (onlyInput >= 0 && i != onlyInput))
                continue;
            var tolerance = Tolerance.For(DType.F32, GradientTerms(opCase, expected, gradient.Length)) * factor;
            if (Comparison.Difference(gradient, actual.Gradients[i], tolerance) is { } difference)
                yield return $"gradient of input {i}: {difference}";
        }
    }

    /// <summary>Every output element spreads its terms over the elements of an input: so many meet in each on average.</summary>
    private static int GradientTerms(OpCase opCase, CaseRun run, int inputElements)
    {
        double products = (double)run.Outputs.Max(output => output.Length) * opCase.Terms;
        return (int)Math.Max(opCase.Terms, Math.Min(int.MaxValue, products / Math.Max(inputElements, 1)));
    }

    private static IEnumerable<string> BitDifferences(string what, CaseRun expected, CaseRun actual)
    {
        for (int i = 0; i < expected.Outputs.Length; i++)
        {
            if (Comparison.BitDifference(expected.Outputs[i], actual.Outputs[i]) is { } difference)
                yield return $"{what}: output {i}: {difference}";
        }

        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            if (expected.Gradients[i] is { } gradient && Comparison.BitDifference(gradient, actual.Gradients[i]) is { } difference)
                yield return $"{what}: gradient of input {i}: {difference}";
        }
    }

    private static IEnumerable<string> CompareInputs(OpCase opCase, double[][] before, CaseRun after)
    {
        int written = opCase.Op is InPlaceOp inPlace ? inPlace.WrittenInputs : 0;
        for (int i = written; i < before.Length; i++)
        {
            if (Comparison.BitDifference(before[i], after.InputsAfter[i]) is { } difference)
                yield return $"input {i} was overwritten: {difference}";
        }
    }

    /// <summary>The coarser of two floating-point types: a cast to F16 rounds like F16 whatever it came from.</summary>
    private static DType Coarser(DType a, DType b) => Tolerance.UnitRoundoff(a) > Tolerance.UnitRoundoff(b) ? a : b;
}
