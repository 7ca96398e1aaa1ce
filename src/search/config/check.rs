//! Which settings make sense.

use super::{Config, Level, Method};
use crate::{operation::Operation, search::Error};

impl Config {
    /// Refuses what makes no sense; the error names the key.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |field, problem: String| Err(Error::Config { field, problem });
        let counts = [("epochs", self.epochs), ("batch", self.batch), ("training-images", self.training_images)];
        if let Some((field, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return refuse(field, "0; expected at least 1".into());
        }
        let not_negative = [
            ("eps", self.eps),
            ("head-gain", self.head_gain),
            ("theta-lr", self.theta_lr),
            ("theta-lr-min", self.theta_lr_min),
            ("theta-momentum", self.theta_momentum),
            ("theta-decay", self.theta_decay),
            ("alpha-lr", self.alpha_lr),
            ("alpha-decay", self.alpha_decay),
            ("alpha-std", self.alpha_std),
        ];
        if let Some((field, value)) = not_negative.into_iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            return refuse(field, format!("{value}; expected a finite number that is not negative"));
        }
        if self.alpha_betas.iter().any(|beta| !(0.0..1.0).contains(beta)) {
            return refuse("alpha-betas", format!("{:?}; expected numbers from 0 to below 1", self.alpha_betas));
        }
        if self.clip.is_nan() || self.clip <= 0.0 {
            return refuse("clip", format!("{}; expected a positive number", self.clip));
        }
        if !self.alpha_mean.is_finite() {
            return refuse("alpha-mean", format!("{}; expected a finite number", self.alpha_mean));
        }
        if self.level == Level::Bi && self.search_images == 0 {
            return refuse("search-images", "0; a bi-level search trains α on a set of its own".into());
        }
        if self.level == Level::Bi && matches!(self.method, Method::Dsnas | Method::Random) {
            let name = self.method.name();
            return refuse("level", format!("bi; {name} has one set of images, expected single"));
        }
        if self.method == Method::Random && self.alpha_lr != 0.0 {
            return refuse("alpha-lr", format!("{}; random leaves α alone, expected 0", self.alpha_lr));
        }
        if self.flip && self.data == "digits" {
            return refuse("flip", "true; a reflected digit is none, expected false for data digits".into());
        }
        if self.unrolled && (self.method, self.level) != (Method::Darts, Level::Bi) {
            return refuse("unrolled", "true; only darts with level bi looks a step ahead".into());
        }
        if let Some((field, value)) =
            [("tau", self.tau), ("tau-min", self.tau_min)].into_iter().find(|(_, tau)| !(tau.is_finite() && *tau > 0.0))
        {
            return refuse(field, format!("{value}; expected a positive number"));
        }
        if self.tau_min > self.tau {
            return refuse("tau-min", format!("{}; expected at most tau, {}", self.tau_min, self.tau));
        }
        if self.paths < 2 || self.paths > Operation::ALL.len() {
            return refuse("paths", format!("{}; expected 2 to {}", self.paths, Operation::ALL.len()));
        }
        self.allowed().map(|_| ())
    }
}
