// x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8). A block works on a strip, STRIP pixels of
// one sample, in LANES channels; what it finds is put together over the group's strips and channels.

// So that a thread has TERMS pixels of one channel.
#define STRIP (ROWS * TERMS)

// The strip, channel and group of a thread. A group is all of a sample, or with per_sample = 0 of the batch, in
// `channels` neighbouring channels.
struct Place {
    int strip, pixels, channel, group;
    bool inside;

    // The strip's first pixel among those of all samples, and the one after its last.
    int start, end;

    // Where the thread's first pixel is, and how far the next.
    int first, along;

    __device__ Place(int image, int c, int per_sample, int channels) {
        int strips = (image + STRIP - 1) / STRIP, row = threadIdx.x / LANES, offset = blockIdx.x % strips * STRIP;
        int sample = blockIdx.x / strips, left = image - offset - row;
        strip = blockIdx.x;
        start = sample * image + offset;
        end = start + (image - offset < STRIP ? image - offset : STRIP);
        channel = blockIdx.y * LANES + threadIdx.x % LANES;
        inside = channel < c;
        pixels = !inside || left <= 0 ? 0 : left >= STRIP ? TERMS : (left + ROWS - 1) / ROWS;
        if (pixels > TERMS) pixels = TERMS;
        group = (per_sample ? sample : 0) * (c / channels) + channel / channels;
        first = (start + row) * c + channel;
        along = ROWS * c;
    }
};

// How many, their mean, and Σ (x − mean)².
template <typename T>
struct Moments {
    T count, mean, scatter;
};

// Both together. Where the means agree nothing is rounded, so a group that does not vary has scatter 0.
template <typename T>
__device__ inline Moments<T> together(Moments<T> a, Moments<T> b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    T count = a.count + b.count, apart = b.mean - a.mean, share = b.count / count;
    return {count, a.mean + apart * share, a.scatter + b.scatter + apart * apart * a.count * share};
}

// Those of all threads of a block together, in its first thread.
template <typename T>
__device__ inline Moments<T> block_moments(Moments<T> own) {
    __shared__ Moments<T> all[THREADS];
    int thread = threadIdx.x;
    all[thread] = own;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) all[thread] = together(all[thread], all[thread + half]);
    }
    return all[thread];
}

// parts[strip, c]: the mean and the scatter of the strip in channel c, of which the thread has these values.
__device__ inline void strip_parts(Real *means, Real *scatters, const Real (&values)[TERMS], const Place &at, int c) {
    __shared__ Moments<Real> rows[ROWS][LANES];
    int lane = threadIdx.x % LANES, row = threadIdx.x / LANES;
    Real sum = 0, scatter = 0;
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        if (j < at.pixels) sum += values[j] - values[0];
    }
    Real mean = at.pixels ? values[0] + sum / at.pixels : Real(0);
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        Real off = values[j] - mean;
        if (j < at.pixels) scatter += off * off;
    }
    rows[row][lane] = {Real(at.pixels), mean, scatter};
    for (int half = ROWS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (row < half) rows[row][lane] = together(rows[row][lane], rows[row + half][lane]);
    }
    if (row == 0 && at.inside) {
        means[at.strip * c + at.channel] = rows[0][lane].mean;
        scatters[at.strip * c + at.channel] = rows[0][lane].scatter;
    }
}

KERNEL(strip_moments)(Real *means, Real *scatters, const Real *x, int image, int c) {
    Place at(image, c, 0, c);
    Real values[TERMS];
#pragma unroll
    for (int j = 0; j < TERMS; ++j) values[j] = j < at.pixels ? x[at.first + j * at.along] : Real(0);
    strip_parts(means, scatters, values, at, c);
}

// Where part j of group `group` stands among [strip, c], and how many pixels it is of.
__device__ inline int part(
    int group, int j, int image, int c, int per_sample, int channels, int *pixels
) {
    int strips = (image + STRIP - 1) / STRIP, groups = c / channels;
    int strip = j / channels + (per_sample ? group / groups * strips : 0), start = strip % strips * STRIP;
    *pixels = image - start < STRIP ? image - start : STRIP;
    return strip * c + group % groups * channels + j % channels;
}

// μ, and 1/√(σ² + ε) or 0 where σ² + ε = 0, of each group from its `parts` parts: a block each.
KERNEL(group_moments)(
    Real *means, Real *rstds, const Real *part_means, const Real *scatters, int parts, int image, int c, int per_sample,
    int channels, Real eps
) {
    int pixels;
    Moments<Real> sum = {0, 0, 0};
    for (int j = threadIdx.x; j < parts; j += THREADS) {
        int at = part(blockIdx.x, j, image, c, per_sample, channels, &pixels);
        sum = together(sum, {Real(pixels), part_means[at], scatters[at]});
    }
    sum = block_moments(sum);
    if (threadIdx.x > 0) return;
    Real variance = sum.scatter / sum.count + eps;
    means[blockIdx.x] = sum.mean;
    // NaN in a group shows in all of it.
    rstds[blockIdx.x] = variance == 0 ? Real(0) : 1 / sqrt(variance);
}

KERNEL(standardise)(
    Real *y, const Real *x, const Real *means, const Real *rstds, int image, int c, int per_sample, int channels
) {
    Place at(image, c, per_sample, channels);
    if (!at.inside) return;
    Real mean = means[at.group], rstd = rstds[at.group];
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        int i = at.first + j * at.along;
        if (j < at.pixels) y[i] = (x[i] - mean) * rstd;
    }
}

// Moves averages, μ of all channels and then σ² without bias, by `share` of the way to the moments of `pixels` pixels, of
// which these are the strips': a block for each channel.
KERNEL(follow)(double *averages, const Real *means, const Real *scatters, int pixels, int c, double share) {
    int channel = blockIdx.x;
    Moments<double> sum = {0, 0, 0};
    for (int strip = threadIdx.x; strip * STRIP < pixels; strip += THREADS) {
        int left = pixels - strip * STRIP, at = strip * c + channel;
        sum = together(sum, {double(left < STRIP ? left : STRIP), double(means[at]), double(scatters[at])});
    }
    sum = block_moments(sum);
    if (threadIdx.x > 0) return;
    double *mean = averages + channel, *variance = mean + c;
    *mean += share * (sum.mean - *mean);
    *variance += share * (sum.scatter / (sum.count > 1 ? sum.count - 1 : 1) - *variance);
}

// What arrives at a result: g, or where it is a term of a sum, z[at] g.
struct Arriving {
    const Real *g, *z;
    int at;

    __device__ Real scale() const { return z ? z[at] : Real(1); }
};

// parts[strip, c]: Σ gy and Σ gy x̂.
KERNEL(strip_gradients)(Real *sums, Real *products, Arriving gy, const Real *xhat, int image, int c) {
    Place at(image, c, 0, c);
    Real sum = 0, of_both = 0, scale = gy.scale();
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        int i = at.first + j * at.along;
        if (j < at.pixels) {
            Real g = product(scale, gy.g[i]);
            sum += g;
            of_both += g * xhat[i];
        }
    }
    sum = rows_sum(sum);
    __syncthreads();
    of_both = rows_sum(of_both);
    if (threadIdx.x < LANES && at.inside) {
        sums[at.strip * c + at.channel] = sum;
        products[at.strip * c + at.channel] = of_both;
    }
}

// The means of gy and of gy x̂ in each group, of `size` entries: a block each.
KERNEL(group_gradients)(
    Real *means, Real *products, const Real *sums, const Real *part_products, int parts, int size, int image, int c,
    int per_sample, int channels
) {
    Real sum = 0, of_both = 0;
    int pixels;
    for (int j = threadIdx.x; j < parts; j += THREADS) {
        int at = part(blockIdx.x, j, image, c, per_sample, channels, &pixels);
        sum += sums[at];
        of_both += part_products[at];
    }
    sum = block_sum(sum);
    __syncthreads();
    of_both = block_sum(of_both);
    if (threadIdx.x > 0) return;
    means[blockIdx.x] = sum / size;
    products[blockIdx.x] = of_both / size;
}

// The gradient before a norm, entry by entry: rstd (gy − mean(gy) − x̂ mean(gy x̂)).
struct Through {
    Arriving gy;
    const Real *xhat, *means, *products, *rstds;
    int image, c, per_sample, channels;

    // Of a group.
    struct Norm {
        Real scale, mean, product, rstd;
    };

    __device__ Norm norm(int group) const { return {gy.scale(), means[group], products[group], rstds[group]}; }

    // Of the group of pixel p in channel `channel`.
    __device__ Norm norm(int p, int channel) const {
        return norm((per_sample ? p / image * (c / channels) : 0) + channel / channels);
    }

    __device__ Real entry(int i, Norm norm) const {
        return product(norm.rstd, product(norm.scale, gy.g[i]) - norm.mean - xhat[i] * norm.product);
    }

    // That of a channel by pixels.
    __device__ auto operator()(int channel) const {
        Norm all = per_sample ? Norm() : norm(channel / channels);
        return [=, g = *this](int p) { return g.entry(p * g.c + channel, g.per_sample ? g.norm(p, channel) : all); };
    }
};

// gx += that.
KERNEL(standardise_gradient)(Real *gx, const Real *old, Through g) {
    Place at(g.image, g.c, g.per_sample, g.channels);
    if (!at.inside) return;
    Through::Norm norm = g.norm(at.group);
#pragma unroll
    for (int j = 0; j < TERMS; ++j) {
        int i = at.first + j * at.along;
        if (j < at.pixels) add_to(gx, old, i, g.entry(i, norm));
    }
}
