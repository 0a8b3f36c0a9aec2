#!/usr/bin/env bash
# Measures and rewrites the generated page docs/ops.md; about a minute on two cores.
set -eu
cd "$(dirname "$0")/.."
RESNEST_UPDATE_DOCS=1 dotnet test tests/Kernels.Cpu.Tests -c Release --filter "FullyQualifiedName~OpsPage"
