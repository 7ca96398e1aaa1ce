// Sums in a fixed order.

// A block as rows of lanes: lanes are channels, rows share the pixels.
#define LANES 16
#define ROWS (THREADS / LANES)

// Each block adds up this many terms for each of its threads.
#define TERMS 16

// a += b.
KERNEL(add)(Real *a, const Real *old, const Real *b, int n) {
    int i = element();
    if (i < n) add_to(a, old, i, b[i]);
}

// The sum of `value` over the block's threads, in thread 0. It never leaves its thread's register, so nobody reads
// an entry that another is writing.
template <class Value> __device__ Value block_sum(Value value) {
    __shared__ Value values[THREADS];
    int thread = threadIdx.x;
    values[thread] = value;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) values[thread] = value += values[thread + half];
    }
    return thread == 0 ? value : Value(0);
}

// The sum of `value` over a lane's rows, in row 0.
template <class Value> __device__ Value rows_sum(Value value) {
    __shared__ Value rows[ROWS][LANES];
    int lane = threadIdx.x % LANES, row = threadIdx.x / LANES;
    rows[row][lane] = value;
    for (int half = ROWS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (row < half) rows[row][lane] = value += rows[row + half][lane];
    }
    return row == 0 ? value : Value(0);
}

// out[i] += Σ_j terms[i·across + j·along], j < count: a block for each LANES of the i.
__device__ void fold_terms(Real *out, const Real *old, const Real *terms, int n, int count, int across, int along) {
    int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, i = blockIdx.x * LANES + lane;
    Real sum = 0;
    if (i < n) {
#pragma unroll 4
        for (int j = row; j < count; j += ROWS) sum += terms[i * across + j * along];
    }
    sum = rows_sum(sum);
    if (row == 0 && i < n) add_to(out, old, i, sum);
}

KERNEL(fold)(Real *out, const Real *old, const Real *terms, int n, int count, int across, int along) {
    fold_terms(out, old, terms, n, count, across, along);
}

// Two of them, with the terms of all entries one after another: which is the block's y.
KERNEL(fold_both)(
    Real *out, const Real *old, const Real *terms, Real *out2, const Real *old2, const Real *terms2, int n, int count,
    int n2, int count2
) {
    if (blockIdx.y == 0) fold_terms(out, old, terms, n, count, 1, n);
    else fold_terms(out2, old2, terms2, n2, count2, 1, n2);
}

// sums[n, c] = Σ over the pixels of sample n of term(entry): a block for each sample (x) and LANES channels (y).
template <class Term> __device__ void sum_pixels(Real *sums, int pixels, int c, Term term) {
    int lane = threadIdx.x % LANES, row = threadIdx.x / LANES;
    int sample = blockIdx.x, channel = blockIdx.y * LANES + lane;
    Real sum = 0;
    if (channel < c) {
        for (int p = row; p < pixels; p += ROWS) sum += term((sample * pixels + p) * c + channel);
    }
    sum = rows_sum(sum);
    if (row == 0 && channel < c) sums[sample * c + channel] = sum;
}

// sums[n, c] = Σ x.
KERNEL(pixel_sums)(Real *sums, const Real *x, int pixels, int c) {
    sum_pixels(sums, pixels, c, [=](int i) { return x[i]; });
}

// sums[n, c] = Σ x y.
KERNEL(pixel_products)(Real *sums, const Real *x, const Real *y, int pixels, int c) {
    sum_pixels(sums, pixels, c, [=](int i) { return x[i] * y[i]; });
}
