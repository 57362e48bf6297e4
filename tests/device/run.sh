#!/usr/bin/env bash
# What a card gains, on a machine that has one: `bash tests/device/run.sh cuda` (NVIDIA) or `wgpu` (Vulkan). Prints the table of
# `cargo bench --bench device`, trains the demo's ensemble and a recurrent model on the card, and imagines there; numbers of the card
# must be within a thousandth of the processor's. Ends with status 1 where they are not, or where there is no card.
set -euo pipefail
cd "$(dirname "$0")/../.."
feature=${1:-cuda}
case $feature in
    cuda) device=cuda:0 ;;
    wgpu) device=vulkan:0 ;;
    *) printf 'usage: bash tests/device/run.sh cuda|wgpu\n' >&2; exit 2 ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cargo build --release --features "$feature"
program=${CARGO_TARGET_DIR:-target}/release/oodscope
data=datasets/pendulum/narrow-v0

printf '\n== training on %s\n' "$device"
"$program" fit "$data" --epochs 3 --device "$device" --out "$scratch/ensemble"
"$program" fit "$data" --model rssm --epochs 3 --device "$device" --out "$scratch/rssm"

printf '\n== imagination on the processor and on %s\n' "$device"
"$program" imagine "$data" --checkpoint "$scratch/ensemble" --out "$scratch/cpu.csv" >/dev/null
"$program" imagine "$data" --checkpoint "$scratch/ensemble" --device "$device" --out "$scratch/card.csv" >/dev/null
python3 - "$scratch/cpu.csv" "$scratch/card.csv" <<'PYTHON'
import csv, sys
cpu, card = ([float(row["error"]) for row in csv.DictReader(open(path))] for path in sys.argv[1:])
apart = max(abs(a - b) / max(abs(a), 1e-3) for a, b in zip(cpu, card, strict=True))
print(f"{len(cpu)} imagined steps, errors at most {apart:.1e} apart")
sys.exit(apart > 1e-3)
PYTHON

printf '\n== the table\n'
cargo bench --bench device --features "$feature"
