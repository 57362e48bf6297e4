#!/usr/bin/env bash
# Builds the wheel, installs it where there is no Rust and no repository, and lets it print the demo's report from another
# folder. `tests/wheel.sh` takes the profile that the tests were built with (seconds); `tests/wheel.sh dist` what is shipped,
# and holds it to its size.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:-dev}
most=40 # MB
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { printf 'wheel: %s\n' "$*" >&2; exit 1; }

if command -v maturin >/dev/null; then
    maturin=maturin
else
    "$python" -m venv "$scratch/tools"
    "$scratch/tools/bin/pip" -q install 'maturin>=1.9,<2'
    maturin=$scratch/tools/bin/maturin
fi
"$maturin" build --profile "$profile" --out "$scratch/wheels"
wheel=$(ls "$scratch"/wheels/*.whl)
size=$(($(wc -c <"$wheel") / 1000000))
printf 'wheel: %s, %s MB\n' "$(basename "$wheel")" "$size"
[ "$profile" != dist ] || [ "$size" -le "$most" ] || fail "$size MB is more than $most"

"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" -q install --no-index --no-deps "$wheel"
mkdir "$scratch/elsewhere" "$scratch/home"
cd "$scratch/elsewhere"
clean=(env -i "PATH=$scratch/venv/bin:/usr/bin:/bin" "HOME=$scratch/home")
"${clean[@]}" oodscope --version
"${clean[@]}" oodscope completions bash | grep -q topup || fail "no completions"
"${clean[@]}" oodscope report --json >"$scratch/report.json" || fail "the demo's report failed"
for report in data coverage imagination diagnosis; do
    grep -q "\"name\": \"$report\"" "$scratch/report.json" || fail "the report called $report is missing"
done
[ -z "$(ls -A .)" ] || fail "something was left in the current folder"
printf 'wheel: the demo ran from another folder\n'
