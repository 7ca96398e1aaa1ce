// Depthwise k×k convolution with dilation d, weights [k, k, C]; of max(x, 0) where `rectify` is not 0.
//
// A block has a tile of an image, DOWN rows of ACROSS pixels, in LANES channels; a thread has STEPS pixels of one of
// its rows in one channel. The sizes that occur read what is under the tile once, into shared memory with zeros
// outside the image, so that all that is left are loads at fixed places and multiply-adds.

#define DOWN 8
#define ACROSS 16
#define STEPS 8

// The tile, channel and pixels of a thread.
struct Spot {
    int height, width, c, channel, row, half;
    bool inside;

    // The image's first pixel among those of all, and the tile's first row and column in it.
    int image, top, left;

    __device__ Spot(int tile, int block, int height, int width, int c) : height(height), width(width), c(c) {
        int across = (width + ACROSS - 1) / ACROSS, down = (height + DOWN - 1) / DOWN;
        image = tile / (across * down) * height * width;
        top = tile / across % down * DOWN;
        left = tile % across * ACROSS;
        channel = block * LANES + threadIdx.x % LANES;
        inside = channel < c;
        // Who has no channel does the last one's work, for nothing.
        if (!inside) channel = c - 1;
        // Neighbours in a warp are in neighbouring rows.
        row = threadIdx.x / LANES % DOWN;
        half = threadIdx.x / LANES / DOWN;
    }

    // The column of the thread's pixel s in the tile.
    template <int D> __device__ int column(int s) const { return D == 2 ? half + 2 * s : half * STEPS + s; }

    // As numbers without sign those before the first are beyond the last.
    __device__ bool has(int y, int x) const { return unsigned(y) < unsigned(height) && unsigned(x) < unsigned(width); }

    // The entry at row y and column x of the image.
    __device__ int entry(int y, int x) const { return (image + y * width + x) * c + channel; }

    // The number there; 0 outside.
    __device__ Real read(const Real *all, int y, int x, int rectify) const {
        Real value = has(y, x) ? all[entry(y, x)] : Real(0);
        return rectify ? rectified(value) : value;
    }
};

// What is under a tile, for a kernel of K and dilation D.
template <int K, int D> struct Tile {
    static const int BORDER = (K - 1) / 2 * D, TALL = DOWN + 2 * BORDER, WIDE = ACROSS + 2 * BORDER;

    // Odd in float, where neighbouring rows would meet in the same banks.
    static const int STRIDE = sizeof(Real) == 4 ? WIDE + 1 : WIDE;

    static const int SIZE = TALL * STRIDE * LANES;

    Real *numbers;

    // The first ACROSS columns row by row, a thread's always the same; then those beyond, several rows at a time.
    __device__ void fill(const Real *all, const Spot &at, int rectify) {
        const int BEYOND = 2 * BORDER, AT_ONCE = ROWS / BEYOND;
        static_assert(ROWS == ACROSS && ROWS % BEYOND == 0, "a thread for each column");
        int slot = threadIdx.x / LANES;
#pragma unroll
        for (int y = 0; y < TALL; ++y) put(all, at, y, slot, rectify);
#pragma unroll
        for (int first = 0; first < TALL; first += AT_ONCE) {
            int y = first + slot / BEYOND;
            if (TALL % AT_ONCE == 0 || y < TALL) put(all, at, y, ACROSS + slot % BEYOND, rectify);
        }
        __syncthreads();
    }

    __device__ void put(const Real *all, const Spot &at, int y, int x, int rectify) {
        numbers[(y * STRIDE + x) * LANES + threadIdx.x % LANES] =
            at.read(all, at.top + y - BORDER, at.left + x - BORDER, rectify);
    }

    // Those under row ky of the kernel: the j-th is under tap kx of pixel j − kx.
    __device__ void row(Real (&values)[K + STEPS - 1], const Spot &at, int ky) const {
        const Real *line =
            numbers + ((at.row + ky * D) * STRIDE + at.template column<D>(0)) * LANES + threadIdx.x % LANES;
#pragma unroll
        for (int j = 0; j < K + STEPS - 1; ++j) values[j] = line[j * D * LANES];
    }
};

// Numbers of shared memory: the largest tile, which has room for LANES sums of each thread as well.
#define SHARED (Tile<5, 2>::SIZE)

// sum[s] = Σ_tap x[p_s ± d·tap, channel] w[tap, channel] for the thread's pixels.
template <int K, int D>
__device__ void window_sums(
    Real (&sum)[STEPS], Real *shared, const Real *x, const Real *w, const Spot &at, int k, int d, int rectify,
    bool reflected
) {
    auto weight = [=](int tap) { return w[(reflected ? k * k - 1 - tap : tap) * at.c + at.channel]; };
    if constexpr (K > 0) {
        Tile<K, D> tile = {shared};
        tile.fill(x, at, rectify);
#pragma unroll
        for (int ky = 0; ky < K; ++ky) {
            Real values[K + STEPS - 1];
            tile.row(values, at, ky);
#pragma unroll
            for (int kx = 0; kx < K; ++kx) {
#pragma unroll
                for (int s = 0; s < STEPS; ++s) sum[s] += values[kx + s] * weight(ky * K + kx);
            }
        }
    } else {
        int r = (k - 1) / 2;
        for (int tap = 0; tap < k * k; ++tap) {
            int y = at.top + at.row + (tap / k - r) * d, dx = (tap % k - r) * d;
            for (int s = 0; s < STEPS; ++s) {
                sum[s] += at.read(x, y, at.left + at.column<1>(s) + dx, rectify) * weight(tap);
            }
        }
    }
}

// store(entry, sum) for each of the thread's pixels that is in the image.
template <int K, int D, class Store>
__device__ void windows(
    Real *shared, const Real *x, const Real *w, const Spot &at, int k, int d, int rectify, bool reflected, Store store
) {
    Real sum[STEPS] = {};
    window_sums<K, D>(sum, shared, x, w, at, K ? K : k, d, rectify, reflected);
#pragma unroll
    for (int s = 0; s < STEPS; ++s) {
        int y = at.top + at.row, px = at.left + at.template column<D>(s);
        if (at.inside && at.has(y, px)) store(at.entry(y, px), sum[s]);
    }
}

// Calls the function for the kernel size and dilation; 0 and 1 stand for those that do not occur.
#define FOR_SIZE(function, ...)                                                                                        \
    switch (d < 4 ? k * 4 + d : 0) {                                                                                   \
    case 3 * 4 + 1: return function<3, 1>(__VA_ARGS__);                                                                \
    case 3 * 4 + 2: return function<3, 2>(__VA_ARGS__);                                                                \
    case 5 * 4 + 1: return function<5, 1>(__VA_ARGS__);                                                                \
    case 5 * 4 + 2: return function<5, 2>(__VA_ARGS__);                                                                \
    default: return function<0, 1>(__VA_ARGS__);                                                                       \
    }

// y[p, c] = Σ_tap x[p + d·tap, c] w[tap, c]: a block for each tile of all images (x) and LANES channels (y).
KERNEL(depthwise_forward)(
    Real *y, const Real *x, const Real *w, int height, int width, int c, int k, int d, int rectify
) {
    __shared__ Real shared[SHARED];
    Spot at(blockIdx.x, blockIdx.y, height, width, c);
    auto write = [=](int i, Real sum) { y[i] = sum; };
    FOR_SIZE(windows, shared, x, w, at, k, d, rectify, false, write)
}

// gx[p, c] += Σ_tap gy[p − d·tap, c] w[tap, c], with `rectify` only where x[p, c] > 0.
KERNEL(depthwise_input)(
    Real *gx, const Real *old, const Real *x, const Real *gy, const Real *w, int height, int width, int c, int k, int d,
    int rectify
) {
    __shared__ Real shared[SHARED];
    Spot at(blockIdx.x, blockIdx.y, height, width, c);
    auto add = [=](int i, Real sum) { add_to(gx, old, i, !rectify || x[i] > 0 ? sum : Real(0)); };
    FOR_SIZE(windows, shared, gy, w, at, k, d, 0, true, add)
}

// Tiles over which one part of a weight's gradient sums.
#define TILES 2

// parts[part, tap, channel] = Σ_p x[p + d·tap, c] gy[p, c] over the TILES tiles of the part.
template <int K, int D>
__device__ void tap_sums(
    Real *shared, Real *parts, const Real *x, const Real *gy, int tiles, int height, int width, int c, int size, int d,
    int rectify
) {
    // With k unknown, a tap after the other.
    const int AT_ONCE = K ? K * K : 1;
    int k = K ? K : size, slot = threadIdx.x / LANES, lane = threadIdx.x % LANES;
    for (int from = 0; from < k * k; from += AT_ONCE) {
        Real sum[AT_ONCE] = {};
        for (int t = blockIdx.x * TILES; t < int(blockIdx.x + 1) * TILES && t < tiles; ++t) {
            Spot at(t, blockIdx.y, height, width, c);
            Real g[STEPS];
#pragma unroll
            for (int s = 0; s < STEPS; ++s) {
                g[s] = at.read(gy, at.top + at.row, at.left + at.template column<D>(s), 0);
            }
            if constexpr (K > 0) {
                Tile<K, D> tile = {shared};
                __syncthreads();
                tile.fill(x, at, rectify);
#pragma unroll
                for (int ky = 0; ky < K; ++ky) {
                    Real values[K + STEPS - 1];
                    tile.row(values, at, ky);
#pragma unroll
                    for (int kx = 0; kx < K; ++kx) {
#pragma unroll
                        for (int s = 0; s < STEPS; ++s) sum[ky * K + kx] += values[kx + s] * g[s];
                    }
                }
            } else {
                int r = (k - 1) / 2, y = at.top + at.row + (from / k - r) * d, dx = (from % k - r) * d;
                for (int s = 0; s < STEPS; ++s) {
                    sum[0] += at.read(x, y, at.left + at.template column<D>(s) + dx, rectify) * g[s];
                }
            }
        }
        // LANES taps at a time over the ROWS threads of a channel.
#pragma unroll
        for (int tap = 0; tap < AT_ONCE; tap += LANES) {
            __syncthreads();
#pragma unroll
            for (int j = 0; j < LANES; ++j) {
                if (tap + j < AT_ONCE) shared[(j * ROWS + slot) * LANES + lane] = sum[tap + j];
            }
            __syncthreads();
            int channel = blockIdx.y * LANES + lane;
            if (tap + slot >= AT_ONCE || channel >= c) continue;
            Real total = 0;
            for (int j = 0; j < ROWS; ++j) total += shared[(slot * ROWS + j) * LANES + lane];
            parts[(blockIdx.x * k * k + from + tap + slot) * c + channel] = total;
        }
    }
}

// A block for each part (x) and LANES channels (y); `tiles` in all images together.
KERNEL(depthwise_weight)(
    Real *parts, const Real *x, const Real *gy, int tiles, int height, int width, int c, int k, int d, int rectify
) {
    __shared__ Real shared[SHARED];
    FOR_SIZE(tap_sums, shared, parts, x, gy, tiles, height, width, c, k, d, rectify)
}
