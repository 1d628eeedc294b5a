#!/usr/bin/env bash
# Checks a machine with an NVIDIA GPU in one command: installation, doctor, equality with the CPU, speed against PyTorch, peak memory, operators by provider.
# gpu-check.sh [--dry] [--kinds "tiny sd15 sdxl"]     --dry does the same with the CPU in place of the GPU, on the smallest networks
# PYTHON=… names a Python that has scripts/gpu-check/requirements.txt already; otherwise a virtual environment is made (about 6 GB).
set -uo pipefail
cd "$(dirname "$0")/.."
dry=''; kinds='tiny sd15 sdxl'; device=cuda:0; steps=20; fast=fp16
while [ $# -gt 0 ]; do
  case "$1" in
    --dry) dry=1; kinds=tiny; device=cpu; steps=3; fast=fp32 ;;
    --kinds) kinds="$2"; shift ;;
    *) echo "Unknown option $1"; exit 2 ;;
  esac
  shift
done

work="$(mktemp -d)"; trap 'rm -rf "$work"' EXIT
failed=''
step() { printf '\n== %s\n' "$1"; shift; "$@" || { failed=1; echo "FAILED: $*"; }; }
cli() { node bin/litegraph-diffusion.mjs "$@"; }
measure() { node scripts/gpu-check/measure.mjs "$@"; }

if [ ! -d node_modules ]; then npm ci --no-audit --no-fund || exit 1; fi
node scripts/build.mjs || exit 1
if [ -z "$dry" ]; then
  step 'Installation' cli install-cuda
  libraries="$(node -e "import('./dist/server/cuda/home.js').then(async (home) => process.stdout.write((await home.cudaEnvironment(process.env, (await import('./dist/server/cuda/packages.js')).pinnedSet))?.LD_LIBRARY_PATH ?? ''))")"
  [ -n "$libraries" ] && export LD_LIBRARY_PATH="$libraries"
fi
step 'Doctor' cli doctor --device "$device" --port 0 --data "$work"
step 'A picture from the embedded model' cli run workflows/text-to-image.json --device "$device" --data "$work"

python="${PYTHON:-}"
if [ -z "$python" ]; then
  python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q -r scripts/gpu-check/requirements.txt || exit 1
  python="$work/venv/bin/python"
fi

# The CPU's results as stored, then fp32 and fp16 on the device: each in a process of its own, since fp32 switches TF32 off when the libraries are loaded.
check_model() {
  measure run "$1" --device cpu --precision auto --steps 1 --out "$work/cpu.json" >/dev/null || return 1
  measure run "$1" --device "$device" --precision fp32 --steps "$steps" --out "$work/fp32.json" || return 1
  measure run "$1" --device "$device" --precision fp16 --steps "$steps" --out "$work/fp16.json" || return 1
  measure compare "$work/cpu.json" "$work/fp32.json" --within 1e-4 && measure compare "$work/cpu.json" "$work/fp16.json" --within 1e-2
}

# Steps per second as a ratio to PyTorch, which is timed before and after in the same run; the faster of its two times counts.
against_pytorch() {
  "$python" scripts/gpu-check/reference.py speed "$1" --steps "$steps" >"$work/before.json" || return 1
  measure run "$work/$1" --device "$device" --precision "$fast" --steps "$steps" --out "$work/ours.json" >/dev/null || return 1
  "$python" scripts/gpu-check/reference.py speed "$1" --steps "$steps" >"$work/after.json" || return 1
  node -e "
    const read = (name) => JSON.parse(require('fs').readFileSync(process.argv[1] + '/' + name + '.json', 'utf8'));
    const [a, b, ours] = ['before', 'after', 'ours'].map(read);
    const theirs = Math.max(a.stepsPerSecond, b.stepsPerSecond), mine = ours.parts.unet.stepsPerSecond;
    console.log('  ' + mine.toFixed(2) + ' it/s, PyTorch ' + theirs.toFixed(2) + ' it/s, ratio ' + (mine / theirs).toFixed(2) + (a.peakBytes ? ', PyTorch peak ' + (a.peakBytes / 1e9).toFixed(2) + ' GB' : ''));
  " "$work"
}

step 'Embedded model' check_model models/tiny-emoji
for kind in $kinds; do
  step "Random weights, $kind: export" "$python" scripts/gpu-check/reference.py export "$kind" --out "$work/$kind"
  step "Random weights, $kind: equality" check_model "$work/$kind"
  step "Random weights, $kind: speed of a guided step" against_pytorch "$kind"
  rm -rf "${work:?}/$kind"
done

if [ -n "$failed" ]; then printf '\nSomething failed.\n'; exit 1; fi
[ -n "$dry" ] && printf '\nAll good, without a GPU: run it without --dry on a machine that has one.\n' || printf '\nAll good.\n'
