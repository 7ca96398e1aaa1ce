// Batches from a set of images.

// Row and column of an image that come first, and whether what shows is reflected.
struct Cut {
    int image, row, column, reflected;
};

// y[k] = cut k of x [N, H, W, C], of n elements in all; beyond an image's border it is black[c].
KERNEL(assemble)(Real *y, const Real *x, const Real *black, const Cut *cuts, int n, int h, int w, int c) {
    int i = element();
    if (i >= n) return;
    Cut cut = cuts[i / (h * w * c)];
    int channel = i % c, column = i / c % w, row = i / (w * c) % h;
    row += cut.row;
    column = (cut.reflected ? w - 1 - column : column) + cut.column;
    bool inside = row >= 0 && row < h && column >= 0 && column < w;
    y[i] = inside ? x[((cut.image * h + row) * w + column) * c + channel] : black[channel];
}
