#!/usr/bin/env bash
# Trains one small network with radix 0, 1, 2 and 4 and three seeds each, and writes the table of docs/radix.md:
#   dev/radix-experiment.sh CIFAR10 RUNS [table]
# PICTURES, EPOCHS and BATCH are the size of a run: 8000, 4 and 64 if left out, about two minutes of a processor of 2.8 GHz each.
# With "table" nothing is trained and the table is that of the runs which are finished. CIFAR10 is the folder of the binary files
# (dev/get-cifar10.py), RUNS the folder of the runs. A run that is finished is not repeated, one that was interrupted goes on. The official test
# pictures are not touched: the first fifth of PICTURES of each training file is learnt from, the last fifth of each measured. One thread, so that the processor time is the time on a machine with nothing else to do.
# RESNEST is the command to use, if not the one of this folder: RESNEST="dotnet somewhere/ResNeSt.Cli.dll".
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
source=${1:?usage: dev/radix-experiment.sh CIFAR10 RUNS [table]}
runs=${2:?usage: dev/radix-experiment.sh CIFAR10 RUNS [table]}
page=$root/docs/radix.md
model=resnest_tiny pictures=${PICTURES:-8000} epochs=${EPOCHS:-4} batch=${BATCH:-64}
radices="0 1 2 4" seeds="1 2 3"
if [ -z "${RESNEST:-}" ]; then
  dotnet build "$root/tools/resnest" -c Release -v q -nologo
  RESNEST="dotnet $root/tools/resnest/bin/Release/net10.0/ResNeSt.Cli.dll"
fi

# Records of a label and 3072 bytes.
data=$runs/data
piece=$((pictures / 5 * 3073))
if [ ! -f "$data/complete" ]; then
  mkdir -p "$data"
  : > "$data/test_batch.bin"
  for i in 1 2 3 4 5; do
    head -c $piece "$source/data_batch_$i.bin" > "$data/data_batch_$i.bin"
    tail -c $piece "$source/data_batch_$i.bin" >> "$data/test_batch.bin"
  done
  touch "$data/complete"
fi

# The table names the commit that the runs were begun at.
[ -f "$runs/commit" ] || git -C "$root" rev-parse --short HEAD > "$runs/commit"

for seed in $seeds; do
  for radix in $radices; do
    run=$runs/radix$radix-seed$seed
    [ ! -f "$run.json" ] && [ "${3:-}" != table ] || continue
    if [ -f "$run/checkpoints/last.json" ]; then
      what="--resume $run"
    else
      rm -rf "$run" "$run.seconds"
      what="--out $run --data $data --recipe cifar10 --model $model --radix $radix --seed $seed --epochs $epochs --batch $batch --validation 0"
    fi
    echo "$(date -u +%H:%M:%S) radix $radix, seed $seed"
    # The words of $what are arguments.
    TIMEFORMAT="%U %S"
    { time $RESNEST train $what --threads 1 --no-progress > "$run.log" 2>&1; } 2>> "$run.seconds"
    $RESNEST evaluate --run "$run" --data "$data" --weights "$run/model.safetensors" --threads 1 --no-progress --json > "$run.part"
    mv "$run.part" "$run.json"
  done
done

parameters() {
  $RESNEST train --out "$runs/declared$1" --data "$data" --recipe cifar10 --model $model --radix "$1" --validation 0 --max-steps 1 --threads 1 --no-progress 2>&1 >/dev/null |
    sed -n 's/.*(\([0-9,]*\) parameters).*/\1/p'
  rm -rf "$runs/declared$1"
}

table=$(mktemp)
trap 'rm -f "$table"' EXIT
{
  echo "\`$model\`, $epochs epochs of $pictures pictures, batch $batch, recipe \`cifar10\`; top-1 on $pictures other pictures."
  echo
  echo "| radix | parameters | top-1 of the seeds | mean ± deviation | processor time of a run |"
  echo "|---|---|---|---|---|"
  for radix in $radices; do
    count=$(parameters "$radix")
    for seed in $seeds; do
      run=$runs/radix$radix-seed$seed
      [ -f "$run.json" ] || continue
      top1=$(sed -n 's/.*"top1": *\([0-9.eE-]*\).*/\1/p' "$run.json")
      seconds=$(awk '{ sum += $1 + $2 } END { print sum }' "$run.seconds")
      echo "$top1 $seconds"
    done | awk -v radix="$radix" -v count="$count" '
      { value[NR] = 100 * $1; sum += 100 * $1; time += $2; list = list (NR > 1 ? ", " : "") sprintf("%.2f", 100 * $1) }
      END {
        if (NR == 0) exit
        mean = sum / NR
        for (i = 1; i <= NR; i++) squares += (value[i] - mean) ^ 2
        deviation = NR > 1 ? sprintf(" ± %.2f", sqrt(squares / (NR - 1))) : ""
        printf "| %s | %s | %s %% | %.2f%s %% | %.0f s |\n", radix, count, list, mean, deviation, time / NR
      }'
  done
  echo
  processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -1)
  echo "Measured on $(date -u +%Y-%m-%d) at commit $(cat "$runs/commit"), one thread${processor:+ of: $processor}."
} > "$table"
awk -v table="$table" '
  /<!-- table -->/ { print; while ((getline line < table) > 0) print line; inside = 1 }
  /<!-- end -->/ { inside = 0 }
  !inside && !/<!-- table -->/ { print }' "$page" > "$table.page"
cat "$table.page" > "$page"
rm "$table.page"
cat "$table"
