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

KERNEL(scale)(Real *a, int n, Real by) {
    int i = element();
    if (i < n) a[i] *= by;
}

// parts[block] = Σ g² over the block's THREADS·TERMS entries.
KERNEL(squares)(double *parts, const Real *g, int n, int at) {
    double sum = 0;
    for (int term = 0; term < TERMS; ++term) {
        int i = (blockIdx.x * TERMS + term) * THREADS + threadIdx.x;
        if (i < n) sum += double(g[i]) * double(g[i]);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) parts[at + blockIdx.x] = sum;
}
