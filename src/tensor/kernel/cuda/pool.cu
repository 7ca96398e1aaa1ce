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
KERNEL(pool_max_forward)(Real *y, unsigned char *taken, const Real *x, int n, int h, int w, int c) {
    int i = element();
    if (i >= n) return;
    Pixel at(i, h, w, c);
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
    y[i] = best;
    taken[i] = first;
}

// Entry i is tap 8 − t of the window that lies under its own tap t.
KERNEL(pool_max_backward)(
    Real *gx, const Real *old, const unsigned char *taken, const Real *gy, int n, int h, int w, int c
) {
    int i = element();
    if (i >= n) return;
    Pixel at(i, h, w, c);
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap) && taken[i + at.to(tap)] == 8 - tap) sum += gy[i + at.to(tap)];
    }
    add_to(gx, old, i, sum);
}

KERNEL(pool_average_forward)(Real *y, const Real *x, int n, int h, int w, int c) {
    int i = element();
    if (i >= n) return;
    Pixel at(i, h, w, c);
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap)) sum += x[i + at.to(tap)];
    }
    y[i] = sum / at.count(4);
}

KERNEL(pool_average_backward)(Real *gx, const Real *old, const Real *gy, int n, int h, int w, int c) {
    int i = element();
    if (i >= n) return;
    Pixel at(i, h, w, c);
    Real sum = 0;
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
        if (at.has(tap)) sum += gy[i + at.to(tap)] / at.count(tap);
    }
    add_to(gx, old, i, sum);
}
