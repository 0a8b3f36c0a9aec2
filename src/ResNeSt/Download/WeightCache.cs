using System.Net;
using System.Security.Cryptography;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A folder of downloaded weight files. A file is in it whole and checked, or not at all.</summary>
public sealed class WeightCache
{
    private const int BlockLength = 1 << 17;

    private readonly Func<HttpMessageHandler> _handler;

    /// <param name="folder">The folder; made at the first download.</param>
    /// <param name="stallTimeout">Give an address up when it sends nothing for this long; default 30 seconds.</param>
    public WeightCache(string folder, TimeSpan? stallTimeout = null)
    {
        Folder = Path.GetFullPath(folder);
        StallTimeout = stallTimeout ?? TimeSpan.FromSeconds(30);
        _handler = () => new SocketsHttpHandler { ConnectTimeout = StallTimeout, MaxAutomaticRedirections = 10 };
    }

    /// <summary>The user's cache: the folder in <c>RESNEST_CACHE</c>, or <c>resnest</c> under <c>XDG_CACHE_HOME</c>, <c>~/.cache</c>,
    /// or the local application data of Windows.</summary>
    public static WeightCache Default => new(DefaultFolder());

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Patience with an address that sends nothing.</summary>
    public TimeSpan StallTimeout { get; }

    /// <summary>The path of a file that is in the cache, or null.</summary>
    public string? Find(PublishedWeights source)
    {
        string path = PathOf(source.File);
        return File.Exists(path) ? path : null;
    }

    /// <summary>The path of a file in the cache, downloaded first if need be: address by address, hashed on the way, then renamed into place.</summary>
    /// <param name="source">File, addresses and hash.</param>
    /// <param name="progress">Told the bytes as they come.</param>
    /// <param name="cancellation">Stops the download; nothing is left behind.</param>
    /// <exception cref="WeightsUnavailableException">No address could be reached; the message says where the file can be had and put.</exception>
    /// <exception cref="DataFileException">A file arrived whole but its hash is wrong, at every address that answered.</exception>
    public async Task<string> GetAsync(PublishedWeights source, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (Find(source) is { } present)
            return present;
        Directory.CreateDirectory(Folder);
        var failures = new List<string>();
        DataFileException? wrong = null;
        using var client = new HttpClient(_handler()) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("resnest");
        foreach (string url in source.Urls)
        {
            try
            {
                return await FetchAsync(client, url, source, progress, cancellation).ConfigureAwait(false);
            }
            catch (DataFileException exception)
            {
                wrong = exception;
                failures.Add($"{url}: {exception.What}");
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException or UriFormatException)
            {
                failures.Add($"{url}: {Describe(exception)}");
            }
        }

        if (wrong is not null && source.Urls.Count == 1)
            throw wrong;
        throw new WeightsUnavailableException(source, Folder, failures);
    }

    private string PathOf(string file)
    {
        if (file.Length == 0 || file != Path.GetFileName(file))
            throw new ArgumentException($"'{DataFileException.Escape(file)}' is no plain file name", nameof(file));
        return Path.Combine(Folder, file);
    }

    private async Task<string> FetchAsync(
        HttpClient client, string url, PublishedWeights source, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(StallTimeout);
        string part = Path.Combine(Folder, $".{source.File}.{Guid.NewGuid():N}.part");
        try
        {
            using var response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new HttpRequestException($"the server answers {(int)response.StatusCode} {response.ReasonPhrase}");
            long? expected = response.Content.Headers.ContentLength;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var input = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false))
            await using (var output = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, BlockLength, useAsync: true))
            {
                var block = new byte[BlockLength];
                long received = 0;
                progress?.Report(new DownloadProgress(url, 0, expected));
                while (true)
                {
                    stall.CancelAfter(StallTimeout);
                    int count = await input.ReadAsync(block, stall.Token).ConfigureAwait(false);
                    if (count == 0)
                        break;
                    hash.AppendData(block, 0, count);
                    await output.WriteAsync(block.AsMemory(0, count), cancellation).ConfigureAwait(false);
                    received += count;
                    progress?.Report(new DownloadProgress(url, received, expected));
                }

                if (expected is { } length && received != length)
                    throw new IOException($"the connection ended after {received} of {length} bytes");
                output.Flush(flushToDisk: true);
            }

            string actual = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (!actual.StartsWith(source.Sha256Prefix, StringComparison.OrdinalIgnoreCase))
                throw new DataFileException(DataFileErrorKind.BadChecksum,
                    $"the downloaded file has SHA-256 {actual[..16]}…, expected {source.Sha256Prefix}…; it was thrown away. "
                    + "Try again, or fetch it by hand and give it with --weights FILE", url);
            string path = PathOf(source.File);
            File.Move(part, path, overwrite: true);
            return path;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing arrived for {StallTimeout.TotalSeconds:0.#} s");
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static string Describe(Exception exception) =>
        exception.InnerException is { } inner && exception is HttpRequestException ? inner.Message : exception.Message;

    private static string DefaultFolder()
    {
        if (Environment.GetEnvironmentVariable("RESNEST_CACHE") is { Length: > 0 } given)
            return given;
        // Not verified: a folder that does not exist yet is made at the first download.
        if (OperatingSystem.IsWindows())
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "resnest");
        return Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? Path.Combine(cache, "resnest")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache", "resnest");
    }
}

/// <summary>How far a download is.</summary>
/// <param name="Url">The address in use.</param>
/// <param name="Received">Bytes so far.</param>
/// <param name="Total">Bytes in all, if the server says.</param>
public readonly record struct DownloadProgress(string Url, long Received, long? Total);
