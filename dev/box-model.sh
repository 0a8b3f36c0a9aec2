#!/usr/bin/env bash
# Makes the small network that comes with the command out of a finished run on CIFAR-10: weights in 16 bits, log, curves, and the measured part of
# its card:
#   dev/box-model.sh RUN CIFAR10 [COMMIT]
# RUN is the run's folder, CIFAR10 that of the binary files, whose test pictures are measured here, once; COMMIT is the one that the run was trained
# at, HEAD if left out. RESNEST is the command to use, if not the one of this folder: RESNEST="dotnet somewhere/ResNeSt.Cli.dll".
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
run=${1:?usage: dev/box-model.sh RUN CIFAR10 [COMMIT]}
data=${2:?usage: dev/box-model.sh RUN CIFAR10 [COMMIT]}
commit=${3:-$(git -C "$root" rev-parse --short HEAD)}
target=$root/models/cifar10
file=$target/resnest-cifar10.safetensors
if [ -z "${RESNEST:-}" ]; then
  dotnet build "$root/tools/resnest" -c Release -v q -nologo
  RESNEST="dotnet $root/tools/resnest/bin/Release/net10.0/ResNeSt.Cli.dll"
fi

$RESNEST export --run "$run" --safetensors "$file" --f16 --force
cp "$run/log.csv" "$run/curves.svg" "$target"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
$RESNEST evaluate --run "$run" --data "$data" --weights "$file" --no-progress --json > "$scratch/test.json"
(cd "$root" && $RESNEST classify samples/cat.jpg samples/photographs --weights "$file" --top 2 --no-progress --json) > "$scratch/photographs.json"

# The first value of a name in one of our indented documents.
value() { sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -1; }
percent() { awk -v share="$1" 'BEGIN { printf "%.2f %%", 100 * share }'; }
config=$run/config.json
best=$(awk -F, 'NR > 1 && $7 > top { top = $7; epoch = $1 } END { print top, epoch }' "$run/log.csv")
seconds=$(tail -1 "$run/log.csv" | awk -F, '{ print $NF }')
recipe=$(sed -n '/"recipe": {/,$p' "$config")
of_recipe() { printf '%s\n' "$recipe" | sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -1; }
processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -1)
{
  echo "| | |"
  echo "|---|---|"
  echo "| network | \`$(value "$config" model)\`, $($RESNEST export --run "$run" --safetensors "$scratch/again" --json | sed -n 's/.*"parameters": \([0-9]*\).*/\1/p') parameters, $(wc -c < "$file") bytes in 16 bits |"
  echo "| recipe | \`$(of_recipe name)\`: $(of_recipe epochs) epochs, batch $(of_recipe batchSize), rate $(of_recipe learningRate) for a batch of $(of_recipe rateBatch); all numbers in \`src/Training/Recipes\` |"
  echo "| again | \`resnest train --data cifar-10-batches-bin --recipe $(of_recipe name) --model $(value "$config" model) --epochs $(of_recipe epochs) --batch $(of_recipe batchSize) --lr $(of_recipe learningRate) --seed $(value "$config" seed) --validation $(value "$config" validation) --out runs/cifar10\`, then \`dev/box-model.sh runs/cifar10 cifar-10-batches-bin\` |"
  echo "| seed, commit | $(value "$config" seed), $commit |"
  echo "| time, device | $(awk -v s="$seconds" 'BEGIN { printf "%.1f", s / 3600 }') h on $(sed -n 's/.*"machine": "\([^,"]*\).*/\1/p' "$config"), $(sed -n 's/.*"machine": "[^,]*, \([0-9]*\) threads.*/\1/p' "$config") thread(s)${processor:+ of: $processor}, shared with other work |"
  echo "| validation | top-1 $(percent "${best% *}") in epoch ${best#* }, on $(value "$config" validation) training pictures that were set aside |"
  echo "| **test** | **top-1 $(percent "$(value "$scratch/test.json" top1)")**, top-5 $(percent "$(value "$scratch/test.json" top5)"), on the $(value "$scratch/test.json" pictures) test pictures, looked at once, with the weights as they lie here |"
  echo "| SHA-256 | \`$(sha256sum "$file" | cut -d' ' -f1)\` |"
  echo
  echo "| photograph | first | second | |"
  echo "|---|---|---|---|"
  awk -F'"' '
    BEGIN { truth["cat.jpg"] = truth["walking-cat.jpg"] = "cat"; truth["airplane.jpg"] = "airplane"; truth["boats.jpg"] = "ship"; truth["moose.jpg"] = "deer" }
    /"picture":/ { n = 0; name = $4; sub(/.*\//, "", name) }
    /"name":/ { what = $4 }
    /"probability":/ {
      share = $0; gsub(/[^0-9.eE-]/, "", share); sub(/^e/, "", share)
      answer[++n] = sprintf("%s %.0f %%", what, 100 * share)
      if (n == 1) verdict = !(name in truth) ? "none of the ten classes" : what == truth[name] ? "right" : "wrong: " truth[name]
      if (n == 2) printf "| `%s` | %s | %s | %s |\n", name, answer[1], answer[2], verdict
    }' "$scratch/photographs.json"
} > "$scratch/card"
awk -v card="$scratch/card" '
  /<!-- measured -->/ { print; while ((getline line < card) > 0) print line; inside = 1 }
  /<!-- end -->/ { inside = 0 }
  !inside && !/<!-- measured -->/ { print }' "$target/README.md" > "$scratch/page"
cat "$scratch/page" > "$target/README.md"
cat "$scratch/card"
