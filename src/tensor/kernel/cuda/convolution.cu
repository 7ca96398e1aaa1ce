// Dense k×k convolution, stride 1, zero padding, weights [k, k, Ci, Co]; k = 1 is the pointwise one
// and the linear head. All three are products of matrices, tile by tile: a block's threads are TILE rows of
// TILE lanes.

#define TILE 16

// Pixels of a block's tile, and over how many a part of a weight's gradient sums; `fold` adds these parts.
#define HEIGHT 64
#define PIXELS 256

// Where tap (tap / k, tap % k) of pixel p lies, with `sign` −1 the pixel that has p under that tap; or −1 if
// that is outside the image.
__device__ inline int tapped(int p, int tap, int k, int sign, int height, int width) {
    if (k == 1) return p;
    int dy = sign * (tap / k - (k - 1) / 2), dx = sign * (tap % k - (k - 1) / 2);
    int x = p % width + dx, y = p / width % height + dy;
    return 0 <= x && x < width && 0 <= y && y < height ? p + dy * width + dx : -1;
}

// store(p, j, Σ_r a(p, r) b(r, j)) for r < depth: a block for each HEIGHT of the pixels p (x) and TILE of the
// columns j (y).
template <class Left, class Right, class Store>
__device__ void multiply(int pixels, int depth, int columns, Left a, Right b, Store store) {
    // Aligned, so that four neighbours are read at once.
    alignas(16) __shared__ Real left[HEIGHT][TILE + 4], right[TILE][TILE];
    int lane = threadIdx.x % TILE, row = threadIdx.x / TILE, column = blockIdx.y * TILE + lane;
    Real sum[HEIGHT / TILE] = {};
    for (int first = 0; first < depth; first += TILE) {
        int r = first + lane;
#pragma unroll
        for (int q = row; q < HEIGHT; q += TILE) {
            int p = blockIdx.x * HEIGHT + q;
            left[q][lane] = p < pixels && r < depth ? a(p, r) : Real(0);
        }
        right[row][lane] = first + row < depth && column < columns ? b(first + row, column) : Real(0);
        __syncthreads();
#pragma unroll
        for (int j = 0; j < TILE; ++j) {
#pragma unroll
            for (int q = 0; q < HEIGHT / TILE; ++q) sum[q] += left[q * TILE + row][j] * right[j][lane];
        }
        __syncthreads();
    }
    for (int q = 0; q < HEIGHT / TILE; ++q) {
        int p = blockIdx.x * HEIGHT + q * TILE + row;
        if (p < pixels && column < columns) store(p, column, sum[q]);
    }
}

// y[p, o] = Σ_{tap, i} x[p + tap, i] w[tap, i, o].
KERNEL(convolution_forward)(
    Real *y, const Real *x, const Real *w, int pixels, int height, int width, int ci, int co, int k
) {
    auto under = [=](int p, int r) {
        int from = tapped(p, r / ci, k, 1, height, width);
        return from < 0 ? Real(0) : x[from * ci + r % ci];
    };
    auto weight = [=](int r, int o) { return w[r * co + o]; };
    multiply(pixels, k * k * ci, co, under, weight, [=](int p, int o, Real sum) { y[p * co + o] = sum; });
}

// gx[p, i] += Σ_{tap, o} gy[p − tap, o] w[tap, i, o].
KERNEL(convolution_input)(
    Real *gx, const Real *old, const Real *gy, const Real *w, int pixels, int height, int width, int ci, int co, int k
) {
    auto over = [=](int p, int r) {
        int from = tapped(p, r / co, k, -1, height, width);
        return from < 0 ? Real(0) : gy[from * co + r % co];
    };
    auto weight = [=](int r, int i) { return w[(r / co * ci + i) * co + r % co]; };
    auto add = [=](int p, int i, Real sum) { add_to(gx, old, p * ci + i, sum); };
    multiply(pixels, k * k * co, ci, over, weight, add);
}

// parts[part, tap, i, o] = Σ_p x[p + tap, i] gy[p, o] over the PIXELS pixels of the part (y); a block for each
// TILE of the (tap, i) and of the o (x).
KERNEL(convolution_weight)(
    Real *parts, const Real *x, const Real *gy, int pixels, int height, int width, int ci, int co, int k
) {
    // Pixels last and aligned, so that four neighbours are read at once.
    alignas(16) __shared__ Real left[TILE][HEIGHT + 4], right[TILE][HEIGHT + 4];
    int lane = threadIdx.x % TILE, row = threadIdx.x / TILE, across = (co + TILE - 1) / TILE, depth = k * k * ci;
    int top = blockIdx.x / across * TILE, o = blockIdx.x % across * TILE + lane, r = top + lane;
    int tap = r / ci, i = r % ci, start = blockIdx.y * PIXELS;
    Real sum = 0;
    for (int first = start; first < start + PIXELS && first < pixels; first += HEIGHT) {
#pragma unroll
        for (int q = row; q < HEIGHT; q += TILE) {
            int p = first + q, from = p < pixels && r < depth ? tapped(p, tap, k, 1, height, width) : -1;
            left[lane][q] = from < 0 ? Real(0) : x[from * ci + i];
            right[lane][q] = p < pixels && o < co ? gy[p * co + o] : Real(0);
        }
        __syncthreads();
#pragma unroll
        for (int q = 0; q < HEIGHT; ++q) sum += left[row][q] * right[lane][q];
        __syncthreads();
    }
    if (top + row < depth && o < co) parts[(blockIdx.y * depth + top + row) * co + o] = sum;
}
