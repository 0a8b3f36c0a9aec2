using System.Security.Cryptography;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Downloading weights from a server that behaves, and from servers that do not.</summary>
public sealed class WeightCacheTests
{
    private readonly byte[] _body = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];
    private string _folder = null!;
    private LocalServer _server = null!;

    private string Hash => Convert.ToHexStringLower(SHA256.HashData(_body))[..8];

    [SetUp]
    public void SetUp()
    {
        _folder = Path.Combine(Path.GetTempPath(), $"resnest-cache-{Guid.NewGuid():N}");
        _server = new LocalServer();
    }

    [TearDown]
    public void TearDown()
    {
        _server.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Get_FromASoundServer_PutsTheFileIntoTheCacheAndDoesNotAskAgain()
    {
        _server.Serve("/w.pth", _body);
        var cache = new WeightCache(_folder);
        var seen = new List<DownloadProgress>();

        string path = await cache.GetAsync(Weights(_server.Url("/w.pth")), new Recorder(seen));
        string again = await cache.GetAsync(Weights(_server.Url("/w.pth")));

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(_body));
        Assert.That(again, Is.EqualTo(path));
        Assert.That(_server.Requests, Is.EqualTo(1));
        Assert.That(seen[^1].Received, Is.EqualTo(_body.Length));
        Assert.That(seen[^1].Total, Is.EqualTo(_body.Length));
        AssertNothingElseIsLeft("w.pth");
    }

    [Test]
    public async Task Get_AfterARedirect_FollowsIt()
    {
        _server.ServeStatus("/old.pth", "302 Found", _server.Url("/w.pth"));
        _server.Serve("/w.pth", _body);

        string path = await new WeightCache(_folder).GetAsync(Weights(_server.Url("/old.pth")));

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(_body));
    }

    [Test]
    public async Task Get_WhenTheFirstMirrorHasNoFile_TakesTheNext()
    {
        _server.ServeStatus("/gone.pth", "404 Not Found");
        _server.Serve("/w.pth", _body);

        string path = await new WeightCache(_folder).GetAsync(Weights(_server.Url("/gone.pth"), _server.Url("/w.pth")));

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(_body));
    }

    [Test]
    public void Get_WithAnotherHash_RefusesAndKeepsNothing()
    {
        var other = (byte[])_body.Clone();
        other[1234] ^= 1;
        _server.Serve("/w.pth", other);

        Assert.That(async () => await new WeightCache(_folder).GetAsync(Weights(_server.Url("/w.pth"))),
            Throws.TypeOf<DataFileException>().With.Property(nameof(DataFileException.Kind)).EqualTo(DataFileErrorKind.BadChecksum));
        AssertNothingElseIsLeft(null);
    }

    [Test]
    public void Get_CutOff_SaysHowMuchArrivedAndKeepsNothing()
    {
        _server.Serve("/w.pth", _body, sent: 100_000);

        Assert.That(async () => await new WeightCache(_folder).GetAsync(Weights(_server.Url("/w.pth"))),
            Throws.TypeOf<WeightsUnavailableException>().With.Message.Contains("--weights FILE").And.Message.Contains(_folder));
        AssertNothingElseIsLeft(null);
    }

    [Test]
    public void Get_Missing_NamesAddressFolderAndFlag()
    {
        _server.ServeStatus("/w.pth", "404 Not Found");

        Assert.That(async () => await new WeightCache(_folder).GetAsync(Weights(_server.Url("/w.pth"))),
            Throws.TypeOf<WeightsUnavailableException>().With.Message.Contains("404").And.Message.Contains(_server.Url("/w.pth"))
                .And.Message.Contains(_folder).And.Message.Contains("--weights FILE"));
    }

    [Test]
    public void Get_FromAServerThatFallsSilent_GivesUp()
    {
        _server.ServeStalled("/w.pth", _body);

        Assert.That(async () => await new WeightCache(_folder, TimeSpan.FromMilliseconds(300)).GetAsync(Weights(_server.Url("/w.pth"))),
            Throws.TypeOf<WeightsUnavailableException>().With.Message.Contains("nothing arrived for 0.3 s"));
        AssertNothingElseIsLeft(null);
    }

    [Test]
    public void Get_Offline_GivesOneMessage()
    {
        string url = _server.Url("/w.pth");
        _server.Dispose();

        Assert.That(async () => await new WeightCache(_folder).GetAsync(Weights(url)), Throws.TypeOf<WeightsUnavailableException>());
    }

    [Test]
    public void Get_Cancelled_LeavesNothingBehind()
    {
        _server.ServeStalled("/w.pth", _body);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        Assert.That(async () => await new WeightCache(_folder).GetAsync(Weights(_server.Url("/w.pth")), null, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        AssertNothingElseIsLeft(null);
    }

    [Test]
    public void Find_OfANameThatLeavesTheFolder_Refuses() =>
        Assert.That(() => new WeightCache(_folder).Find(new PublishedWeights("../w.pth", "", [], "")), Throws.ArgumentException);

    private PublishedWeights Weights(params string[] urls) => new("w.pth", Hash, urls, "none");

    private void AssertNothingElseIsLeft(string? expected)
    {
        var files = Directory.Exists(_folder) ? Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName) : [];
        Assert.That(files, Is.EqualTo(expected is null ? Array.Empty<string>() : [expected]));
    }

    /// <summary>Progress{T} posts to a thread pool; this one records in place.</summary>
    private sealed class Recorder(List<DownloadProgress> seen) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => seen.Add(value);
    }
}
