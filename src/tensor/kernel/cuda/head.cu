// Global average pooling, bias, softmax and cross-entropy.

KERNEL(divide)(Real *y, const Real *x, int n, int by) {
    int i = element();
    if (i < n) y[i] = x[i] / by;
}

// gx[n, p, c] += gy[n, c] / pixels.
KERNEL(average_backward)(Real *gx, const Real *old, const Real *gy, int n, int pixels, int c) {
    int i = element();
    if (i < n) add_to(gx, old, i, gy[i / (pixels * c) * c + i % c] / pixels);
}

// y[r, k] = x[r, k] + b[k].
KERNEL(bias_forward)(Real *y, const Real *x, const Real *b, int n, int k) {
    int i = element();
    if (i < n) y[i] = x[i] + b[i % k];
}

// The largest of a row; NaN counts as greater than all.
__device__ Real largest(const Real *row, int k) {
    Real most = row[0];
    for (int i = 1; i < k; ++i) most = row[i] > most || row[i] != row[i] ? row[i] : most;
    return most;
}

// Σ exp(row − most).
__device__ Real total(const Real *row, Real most, int k) {
    Real sum = 0;
    for (int i = 0; i < k; ++i) sum += exp(row[i] - most);
    return sum;
}

// One thread a row, as in all that follow.
KERNEL(softmax_forward)(Real *y, const Real *x, int rows, int k) {
    int r = element();
    if (r >= rows) return;
    Real most = largest(x + r * k, k), sum = total(x + r * k, most, k);
    for (int i = 0; i < k; ++i) y[r * k + i] = exp(x[r * k + i] - most) / sum;
}

// gx += y (gy − Σ gy y).
KERNEL(softmax_backward)(Real *gx, const Real *old, const Real *y, const Real *gy, int rows, int k) {
    int r = element();
    if (r >= rows) return;
    Real sum = 0;
    for (int i = 0; i < k; ++i) sum += gy[r * k + i] * y[r * k + i];
    for (int i = r * k; i < (r + 1) * k; ++i) add_to(gx, old, i, y[i] * (gy[i] - sum));
}

// losses[r] = −Σ_k target log softmax(x), divided by the number of rows.
KERNEL(cross_entropy_forward)(Real *losses, const Real *x, const Real *target, int rows, int k) {
    int r = element();
    if (r >= rows) return;
    Real most = largest(x + r * k, k), logarithm = log(total(x + r * k, most, k)), sum = 0;
    for (int i = 0; i < k; ++i) sum += target[r * k + i] * (logarithm - (x[r * k + i] - most));
    losses[r] = sum / rows;
}

// gx += gy[0] (softmax(x) Σ target − target) / rows.
KERNEL(cross_entropy_backward)(
    Real *gx, const Real *old, const Real *x, const Real *target, const Real *gy, int rows, int k
) {
    int r = element();
    if (r >= rows) return;
    Real most = largest(x + r * k, k), sum = total(x + r * k, most, k), targets = 0;
    for (int i = 0; i < k; ++i) targets += target[r * k + i];
    for (int i = r * k; i < (r + 1) * k; ++i) {
        add_to(gx, old, i, gy[0] / rows * (exp(x[i] - most) / sum * targets - target[i]));
    }
}
