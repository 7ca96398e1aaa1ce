//! The α-gradient of every method: against the closed forms of section 2, and against differences of
//! what it stands for, on a cell of two edges whose 64 networks can be enumerated.

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use std::sync::LazyLock;
use wirecost::{
    architecture::{Choice, softmax_rows},
    data::synthetic,
    operation::Operation,
    search::{
        CellChoice, Config, Method as Name,
        darts::Darts,
        dsnas,
        model::{Batch, Model},
        proxylessnas::{self, ProxylessNas},
        random::Random,
        resident::Resident,
        snas::Snas,
        step::{From, Method, Task},
        unrolled::Unrolled,
    },
    seed::stream,
    tensor::{Cpu, Cut, Pass},
    theorem::{
        mixture,
        rounding::{U64, gamma},
    },
};

type M = Model<f64, Cpu>;
type Set = Resident<f64, Cpu>;
type Of<'a> = From<'a, f64, Cpu>;
static BATCH: LazyLock<[Cut; 8]> = LazyLock::new(|| std::array::from_fn(Cut::whole));

const EDGES: usize = 2;
const OPERATIONS: usize = Operation::ALL.len();

/// Two edges into one node; α far from uniform.
fn model(name: Name) -> (Config, M, Set) {
    let config = Config {
        cell: r#"{"nodes": 3, "edges": [[0, 2], [1, 2]]}"#.parse::<CellChoice>().unwrap(),
        channels: 2,
        stem_channels: 3,
        alpha_std: 0.7,
        head_gain: 4.0,
        ..Config::new(name)
    };
    let images = synthetic(3, 16, [5, 5, 2], 4).unwrap();
    let model = Model::new(&config, &images, Cpu::default()).unwrap();
    (config, model, Resident::new(&Cpu::default(), images).unwrap())
}

/// One pass of a method and what it left on α.
fn pass(method: &mut dyn Method<f64, Cpu>, model: &M, from: Of, name: &str) -> (Array2<f64>, Batch, Array2<f64>) {
    let pass = Pass::frozen();
    let choice = method.draw(model, &pass, true, &mut stream(5, name)).unwrap();
    let z = Array2::from_shape_vec((EDGES, OPERATIONS), choice.weights().to_host().unwrap()).unwrap();
    let batch = model.run(from, &choice, pass).unwrap();
    method.alpha_gradient(model, &batch).unwrap();
    (z, batch, alpha_gradient(model))
}

fn alpha_gradient(model: &M) -> Array2<f64> {
    let gradient = model.alpha.value.take_gradient().unwrap().expect("a gradient");
    Array2::from_shape_vec((EDGES, OPERATIONS), gradient).unwrap()
}

fn p(model: &M) -> Array2<f64> {
    softmax_rows(model.alpha.logits().unwrap().view())
}

/// What a softmax and a sum over K operations can round by, for costs of this size.
fn assert_closed(got: ArrayView2<f64>, edge: usize, want: &Array1<f64>, size: f64) {
    for (m, want) in want.iter().enumerate() {
        let error = (got[[edge, m]] - want).abs();
        assert!(error <= gamma(64, U64) * size, "edge {edge}, operation {m}: {} is not {want}", got[[edge, m]]);
    }
}

#[test]
fn every_gradient_has_the_closed_form_of_section_2() {
    let size = |batch: &Batch| batch.gradients.fold(0.0f64, |a, g| a.max(g.abs())) * OPERATIONS as f64;
    for round in 0..4 {
        let name = format!("round {round}");
        let (_, model, images) = model(Name::Snas);
        let (from, p) = (From { images: &images, cuts: &*BATCH }, p(&model));

        let (z, batch, got) = pass(&mut Darts, &model, from, &name);
        for e in 0..EDGES {
            let cost = batch.costs.slice(ndarray::s![0, e, ..]);
            assert_closed(got.view(), e, &mixture::darts(z.row(e), cost), size(&batch));
        }

        let tau = 0.4;
        let (z, batch, got) = pass(&mut Snas::new(tau), &model, from, &name);
        for e in 0..EDGES {
            let cost = batch.costs.slice(ndarray::s![0, e, ..]);
            assert_closed(got.view(), e, &mixture::snas(z.row(e), cost, tau), size(&batch) / tau);
        }

        let (z, batch, got) = pass(&mut dsnas::Dsnas::default(), &model, from, &name);
        for e in 0..EDGES {
            let s = z.row(e).iter().position(|z| *z == 1.0).unwrap();
            assert_closed(got.view(), e, &mixture::dsnas(p.row(e), s, batch.costs[[0, e, s]]), size(&batch));
        }

        // All paths: the straight-through form itself.
        let (z, batch, got) = pass(&mut ProxylessNas::new(OPERATIONS), &model, from, &name);
        assert!(z.iter().all(|z| *z == 0.0 || *z == 1.0) && z.sum_axis(Axis(1)) == ndarray::array![1.0, 1.0]);
        for e in 0..EDGES {
            let c = batch.gradients.slice(ndarray::s![0, e, ..]);
            assert_closed(got.view(), e, &mixture::proxylessnas(p.row(e), c), size(&batch));
        }

        // Two paths: the same form on the two, nothing elsewhere.
        let (_, batch, got) = pass(&mut ProxylessNas::new(2), &model, from, &name);
        for e in 0..EDGES {
            let two: Vec<_> = batch.active[e].iter().map(|operation| operation.index()).collect();
            assert_eq!(two.len(), 2);
            let mut renormalised = Array1::zeros(OPERATIONS);
            two.iter().for_each(|k| renormalised[*k] = p[[e, *k]] / two.iter().map(|k| p[[e, *k]]).sum::<f64>());
            let c = batch.gradients.slice(ndarray::s![0, e, ..]);
            assert_closed(got.view(), e, &mixture::proxylessnas(renormalised.view(), c), size(&batch));
        }
    }
}

/// The derivative of `f` at 0 and how far it may be off: differences at h, h/2, h/4 tell their own
/// truncation, and `f` rounds by fewer than 10⁵ operations on numbers of its size.
fn derivative(f: &mut dyn FnMut(f64) -> f64) -> (f64, f64) {
    let h = 1e-3;
    let rounding = gamma(100_000, U64) * f(0.0).abs().max(1.0);
    let [d1, d2, d4] = [h, h / 2.0, h / 4.0].map(|h| (f(h) - f(-h)) / (2.0 * h));
    ((4.0 * d4 - d2) / 3.0, (d1 - d2).abs() + (d2 - d4).abs() + 6.0 * rounding / h)
}

/// Whether `got` is the gradient of `f` with respect to α; an error names the first entry that is not.
fn is_gradient(got: &Array2<f64>, alpha: &Array2<f64>, f: &mut dyn FnMut(&Array2<f64>) -> f64) -> Result<(), String> {
    for at in ndarray::indices(got.dim()) {
        let mut along = |t: f64| {
            let mut moved = alpha.clone();
            moved[at] += t;
            f(&moved)
        };
        let (want, tolerance) = derivative(&mut along);
        if (got[at] - want).abs() > tolerance || got[at].is_nan() {
            return Err(format!("{at:?}: {} is not {want} ± {tolerance}", got[at]));
        }
    }
    Ok(())
}

#[test]
fn darts_and_snas_follow_the_loss_of_their_mixture() {
    let (_, mut model, images) = model(Name::Snas);
    let from = From { images: &images, cuts: &*BATCH };
    let alpha = model.alpha.logits().unwrap();
    let methods: [Box<dyn Method<f64, Cpu>>; 2] = [Box::new(Darts), Box::new(Snas::new(0.6))];
    for mut method in methods {
        let (_, _, got) = pass(&mut *method, &model, from, "noise");
        let mut loss = |alpha: &Array2<f64>| {
            model.set_alpha(alpha).unwrap();
            pass(&mut *method, &model, from, "noise").1.losses.means()[0]
        };
        is_gradient(&got, &alpha, &mut loss).unwrap();
        is_gradient(&(&got * 1.01), &alpha, &mut loss).unwrap_err();
        model.set_alpha(&alpha).unwrap();
    }
}

/// Costs `[64, EDGES]` and losses of all networks.
fn enumerate(model: &M, from: Of) -> Vec<(Vec<Operation>, Array3<f64>, f64)> {
    let pairs = Operation::ALL.iter().flat_map(|a| Operation::ALL.map(|b| vec![*a, b]));
    let run = |sampled: Vec<Operation>| {
        let choice = Choice::one_hot(&model.device, &sampled).unwrap();
        let batch = model.run(from, &choice, Pass::frozen()).unwrap();
        (sampled, batch.costs.clone(), batch.losses.means()[0])
    };
    pairs.map(run).collect()
}

/// Σ over all networks of p(s) · f(s).
fn expectation(alpha: &Array2<f64>, values: impl Iterator<Item = (Vec<Operation>, f64)>) -> f64 {
    let p = softmax_rows(alpha.view());
    let one = |s: &[Operation]| s.iter().enumerate().map(|(e, o)| p[[e, o.index()]]).product::<f64>();
    values.map(|(s, value)| one(&s) * value).sum()
}

/// On every edge the mean DSNAS estimate is the derivative of E\[C(Z_e)\] with the costs held still;
/// with the loss in the cost's place it is that of E\[L\].
#[test]
fn dsnas_follows_the_expected_cost() {
    let (_, model, images) = model(Name::Dsnas);
    let alpha = model.alpha.logits().unwrap();
    let all = enumerate(&model, From { images: &images, cuts: &*BATCH });
    let mean = |costs: &dyn Fn(&Array3<f64>, f64) -> Array3<f64>| {
        let one = |(s, c, l): &(Vec<Operation>, Array3<f64>, f64)| {
            let p = expectation(&alpha, [(s.clone(), 1.0)].into_iter());
            dsnas::alpha_gradient(alpha.view(), s, costs(c, *l).view()) * p
        };
        all.iter().map(one).fold(Array2::zeros(alpha.dim()), |sum, one| sum + one)
    };
    let by_cost: Array2<f64> = mean(&|costs, _| costs.clone());
    for edge in 0..EDGES {
        let cost = |(s, c, _): &(Vec<Operation>, Array3<f64>, f64)| (s.clone(), c[[0, edge, s[edge].index()]]);
        // The cost of one edge depends on the other edge too, which DSNAS does not follow.
        for m in 0..OPERATIONS {
            let mut along = |t: f64| {
                let mut moved = alpha.clone();
                moved[[edge, m]] += t;
                expectation(&moved, all.iter().map(cost))
            };
            let (want, tolerance) = derivative(&mut along);
            assert!((by_cost[[edge, m]] - want).abs() <= tolerance, "edge {edge}, operation {m}");
        }
    }
    let by_loss: Array2<f64> = mean(&|costs, loss| Array3::from_elem(costs.dim(), loss));
    let mut loss = |alpha: &Array2<f64>| expectation(alpha, all.iter().map(|(s, _, l)| (s.clone(), *l)));
    is_gradient(&by_loss, &alpha, &mut loss).unwrap();
    is_gradient(&by_cost, &alpha, &mut loss).unwrap_err();
}

/// Straight through: the derivative of Σ_k p_k c_k with c held still. A step leaves all other paths'
/// probabilities alone.
#[test]
fn proxylessnas_follows_its_linear_form_and_keeps_other_paths() {
    let (_, mut model, images) = model(Name::ProxylessNas);
    let from = From { images: &images, cuts: &*BATCH };
    let alpha = model.alpha.logits().unwrap();
    let (_, batch, got) = pass(&mut ProxylessNas::new(OPERATIONS), &model, from, "gates");
    let c = batch.gradients.sum_axis(Axis(0));
    is_gradient(&got, &alpha, &mut |alpha| (&softmax_rows(alpha.view()) * &c).sum()).unwrap();
    is_gradient(&c, &alpha, &mut |alpha| (&softmax_rows(alpha.view()) * &c).sum()).unwrap_err();

    let before = p(&model);
    let mut two = ProxylessNas::new(2);
    let pass = Pass::frozen();
    let choice = two.draw(&model, &pass, true, &mut stream(5, "two")).unwrap();
    let batch = model.run(from, &choice, pass).unwrap();
    Method::<f64, Cpu>::alpha_gradient(&mut two, &model, &batch).unwrap();
    two.step_alpha(&mut model).unwrap();
    let after = p(&model);
    for (e, drawn) in batch.active.iter().enumerate() {
        for operation in Operation::ALL {
            let (before, after) = (before[[e, operation.index()]], after[[e, operation.index()]]);
            // Softmax of eight, twice, and two sums of exponentials.
            let same = (before - after).abs() <= gamma(256, U64);
            assert_eq!(same, !drawn.contains(&operation), "edge {e}, {operation}: {before} and {after}");
        }
    }
    let shifted = proxylessnas::rescaled(alpha.view(), (&alpha + 0.5).view(), &batch.active);
    let moved = &shifted - &alpha;
    assert!(batch.active.iter().enumerate().all(|(e, d)| d.iter().all(|k| moved[[e, k.index()]].abs() < 1e-12)));
}

/// d/dα L_val(θ − ξ ∇L_train(θ, α), α), which the first-order gradient misses.
#[test]
fn second_order_darts_follows_the_loss_one_step_ahead() {
    let (config, mut model, images) = model(Name::Darts);
    let [training, search] = [0..8, 8..16].map(|images| images.map(Cut::whole).collect::<Vec<_>>());
    let [training, search] = [&training, &search].map(|cuts| From { images: &images, cuts });
    let xi = 0.2;
    let task =
        Task { training, search: Some(search), learning_rate: xi, fixed: false, seed: config.seed, epoch: 0, step: 0 };
    let (theta, alpha) = (model.theta().unwrap(), model.alpha.logits().unwrap());
    let mut second = Unrolled { reach: 1e-6 };
    second.search_pass(&mut model, &task, search).unwrap();
    let got = alpha_gradient(&model);
    assert_eq!(model.theta().unwrap(), theta, "θ is where it was");

    let (_, _, first) = pass(&mut Darts, &model, search, "");
    let mut ahead = |alpha: &Array2<f64>| {
        model.set_alpha(alpha).unwrap();
        let recording = Pass::recording();
        let choice = Darts.draw(&model, &recording, false, &mut stream(0, "")).unwrap();
        model.run(training, &choice, recording).unwrap();
        let gradient = model.take_theta_gradient().unwrap();
        let step = |(x, g): (&Vec<f64>, &Vec<f64>)| x.iter().zip(g).map(|(x, g)| x - xi * g).collect();
        model.set_theta(&theta.iter().zip(&gradient).map(step).collect::<Vec<_>>()).unwrap();
        let loss = pass(&mut Darts, &model, search, "").1.losses.means()[0];
        model.set_theta(&theta).unwrap();
        loss
    };
    is_gradient(&got, &alpha, &mut ahead).unwrap();
    is_gradient(&first, &alpha, &mut ahead).unwrap_err();
}

#[test]
fn random_draws_uniformly_whatever_alpha_is() {
    let (config, model, _) = model(Name::Random);
    assert_eq!(config.alpha_lr, 0.0);
    let (mut draws, mut counts, n) = (stream(1, "uniform"), [0.0; OPERATIONS], 4000);
    for _ in 0..n {
        let choice = Random.draw(&model, &Pass::evaluating(), true, &mut draws).unwrap();
        counts[choice.active()[1][0].index()] += 1.0;
    }
    let (n, p) = (f64::from(n), 1.0 / OPERATIONS as f64);
    // Five standard deviations of a binomial count.
    assert!(counts.iter().all(|count| (count - n * p).abs() < 5.0 * (n * p * (1.0 - p)).sqrt()), "{counts:?}");
}
