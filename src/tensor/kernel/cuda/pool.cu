// 3×3 pooling, stride 1, padding 1. Taps of a window are numbered 0 to 8, rows first.

// The pixel of an entry in its image, and how to its neighbours.
struct Pixel {
    int x, y, h, w, c;

    __device__ Pixel(int i, int h, int w, int c) : x(i / c % w), y(i / c / w % h), h(h), w(w), c(c) {}

    // From the entry to what lies under tap `tap` of its window.
    __device__ int to(int tap) const { return ((tap / 3 - 1) * w + tap % 3 - 1) * c; }

    // Whether that is in the image.
    __device__ bool has(int tap) const {
        int dx = x + tap % 3 - 1, dy = y + tap / 3 - 1;
        return 0 <= dx && dx < w && 0 <= dy && dy < h;
    }

    // How many pixels of the window at tap `tap` (4 is the entry's own) are in the image.
    __device__ int count(int tap) const {
        int at_x = x + tap % 3 - 1, at_y = y + tap / 3 - 1;
        return (1 + (at_x > 0) + (at_x < w - 1)) * (1 + (at_y > 0) + (at_y < h - 1));
    }
};

// The maximum, and which tap has it first; NaN counts as greater than all.
__device__ inline Real maximum(unsigned char *taken, const Real *x, int i, Pixel at) {
    Real best = 0;
    int first = -1;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (!at.has(tap)) continue;
        Real value = x[i + at.to(tap)];
        if (first < 0 || value > best || value != value) {
            best = value;
            first = tap;
        }
    }
    taken[i] = first;
    return best;
}

KERNEL(pool_max_forward)(Real *y, unsigned char *taken, const Real *x, int n, int h, int w, int c) {
    int i = element();
    if (i < n) y[i] = maximum(taken, x, i, Pixel(i, h, w, c));
}

// gx += what g(entry) hands back. Entry i is tap 8 − t of the window that lies under its own tap t.
template <class Gradient>
__device__ inline void maximum_gradient(
    Real *gx, const Real *old, const unsigned char *taken, Gradient g, int i, Pixel at
) {
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap) && taken[i + at.to(tap)] == 8 - tap) sum += g(i + at.to(tap));
    }
    add_to(gx, old, i, sum);
}

KERNEL(pool_max_backward)(
    Real *gx, const Real *old, const unsigned char *taken, const Real *gy, int n, int h, int w, int c
) {
    int i = element();
    if (i < n) maximum_gradient(gx, old, taken, [=](int i) { return gy[i]; }, i, Pixel(i, h, w, c));
}

__device__ inline Real average(const Real *x, int i, Pixel at) {
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap)) sum += x[i + at.to(tap)];
    }
    return sum / at.count(4);
}

KERNEL(pool_average_forward)(Real *y, const Real *x, int n, int h, int w, int c) {
    int i = element();
    if (i < n) y[i] = average(x, i, Pixel(i, h, w, c));
}

template <class Gradient>
__device__ inline void average_gradient(Real *gx, const Real *old, Gradient g, int i, Pixel at) {
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap)) sum += g(i + at.to(tap)) / at.count(tap);
    }
    add_to(gx, old, i, sum);
}

KERNEL(pool_average_backward)(Real *gx, const Real *old, const Real *gy, int n, int h, int w, int c) {
    int i = element();
    if (i < n) average_gradient(gx, old, [=](int i) { return gy[i]; }, i, Pixel(i, h, w, c));
}

// Strip by strip, with the parts of the norm that follows; pool(entry, pixel) is an entry's value.
template <class Pooling>
__device__ inline void pool_moments(
    Real *y, Real *means, Real *scatters, int h, int w, int c, Pooling pool
) {
    Place at(h * w, c, 0, c);
    Real values[TERMS];
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        int i = at.first + j * at.along;
        values[j] = j < at.pixels ? pool(i, Pixel(i, h, w, c)) : Real(0);
        if (j < at.pixels) y[i] = values[j];
    }
    strip_parts(means, scatters, values, at, c);
}

KERNEL(pool_max_moments)(
    Real *y, unsigned char *taken, Real *means, Real *scatters, const Real *x, int h, int w, int c
) {
    pool_moments(y, means, scatters, h, w, c, [=](int i, Pixel at) { return maximum(taken, x, i, at); });
}

KERNEL(pool_average_moments)(Real *y, Real *means, Real *scatters, const Real *x, int h, int w, int c) {
    pool_moments(y, means, scatters, h, w, c, [=](int i, Pixel at) { return average(x, i, at); });
}

// Back through the norm as well. All pixels of a window are of one group.
KERNEL(pool_max_through)(
    Real *gx, const Real *old, const unsigned char *taken, Through g, int n, int h, int w, int c
) {
    int i = element();
    if (i >= n) return;
    Through::Norm norm = g.norm(i / c, i % c);
    maximum_gradient(gx, old, taken, [&](int i) { return g.entry(i, norm); }, i, Pixel(i, h, w, c));
}

KERNEL(pool_average_through)(Real *gx, const Real *old, Through g, int n, int h, int w, int c) {
    int i = element();
    if (i >= n) return;
    Through::Norm norm = g.norm(i / c, i % c);
    average_gradient(gx, old, [&](int i) { return g.entry(i, norm); }, i, Pixel(i, h, w, c));
}
