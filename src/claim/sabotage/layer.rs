//! Wrong operations: the backward pass, or the value, of each step of a kind.

use super::{Sabotage, Sabotaged};
use crate::{
    claim::observe::{
        Subject,
        layer::{LayerCase, LayerObservation, Step},
    },
    tensor::{
        Cpu, Seen, Tape, Var,
        op::{Image, PoolKind},
    },
};

impl Sabotaged for LayerObservation {
    fn sabotages() -> Vec<Sabotage<Self>> {
        vec![
            Sabotage {
                name: "an input channel forgotten backwards",
                run: |case| backward(case, is_convolution, first_channel_lost),
            },
            Sabotage { name: "kernel mirrored backwards", run: |case| backward(case, is_depthwise, mirrored) },
            Sabotage { name: "maximum's gradient to the centre pixel", run: |case| backward(case, is_max, straight) },
            Sabotage { name: "average divides by nine backwards", run: |case| backward(case, is_average, by_nine) },
            Sabotage {
                name: "ReLU passes every gradient",
                run: |case| backward(case, |step| step == Step::Relu, straight),
            },
            Sabotage {
                name: "mean over the image not divided backwards",
                run: |case| backward(case, is_pooling, not_divided),
            },
            Sabotage {
                name: "only the first part gets its gradient",
                run: |case| backward(case, is_concatenation, first_part),
            },
            Sabotage { name: "a sum's weights forgotten backwards", run: |case| backward(case, is_sum, straight) },
            Sabotage { name: "identity's gradient doubled", run: |case| backward(case, is_skip, doubled) },
            Sabotage { name: "bias's gradient doubled", run: |case| backward(case, is_bias, doubled) },
            Sabotage { name: "bias not added", run: no_bias },
            Sabotage { name: "output quantised", run: quantised },
        ]
    }
}

type Backward = fn(&Seen, &Seen, &Local) -> Option<Vec<f64>>;

/// A step where it is.
struct Local<'a> {
    step: Step,
    image: Image,
    weights: &'a [f64],
}

fn is_convolution(step: Step) -> bool {
    matches!(step, Step::Convolution { .. })
}

fn is_depthwise(step: Step) -> bool {
    matches!(step, Step::Depthwise { .. })
}

fn is_max(step: Step) -> bool {
    step == Step::Pool(PoolKind::Max)
}

fn is_average(step: Step) -> bool {
    step == Step::Pool(PoolKind::Average)
}

fn is_pooling(step: Step) -> bool {
    step == Step::GlobalAveragePool
}

fn is_concatenation(step: Step) -> bool {
    matches!(step, Step::Concatenate(_))
}

fn is_sum(step: Step) -> bool {
    matches!(step, Step::Sum(_))
}

fn is_skip(step: Step) -> bool {
    step == Step::Skip
}

fn is_bias(step: Step) -> bool {
    step == Step::Bias
}

/// The honest run, with the gradient at the input of the steps of one kind replaced.
fn backward(case: &LayerCase, kind: fn(Step) -> bool, wrong: Backward) -> Option<LayerObservation> {
    let mut o = LayerObservation::observe(case).ok()?;
    for (i, step) in case.steps.iter().enumerate().filter(|(_, step)| kind(**step)) {
        let local = Local { step: *step, image: o.image(i), weights: &case.weights[i] };
        if let Some(gx) = wrong(&o.stages[i], &o.stages[i + 1], &local) {
            o.stages[i].gradient = gx;
        }
    }
    Some(o)
}

fn straight(_: &Seen, y: &Seen, _: &Local) -> Option<Vec<f64>> {
    Some(y.gradient.clone())
}

fn doubled(x: &Seen, _: &Seen, _: &Local) -> Option<Vec<f64>> {
    Some(x.gradient.iter().map(|g| 2.0 * g).collect())
}

fn first_channel_lost(x: &Seen, _: &Seen, local: &Local) -> Option<Vec<f64>> {
    let mut gx = x.gradient.clone();
    gx.iter_mut().step_by(local.image.c).for_each(|g| *g = 0.0);
    Some(gx)
}

fn not_divided(x: &Seen, _: &Seen, local: &Local) -> Option<Vec<f64>> {
    Some(x.gradient.iter().map(|g| g * (local.image.h * local.image.w) as f64).collect())
}

fn first_part(_: &Seen, y: &Seen, local: &Local) -> Option<Vec<f64>> {
    let c = local.image.c;
    let Step::Concatenate(parts) = local.step else { return None };
    Some(y.gradient.chunks_exact(c * parts).flat_map(|pixel| &pixel[..c]).copied().collect())
}

/// The backward pass of another step.
fn of(step: Step, weights: &[f64], x: &Seen, y: &Seen, image: Image) -> Option<Vec<f64>> {
    let device = Cpu::default();
    let leaf: Var<f64, Cpu> = Var::new(&device, &image.shape(), &x.value).ok()?;
    let w = Var::new(&device, &step.weights(image), weights).ok()?;
    step.apply(&leaf.on(&Tape::recording()), &w).ok()?.backward_from(&y.gradient).ok()?;
    leaf.take_gradient().ok()?
}

fn mirrored(x: &Seen, y: &Seen, local: &Local) -> Option<Vec<f64>> {
    let c = local.image.c;
    let taps: Vec<&[f64]> = local.weights.chunks_exact(c).collect();
    of(local.step, &taps.into_iter().rev().flatten().copied().collect::<Vec<_>>(), x, y, local.image)
}

fn by_nine(x: &Seen, y: &Seen, local: &Local) -> Option<Vec<f64>> {
    let ninths = vec![1.0 / 9.0; 9 * local.image.c];
    of(Step::Depthwise { kernel: 3, dilation: 1 }, &ninths, x, y, local.image)
}

fn no_bias(case: &LayerCase) -> Option<LayerObservation> {
    let mut o = LayerObservation::observe(case).ok()?;
    for i in (0..case.steps.len()).filter(|i| is_bias(case.steps[*i])) {
        o.stages[i + 1].value = o.stages[i].value.clone();
    }
    Some(o)
}

fn quantised(case: &LayerCase) -> Option<LayerObservation> {
    let mut o = LayerObservation::observe(case).ok()?;
    o.stages.last_mut()?.value.iter_mut().for_each(|y| *y = (*y * 16.0).round() / 16.0);
    Some(o)
}
