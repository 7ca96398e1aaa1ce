//! Central differences of a scalar L over the leaves of a graph, in f64.
//!
//! D(h) = (L(x + h) − L(x − h))/2h = L' + a h² + b h⁴ + …, and where L is off by at most η, D(h) is by
//! η/h. Two ways to compare it with a gradient:
//!
//! - [`exact`]: L is linear in each leaf entry by itself, or is so up to the nearest kink, further
//!   away than h. Then a = b = 0; and on small integers with a dyadic h no sum of products rounds, so
//!   the two are equal to the last bit.
//! - [`smooth`]: (4 D(h/4) − D(h/2))/3 is off by b h⁴/64 and 6η/h. Where a or b is not 0,
//!   |D(h) − D(h/2)| + |D(h/2) − D(h/4)| is at least b h⁴/6, also where a h² and b h⁴ nearly cancel in
//!   one of them. The sum of both is the tolerance.

use wirecost::tensor::{Cpu, Loss, Tape, Var};

pub type V = Var<f64, Cpu>;

/// A leaf's shape and elements.
pub type Leaf = (Vec<usize>, Vec<f64>);

/// What is differentiated.
pub enum Scalar {
    /// ⟨g, y⟩.
    Product(V, Vec<f64>),
    /// A mean cross-entropy.
    Loss(Loss<f64, Cpu>),
}

pub fn leaves(host: &[Leaf], tape: &Tape<f64, Cpu>) -> Vec<V> {
    host.iter().map(|(shape, x)| Var::new(&Cpu::default(), shape, x).unwrap().on(tape)).collect()
}

fn value(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf]) -> f64 {
    match graph(&leaves(host, &Tape::off())) {
        Scalar::Product(y, g) => y.to_host().unwrap().iter().zip(g).map(|(y, g)| y * g).sum(),
        Scalar::Loss(loss) => loss.value(),
    }
}

/// The gradients of all leaves by the backward pass.
pub fn gradients(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf]) -> Vec<Vec<f64>> {
    gradients_on_top_of(graph, host, 0.0)
}

/// The same, where every entry of every leaf has a gradient already.
pub fn gradients_on_top_of(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf], before: f64) -> Vec<Vec<f64>> {
    let leaves = leaves(host, &Tape::recording());
    leaves.iter().zip(host).for_each(|(leaf, (_, x))| leaf.set_gradient(&vec![before; x.len()]).unwrap());
    match graph(&leaves) {
        Scalar::Product(y, g) => y.backward_from(&g).unwrap(),
        Scalar::Loss(loss) => loss.backward().unwrap(),
    }
    leaves.iter().map(|leaf| leaf.take_gradient().unwrap().expect("a gradient for every leaf")).collect()
}

/// D(h) along entry `i` of leaf `k`.
fn central(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf], (k, i): (usize, usize), h: f64) -> f64 {
    let at = |x: f64| {
        let mut moved = host.to_vec();
        moved[k].1[i] = x;
        value(graph, &moved)
    };
    let x = host[k].1[i];
    (at(x + h) - at(x - h)) / (2.0 * h)
}

/// Every difference equals its gradient, and a backward pass adds to what is there.
pub fn exact(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf], h: f64) -> Result<(), String> {
    let sum = |gradients: Vec<Vec<f64>>| gradients.into_iter().flatten().map(|g| g + 5.0).collect::<Vec<_>>();
    if sum(gradients(graph, host)) != gradients_on_top_of(graph, host, 5.0).concat() {
        return Err("a gradient that was there is lost".into());
    }
    compare(graph, host, |at| (central(graph, host, at, h), 0.0))
}

/// Every difference, of an L that is linear in each entry but rounds by at most `eta`, is within 2η/h
/// of its gradient: η/h for itself and as much for the gradient.
pub fn linear(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf], h: f64, eta: f64) -> Result<(), String> {
    compare(graph, host, |at| (central(graph, host, at, h), 2.0 * eta / h))
}

/// Every gradient is as near its extrapolated difference as that is to the derivative; `eta` bounds
/// what L rounds by.
pub fn smooth(graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf], h: f64, eta: f64) -> Result<(), String> {
    compare(graph, host, |at| {
        let [d1, d2, d4] = [h, h / 2.0, h / 4.0].map(|h| central(graph, host, at, h));
        ((4.0 * d4 - d2) / 3.0, (d1 - d2).abs() + (d2 - d4).abs() + 6.0 * eta / h)
    })
}

fn compare(
    graph: &dyn Fn(&[V]) -> Scalar,
    host: &[Leaf],
    difference: impl Fn((usize, usize)) -> (f64, f64),
) -> Result<(), String> {
    for (k, gradient) in gradients(graph, host).iter().enumerate() {
        for (i, got) in gradient.iter().enumerate() {
            let (want, tolerance) = difference((k, i));
            if (got - want).abs() > tolerance || got.is_nan() {
                return Err(format!("leaf {k}, entry {i}: gradient {got}, difference {want} ± {tolerance}"));
            }
        }
    }
    Ok(())
}
