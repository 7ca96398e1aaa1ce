//! A search step of each method on a batch of digits, and what recording the costs adds to a pass.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wirecost::{
    architecture::Choice,
    cell::Topology,
    cost::operation_costs,
    data::digits,
    network::{Network, Random, one_hot_rows},
    operation::Operation,
    search::{
        Config, Method,
        model::Model,
        resident::Resident,
        step::{From, Task, method, step},
    },
    tensor::{Allocator, Cpu, Cut, Pass, Scope, Var},
};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn search_steps(c: &mut Criterion) {
    let images = digits();
    let set = Resident::new(&Cpu::default(), images.clone()).unwrap();
    let cuts: Vec<Cut> = (0..96).map(Cut::whole).collect();
    let mut group = c.benchmark_group("search step, 96 digits");
    group.throughput(Throughput::Elements(96));
    let config = Config::new(Method::Dsnas);
    let mut model = Model::<f32, Cpu>::new(&config, &images, Cpu::default()).unwrap();
    let from = From { images: &set, cuts: &cuts };
    let task = Task { training: from, search: None, learning_rate: 1e-3, fixed: false, seed: 0, epoch: 0, step: 0 };
    let mut dsnas = method(&config, 0);
    group.bench_function("DSNAS", |b| {
        b.iter(|| step(&mut *dsnas, &mut model, &task).unwrap());
    });
    let config = Config::new(Method::Darts);
    let mut model = Model::<f32, Cpu>::new(&config, &images, Cpu::default()).unwrap();
    let (task, mut darts) = (Task { search: Some(from), ..task }, method(&config, 0));
    group.bench_function("DARTS, bi-level", |b| b.iter(|| step(&mut *darts, &mut model, &task).unwrap()));
    group.finish();
}

/// The backward pass computes ∂L/∂Z anyway; reading the costs off is all that is added.
fn recording(c: &mut Criterion) {
    let (images, device) = (digits(), Cpu::default());
    let indices: Vec<usize> = (0..96).collect();
    let (pixels, labels) = images.batch(&indices);
    let settings = Config::new(Method::Dsnas).network(images.image, images.classes).unwrap();
    let mut source = Random { seed: 0, gain: 1.0 };
    let network =
        Network::<f32, Cpu>::new(&settings, |_, _| vec![Operation::SepConv5x5], &mut Scope::new(&device, &mut source));
    let network = network.unwrap();
    let x = Var::new(&device, pixels.shape(), pixels.as_slice().unwrap()).unwrap();
    let target = one_hot_rows(&device, &labels, images.classes).unwrap();
    let operations = vec![Operation::SepConv5x5; Topology::minimal().edges().len()];
    let choice = Choice::one_hot(&device, &operations).unwrap();
    let mut group = c.benchmark_group("pass over 96 digits, sep_conv_5x5 on every edge");
    group.throughput(Throughput::Elements(96));
    for record in [false, true] {
        group.bench_function(if record { "costs read" } else { "costs not read" }, |b| {
            b.iter(|| {
                let mut pass = Pass::recording();
                let output = network.forward(&x, &[&choice], &mut pass).unwrap();
                output.logits.cross_entropy(&target).unwrap().backward().unwrap();
                if record {
                    black_box(operation_costs(&output).unwrap());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, search_steps, recording);
criterion_main!(benches);
