#!/usr/bin/env bash
# Ratios of the peers' times to ours, interleaved in one run. PEERS is the folder with compare.py,
# torch_step.py and jax_step.py; TORCH and JAX are the Pythons of their environments. Extra arguments go to
# compare.py: --rounds 3, say.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PEERS:?the folder with compare.py}" "${TORCH:?python with PyTorch}" "${JAX:?python with JAX}"

cargo build --release --locked --example step_time
target/release/examples/step_time --check
ours="$PWD/target/release/examples/step_time --serve --threads {threads}"

compare() {
    local peers=$1 workloads=$2
    shift 2
    "$TORCH" "$PEERS/compare.py" --rust-serve --rust-cmd "$ours" --torch-python "$TORCH" --jax-python "$JAX" \
        --threads 2 --peers "$peers" --workloads "$workloads" "$@"
}

torch=torch:channels_last,torch:compile,torch:compile_channels_last
compare "$torch" W_DSNAS,W_ORIG8 --rounds 9 --reps 5 "$@"
compare "$torch,torch:channels_last_tuned" W_DARTS --rounds 9 --reps 5 "$@"
compare "$torch" OP_sep_conv_3x3,OP_sep_conv_5x5,OP_dil_conv_3x3,OP_dil_conv_5x5,OP_max_pool_3x3,OP_avg_pool_3x3 \
    --rounds 9 --reps 40 "$@"
compare jax:jit_nhwc_shift,torch:eager W_VERIFY --rounds 9 --reps 5 "$@"
