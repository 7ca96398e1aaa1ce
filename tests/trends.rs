//! Trends: each is seen in made-up runs that show it, and not in runs altered in the one respect that
//! the figure is about; and how runs are counted.

use ndarray::Array3;
use serde_json::{Value, json};
use wirecost::{
    claim::{Check, Options, record::Verdict, registry, verify},
    run::{CellSummary, CostRecord, DataSummary, EpochMetrics, Manifest, RunFolder, Split},
    trend::{self, Trend},
};

const OPERATIONS: [&str; 3] = ["none", "skip_connect", "sep_conv_3x3"];
const EPOCHS: usize = 10;

fn cell(edges: Vec<[usize; 2]>, output: Vec<usize>) -> CellSummary {
    let nodes = edges.iter().map(|edge| edge[1] + 1).max().unwrap();
    CellSummary { cells: 1, nodes, inputs: 2, edges, output }
}

fn minimal() -> CellSummary {
    cell(vec![[0, 2], [1, 2], [0, 3], [1, 3], [2, 3]], vec![2, 3])
}

fn original() -> CellSummary {
    cell((2..6).flat_map(|to| (0..to).map(move |from| [from, to])).collect(), vec![2, 3, 4, 5])
}

/// A run with settings `config`, α as it is; then `fill` writes what happened.
fn run(config: Value, cell: CellSummary, fill: impl Fn(&mut RunFolder)) -> RunFolder {
    let mut settings = json!({"method": "dsnas", "level": "single", "norm": "batch", "order": "relu_conv_norm",
        "affine": false, "edges": {}});
    settings.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    let alpha = Array3::zeros((EPOCHS + 1, cell.edges.len(), OPERATIONS.len()));
    let manifest = Manifest {
        version: "0.1.0".into(),
        command: format!("wirecost search --seed 1 {settings}"),
        seed: 1,
        config: settings,
        data: DataSummary {
            name: "synthetic".into(),
            sha256: String::new(),
            classes: 10,
            image: [8, 8, 1],
            sets: [].into(),
        },
        cell,
        operations: OPERATIONS.map(String::from).into(),
        title: String::new(),
        note: String::new(),
    };
    let mut run = RunFolder { path: "made-up".into(), manifest, metrics: vec![], costs: vec![], alpha };
    fill(&mut run);
    run
}

/// α in which none leads on `edges` in the `epochs`, and the convolution elsewhere.
fn none_leads(run: &mut RunFolder, edges: &[usize], epochs: std::ops::RangeInclusive<usize>) {
    for ((row, edge, operation), alpha) in run.alpha.indexed_iter_mut() {
        let none = edges.contains(&edge) && epochs.contains(&row);
        if row > 0 && *alpha == 0.0 {
            *alpha = if none == (operation == 0) && operation != 1 { 3.0 } else { -1.0 };
        } else if row > 0 && none {
            *alpha = if operation == 0 { 3.0 } else { -1.0 };
        }
    }
}

/// Mean cost by edge in the first and the last epoch, of both operations that are not none.
fn costs(run: &mut RunFolder, cell: usize, by_edge: [&[f64]; 2]) {
    for (epoch, means) in [(0, by_edge[0]), (EPOCHS - 1, by_edge[1])] {
        for (edge, &mean) in means.iter().enumerate() {
            let record =
                |operation| CostRecord { epoch, cell, edge, operation, count: 4, mean, std: 0.1, stderr: 0.05 };
            run.costs.extend([1, 2].map(record));
        }
    }
}

/// A set whose mean C runs from `first` to `last`, correct images at `correct`, wrong ones at `wrong`.
fn metrics(run: &mut RunFolder, set: &str, [first, last]: [f64; 2], [correct, wrong]: [f64; 2]) {
    for epoch in 0..EPOCHS {
        let at = epoch as f64 / (EPOCHS - 1) as f64;
        let (entropy, cost) = (2.0 - at, first + at * (last - first));
        let split = |cost| Split { count: 5, loss: entropy + cost, entropy, cost };
        run.metrics.push(EpochMetrics {
            epoch,
            set: set.into(),
            loss: entropy + cost,
            entropy,
            cost,
            accuracy: 0.5,
            images: 10,
            correct: split(correct),
            wrong: split(wrong),
            learning_rate: 0.1,
        });
    }
}

fn trend(id: &str) -> Trend {
    trend::all().into_iter().find(|trend| trend.id == id).expect(id)
}

/// What the trend `id` says of each run.
fn seen<const N: usize>(id: &str, runs: [RunFolder; N]) -> [Option<bool>; N] {
    runs.map(|run| (trend(id).see)(&run).map(|sighting| sighting.appeared))
}

#[test]
fn the_wiring_of_dsnas() {
    let searched = |edges: &'static [usize], early: &'static [usize]| {
        run(json!({}), minimal(), |run| {
            none_leads(run, early, 1..=4);
            none_leads(run, edges, 1..=EPOCHS);
        })
    };
    let runs = || [searched(&[4], &[]), searched(&[], &[]), searched(&[2, 4], &[])];
    assert_eq!(seen("fig1-dsnas-width", runs()), [Some(true), Some(false), Some(false)]);
    assert_eq!(seen("fig2-dsnas-none-dominates", runs()), [Some(true), Some(false), Some(false)]);
    let early = [searched(&[4], &[0]), searched(&[4], &[]), searched(&[0, 4], &[0])];
    assert_eq!(seen("fig1-dsnas-early-drop", early), [Some(true), Some(false), Some(false)]);
    let fixed = run(json!({}), minimal(), |_| ());
    assert_eq!(seen("fig1-dsnas-width", [fixed]), [None], "α was not trained");
}

#[test]
fn the_wiring_of_darts() {
    let config = || json!({"method": "darts", "level": "bi"});
    let searched =
        |edges: &'static [usize], from: usize| run(config(), minimal(), |run| none_leads(run, edges, from..=EPOCHS));
    let all: &[usize] = &[0, 1, 2, 3, 4];
    let runs = || [searched(all, 2), searched(&[0, 1, 2, 3], 2), searched(all, 9)];
    assert_eq!(seen("fig3-darts-all-dropped", runs()), [Some(true), Some(false), Some(false)]);
    assert_eq!(seen("fig4-darts-none-dominates", runs()), [Some(true), Some(false), Some(true)]);
    let single = run(json!({"method": "darts"}), minimal(), |run| none_leads(run, all, 1..=EPOCHS));
    assert_eq!(seen("fig4-darts-none-dominates", [single]), [None], "the figure is about two levels");
}

#[test]
fn which_edge_costs_most() {
    let (most, late, other) = ([0.1, 0.1, 0.1, 0.1, 0.3], [-0.1, -0.1, -0.1, -0.1, 0.1], [0.3, 0.1, 0.1, 0.1, 0.2]);
    let with = |config: Value, cells: usize, last: [f64; 5]| {
        run(config, CellSummary { cells, ..minimal() }, |run| costs(run, 0, [&most, &last]))
    };
    let of = |id: &str, config: fn() -> Value, cells| {
        assert_eq!(seen(id, [with(config(), cells, late), with(config(), cells, other)]), [Some(true), Some(false)]);
    };
    of("fig5-cost-means-minimal", || json!({}), 8);
    of("fig20-conv-relu-norm", || json!({"order": "conv_relu_norm"}), 1);
    of("fig21-conv-norm-relu", || json!({"order": "conv_norm_relu"}), 1);
    assert_eq!(seen("fig5-cost-means-minimal", [with(json!({}), 1, late)]), [None], "one cell is no stack");
    assert_eq!(seen("fig20-conv-relu-norm", [with(json!({}), 1, late)]), [None]);

    let stack = |intermediate: f64| {
        let by_edge: Vec<f64> =
            original().edges.iter().map(|edge| if edge[0] > 1 { intermediate } else { 0.1 }).collect();
        run(json!({}), CellSummary { cells: 8, ..original() }, |run| costs(run, 0, [&by_edge, &by_edge]))
    };
    assert_eq!(seen("fig6-cost-means-original", [stack(0.2), stack(0.05)]), [Some(true), Some(false)]);
}

#[test]
fn the_cost_of_whole_cells() {
    let cells = |second: [f64; 5]| {
        let last = [0.1; 5];
        run(json!({}), CellSummary { cells: 3, ..minimal() }, |run| {
            costs(run, 1, [&second, &second]);
            costs(run, 2, [&last, &last]);
        })
    };
    let runs = [cells([0.3, -0.3, 0.2, -0.2, 0.01]), cells([0.1, -0.1, 0.1, 0.1, 0.0])];
    assert_eq!(seen("fig9-second-last-cell", runs), [Some(true), Some(false)]);

    let instance = |cost: f64| {
        run(json!({"norm": "instance"}), minimal(), |run| costs(run, 0, [&[1e-7; 5], &[1e-7, 0.0, cost, 0.0, 0.0]]))
    };
    assert_eq!(seen("fig19-instance-norm", [instance(-1e-6), instance(-1e-3)]), [Some(true), Some(false)]);
    let affine = run(json!({"norm": "instance", "affine": true}), minimal(), |run| costs(run, 0, [&[0.0; 5]; 2]));
    assert_eq!(seen("fig19-instance-norm", [affine]), [None]);
}

#[test]
fn the_simplified_cell() {
    let simplified = |config: Value, output: &[usize], by_edge: [f64; 3]| {
        run(config, cell(vec![[0, 2], [0, 3], [2, 3]], output.into()), |run| costs(run, 0, [&by_edge, &by_edge]))
    };
    let (free, fixed) = (|| json!({}), || json!({"edges": {"0": ["sep_conv_3x3"]}}));
    let greatest = [0.0, 0.1, 0.2];
    let runs = [simplified(free(), &[2, 3], greatest), simplified(free(), &[2, 3], [0.3, 0.1, 0.2])];
    assert_eq!(seen("fig17-intermediate-largest", runs), [Some(true), Some(false)]);
    let (lowest, middle) = ([0.2, 0.1, 0.0], [0.0, 0.2, 0.1]);
    let runs = [
        simplified(free(), &[3], middle),
        simplified(free(), &[3], lowest),
        simplified(fixed(), &[3], lowest),
        simplified(fixed(), &[3], middle),
    ];
    assert_eq!(seen("fig18-edge-removed", runs), [Some(true), Some(false), Some(true), Some(false)]);
}

#[test]
fn the_sign_of_the_cost() {
    let dsnas = |curve, split| run(json!({}), minimal(), |run| metrics(run, "training", curve, split));
    let split = [-0.3, 0.9];
    let runs = [dsnas([0.8, -0.3], split), dsnas([-0.1, -0.3], split), dsnas([0.8, 0.1], split)];
    assert_eq!(seen("fig11-dsnas-sign", runs), [Some(true), Some(false), Some(false)]);
    let runs = [dsnas([0.8, -0.3], split), dsnas([0.8, -0.3], [-0.3, -0.1]), dsnas([0.8, -0.3], [0.1, 0.9])];
    assert_eq!(seen("fig14-dsnas-correct-wrong", runs), [Some(true), Some(false), Some(false)]);

    let darts = |search: [f64; 2], wrong: f64| {
        run(json!({"method": "darts", "level": "bi"}), minimal(), |run| {
            metrics(run, "training", [0.1, -0.4], [-0.3, wrong]);
            metrics(run, "search", search, [-0.3, wrong]);
        })
    };
    assert_eq!(seen("fig12-darts-training", [darts([0.1, 0.8], 1.0)]), [Some(true)]);
    let runs = || [darts([0.1, 0.8], 1.0), darts([0.1, -0.5], -1.0)];
    for id in ["fig13-darts-search", "fig15-darts-training-correct-wrong", "fig16-darts-search-correct-wrong"] {
        assert_eq!(seen(id, runs()), [Some(true), Some(false)], "{id}");
    }
}

/// `yes` runs that show the sign of Figure 11 and `no` that don't, of the same setting.
fn signs(epochs: usize, yes: usize, no: usize) -> Vec<RunFolder> {
    let of = |last: f64| {
        run(json!({ "epochs": epochs }), minimal(), |run| metrics(run, "training", [0.5, last], [-0.1, 0.1]))
    };
    (0..yes).map(|_| of(-0.2)).chain((0..no).map(|_| of(0.2))).collect()
}

#[test]
fn four_runs_of_five_reproduce_a_trend() {
    let sign = trend("fig11-dsnas-sign");
    assert_eq!(sign.find(&[]), None);
    let found = |runs: &[RunFolder]| sign.find(runs).map(|f| (f.reproduced, f.appeared, f.seeds)).unwrap();
    assert_eq!(found(&signs(1, 4, 1)), (true, 4, 5));
    assert_eq!(found(&signs(1, 3, 2)), (false, 3, 5));
    // The setting that shows it best decides; the others are named.
    let runs: Vec<_> = signs(1, 0, 6).into_iter().chain(signs(2, 9, 1)).collect();
    assert_eq!(found(&runs), (true, 9, 10));
    let summary = sign.find(&runs).unwrap().summary();
    assert!(summary.starts_with("seen in 9 of 10 runs") && summary.ends_with("in 0 of 6 runs of 1 other settings"));
}

#[test]
fn runs_give_trends_a_verdict() {
    let claims: Vec<_> = registry().into_iter().filter(|claim| matches!(claim.check, Check::Trend(_))).collect();
    assert_eq!(claims.len(), trend::all().len());
    let verdict = |runs: &[RunFolder]| {
        let verdicts = verify(&claims, Options { runs, ..Options::default() }, |_, _| ()).verdicts;
        verdicts.claims.into_iter().find(|record| record.id == "fig11-dsnas-sign").unwrap()
    };
    assert_eq!((verdict(&[]).verdict, verdict(&[]).deviates()), (Verdict::NotRun, false));
    let shown = verdict(&signs(1, 5, 0));
    assert_eq!((shown.verdict, shown.cases, shown.deviates()), (Verdict::Reproduced, 5, false));
    let few = verdict(&signs(1, 1, 3));
    assert_eq!((few.verdict, few.deviates()), (Verdict::NotReproduced, false), "four runs overturn nothing");
    assert!(verdict(&signs(1, 1, 4)).deviates());
}
