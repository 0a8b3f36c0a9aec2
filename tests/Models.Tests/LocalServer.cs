using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ResNeSt.Models.Tests;

/// <summary>A web server on the loopback address that answers each path as a test wants, broken answers included.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Func<NetworkStream, CancellationToken, Task>> _answers = [];
    private int _requests;

    public LocalServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>The address of a path.</summary>
    public string Url(string path) => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}";

    /// <summary>Answers 200 with a body; <paramref name="sent"/> bytes of it really arrive.</summary>
    public void Serve(string path, byte[] body, int? sent = null) => _answers[path] = async (stream, cancel) =>
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), cancel);
        await stream.WriteAsync(body.AsMemory(0, sent ?? body.Length), cancel);
    };

    /// <summary>Answers 200 with half the body, then says nothing more.</summary>
    public void ServeStalled(string path, byte[] body) => _answers[path] = async (stream, cancel) =>
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), cancel);
        await stream.WriteAsync(body.AsMemory(0, body.Length / 2), cancel);
        await Task.Delay(Timeout.Infinite, cancel);
    };

    /// <summary>Answers with a status and a location.</summary>
    public void ServeStatus(string path, string status, string? location = null) => _answers[path] = async (stream, cancel) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status}\r\n{(location is null ? "" : $"Location: {location}\r\n")}Content-Length: 0\r\nConnection: close\r\n\r\n"), cancel);

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = AnswerAsync(client);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                string path = (await reader.ReadLineAsync(_stop.Token))!.Split(' ')[1];
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                Interlocked.Increment(ref _requests);
                await _answers[path](stream, _stop.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or IOException)
            {
                // The client went away or the test is over.
            }
        }
    }
}
