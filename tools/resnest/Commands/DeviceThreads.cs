using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>Replicas on several devices of this process, each in a thread of its own.</summary>
internal static class DeviceThreads
{
    /// <summary>Runs the same work for every member at the same time, the first in this thread, and returns the first's result.</summary>
    /// <remarks>A member that fails frees the others, which wait for it; what is thrown here is what failed first.</remarks>
    public static T Run<T>(IReadOnlyList<ThreadReplicas> members, Func<ThreadReplicas, T> body)
    {
        var failures = new ConcurrentQueue<Exception>();
        T? result = default;
        var others = members.Skip(1).Select(member => new Thread(() => One(member)) { Name = $"replica {member.Rank}" }).ToList();
        others.ForEach(thread => thread.Start());
        One(members[0]);
        others.ForEach(thread => thread.Join());
        if (failures.TryDequeue(out var first))
            ExceptionDispatchInfo.Throw(first);
        return result!;

        void One(ThreadReplicas member)
        {
            try
            {
                var value = body(member);
                if (member.Rank == 0)
                    result = value;
            }
            catch (Exception error)
            {
                failures.Enqueue(error);
                member.Leave();
            }
        }
    }
}
