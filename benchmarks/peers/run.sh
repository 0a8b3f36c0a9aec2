#!/usr/bin/env bash
# This engine against ONNX Runtime on this machine: see --help. Needs the .NET SDK; npm, unless --ort names a library; cc for start-up and memory.
set -eu
cd "$(dirname "$0")/../.."
dotnet publish benchmarks/peers -c Release -v q -nologo --use-current-runtime --self-contained false -p:PublishReadyToRun=true -o artifacts/peers/bin >&2
exec artifacts/peers/bin/ResNeSt.Peers "$@"
