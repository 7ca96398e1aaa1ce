// Dense k×k convolution, stride 1, zero padding, weights [k, k, Ci, Co]; k = 1 is the pointwise one
// and the linear head. All are products of matrices, tile by tile: a block's threads are TILE rows of TILE lanes.

#define TILE 16

// Pixels of a block's tile, and over how many a part of a weight's gradient sums; `fold` adds these parts.
#define HEIGHT 64
#define PIXELS 256

// Where tap (tap / k, tap % k) of pixel p lies, with `sign` −1 the pixel that has p under that tap; or −1 if
// that is outside the image.
__device__ inline int tapped(int p, int tap, int k, int sign, int height, int width) {
    int dy = sign * (tap / k - (k - 1) / 2), dx = sign * (tap % k - (k - 1) / 2);
    int x = p % width + dx, y = p / width % height + dy;
    return 0 <= x && x < width && 0 <= y && y < height ? p + dy * width + dx : -1;
}

// What a block shares of the two factors; aligned, so that neighbours are read at once.
template <int Q> struct alignas(16) Factors {
    Real left[Q * TILE][TILE + 16 / sizeof(Real)], right[TILE][TILE];
};

// sum[q] += Σ_r a(r)(p) b(r, j), r < depth, for the columns j of the block's y and the pixels p = start + q TILE + row;
// of pixels from `end` on it is 0.
template <int Q, class Left, class Right>
__device__ void multiply(
    Real (&sum)[Q], Factors<Q> &of, int start, int end, int depth, int columns, Left a, Right b
) {
    int lane = threadIdx.x % TILE, row = threadIdx.x / TILE, column = blockIdx.y * TILE + lane;
    for (int first = 0; first < depth; first += TILE) {
        int r = first + lane;
        auto column_r = a(r < depth ? r : 0);
#pragma unroll 4
        for (int q = 0; q < Q; ++q) {
            int p = start + q * TILE + row;
            of.left[q * TILE + row][lane] = p < end && r < depth ? column_r(p) : Real(0);
        }
        of.right[row][lane] = first + row < depth && column < columns ? b(first + row, column) : Real(0);
        __syncthreads();
// Partly unrolled, so that sixteen pixels a thread leave room for four blocks at a time.
#pragma unroll 4
        for (int j = 0; j < TILE; ++j) {
#pragma unroll
            for (int q = 0; q < Q; ++q) sum[q] += of.left[q * TILE + row][j] * of.right[j][lane];
        }
        __syncthreads();
    }
}

// store(p, j, sum[q]) for those of them that are there.
template <int Q, class Store> __device__ void each(const Real (&sum)[Q], int start, int end, int columns, Store store) {
    int column = blockIdx.y * TILE + threadIdx.x % TILE, row = threadIdx.x / TILE;
#pragma unroll
    for (int q = 0; q < Q; ++q) {
        int p = start + q * TILE + row;
        if (p < end && column < columns) store(p, column, sum[q]);
    }
}

// What a convolution reads under tap and channel r by pixels: x, or max(x, 0). A POINTWISE one has no taps, and nothing
// to divide.
template <bool POINTWISE> struct Under {
    const Real *x;
    int height, width, ci, k, rectify;

    __device__ auto operator()(int r) const {
        int tap = POINTWISE ? 0 : r / ci, channel = POINTWISE ? r : r % ci;
        return [=, of = *this](int p) {
            int from = POINTWISE ? p : tapped(p, tap, of.k, 1, of.height, of.width);
            Real value = from < 0 ? Real(0) : of.x[from * of.ci + channel];
            return of.rectify ? rectified(value) : value;
        };
    }
};

// Calls the function for a pointwise convolution or another.
#define FOR_KERNEL(function, ...)                                                                                      \
    if (k == 1) function<true>(__VA_ARGS__);                                                                           \
    else function<false>(__VA_ARGS__);

// y[p, o] = Σ_{tap, i} x[p + tap, i] w[tap, i, o]: a block for each HEIGHT of the pixels (x) and TILE of the o (y).
template <bool POINTWISE, int Q>
__device__ void outputs(
    Real (&sum)[Q], Factors<Q> &of, Real *y, const Real *x, const Real *w, int start, int end, int height, int width,
    int ci, int co, int k, int rectify
) {
    Under<POINTWISE> under = {x, height, width, ci, k, rectify};
    multiply(sum, of, start, end, k * k * ci, co, under, [=](int r, int o) { return w[r * co + o]; });
    each(sum, start, end, co, [=](int p, int o, Real sum) { y[p * co + o] = sum; });
}

KERNEL(convolution_forward)(
    Real *y, const Real *x, const Real *w, int pixels, int height, int width, int ci, int co, int k
) {
    __shared__ Factors<HEIGHT / TILE> of;
    Real sum[HEIGHT / TILE] = {};
    FOR_KERNEL(outputs, sum, of, y, x, w, blockIdx.x * HEIGHT, pixels, height, width, ci, co, k, 0)
}

// The same strip by strip, perhaps of max(x, 0), with the parts of the norm that follows.
KERNEL(convolution_moments)(
    Real *y, Real *means, Real *scatters, const Real *x, const Real *w, int height, int width, int ci, int co, int k,
    int rectify
) {
    static_assert(TILE == LANES && TILE * TERMS == STRIP, "a thread has the same pixels of the strip in both");
    __shared__ Factors<TERMS> of;
    Place at(height * width, co, 0, co);
    Real sum[TERMS] = {};
    FOR_KERNEL(outputs, sum, of, y, x, w, at.start, at.end, height, width, ci, co, k, rectify)
    strip_parts(means, scatters, sum, at, co);
}

// gx[p, i] += Σ_{tap, o} g(o)(p − tap) w[tap, i, o], unless it is 0 because x[p, i] is not positive.
template <bool POINTWISE, class Gradient>
__device__ void input_gradient(
    Factors<HEIGHT / TILE> &of, Real *gx, const Real *old, const Real *x, Gradient g, const Real *w, int pixels,
    int height, int width, int ci, int co, int k
) {
    auto over = [=](int r) {
        int tap = POINTWISE ? 0 : r / co;
        return [=, column = g(POINTWISE ? r : r % co)](int p) {
            int from = POINTWISE ? p : tapped(p, tap, k, -1, height, width);
            return from < 0 ? Real(0) : column(from);
        };
    };
    auto weight = [=](int r, int i) { return w[POINTWISE ? i * co + r : (r / co * ci + i) * co + r % co]; };
    auto add = [=](int p, int i, Real sum) {
        add_to(gx, old, p * ci + i, x && !(x[p * ci + i] > 0) ? Real(0) : sum);
    };
    Real sum[HEIGHT / TILE] = {};
    multiply(sum, of, blockIdx.x * HEIGHT, pixels, k * k * co, ci, over, weight);
    each(sum, blockIdx.x * HEIGHT, pixels, ci, add);
}

KERNEL(convolution_input)(
    Real *gx, const Real *old, const Real *gy, const Real *w, int pixels, int height, int width, int ci, int co, int k
) {
    auto g = [=](int o) { return [=](int p) { return gy[p * co + o]; }; };
    __shared__ Factors<HEIGHT / TILE> of;
    FOR_KERNEL(input_gradient, of, gx, old, nullptr, g, w, pixels, height, width, ci, co, k)
}

// Back through the norm as well, and where there is an x, through max(x, 0).
KERNEL(convolution_input_through)(
    Real *gx, const Real *old, const Real *x, Through g, const Real *w, int pixels, int height, int width, int ci,
    int co, int k
) {
    __shared__ Factors<HEIGHT / TILE> of;
    FOR_KERNEL(input_gradient, of, gx, old, x, g, w, pixels, height, width, ci, co, k)
}

// A block's two factors with the pixels last.
struct alignas(16) Columns {
    Real left[TILE][HEIGHT + 4], right[TILE][HEIGHT + 4];
};

// parts[part, tap, i, o] = Σ_p x[p + tap, i] g(o)(p) over the PIXELS pixels of the part (y); a block for each
// TILE of the (tap, i) and of the o (x).
template <bool POINTWISE, class Gradient>
__device__ void weight_gradient(
    Columns &of, Real *parts, const Real *x, Gradient g, int pixels, int height, int width, int ci, int co, int k,
    int rectify
) {
    int lane = threadIdx.x % TILE, row = threadIdx.x / TILE, across = (co + TILE - 1) / TILE, depth = k * k * ci;
    int top = blockIdx.x / across * TILE, o = blockIdx.x % across * TILE + lane, r = top + lane;
    int start = blockIdx.y * PIXELS;
    auto under = Under<POINTWISE>{x, height, width, ci, k, rectify}(r < depth ? r : 0);
    auto column = g(o < co ? o : 0);
    Real sum = 0;
    for (int first = start; first < start + PIXELS && first < pixels; first += HEIGHT) {
#pragma unroll
        for (int q = row; q < HEIGHT; q += TILE) {
            int p = first + q;
            of.left[lane][q] = p < pixels && r < depth ? under(p) : Real(0);
            of.right[lane][q] = p < pixels && o < co ? column(p) : Real(0);
        }
        __syncthreads();
#pragma unroll
        for (int q = 0; q < HEIGHT; ++q) sum += of.left[row][q] * of.right[lane][q];
        __syncthreads();
    }
    if (top + row < depth && o < co) parts[(blockIdx.y * depth + top + row) * co + o] = sum;
}

KERNEL(convolution_weight)(
    Real *parts, const Real *x, const Real *gy, int pixels, int height, int width, int ci, int co, int k
) {
    auto g = [=](int o) { return [=](int p) { return gy[p * co + o]; }; };
    __shared__ Columns of;
    FOR_KERNEL(weight_gradient, of, parts, x, g, pixels, height, width, ci, co, k, 0)
}

// Back through the norm as well, perhaps of max(x, 0).
KERNEL(convolution_weight_through)(
    Real *parts, const Real *x, Through g, int pixels, int height, int width, int ci, int co, int k, int rectify
) {
    __shared__ Columns of;
    FOR_KERNEL(weight_gradient, of, parts, x, g, pixels, height, width, ci, co, k, rectify)
}
