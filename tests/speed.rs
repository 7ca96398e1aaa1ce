//! Kernels against the processor's multiply-add units, both measured here and now: what the compiler can
//! spoil without a word is ten to sixty times as slow, and this sees it.

use std::time::Instant;
use wirecost::tensor::{Cpu, Tape, Var, kernel::peak, op::Grouping};

const SHAPE: [usize; 4] = [8, 32, 32, 16];

/// Operations a second of a separable convolution k×k forward and backward on this thread, the best of a
/// few: what has to be computed, without what is computed again or only moved.
fn separable(kernel: usize, dilation: usize) -> f64 {
    let device = Cpu::default();
    let draw = |n: usize| (0..n).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
    let leaf = |shape: &[usize]| Var::new(&device, shape, &draw(shape.iter().product())).unwrap();
    let (x, dw, pw) = (leaf(&SHAPE), leaf(&[kernel, kernel, SHAPE[3]]), leaf(&[1, 1, SHAPE[3], SHAPE[3]]));
    let once = |_| {
        let tape = Tape::recording();
        let start = Instant::now();
        let y = x.on(&tape).separable(
            &dw.on(&tape),
            dilation,
            &pw.on(&tape),
            Grouping { per_sample: false, channels: 1 },
            1e-5,
        );
        let y = y.unwrap();
        y.put_gradient(leaf(&SHAPE)).unwrap();
        y.backward().unwrap();
        let seconds = start.elapsed().as_secs_f64();
        [&x, &dw, &pw].into_iter().for_each(Var::clear_gradient);
        (3 * 2 * SHAPE.iter().product::<usize>() * (kernel * kernel + SHAPE[3])) as f64 / seconds
    };
    (0..40).map(once).fold(0.0, f64::max)
}

#[test]
fn convolutions_come_near_the_multiply_add_units() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        for (kernel, dilation) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            let share = separable(kernel, dilation) / peak::<f32>(20);
            println!("{kernel}x{kernel}, dilation {dilation}: {:.0} % of the peak", 100.0 * share);
            // Half of what a quiet machine shows, and five times what spoilt code does.
            assert!(share > 0.15, "{kernel}x{kernel}, dilation {dilation}: {:.1} % of the peak", 100.0 * share);
        }
    });
}
