//! Eq. 16 and Fig. 19: instance norm without an affine map, whose costs are all zero.

use crate::claim::Claim;

pub fn claims() -> Vec<Claim> {
    Vec::new()
}
