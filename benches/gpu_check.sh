#!/usr/bin/env bash
# Everything that needs a GPU, on a machine that has one with its driver (CUDA 13 or later), but neither
# network nor Rust; PyTorch and compute-sanitizer are used where they are there.
#
# On the machine with Rust:   benches/gpu_check.sh --bundle wirecost-gpu.tar.gz
# On the machine with a GPU:  tar xf wirecost-gpu.tar.gz && wirecost-gpu/gpu_check.sh [OPTION…]
#
#   --device N        the GPU's number [0]
#   --out FILE        the result [gpu-check.json]; to be committed under benches/results/
#   --peer COMMAND    prints a JSON line for each workload and variant of another program on the same GPU, for
#                     instance PyTorch eager, compiled and with CUDA graphs; taken into the result as they are
#   --quick           few repetitions, no memory checker
#
# Exit status 0 only if every part passed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

bundle() {
    local root=$here/.. work to
    work=$(mktemp -d)
    trap "rm -rf '$work'" EXIT
    to=$work/wirecost-gpu
    mkdir "$to"
    cd "$root"
    # cargo says where it puts the executables of a test and an example.
    built() {
        cargo build --release --locked --features cuda "$@" --message-format=json |
            sed -nE 's/.*"executable":"([^"]+)".*/\1/p' | tail -1
    }
    cp "$(built --bin wirecost)" "$to/wirecost"
    cp "$(built --test cuda)" "$to/tests"
    cp "$(built --example step_time)" "$to/step_time"
    cp -r tests/testdata/cases "$to/cases"
    cp "$here/gpu_check.sh" "$to/"
    git describe --always --dirty >"$to/commit"
    tar czf "$1" -C "$work" wirecost-gpu
    echo "$1"
}

device=0 out=gpu-check.json peer="" quick="" cases=400 reps=200
while (($#)); do
    case $1 in
    --bundle) bundle "$(realpath -m "$2")" && exit ;;
    --device) device=$2 && shift ;;
    --out) out=$2 && shift ;;
    --peer) peer=$2 && shift ;;
    --quick) quick=1 cases=20 reps=5 ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 2 ;;
    esac
    shift
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
parts=() failed=0

# The end of a file as the inside of a JSON string.
quoted() { tail -c 20000 "$1" | iconv -c -t UTF-8 | tr -d '\000-\010\013-\037' | sed 's/[\\"]/\\&/g; s/\t/\\t/g; s/$/\\n/' | tr -d '\n'; }

# Runs a part, says how it went, keeps its output; of one that failed, all of it is shown.
part() {
    local name=$1 start=$SECONDS passed=true
    shift
    echo "== $name: $*"
    "$@" >"$work/$name.txt" 2>&1 || passed=false
    if [[ $passed == true ]]; then tail -n 5 "$work/$name.txt"; else cat "$work/$name.txt"; fi
    echo "== $name: passed $passed in $((SECONDS - start)) s"
    local said=""
    [[ $passed == true ]] || said=", \"said\": \"$(quoted "$work/$name.txt")\""
    parts+=("\"$name\": {\"passed\": $passed, \"seconds\": $((SECONDS - start))$said}")
    [[ $passed == true ]] || failed=1
}

# The JSON lines of a part as the elements of an array.
lines() {
    if [[ -f $work/$1.txt ]]; then
        grep '^{' "$work/$1.txt" | paste -sd, || true
    fi
}

# shellcheck disable=SC2317 # part calls it
oracle() {
    local case
    for case in "$here"/cases/*.safetensors; do
        "$here/wirecost" cost --quiet --device "cuda:$device" --case "$case" || return 1
    done
}

# The same seed gives the same files.
# shellcheck disable=SC2317 # part calls it
search() {
    local name
    for name in a b; do
        "$here/wirecost" search --method dsnas --data digits --epochs 2 --quiet --device "cuda:$device" \
            --out "$work/$name" || return 1
    done
    cmp "$work/a/checkpoint.safetensors" "$work/b/checkpoint.safetensors" &&
        cmp "$work/a/costs.jsonl" "$work/b/costs.jsonl"
}

# Numbers count among those that were visible before.
IFS=, read -ra visible <<<"${CUDA_VISIBLE_DEVICES:-$(seq -s, 0 "$device")}"
export CUDA_VISIBLE_DEVICES=${visible[device]:?no such device} WIRECOST_CASES=$here/cases
device=0 # the only one that is visible now
part doctor "$here/wirecost" doctor
part kernels "$here/tests" --ignored --test-threads=1
part oracle oracle
part claims "$here/wirecost" verify --device "cuda:$device" --cases "$cases" --json
part search search
part results "$here/step_time" --device "cuda:$device" --check
part steps "$here/step_time" --device "cuda:$device" --reps "$reps" --workload W_DSNAS W_DARTS
part processor "$here/step_time" --device cpu --threads "$(nproc)" --reps $((reps / 10 + 1)) --workload W_DSNAS W_DARTS
if [[ -n $peer ]]; then
    part peer bash -c "$peer"
fi
sanitizer=$(PATH=$PATH:/usr/local/cuda/bin command -v compute-sanitizer || true)
checked=false
if [[ -n $sanitizer && -z $quick ]]; then
    checked=true
    for tool in memcheck racecheck initcheck; do
        part "$tool" "$sanitizer" --tool "$tool" --error-exitcode 1 "$here/tests" --ignored --test-threads=1 the_same_bits
    done
else
    echo "== memory checker: NOT run; it needs compute-sanitizer and no --quick"
fi

found=$(nvidia-smi -i "$CUDA_VISIBLE_DEVICES" --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -1 || true)
all=$(printf ', %s' "${parts[@]}")
cat >"$out" <<JSON
{
  "device": "${found:-unknown: no nvidia-smi}",
  "date": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "commit": "$(cat "$here/commit" 2>/dev/null || echo unknown)",
  "memory_checker": $checked,
  "parts": {${all:2}},
  "steps": [$(lines steps)],
  "processor": [$(lines processor)],
  "peer": [$(lines peer)]
}
JSON
echo "== $out"
exit $failed
