#!/usr/bin/env bash
# Measures and rewrites the generated page docs/ops.md (about two minutes on two cores) and the texts under api/.
set -eu
cd "$(dirname "$0")/.."
RESNEST_UPDATE_DOCS=1 dotnet test tests/Kernels.Cpu.Tests -c Release --filter "FullyQualifiedName~OpsPage"
# Where ILGPU cannot be restored the project has no such test, and its parts of the pages stay as they are; the table of GPU kernels needs ptxas.
RESNEST_UPDATE_DOCS=1 dotnet test tests/Kernels.Ilgpu.Tests -c Release --filter "FullyQualifiedName~OpsPage|FullyQualifiedName~KernelTable"
# The walk through the family: measures about twenty networks.
RESNEST_UPDATE_DOCS=1 dotnet test tests/Models.Tests -c Release --filter "FullyQualifiedName~FamilyPage"
# The public API of each package, as text.
RESNEST_UPDATE_DOCS=1 dotnet test tests/Packages.Tests -c Release --filter "FullyQualifiedName~ApiTests"
