using System.IO.Compression;
using System.Xml.Linq;
using ResNeSt.Conformance;

namespace ResNeSt.Packages.Tests;

/// <summary>The packages as an embedder meets them: a folder of files, and an empty project somewhere else.</summary>
public sealed class PackageTests
{
    private const string Program =
        """
        using ResNeSt.Imaging;
        using ResNeSt.Inference;
        using ResNeSt.Models;
        using ResNeSt.Tensors;

        DefaultBackends.Use();
        using var model = ModelZoo.Find("resnest50").Create();
        model.MaterializeEmpty(Device.Cpu);
        GoldenWeights.Fill(model);
        model.Eval();
        using var off = GradMode.Off();
        float[] pixels = EvaluationTransform.ByName("official", 224).Apply(PictureReader.Read(args[0]));
        float[] logits = model.Forward(Tensor.FromArray(pixels, [1, 3, 224, 224])).ToArray<float>();
        Console.WriteLine(FormattableString.Invariant($"{Array.IndexOf(logits, logits.Max())} {logits.Max():f3} {ImageNetClasses.Names[Array.IndexOf(logits, logits.Max())]}"));
        using var session = InferenceSession.Compile(model, new TensorSpec([1, 3, 224, 224], DType.F32));
        session.Run(pixels, logits);
        Console.WriteLine(FormattableString.Invariant($"{Array.IndexOf(logits, logits.Max())} {logits.Max():f3} compiled"));
        """;

    /// <summary>Two numbers added on each device that the command line names, or what stands in the way.</summary>
    private const string DeviceProgram =
        """
        using ResNeSt.Models;
        using ResNeSt.Tensors;

        foreach (string device in args)
        {
            try
            {
                DefaultBackends.Use(device);
                using var scope = new TensorScope();
                var x = Tensor.Full(2, [3], DType.F32, device);
                Console.WriteLine($"{device}: {string.Join(' ', (x + x).ToArray<float>())}");
            }
            catch (DeviceException e)
            {
                Console.WriteLine(e.Message);
            }
        }
        """;

    // No real package bears this version, so one that lies in the user's folder is never taken for one of these.
    private const string PackageVersion = "0.0.0-check";

    private static readonly Dictionary<string, string> Plain = [];
    private string _folder = "";
    private string _packages = "";

    [OneTimeSetUp]
    public void Pack()
    {
        _folder = Directory.CreateTempSubdirectory("resnest-packages-").FullName;
        _packages = Path.Combine(_folder, "feed");
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        DotnetCommand.Run(TestData.RepositoryRoot, Plain, "pack", "ResNeSt.sln", "--no-build", "-c", configuration, "-o", _packages, "-v", "q", "-nologo", "-p:PackageVersion=" + PackageVersion);
    }

    [OneTimeTearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Pack_OfTheSolution_YieldsEveryPackageWithItsParts()
    {
        string[] libraries = [.. PackedLibraries.Names];
        Assert.That(libraries, Is.SupersetOf(new[] { "ResNeSt", "ResNeSt.Tensors", "ResNeSt.Kernels.Cpu", "ResNeSt.Nn", "ResNeSt.Weights", "ResNeSt.Imaging", "ResNeSt.Inference", "ResNeSt.Onnx", "ResNeSt.Training" }));
        string[] made = [.. Directory.EnumerateFiles(_packages, "*.nupkg").Select(Id)];
        Assert.That(made, Is.EquivalentTo(libraries.Concat(["ResNeSt.Cli", "ResNeSt.WeightConverter"])));
        Assert.That(Directory.EnumerateFiles(_packages, "*.snupkg").Select(Id), Is.EquivalentTo(libraries), "symbols");
        foreach (string file in Directory.EnumerateFiles(_packages, "*.nupkg"))
        {
            string id = Id(file);
            using var package = ZipFile.OpenRead(file);
            string[] entries = [.. package.Entries.Select(entry => entry.FullName)];
            Assert.That(entries, Has.Member("README.md").And.Member("THIRD-PARTY-NOTICES.md"), id);
            using var nuspec = package.GetEntry(id + ".nuspec")!.Open();
            var metadata = XDocument.Load(nuspec).Root!.Elements().First();
            XElement? Element(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name);
            Assert.That((string?)Element("license"), Is.EqualTo("MIT"), id);
            Assert.That((string?)Element("readme"), Is.EqualTo("README.md"), id);
            Assert.That((string?)Element("description"), Is.Not.EqualTo("Package Description").And.Length.GreaterThan(20), id);
            if (!libraries.Contains(id))
                continue;
            Assert.That(entries, Has.Member($"lib/net10.0/{id}.dll").And.Member($"lib/net10.0/{id}.xml"), id);
            string[] dependencies = [.. metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => (string)element.Attribute("id")!)];
            Assert.That(dependencies.Where(dependency => !libraries.Contains(dependency)),
                id == "ResNeSt.Kernels.Ilgpu" ? Is.EquivalentTo(new[] { "ILGPU", "ILGPU.Algorithms" }) : Is.Empty, $"what {id} drags in");
        }
    }

    [Test]
    public void Packages_RestoredFromAFolder_ClassifyAPicture()
    {
        string project = NewProject("plain", onlyFeed: true);
        DotnetCommand.Run(project, Isolated, "build", "-c", "Release", "-o", "out", "-v", "q", "-nologo", "-p:UseAppHost=false");
        string answer = DotnetCommand.Run(project, Plain, Path.Combine(project, "out", "plain.dll"), TestData.File("images", "cat.png"));
        AssertGolden(answer);
    }

    [Test]
    public void Packages_AskedForAGpu_GiveItOrSayInOneSentenceWhyNot()
    {
        if (!PackedLibraries.Names.Contains("ResNeSt.Kernels.Ilgpu"))
            Assert.Ignore("this build has no GPU backend");
        string project = NewProject("gpu", onlyFeed: false, DeviceProgram, "ResNeSt.Kernels.Ilgpu");
        DotnetCommand.Run(project, Isolated, "build", "-c", "Release", "-o", "out", "-v", "q", "-nologo", "-p:UseAppHost=false");
        string[] lines = DotnetCommand.Run(project, Plain, Path.Combine(project, "out", "gpu.dll"), "cpu", "ilgpu-cpu", "cuda:0").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines[..2], Is.EqualTo(new[] { "cpu: 4 4 4", "ilgpu-cpu: 4 4 4" }));
        Assert.That(lines[2], Is.EqualTo("cuda:0: 4 4 4").Or.StartsWith("device cuda:0 does not exist: "));
    }

    [Test]
    public void Packages_WithoutTheGpuBackend_SayWhichPackageToAdd()
    {
        string project = NewProject("nogpu", onlyFeed: true, DeviceProgram);
        DotnetCommand.Run(project, Isolated, "build", "-c", "Release", "-o", "out", "-v", "q", "-nologo", "-p:UseAppHost=false");
        Assert.That(DotnetCommand.Run(project, Plain, Path.Combine(project, "out", "nogpu.dll"), "cuda:0").Trim(),
            Is.EqualTo("device 'cuda:0' has no registered backend: add the package ResNeSt.Kernels.Ilgpu to the program"));
    }

    /// <summary>Trimming needs the runtime's package from a package source.</summary>
    [Test]
    [Category("Long")]
    public void Packages_Trimmed_ClassifyAPicture()
    {
        string project = NewProject("trimmed", onlyFeed: false);
        DotnetCommand.Run(project, Isolated, "publish", "-c", "Release", "--use-current-runtime", "-o", "out", "-v", "q", "-nologo",
            "-p:PublishTrimmed=true", "-p:SelfContained=true", "-p:TreatWarningsAsErrors=true", "-p:SuppressTrimAnalysisWarnings=false", "-p:TrimmerSingleWarn=false");
        string program = Path.Combine(project, "out", OperatingSystem.IsWindows() ? "trimmed.exe" : "trimmed");
        AssertGolden(DotnetCommand.RunProgram(program, project, Plain, TestData.File("images", "cat.png")));
        long bytes = new DirectoryInfo(Path.Combine(project, "out")).EnumerateFiles().Sum(file => file.Length);
        TestContext.Out.WriteLine($"{bytes / 1e6:f1} MB with the runtime");
    }

    [Test]
    [Category("Long")]
    public void Tool_InstalledFromAFolder_Answers()
    {
        string home = NewProject("tool", onlyFeed: true);
        DotnetCommand.Run(home, Isolated, "tool", "install", "ResNeSt.Cli", "--version", PackageVersion, "--tool-path", "bin");
        string program = Path.Combine(home, "bin", OperatingSystem.IsWindows() ? "resnest.exe" : "resnest");
        Assert.That(DotnetCommand.RunProgram(program, home, Plain, "models"), Does.Contain("resnest50_fast_4s2x40d"));
    }

    /// <summary>The command line as one file for a machine with a driver and nothing else: ILGPU must find the IL of every kernel in it.</summary>
    [Test]
    [Category("Long")]
    public void Command_PublishedAsOneFile_CompilesKernelsAndRunsAndTrainsOnThem()
    {
        if (!PackedLibraries.Names.Contains("ResNeSt.Kernels.Ilgpu"))
            Assert.Ignore("this build has no GPU backend");
        string output = Path.Combine(_folder, "one-file");
        // Outputs of its own: another build may be at work in the usual folders.
        DotnetCommand.Run(TestData.RepositoryRoot, Plain, "publish", "tools/resnest", "-c", "Release", "--use-current-runtime", "--self-contained",
            "--artifacts-path", Path.Combine(_folder, "one-file-build"), "-o", output, "-v", "q", "-nologo");
        string program = Path.Combine(output, OperatingSystem.IsWindows() ? "ResNeSt.Cli.exe" : "ResNeSt.Cli");
        // Data may lie beside it, the small trained network, but no library.
        if (OperatingSystem.IsLinux())
            Assert.That(Directory.EnumerateFiles(output).Where(file => Path.GetExtension(file) is ".dll" or ".so"), Is.Empty);
        long bytes = new FileInfo(program).Length;
        TestContext.Out.WriteLine($"{bytes / 1e6:f1} MB");
        Assert.That(bytes, Is.LessThan(25_000_000));

        string Say(params string[] arguments) => DotnetCommand.RunProgram(program, _folder, Plain, arguments);
        Assert.That(Say("devices", "-v"), Does.Contain("ilgpu-cpu:1"));
        Assert.That(Say("kernels", "--ptx", "conv.forward.tile64", "--arch", "sm_80"), Does.Contain(".target sm_80").And.Contain(".entry"));
        string[] bench = ["bench", "--device", "ilgpu-cpu", "--model", "resnest_tiny", "--size", "8", "--batch", "2", "--precision", "f32"];
        Assert.That(Say(bench), Does.Contain("sum of the kernels").And.Contain("inference:").And.Contain("training:"));
    }

    private Dictionary<string, string> Isolated => new() { ["NUGET_PACKAGES"] = Path.Combine(_folder, "restored") };

    /// <summary>Class 765 at 0.963: what the published implementation answers for this picture and these weights.</summary>
    private static void AssertGolden(string answer)
    {
        var best = TestData.Json("golden", "photo.json").GetProperty("resnest50").GetProperty("cases")[0];
        string expected = FormattableString.Invariant($"{best.GetProperty("top5")[0].GetInt32()} {best.GetProperty("top5_logits")[0].GetDouble():f3} ");
        Assert.That(answer, Does.StartWith(expected));
        Assert.That(answer, Does.Contain(expected + "compiled"), "by a session");
    }

    private static string Id(string file) => Path.GetFileNameWithoutExtension(file)[..^(PackageVersion.Length + 1)];

    /// <summary>An empty project that references packages by their ids.</summary>
    private string NewProject(string name, bool onlyFeed, string program = Program, params string[] further)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, name + ".csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ResNeSt" Version="{PackageVersion}" />
                <PackageReference Include="ResNeSt.Imaging" Version="{PackageVersion}" />
                <PackageReference Include="ResNeSt.Inference" Version="{PackageVersion}" />
                {string.Concat(further.Select(id => $"""<PackageReference Include="{id}" Version="{PackageVersion}" />"""))}
              </ItemGroup>
            </Project>
            """);
        // The folder is the only source of our packages and, where nothing else is needed, the only source at all. Packages of the SDK
        // itself may lie in the user's folder already.
        string user = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"),
            $"""
             <configuration>
               <packageSources>{(onlyFeed ? "<clear />" : "")}<add key="feed" value="{_packages}" /></packageSources>
               <fallbackPackageFolders><clear />{(Directory.Exists(user) ? $"""<add key="user" value="{user}" />""" : "")}</fallbackPackageFolders>
             </configuration>
             """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        return folder;
    }
}
