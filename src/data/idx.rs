//! IDX: the format of MNIST and its followers.
//!
//! Two zero bytes, the element type (8: unsigned bytes), the number of dimensions, each dimension as
//! a big-endian u32, then the elements row-major.
//! Source: <https://web.archive.org/web/2024/http://yann.lecun.com/exdb/mnist/>.

use ndarray::{ArrayD, IxDyn};

const UNSIGNED_BYTES: u8 = 8;

/// The array of `dimensions` dimensions in a file's content.
///
/// # Errors
/// If it is anything else, or has a byte too few or too many.
pub fn array(content: &[u8], dimensions: usize) -> Result<ArrayD<u8>, String> {
    let header = 4 + 4 * dimensions;
    let expected = [0, 0, UNSIGNED_BYTES, dimensions as u8];
    if content.len() < header || content[..4] != expected {
        let found = &content[..content.len().min(4)];
        return Err(format!("expected an IDX header that starts with {expected:?}, found {found:?}"));
    }
    let (sizes, _) = content[4..header].as_chunks();
    let shape: Vec<usize> = sizes.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let elements = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    let found = content.len() - header;
    if elements != Some(found) {
        return Err(format!("expected one byte for each element of {shape:?} after the header, found {found} bytes"));
    }
    Ok(ArrayD::from_shape_vec(IxDyn(&shape), content[header..].to_vec()).expect("just counted"))
}
