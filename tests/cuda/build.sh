#!/usr/bin/env bash
# Builds the emulator as FOLDER/libcuda.so.1: tests/cuda/build.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../src/tensor/kernel/cuda
out=$1
mkdir -p "$out"
sed -nE 's/^KERNEL\(([a-z_0-9]+)\).*/ENTRY(\1)/p' "$kernels"/*.cu >"$out/registry.inc"
# Fortified, longjmp refuses to leave for another stack; contracted, products that are rounded would not be.
"${CXX:-c++}" -std=c++17 -O2 -U_FORTIFY_SOURCE -ffp-contract=off -Wall -Wextra -Werror -Wno-unknown-pragmas \
    -fPIC -shared -Wl,-soname,libcuda.so.1 -I"$kernels" -I"$here" -I"$out" -o "$out/libcuda.so.1" "$here/emulator.cpp"
