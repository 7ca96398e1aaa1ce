// What CUDA C needs to be C++: its keywords, and the threads of a block one after another. Up to a
// barrier a thread runs as a fiber of its own; where a block has no barrier, its threads are plain calls.

#pragma once
#include <math.h>

#define __device__
#define __global__
// Blocks run one after another, so they can share the same memory.
#define __shared__ static
#define __launch_bounds__(threads)
#define __grid_constant__

struct Index {
    unsigned x, y, z;
};

inline float __fmul_rn(float a, float b) { return a * b; }
inline double __dmul_rn(double a, double b) { return a * b; }

extern Index threadIdx, blockIdx, blockDim, gridDim;

// Waits for all threads of the block.
void __syncthreads();
