//! The right-hand sides of the paper's theorems: closed forms in plain `ndarray` f64, without autodiff.
//!
//! | module | statement |
//! | --- | --- |
//! | [`linear`] | a map that is linear or positively homogeneous hands the cost on (eq. 2–5, 11) |
//! | [`norm`] | a normalisation hands on ε/(σ² + ε) of it, nothing at ε = 0 (eq. 6–10, 14, 15) |
//! | [`head`] | C = L − H at the head, and its sign (eq. 12, 13) |
//! | [`mixture`] | the gradients of α from the costs (sect. 2) |
//! | [`rounding`] | how far a computed sum may be from the exact one |

pub mod head;
pub mod linear;
pub mod mixture;
pub mod norm;
pub mod rounding;
