//! The instances' quantities by formulas, once for the closed forms of `theorem` and once for numbers
//! that carry their bounds. What each quantity is stands in `proofs/Instances.v`.

use ndarray::Array4;
use std::{collections::BTreeMap, iter::Sum};
use wirecost::theorem::norm::{Normalised, groups};

/// The numbers of one instance, by quantity.
pub type Quantities<N> = BTreeMap<&'static str, Vec<N>>;

/// Two samples of two pixels, one channel.
pub const SHAPE: [usize; 4] = [2, 1, 2, 1];

/// Four entries, which share their statistics. A norm is (γ, β, ε).
pub trait Vector: Sized {
    type Number: Copy + Sum;
    fn of(x: &[f64]) -> Self;
    fn entries(&self) -> Vec<Self::Number>;
    fn plus(&self, other: &Self) -> Self;
    fn times(&self, k: f64) -> Self;
    fn dot(&self, other: &Self) -> Self::Number;
    /// The entries of `g` where this is positive, 0 elsewhere.
    fn where_positive(&self, g: &Self) -> Self;
    /// μ and σ².
    fn statistics(&self) -> [Self::Number; 2];
    fn norm(&self, norm: [f64; 3]) -> Self;
    /// Eq. 8.
    fn norm_backward(&self, norm: [f64; 3], g: &Self) -> Self;
    /// Eq. 10: ε/(σ² + ε) Σ γ g x̂.
    fn residual(&self, norm: [f64; 3], g: &Self) -> Self::Number;
}

fn closed(x: &Array4<f64>, eps: f64) -> Normalised {
    Normalised::new(x, groups(SHAPE, false, 1), eps)
}

impl Vector for Array4<f64> {
    type Number = f64;

    fn of(x: &[f64]) -> Self {
        Array4::from_shape_vec(SHAPE, x.to_vec()).expect("four entries")
    }

    fn entries(&self) -> Vec<f64> {
        self.iter().copied().collect()
    }

    fn plus(&self, other: &Self) -> Self {
        self + other
    }

    fn times(&self, k: f64) -> Self {
        self * k
    }

    fn dot(&self, other: &Self) -> f64 {
        (self * other).sum()
    }

    fn where_positive(&self, g: &Self) -> Self {
        self.mapv(|x| if x > 0.0 { 1.0 } else { 0.0 }) * g
    }

    fn statistics(&self) -> [f64; 2] {
        let layer = closed(self, 0.0);
        [layer.mean[0], layer.variance[0]]
    }

    fn norm(&self, [gamma, beta, eps]: [f64; 3]) -> Self {
        gamma * closed(self, eps).xhat + beta
    }

    fn norm_backward(&self, [gamma, _, eps]: [f64; 3], g: &Self) -> Self {
        closed(self, eps).backward(&(gamma * g))
    }

    fn residual(&self, [gamma, _, eps]: [f64; 3], g: &Self) -> f64 {
        closed(self, eps).residual(&(gamma * g))[0]
    }
}

/// What an instance is given as.
pub struct Given<'a>(pub &'a BTreeMap<String, Vec<f64>>);

impl Given<'_> {
    pub fn vector(&self, name: &str) -> &[f64] {
        self.0.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub fn array<const N: usize>(&self, name: &str) -> [f64; N] {
        self.vector(name).try_into().unwrap_or_else(|_| panic!("{name} has not {N} numbers"))
    }

    pub fn number(&self, name: &str) -> f64 {
        self.array::<1>(name)[0]
    }

    /// γ, β, ε where each stands by itself.
    pub fn norm(&self) -> [f64; 3] {
        ["gamma", "beta", "eps"].map(|name| self.number(name))
    }
}

/// The gradient at the output of `four-numbers`: its loss is the first entry.
pub const FIRST: [f64; 4] = [1.0, 0.0, 0.0, 0.0];

pub fn four_numbers<V: Vector>(given: &Given) -> Quantities<V::Number> {
    let [a, b] = ["a", "b"].map(|name| V::of(given.vector(name)));
    let (node, w) = (a.plus(&b), given.number("weight"));
    let input = node.where_positive(&node).times(w);
    let g = node.where_positive(&input.norm_backward([1.0, 0.0, given.number("eps")], &V::of(&FIRST)).times(w));
    let costs = [("cost-a", g.dot(&a)), ("cost-b", g.dot(&b)), ("cost-node", g.dot(&node))];
    let costs = costs.into_iter().map(|(name, cost)| (name, vec![cost]));
    costs.chain([("input-gradient", g.entries())]).collect()
}

pub fn norm<V: Vector>(given: &Given) -> Quantities<V::Number> {
    let (x, g) = (V::of(given.vector("x")), V::of(given.vector("output-gradient")));
    let (norm, [mean, variance]) = (given.norm(), x.statistics());
    let gx = x.norm_backward(norm, &g);
    BTreeMap::from([
        ("mean", vec![mean]),
        ("variance", vec![variance]),
        ("output", x.norm(norm).entries()),
        ("input-cost", vec![gx.dot(&x)]),
        ("input-gradient", gx.entries()),
        ("residual", vec![x.residual(norm, &g)]),
    ])
}

pub fn cell<V: Vector>(given: &Given) -> Quantities<V::Number> {
    let [norm2, norm4, unit] = ["edge-2-norm", "edge-4-norm", "unit-norm"].map(|name| given.array(name));
    let ([z_skip, z_conv], [w2, w3]) = (given.array("edge-4-weights"), given.array("unit-weights"));
    let [x0, x1] = ["node-0", "node-1"].map(|name| V::of(given.vector(name)));
    let node2 = x0.plus(&x1);
    let relu2 = node2.where_positive(&node2);
    let x2 = x0.where_positive(&x0).norm(norm2);
    let (skip, conv) = (node2.times(z_skip), relu2.norm(norm4).times(z_conv));
    let x4 = skip.plus(&conv);
    let node3 = x2.plus(&x4);
    let input = relu2.times(w2).plus(&node3.where_positive(&node3).times(w3));
    let output = input.norm(unit);

    let g = output.plus(&V::of(given.vector("target")).times(-1.0));
    let g_unit = input.norm_backward(unit, &g);
    let g2_out = node2.where_positive(&g_unit.times(w2));
    let g3 = node3.where_positive(&g_unit.times(w3));
    let g_conv = g3.times(z_conv);
    let g2_edge4 = g3.times(z_skip).plus(&node2.where_positive(&relu2.norm_backward(norm4, &g_conv)));
    let g2 = g2_out.plus(&g2_edge4);
    let nothing = g3.dot(&x4.times(0.0));
    let costs = vec![g2.dot(&x0), g2.dot(&x1), g3.dot(&x2), nothing, g3.dot(&x4)];
    BTreeMap::from([
        ("node-2", node2.entries()),
        ("node-3", node3.entries()),
        ("output", output.entries()),
        ("loss", vec![g.times(0.5).dot(&g)]),
        ("node-2-gradient", g2.entries()),
        ("node-3-gradient", g3.entries()),
        ("edge-cost-sum", vec![costs.iter().copied().sum()]),
        ("output-paths", vec![g2_out.dot(&x0), g2_out.dot(&x1), costs[2], nothing, costs[4]]),
        ("edge-costs", costs),
        ("edge-4-paths", vec![g2_edge4.dot(&x0), g2_edge4.dot(&x1)]),
        ("edge-4-operation-costs", vec![g3.dot(&skip), g3.dot(&conv)]),
        ("edge-4-residual", vec![relu2.residual(norm4, &g_conv)]),
        ("unit-residual", vec![input.residual(unit, &g)]),
    ])
}
