//! Cases per second of each kind: drawn, run and judged by all claims about it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirecost::{
    claim::{
        Judge, draw,
        observe::{
            Subject, layer::LayerObservation, logits::LogitsObservation, network::NetworkObservation,
            norm::NormObservation, relaxed::RelaxedObservation,
        },
        registry,
    },
    tensor::Allocator,
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const CASES: u64 = 16;

fn kind<S: Subject>(criterion: &mut Criterion) {
    let judges: Vec<Judge<S>> = registry().iter().filter_map(|claim| S::judge(&claim.check)).collect();
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(CASES)).sample_size(10);
    group.bench_function(S::NAME, |b| {
        b.iter(|| {
            for index in 0..CASES {
                let observation = S::observe(&draw::<S>(0, index)).expect("a case that can be run");
                judges.iter().for_each(|judge| drop(judge(&observation)));
            }
        });
    });
}

fn all(criterion: &mut Criterion) {
    kind::<NormObservation>(criterion);
    kind::<LayerObservation>(criterion);
    kind::<LogitsObservation>(criterion);
    kind::<NetworkObservation<f64>>(criterion);
    kind::<NetworkObservation<f32>>(criterion);
    kind::<RelaxedObservation>(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
