// y = γ x + β. Entry i has γ and β at i / divisor % modulus.

KERNEL(affine_forward)(Real *y, const Real *x, const Real *gamma, const Real *beta, int n, int divisor, int modulus) {
    int i = element();
    if (i >= n) return;
    int at = i / divisor % modulus;
    y[i] = gamma[at] * x[i] + beta[at];
}

// gx += γ gy.
KERNEL(affine_input)(
    Real *gx, const Real *old, const Real *gamma, const Real *gy, int n, int divisor, int modulus
) {
    int i = element();
    if (i < n) add_to(gx, old, i, gamma[i / divisor % modulus] * gy[i]);
}
