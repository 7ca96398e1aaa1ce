// y = max(x, 0). NaN stays NaN, so that the loss shows it.

__device__ inline Real rectified(Real x) { return x > 0 || x != x ? x : Real(0); }

KERNEL(relu_forward)(Real *y, const Real *x, int n) {
    int i = element();
    if (i < n) y[i] = rectified(x[i]);
}

// gx += gy where y > 0.
KERNEL(relu_backward)(Real *gx, const Real *old, const Real *y, const Real *gy, int n) {
    int i = element();
    if (i < n) add_to(gx, old, i, y[i] > 0 ? gy[i] : Real(0));
}
