//! Case files keep tensors as PyTorch does, channels first; this crate keeps them channels-last.

use ndarray::{ArrayD, Axis, IxDyn};

/// How a file's axes are ordered in this crate; by the tensor's name, without `param.` or `grad.`.
fn axes(name: &str, rank: usize) -> Vec<usize> {
    match (name, rank) {
        // [N, C, H, W] to [N, H, W, C]
        ("x", 4) => vec![0, 2, 3, 1],
        // [out, in, k, k] to [k, k, in, out]; depthwise [C, 1, k, k] to [k, k, C, 1]
        (name, 4) if name.ends_with("dw.weight") => vec![2, 3, 0, 1],
        (_, 4) => vec![2, 3, 1, 0],
        // γ or β [C, H, W] to [H, W, C]
        (_, 3) => vec![1, 2, 0],
        // the classifier [K, C] to [C, K]
        (_, 2) => vec![1, 0],
        (_, rank) => (0..rank).collect(),
    }
}

/// The shape in the file of a parameter that has `shape` here.
pub(super) fn file_shape(name: &str, shape: &[usize]) -> Vec<usize> {
    match (name, shape) {
        ("classifier.weight", [1, 1, c, k]) => vec![*k, *c],
        (name, [k, l, c]) if name.ends_with("dw.weight") => vec![*c, 1, *k, *l],
        (_, [k, l, i, o]) => vec![*o, *i, *k, *l],
        (_, [h, w, c]) => vec![*c, *h, *w],
        _ => shape.to_vec(),
    }
}

/// From the file: elements in this crate's order.
pub(super) fn from_file(name: &str, tensor: &ArrayD<f64>) -> Vec<f64> {
    tensor.view().permuted_axes(axes(name, tensor.ndim())).iter().copied().collect()
}

/// To the file, whose shape is `shape`.
pub(super) fn to_file(name: &str, shape: &[usize], values: &[f64]) -> ArrayD<f64> {
    let axes = axes(name, shape.len());
    let here: Vec<usize> = axes.iter().map(|axis| shape[*axis]).collect();
    let values = ArrayD::from_shape_vec(IxDyn(&here), values.to_vec()).expect("as many as the shape says");
    let mut inverse = vec![0; axes.len()];
    axes.iter().enumerate().for_each(|(here, there)| inverse[*there] = here);
    let values = values.permuted_axes(inverse);
    debug_assert!((0..shape.len()).all(|axis| values.len_of(Axis(axis)) == shape[axis]));
    values.as_standard_layout().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_identity() {
        for (name, shape) in [
            ("x", vec![2, 3, 4, 5]),
            ("cell0.pre0.conv.weight", vec![4, 6, 1, 1]),
            ("cell0.edge0.sep_conv_3x3.block1.dw.weight", vec![4, 1, 3, 3]),
            ("cell0.pre0.norm.gamma", vec![4, 5, 6]),
            ("classifier.weight", vec![3, 8]),
            ("classifier.bias", vec![3]),
        ] {
            let n: usize = shape.iter().product();
            let tensor = ArrayD::from_shape_vec(IxDyn(&shape), (0..n).map(|i| i as f64).collect()).unwrap();
            assert_eq!(to_file(name, &shape, &from_file(name, &tensor)), tensor, "{name}");
        }
    }
}
