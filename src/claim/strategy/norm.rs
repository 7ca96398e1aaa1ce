//! Single normalisation layers.

use super::{Style, fit, image, norm_settings};
use crate::{claim::observe::norm::NormCase, normalisation::NormSettings};
use proptest::prelude::*;

/// Any layer; one in four has a channel that does not vary.
pub fn cases() -> BoxedStrategy<NormCase> {
    let numbers = (Style::any(), any::<u64>(), prop_oneof![3 => Just(false), 1 => Just(true)]);
    (image(), norm_settings(), numbers)
        .prop_map(|(image, settings, (style, seed, constant))| {
            let settings = NormSettings { kind: fit(settings.kind, image.c), ..settings };
            let n = image.n * image.per_sample();
            let mut x = style.fill(seed, "x", n);
            if constant {
                x.iter_mut().step_by(image.c).for_each(|x| *x = 3.0);
            }
            let parameters = settings.affine.map_or(0, |layout| layout.shape(image).iter().product());
            NormCase {
                image,
                settings,
                x,
                gamma: style.fill_affine(seed, "gamma", parameters),
                beta: style.fill_affine(seed, "beta", parameters),
                gy: style.fill(seed, "gradient", n),
            }
        })
        .boxed()
}
