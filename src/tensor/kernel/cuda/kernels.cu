// All kernels as one module, each for f32 and f64: `relu_forward` is there as `relu_forward_f32` and
// `relu_forward_f64`.
//
// Activations are [N, H, W, C], row-major; one thread computes one element unless a kernel says
// otherwise. Every sum has a fixed order, in one thread or as a tree over a block, and nothing is
// added atomically: the same inputs give the same bits.

// Threads of a block, in every launch.
#define THREADS 256

// The element that this thread computes.
__device__ inline int element() { return blockIdx.x * blockDim.x + threadIdx.x; }

// A gradient's kernel takes where it writes, `gx`, and what is added to: `old` is the same memory, or null where
// nothing has arrived yet.
template <class Real> __device__ inline void add_to(Real *gx, const Real *old, int i, Real value) {
    gx[i] = old ? old[i] + value : value;
}

// a b, rounded before anything is added to it, as it is where it goes through memory.
__device__ inline float product(float a, float b) { return __fmul_rn(a, b); }
__device__ inline double product(double a, double b) { return __dmul_rn(a, b); }

namespace f32 {
typedef float Real;
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(THREADS) name##_f32
#include "operations.cuh"
#undef KERNEL
}

namespace f64 {
typedef double Real;
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(THREADS) name##_f64
#include "operations.cuh"
#undef KERNEL
}
