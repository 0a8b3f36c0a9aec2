using System.Xml.Linq;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Tests;

/// <summary>No operator without cases, documentation, an oracle and a sane cost.</summary>
public sealed class OpCatalogTests
{
    // An empty batch has no meaning for these.
    private static readonly Dictionary<Type, string> NoEmptyCase = new()
    {
        [typeof(BatchNormTrainOp)] = "refuses fewer than two values per channel, and says so",
        [typeof(BatchNormTrainReluOp)] = "refuses fewer than two values per channel, and says so",
    };

    private static IEnumerable<Type> OpTypes => typeof(Op).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract)
        .OrderBy(type => type.Name, StringComparer.Ordinal);

    [TestCaseSource(nameof(OpTypes))]
    public void Op_HasCases_AlsoWithAnEmptyTensor(Type type)
    {
        var cases = CaseCatalog.All.Where(opCase => opCase.Op.GetType() == type).ToArray();
        Assert.That(cases, Is.Not.Empty, $"write cases of {type.Name} in tests/Cases");
        if (!NoEmptyCase.ContainsKey(type))
            Assert.That(cases.Any(HasEmptyTensor), $"write a case of {type.Name} with an empty batch");
    }

    [TestCaseSource(nameof(OpTypes))]
    public void ImageOp_HasCasesOfOnePixelAndOfOddSize(Type type)
    {
        var images = CaseCatalog.All.Where(opCase => opCase.Op.GetType() == type && opCase.Inputs[0].Shape.Rank == 4 && opCase.Inputs[0].Shape.ElementCount > 0)
            .Select(opCase => opCase.Inputs[0].Shape).ToArray();
        if (images.Length == 0)
            Assert.Pass("no operator on images");
        Assert.That(images.Any(shape => shape[2] * shape[3] == 1), $"write a case of {type.Name} on one pixel");
        // Some take numbers per channel alone, [N,C,1,1].
        if (images.All(shape => shape[2] * shape[3] == 1))
            return;
        Assert.That(images.Any(shape => shape[2] % 2 == 1 && shape[3] % 2 == 1 && shape[2] * shape[3] > 1), $"write a case of {type.Name} with odd height and width");
    }

    [Test]
    public void OpsThatRefuseEmptyBatches_SayWhy()
    {
        var empty = new TensorSpec([0, 3, 2, 2], DType.F32);
        var channels = new TensorSpec([3], DType.F32);
        Assert.That(() => new BatchNormTrainOp(1e-5).Infer([empty, channels, channels]),
            Throws.InstanceOf<ShapeException>().With.Message.Contains("more than one value per channel"));
    }

    [TestCaseSource(nameof(OpTypes))]
    public void Op_IsASealedRecordOfValues(Type type)
    {
        Assert.That(type.IsSealed, "derive from the abstract bases instead");
        var references = type.GetProperties().Where(property => property.CanWrite && !property.PropertyType.IsValueType).Select(property => property.Name);
        Assert.That(references.Where(name => name is not "EqualityContract"), Is.Empty, "attributes that compare by reference break equality");
    }

    [TestCaseSource(nameof(OpTypes))]
    public void Op_IsDocumented(Type type)
    {
        string path = Path.ChangeExtension(typeof(Op).Assembly.Location, ".xml");
        var member = XDocument.Load(path).Descendants("member").FirstOrDefault(m => (string?)m.Attribute("name") == "T:" + type.FullName);
        Assert.That(member?.Element("summary")?.Value.Trim(), Is.Not.Null.And.Not.Empty);
        var parameters = type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).First().GetParameters();
        var described = member!.Elements("param").Select(param => (string?)param.Attribute("name"));
        Assert.That(described, Is.SupersetOf(parameters.Select(parameter => parameter.Name)), "every attribute has a <param>");
    }

    [Test]
    public void OpNames_AreUnique() => Assert.That(
        CaseCatalog.All.Select(opCase => opCase.Op.GetType()).Distinct().GroupBy(type => CaseCatalog.All.First(c => c.Op.GetType() == type).Op.Name)
            .Where(group => group.Count() > 1).Select(group => group.Key),
        Is.Empty);

    [Test]
    public void Cases_HaveUniqueNames() => Assert.That(
        CaseCatalog.All.GroupBy(opCase => (opCase.ToString(), string.Join(' ', opCase.Specs(DType.F32)), opCase.Op)).Where(group => group.Count() > 1).Select(group => group.Key.Item1),
        Is.Empty);

    [Test]
    public void Primitives_HaveAnOracle_CompositesHaveNone()
    {
        var oracles = BackendRegistry.Get(Device.Reference).Kernels.All.Select(kernel => kernel.OpType).ToHashSet();
        Assert.That(OpTypes.Where(type => type.IsSubclassOf(typeof(PrimitiveOp))).Where(type => !oracles.Contains(type)), Is.Empty,
            "a primitive needs a reference kernel");
        Assert.That(oracles.Where(type => !type.IsSubclassOf(typeof(PrimitiveOp))), Is.Empty,
            "on the reference device a composite is what its definition says");
    }

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Cost_IsPlausible(string op)
    {
        foreach (var opCase in CaseCatalog.Of(op))
        {
            var inputs = opCase.Specs(DType.F32);
            var outputs = opCase.Op.Infer(inputs);
            var cost = opCase.Op.Cost(inputs);
            long outputBytes = outputs.Sum(output => output.ByteLength), outputElements = outputs.Sum(output => (long)output.ElementCount);
            if (opCase.Op is ViewOp)
            {
                Assert.That(cost, Is.EqualTo(default(OpCost)), $"{opCase}: a view moves nothing");
                continue;
            }

            Assert.That(cost.Flops, Is.GreaterThanOrEqualTo(0), $"{opCase}: {cost}");
            Assert.That(cost.BytesRead, Is.InRange(0, inputs.Sum(input => input.ByteLength)), $"{opCase}: reads more than there is: {cost}");
            Assert.That(cost.BytesWritten, Is.EqualTo(outputBytes), $"{opCase}: every output is written once: {cost}");
            if (outputElements == 0)
                Assert.That(cost.Flops, Is.Zero, $"{opCase}: {cost}");
        }
    }

    private static bool HasEmptyTensor(OpCase opCase)
    {
        var inputs = opCase.Specs(DType.F32);
        return inputs.Concat(opCase.Op.Infer(inputs)).Any(spec => spec.ElementCount == 0);
    }
}
