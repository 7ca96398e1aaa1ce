// SGD and Adam with L2 decay, in the order of dfdx's arithmetic on the processor.

// g' = g + decay p, v = g' + momentum v, p −= rate v.
KERNEL(sgd)(Real *p, Real *v, const Real *g, int n, Real rate, Real momentum, Real decay) {
    int i = element();
    if (i >= n) return;
    v[i] = g[i] + decay * p[i] + momentum * v[i];
    p[i] -= v[i] * rate;
}

// first and second: 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ).
KERNEL(adam)(
    Real *p, Real *m, Real *v, const Real *grad, int n,
    Real rate, Real beta1, Real beta2, Real eps, Real decay, Real first, Real second
) {
    int i = element();
    if (i >= n) return;
    Real g = grad[i] + decay * p[i];
    m[i] = m[i] * beta1 + g * (1 - beta1);
    v[i] = v[i] * beta2 + g * g * (1 - beta2);
    p[i] -= rate * (m[i] * first) / (sqrt(v[i] * second) + eps);
}

// Gradients that one launch goes over, and how long they are: a block's y is which.
#define GRADIENTS 16
struct Gradients {
    Real *g[GRADIENTS];
    int n[GRADIENTS];
};

// parts[at + y, x] = Σ g² over the block's THREADS·TERMS entries.
KERNEL(squares)(double *parts, const __grid_constant__ Gradients gradients, int at) {
    const Real *g = gradients.g[blockIdx.y];
    int n = gradients.n[blockIdx.y];
    double sum = 0;
    for (int term = 0; term < TERMS; ++term) {
        int i = (blockIdx.x * TERMS + term) * THREADS + threadIdx.x;
        if (i < n) sum += double(g[i]) * double(g[i]);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[(at + blockIdx.y) * gridDim.x + blockIdx.x] = sum;
}

// What makes the norm, of which these are parts of the square, at most `limit`: one block.
KERNEL(clip_factor)(Real *factor, const double *parts, int count, double limit) {
    double sum = 0;
    for (int j = threadIdx.x; j < count; j += THREADS) sum += parts[j];
    double norm = sqrt(block_sum(sum));
    if (threadIdx.x == 0) factor[0] = norm > limit ? Real(limit / norm) : Real(1);
}

// g = factor g.
KERNEL(scale)(const __grid_constant__ Gradients gradients, const Real *factor) {
    Real *g = gradients.g[blockIdx.y];
    int i = element();
    if (i < gradients.n[blockIdx.y] && factor[0] != 1) g[i] *= factor[0];
}
