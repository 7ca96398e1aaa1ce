//! The grids over what drives none's dominance: settings of [`presets`](super::preset) by name.
//!
//! | name | search |
//! | --- | --- |
//! | `phase-dsnas-GAIN-THETA-ALPHA` | DSNAS with this head gain and these learning rates of θ and α |
//! | `phase-darts-NOISE-IMAGES` | DARTS with this label noise and so many images that train θ |
//!
//! Each DSNAS grid varies the gain and one learning rate; the other one is that of Figure 1.

use super::Config;

/// Factors on the classifier's first weights.
pub const GAINS: [f64; 4] = [1.0, 4.0, 8.0, 16.0];
const THETA_LRS: [f64; 4] = [0.0025, 0.005, 0.01, 0.025];
const ALPHA_LRS: [f64; 4] = [0.0125, 0.025, 0.05, 0.1];
const NOISES: [f64; 3] = [0.0, 0.3, 0.6];
const IMAGES: [usize; 3] = [96, 192, 864];

/// All names.
pub fn names() -> Vec<String> {
    grid().into_iter().map(|(name, _)| name).collect()
}

/// The settings of that name.
pub fn preset(name: &str, quick: bool) -> Option<Config> {
    let (_, config) = grid().into_iter().find(|(known, _)| known == name)?;
    Some(Config { epochs: if quick { config.epochs / 4 } else { config.epochs }, ..config })
}

fn grid() -> Vec<(String, Config)> {
    let base = Config::quick_dsnas();
    let rates =
        THETA_LRS.map(|theta| (theta, base.alpha_lr)).into_iter().chain(ALPHA_LRS.map(|alpha| (base.theta_lr, alpha)));
    let mut all: Vec<(String, Config)> = Vec::new();
    for (theta_lr, alpha_lr) in rates {
        for head_gain in GAINS {
            let name = format!("phase-dsnas-{head_gain}-{theta_lr}-{alpha_lr}");
            // The two grids cross.
            if all.iter().all(|(known, _)| *known != name) {
                all.push((name, Config { head_gain, theta_lr, alpha_lr, ..base.clone() }));
            }
        }
    }
    for label_noise in NOISES {
        for training_images in IMAGES {
            let name = format!("phase-darts-{label_noise}-{training_images}");
            all.push((name, Config { label_noise, training_images, ..Config::quick_darts() }));
        }
    }
    all
}
