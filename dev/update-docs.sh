#!/usr/bin/env bash
# Measures and rewrites the generated pages of docs/.
set -eu
cd "$(dirname "$0")/.."
RESNEST_UPDATE_DOCS=1 dotnet test tests/Kernels.Cpu.Tests -c Release --filter "FullyQualifiedName~OpsPage"
if [ -d tests/Kernels.Ilgpu.Tests/bin ]; then
  RESNEST_UPDATE_DOCS=1 dotnet test tests/Kernels.Ilgpu.Tests -c Release --filter "FullyQualifiedName~OpsPage"
fi
