// Weighted sums and concatenation.

// Values that one launch reads, and where the weight of each stands. As a grid constant they stay in the arguments'
// memory, which all threads share.
#define MOST 8
struct Inputs {
    const Real *x[MOST];
    int weight[MOST];
};

// y = Σ_k z[weight_k] x_k, or with `more` y += that.
KERNEL(weighted_sum_forward)(
    Real *y, const Real *z, const __grid_constant__ Inputs inputs, int count, int n, int more
) {
    int i = element();
    if (i >= n) return;
    Real sum = more ? y[i] : Real(0);
#pragma unroll
    for (int k = 0; k < MOST; ++k) {
        if (k < count) sum += z[inputs.weight[k]] * inputs.x[k][i];
    }
    y[i] = sum;
}

// gx += z[at] gy.
KERNEL(weighted_sum_input)(Real *gx, const Real *old, const Real *z, const Real *gy, int n, int at) {
    int i = element();
    if (i < n) add_to(gx, old, i, z[at] * gy[i]);
}

// parts[k, block] = Σ x_k gy over the block's THREADS·TERMS entries; k is the block's y.
KERNEL(weighted_sum_weight)(Real *parts, const Real *gy, const __grid_constant__ Inputs inputs, int n) {
    const Real *x = inputs.x[blockIdx.y];
    Real sum = 0;
    for (int term = 0; term < TERMS; ++term) {
        int i = (blockIdx.x * TERMS + term) * THREADS + threadIdx.x;
        if (i < n) sum += x[i] * gy[i];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

// gz[weight_k] += Σ_j parts[k, j], j < count: a block for each k < terms, of which the first adds all that share a
// weight.
KERNEL(weighted_sum_fold)(Real *gz, const Real *parts, const __grid_constant__ Inputs inputs, int terms, int count) {
    int own = inputs.weight[blockIdx.x];
    for (int k = 0; k < int(blockIdx.x); ++k) {
        if (inputs.weight[k] == own) return;
    }
    for (int k = blockIdx.x; k < terms; ++k) {
        if (inputs.weight[k] != own) continue;
        Real sum = 0;
        for (int j = threadIdx.x; j < count; j += THREADS) sum += parts[k * count + j];
        sum = block_sum(sum);
        if (threadIdx.x == 0) gz[own] += sum;
        __syncthreads();
    }
}

// Writes x, of c channels, to channels `offset` and on of y, of `channels`.
KERNEL(concatenate_forward)(Real *y, const Real *x, int n, int c, int offset, int channels) {
    int i = element();
    if (i < n) y[i / c * channels + offset + i % c] = x[i];
}

KERNEL(concatenate_backward)(
    Real *gx, const Real *old, const Real *gy, int n, int c, int offset, int channels
) {
    int i = element();
    if (i < n) add_to(gx, old, i, gy[i / c * channels + offset + i % c]);
}
