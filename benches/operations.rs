//! Time of each operation, forward alone and with its backward pass, at the two sizes in use: a
//! search's batch in `f32`, a check's in `f64`. Throughput counts elements of the operation's input.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::RngExt;
use std::{hint::black_box, time::Duration};
use wirecost::{
    seed::stream,
    tensor::{
        Allocator, Backend, Cpu, Element, Tape, Var,
        op::{AffineLayout, Grouping, PoolKind},
    },
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const CHANNELS: usize = 8;
const CLASSES: usize = 10;

/// Batch norm's groups.
const BATCH: Grouping = Grouping { per_sample: false, channels: 1 };

/// Leaves by shape, and the operation on them; leaf 0 is the activation.
type Case<E> = (&'static str, Vec<Vec<usize>>, Box<dyn Fn(&[Var<E, Cpu>]) -> Var<E, Cpu>>);

fn cases<E: Element>(samples: usize) -> Vec<Case<E>>
where
    Cpu: Backend<E>,
{
    const C: usize = CHANNELS;
    let x = vec![samples, 8, 8, C];
    let mut cases: Vec<Case<E>> = vec![
        ("relu", vec![x.clone()], Box::new(|v| v[0].relu().unwrap())),
        ("max_pool_3x3", vec![x.clone()], Box::new(|v| v[0].pool(PoolKind::Max).unwrap())),
        ("avg_pool_3x3", vec![x.clone()], Box::new(|v| v[0].pool(PoolKind::Average).unwrap())),
        (
            "normalised_max_pool_3x3",
            vec![x.clone()],
            Box::new(|v| v[0].normalised_pool(PoolKind::Max, BATCH, 1e-5).unwrap()),
        ),
        (
            "normalised_avg_pool_3x3",
            vec![x.clone()],
            Box::new(|v| v[0].normalised_pool(PoolKind::Average, BATCH, 1e-5).unwrap()),
        ),
        ("pointwise", vec![x.clone(), vec![1, 1, C, C]], Box::new(|v| v[0].convolution(&v[1]).unwrap())),
        ("convolution_3x3", vec![x.clone(), vec![3, 3, C, C]], Box::new(|v| v[0].convolution(&v[1]).unwrap())),
        ("depthwise_3x3", vec![x.clone(), vec![3, 3, C]], Box::new(|v| v[0].depthwise(&v[1], 1).unwrap())),
        ("depthwise_5x5_dilated", vec![x.clone(), vec![5, 5, C]], Box::new(|v| v[0].depthwise(&v[1], 2).unwrap())),
        (
            "normalised_pointwise",
            vec![x.clone(), vec![1, 1, C, C]],
            Box::new(|v| v[0].normalised_convolution(&v[1], true, BATCH, 1e-5).unwrap()),
        ),
        (
            "affine",
            vec![x.clone(), vec![C], vec![C]],
            Box::new(|v| v[0].affine(AffineLayout::Channel, &v[1], &v[2]).unwrap()),
        ),
        (
            "weighted_sum_of_8",
            [vec![x.clone(); 8], vec![vec![8]]].concat(),
            Box::new(|v| v[8].weighted_sum(&v[..8].iter().enumerate().collect::<Vec<_>>()).unwrap()),
        ),
        ("concatenate_2", vec![x.clone(); 2], Box::new(|v| Var::concatenate(&[&v[0], &v[1]]).unwrap())),
        ("global_average_pool", vec![x.clone()], Box::new(|v| v[0].global_average_pool().unwrap())),
        ("bias", vec![vec![samples, CLASSES], vec![CLASSES]], Box::new(|v| v[0].bias(&v[1]).unwrap())),
        ("softmax", vec![vec![samples, CLASSES]], Box::new(|v| v[0].softmax().unwrap())),
    ];
    let norms =
        [("batch_norm", false, 1), ("layer_norm", true, C), ("instance_norm", true, 1), ("group_norm", true, C / 2)];
    for (name, kernel, dilation) in
        [("separable_3x3", 3, 1), ("separable_5x5", 5, 1), ("dilated_3x3", 3, 2), ("dilated_5x5", 5, 2)]
    {
        cases.push((
            name,
            vec![x.clone(), vec![kernel, kernel, C], vec![1, 1, C, C]],
            Box::new(move |v| v[0].separable(&v[1], dilation, &v[2], BATCH, 1e-5).unwrap()),
        ));
    }
    for (name, per_sample, channels) in norms {
        let grouping = Grouping { per_sample, channels };
        cases.push((name, vec![x.clone()], Box::new(move |v| v[0].normalise(grouping, 1e-5).unwrap())));
    }
    cases
}

fn random<E: Element>(shape: &[usize]) -> Vec<E> {
    let mut stream = stream(0, "bench");
    (0..shape.iter().product()).map(|_| E::of(stream.random_range(-1.0..1.0))).collect()
}

fn operations<E: Element>(criterion: &mut Criterion, samples: usize)
where
    Cpu: Backend<E>,
{
    for (name, shapes, run) in cases::<E>(samples) {
        let leaves: Vec<_> =
            shapes.iter().map(|shape| Var::new(&Cpu::default(), shape, &random::<E>(shape)).unwrap()).collect();
        let on = |tape: Tape<E, Cpu>| leaves.iter().map(|leaf| leaf.on(&tape)).collect::<Vec<_>>();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(shapes[0].iter().product::<usize>() as u64));
        let id = |pass| BenchmarkId::new(pass, format!("{}_{samples}", E::NAME));
        group.bench_function(id("forward"), |b| b.iter(|| black_box(run(&leaves))));
        let g = random::<E>(run(&leaves).shape());
        group.bench_function(id("forward_backward"), |b| {
            b.iter(|| {
                run(&on(Tape::recording())).backward_from(&g).unwrap();
                leaves.iter().for_each(|leaf| drop(black_box(leaf.take_gradient().unwrap())));
            });
        });
        group.finish();
    }
}

/// Cross-entropy has a loss of its own, not a value.
fn loss<E: Element>(criterion: &mut Criterion, samples: usize)
where
    Cpu: Backend<E>,
{
    let shape = [samples, CLASSES];
    let logits = Var::new(&Cpu::default(), &shape, &random::<E>(&shape)).unwrap();
    let target: Vec<E> = (0..samples * CLASSES).map(|i| E::of(f64::from(u8::from(i % CLASSES == 0)))).collect();
    let target = Var::new(&Cpu::default(), &shape, &target).unwrap();
    let mut group = criterion.benchmark_group("cross_entropy");
    group.throughput(Throughput::Elements((samples * CLASSES) as u64));
    group.bench_function(BenchmarkId::new("forward_backward", format!("{}_{samples}", E::NAME)), |b| {
        b.iter(|| {
            logits.on(&Tape::recording()).cross_entropy(&target).unwrap().backward().unwrap();
            black_box(logits.take_gradient().unwrap())
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    operations::<f32>(criterion, 96);
    loss::<f32>(criterion, 96);
    operations::<f64>(criterion, 8);
    loss::<f64>(criterion, 8);
}

criterion_group! {
    name = benches;
    // Short: the operations are many and their times even.
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = all
}
criterion_main!(benches);
