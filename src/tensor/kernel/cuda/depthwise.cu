// Depthwise k×k convolution with dilation d, weights [k, k, C]; of max(x, 0) where `rectify` is not 0.
//
// A thread works on STEPS pixels of a row, d apart, so that neighbouring windows share what they read. The
// sizes that occur have their loops unrolled.

#define STEPS 8

// Runs of STEPS pixels in a row.
__device__ inline int runs(int width, int d) { return (width + STEPS * d - 1) / (STEPS * d) * d; }

// The first pixel of run `run` of a row.
__device__ inline int first_of(int run, int d) { return run / d * STEPS * d + run % d; }

// The value at column `px` of the row that begins at `line`; 0 outside.
__device__ inline Real column(const Real *line, int px, int width, int c, int rectify) {
    if (px < 0 || px >= width) return 0;
    Real value = line[px * c];
    return rectify ? rectified(value) : value;
}

// sum[s] = Σ_tap x[p_s ± d·tap, channel] w[tap, channel] for the pixels p_s of run `run` of row `row`.
template <int K>
__device__ void window_sums(
    Real *sum, const Real *x, const Real *w, int row, int run, int channel, int height, int width, int c, int size,
    int d, int rectify, bool reflected
) {
    int k = K ? K : size, r = (k - 1) / 2, py = row % height, first = first_of(run, d);
    for (int s = 0; s < STEPS; ++s) sum[s] = 0;
#pragma unroll
    for (int ky = 0; ky < k; ++ky) {
        int dy = (ky - r) * d;
        if (py + dy < 0 || py + dy >= height) continue;
        const Real *line = x + (row + dy) * width * c + channel;
        auto weight = [=](int kx) {
            int tap = ky * k + kx;
            return w[(reflected ? k * k - 1 - tap : tap) * c + channel];
        };
        if constexpr (K > 0) {
            Real values[K + STEPS - 1];
#pragma unroll
            for (int j = 0; j < K + STEPS - 1; ++j) values[j] = column(line, first + (j - r) * d, width, c, rectify);
#pragma unroll
            for (int kx = 0; kx < K; ++kx) {
#pragma unroll
                for (int s = 0; s < STEPS; ++s) sum[s] += values[kx + s] * weight(kx);
            }
        } else {
            for (int kx = 0; kx < k; ++kx) {
                for (int s = 0; s < STEPS; ++s) {
                    sum[s] += column(line, first + (s + kx - r) * d, width, c, rectify) * weight(kx);
                }
            }
        }
    }
}

// store(entry, sum) for each entry of the run that is this thread's, as [row, run, channel]; n is how many.
template <class Store>
__device__ void windows(
    const Real *x, const Real *w, int n, int height, int width, int c, int k, int d, int rectify, bool reflected,
    Store store
) {
    int at = element();
    if (at >= n) return;
    int channel = at % c, run = at / c % runs(width, d), row = at / c / runs(width, d);
    Real sum[STEPS];
    switch (k) {
    case 3: window_sums<3>(sum, x, w, row, run, channel, height, width, c, k, d, rectify, reflected); break;
    case 5: window_sums<5>(sum, x, w, row, run, channel, height, width, c, k, d, rectify, reflected); break;
    default: window_sums<0>(sum, x, w, row, run, channel, height, width, c, k, d, rectify, reflected);
    }
#pragma unroll
    for (int s = 0; s < STEPS; ++s) {
        int px = first_of(run, d) + s * d;
        if (px < width) store((row * width + px) * c + channel, sum[s]);
    }
}

// y[p, c] = Σ_tap x[p + d·tap, c] w[tap, c].
KERNEL(depthwise_forward)(
    Real *y, const Real *x, const Real *w, int n, int height, int width, int c, int k, int d, int rectify
) {
    windows(x, w, n, height, width, c, k, d, rectify, false, [=](int i, Real sum) { y[i] = sum; });
}

// gx[p, c] += Σ_tap gy[p − d·tap, c] w[tap, c], with `rectify` only where x[p, c] > 0.
KERNEL(depthwise_input)(
    Real *gx, const Real *old, const Real *x, const Real *gy, const Real *w, int n, int height, int width, int c, int k,
    int d, int rectify
) {
    auto add = [=](int i, Real sum) { add_to(gx, old, i, !rectify || x[i] > 0 ? sum : Real(0)); };
    windows(gy, w, n, height, width, c, k, d, 0, true, add);
}

// Runs over which one part of a weight's gradient sums.
#define RUNS 32

// parts[part, tap, channel] = Σ_p x[p + d·tap, c] gy[p, c] over the RUNS runs of the part.
template <int K>
__device__ void tap_sums(
    Real *parts, Real (*sums)[ROWS][LANES], const Real *x, const Real *gy, int rows, int height, int width, int c,
    int size, int d, int rectify
) {
    // With k unknown, a tap after the other.
    const int AT_ONCE = K ? K * K : 1;
    int k = K ? K : size, r = (k - 1) / 2, per_row = runs(width, d);
    int lane = threadIdx.x % LANES, at = threadIdx.x / LANES, channel = blockIdx.x * LANES + lane;
    for (int from = 0; from < k * k; from += AT_ONCE) {
        Real sum[AT_ONCE] = {};
        for (int run = blockIdx.y * RUNS + at; run < int(blockIdx.y + 1) * RUNS && channel < c; run += ROWS) {
            int row = run / per_row, py = row % height, first = first_of(run % per_row, d);
            if (row >= rows) break;
            Real g[STEPS];
#pragma unroll
            for (int s = 0; s < STEPS; ++s) g[s] = column(gy + row * width * c + channel, first + s * d, width, c, 0);
            if constexpr (K > 0) {
#pragma unroll
                for (int ky = 0; ky < K; ++ky) {
                    int dy = (ky - r) * d;
                    if (py + dy < 0 || py + dy >= height) continue;
                    const Real *line = x + (row + dy) * width * c + channel;
#pragma unroll
                    for (int j = 0; j < K + STEPS - 1; ++j) {
                        Real value = column(line, first + (j - r) * d, width, c, rectify);
#pragma unroll
                        for (int s = 0; s < STEPS; ++s) {
                            if (0 <= j - s && j - s < K) sum[ky * K + j - s] += value * g[s];
                        }
                    }
                }
            } else {
                int dy = (from / k - r) * d, dx = (from % k - r) * d;
                if (py + dy < 0 || py + dy >= height) continue;
                const Real *line = x + (row + dy) * width * c + channel;
                for (int s = 0; s < STEPS; ++s) sum[0] += column(line, first + s * d + dx, width, c, rectify) * g[s];
            }
        }
        // LANES taps at a time over the ROWS threads of a channel.
#pragma unroll
        for (int tap = 0; tap < AT_ONCE; tap += LANES) {
            __syncthreads();
#pragma unroll
            for (int j = 0; j < LANES; ++j) {
                if (tap + j < AT_ONCE) sums[j][at][lane] = sum[tap + j];
            }
            __syncthreads();
            if (tap + at >= AT_ONCE || channel >= c) continue;
            Real total = 0;
            for (int j = 0; j < ROWS; ++j) total += sums[at][j][lane];
            parts[(blockIdx.y * k * k + from + tap + at) * c + channel] = total;
        }
    }
}

// A block for each LANES channels (x) and part (y); `rows` rows in all images together.
KERNEL(depthwise_weight)(
    Real *parts, const Real *x, const Real *gy, int rows, int height, int width, int c, int k, int d, int rectify
) {
    __shared__ Real sums[LANES][ROWS][LANES];
    switch (k) {
    case 3: return tap_sums<3>(parts, sums, x, gy, rows, height, width, c, k, d, rectify);
    case 5: return tap_sums<5>(parts, sums, x, gy, rows, height, width, c, k, d, rectify);
    default: return tap_sums<0>(parts, sums, x, gy, rows, height, width, c, k, d, rectify);
    }
}
