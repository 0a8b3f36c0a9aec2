using System.Diagnostics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A point in the work of a stream: whether the device has come to it, and when.</summary>
internal abstract class DeviceEvent : IDisposable
{
    /// <summary>An event of the accelerator's kind.</summary>
    /// <param name="accelerator">Whose streams it will be recorded on.</param>
    /// <param name="timed">Whether <see cref="SecondsSince"/> will be asked; noting no time is cheaper.</param>
    public static DeviceEvent Create(Accelerator accelerator, bool timed) => accelerator is CudaAccelerator cuda ? new CudaEvent(cuda, timed) : new HostEvent();

    /// <summary>Whether the device has come to the point recorded last; true before any was.</summary>
    public abstract bool HasPassed { get; }

    /// <summary>Puts the point behind everything that the stream was given so far.</summary>
    public abstract void Record(AcceleratorStream stream);

    /// <summary>Waits until the device has come to the point.</summary>
    public abstract void Wait();

    /// <summary>Time of the device from <paramref name="start"/> to here; waits for both.</summary>
    public abstract double SecondsSince(DeviceEvent start);

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>An event of the CUDA driver. ILGPU's own markers cannot be asked without waiting.</summary>
    private sealed class CudaEvent : DeviceEvent
    {
        private readonly CudaAccelerator _accelerator;
        private readonly nint _event;

        public CudaEvent(CudaAccelerator accelerator, bool timed)
        {
            _accelerator = accelerator;
            using var binding = accelerator.BindScoped();
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.CreateEvent(out _event, timed ? CudaEventFlags.CU_EVENT_DEFAULT : CudaEventFlags.CU_EVENT_DISABLE_TIMING));
        }

        public override bool HasPassed
        {
            get
            {
                using var binding = _accelerator.BindScoped();
                var state = CudaAPI.CurrentAPI.QueryEvent(_event);
                if (state == CudaError.CUDA_ERROR_NOT_READY)
                    return false;
                CudaException.ThrowIfFailed(state);
                return true;
            }
        }

        public override void Record(AcceleratorStream stream)
        {
            using var binding = _accelerator.BindScoped();
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(_event, ((CudaStream)stream).StreamPtr));
        }

        public override void Wait()
        {
            using var binding = _accelerator.BindScoped();
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeEvent(_event));
        }

        public override double SecondsSince(DeviceEvent start)
        {
            start.Wait();
            Wait();
            using var binding = _accelerator.BindScoped();
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.ElapsedTime(out float milliseconds, ((CudaEvent)start)._event, _event));
            return milliseconds * 1e-3;
        }

        public override void Dispose()
        {
            using var binding = _accelerator.BindScoped();
            // What a broken device answers here tells nothing new.
            _ = CudaAPI.CurrentAPI.DestroyEvent(_event);
            base.Dispose();
        }
    }

    /// <summary>A point that the host waits for when it records it: simulated devices compute in the calling thread anyway.</summary>
    private sealed class HostEvent : DeviceEvent
    {
        private long _timestamp;

        public override bool HasPassed => true;

        public override void Record(AcceleratorStream stream)
        {
            stream.Synchronize();
            _timestamp = Stopwatch.GetTimestamp();
        }

        public override void Wait()
        {
        }

        public override double SecondsSince(DeviceEvent start) => Stopwatch.GetElapsedTime(((HostEvent)start)._timestamp, _timestamp).TotalSeconds;
    }
}
