//! By hand, in numbers that f64 holds exactly.

use super::*;

fn column(x: &[f64]) -> Array4<f64> {
    Array4::from_shape_vec((x.len(), 1, 1, 1), x.to_vec()).unwrap()
}

fn batch(x: &[f64], eps: f64) -> Normalised {
    Normalised::new(&column(x), groups([x.len(), 1, 1, 1], false, 1), eps)
}

#[test]
fn groups_by_hand() {
    assert_eq!(groups([2, 1, 2, 2], false, 1), [[0, 2, 4, 6], [1, 3, 5, 7]]);
    assert_eq!(groups([2, 1, 2, 2], true, 2), [[0, 1, 2, 3], [4, 5, 6, 7]]);
    assert_eq!(groups([2, 1, 2, 2], true, 1), [[0, 2], [1, 3], [4, 6], [5, 7]]);
    assert_eq!(groups([1, 1, 2, 4], true, 2), [[0, 1, 4, 5], [2, 3, 6, 7]]);
    assert_eq!(groups([2, 1, 1, 2], false, 2), [[0, 1, 2, 3]]);
}

/// Edges a = (0,2,0,2) and b = (1,−1,3,1) into one node: the node has cost 0, its edges −1 and +1.
#[test]
fn the_counterexample_to_theorem_1_read_per_edge() {
    let (a, b) = (column(&[0.0, 2.0, 0.0, 2.0]), column(&[1.0, -1.0, 3.0, 1.0]));
    let node = &a + &b;
    let norm = Normalised::new(&node, groups([4, 1, 1, 1], false, 1), 0.0);
    assert_eq!(node, column(&[1.0, 1.0, 3.0, 3.0]));
    assert_eq!((norm.mean[0], norm.variance[0]), (2.0, 1.0));
    assert_eq!(norm.xhat, column(&[-1.0, -1.0, 1.0, 1.0]));
    let gx = norm.backward(&column(&[1.0, 0.0, 0.0, 0.0]));
    assert_eq!(gx, column(&[0.5, -0.5, 0.0, 0.0]));
    let cost = |x| norm.sums(&[&gx, x])[0];
    assert_eq!((cost(&node), cost(&a), cost(&b)), (0.0, -1.0, 1.0));
}

/// x = (−3, −1, 1, 3), so μ = 0, σ² = 5; with ε = 11 the root is 4.
#[test]
fn the_three_terms_of_eq_8_by_hand() {
    let (norm, g) = (batch(&[-3.0, -1.0, 1.0, 3.0], 11.0), column(&[4.0, 0.0, 0.0, 0.0]));
    assert_eq!(norm.gradient_mean(&g), [-1.0]);
    assert_eq!(norm.gradient_variance(&g), [6.0 / 64.0]);
    let terms = norm.terms(&g);
    assert_eq!(terms.straight, column(&[1.0, 0.0, 0.0, 0.0]));
    assert_eq!(terms.through_mean, column(&[-0.25; 4]));
    assert_eq!(terms.through_variance, column(&[-9.0, -3.0, 3.0, 9.0].map(|x| x / 64.0)));
    let gx = column(&[39.0, -19.0, -13.0, -7.0].map(|x| x / 64.0));
    assert_eq!(terms.sum(), gx);
    assert_eq!(norm.backward(&g), gx);
    assert_eq!(norm.printed_backward(&g, 4.0), gx);
    // As printed, with CD = 1 for BD = 4, the last term is four times too large.
    assert_eq!(norm.printed_backward(&g, 1.0), &terms.straight + &terms.through_mean + 4.0 * &terms.through_variance);
}

/// There, ⟨∂L/∂x, x⟩ = (−117 + 19 − 13 − 21)/64 = −33/16 = 11/16 · ⟨g, x̂⟩.
#[test]
fn the_residual_by_hand() {
    let (x, g) = ([-3.0, -1.0, 1.0, 3.0], column(&[4.0, 0.0, 0.0, 0.0]));
    let norm = batch(&x, 11.0);
    let gx = norm.backward(&g);
    assert_eq!(norm.sums(&[&gx, &column(&x)]), [-33.0 / 16.0]);
    assert_eq!(norm.residual(&g), [-33.0 / 16.0]);
    assert_eq!(norm.input_cost(&g), [-33.0 / 16.0]);
    assert_eq!(norm.projections(&gx), [[0.0, -33.0 / 64.0]]);
}

#[test]
fn at_eps_0_the_gradient_is_orthogonal_to_one_and_xhat() {
    let (norm, g) = (batch(&[5.0, 7.0, 5.0, 7.0], 0.0), column(&[3.0, 8.0, 1.0, -4.0]));
    let gx = norm.backward(&g);
    assert_eq!(gx, column(&[1.0, 6.0, -1.0, -6.0]));
    assert_eq!(norm.projections(&gx), [[0.0, 0.0]]);
    assert_eq!((norm.residual(&g), norm.input_cost(&g)), (vec![0.0], vec![0.0]));
}

#[test]
fn a_constant_group_has_no_gradient_at_eps_0() {
    let (norm, g) = (batch(&[2.0, 2.0], 0.0), column(&[3.0, 8.0]));
    assert_eq!((norm.rstd[0], norm.xhat.sum()), (0.0, 0.0));
    assert_eq!(norm.backward(&g), column(&[0.0, 0.0]));
    assert_eq!(norm.residual(&g), [0.0]);
}

/// x = (1, 3), ε = 0: r = 1, X = (3, 5); |g| = (1, 1): Σ |x| (1 + 1 + 4 X) = 14 + 66.
#[test]
fn the_bound_by_hand() {
    let (x, g) = ([1.0, 3.0], column(&[1.0, -1.0]));
    let u = 1.0 / 1024.0;
    assert_eq!(batch(&x, 0.0).cost_bound(&column(&x), &g, u), [80.0 * gamma(40, u)]);
}
