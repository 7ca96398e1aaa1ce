//! Logits of one sample.

use super::Style;
use crate::claim::observe::logits::LogitsCase;
use proptest::prelude::*;

/// 2 to 12 classes, logits up to 10⁵ in size, integers that tie, or all equal.
pub fn cases() -> BoxedStrategy<LogitsCase> {
    let scale = prop_oneof![3 => Just(0.0), 1 => -5.0..5.0f64];
    (2..=12usize, Style::any(), any::<u64>(), any::<prop::sample::Index>(), scale, 0..20u8)
        .prop_map(|(k, style, seed, label, scale, equal)| {
            let mut y = Style::fill(if style == Style::Wide { Style::Reals } else { style }, seed, "logits", k);
            let factor = if style == Style::Wide { 10f64.powf(scale) } else { 1.0 };
            y.iter_mut().for_each(|y| *y *= factor);
            if equal == 1 {
                let first = y[0];
                y.fill(first);
            }
            LogitsCase { y, label: label.index(k), bias: Style::Reals.fill(seed, "bias", k) }
        })
        .boxed()
}
