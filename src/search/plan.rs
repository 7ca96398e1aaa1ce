//! Which searches the paper's figures need: every preset with every seed, once for each configuration.

use super::{
    Config, Method,
    preset::{self, Scale, preset},
};
use std::path::{Path, PathBuf};

/// A search that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Name of its run folder: the first preset with this configuration, and the seed.
    pub name: String,
    /// Its settings.
    pub config: Config,
}

/// What to plan.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Presets, or what their names begin with; all if there are none.
    pub only: &'a [String],
    /// Of the presets.
    pub scale: Scale,
    /// Seeds of each preset, from 0; as many as its trend needs if not given.
    pub seeds: Option<u64>,
    /// Another data set than the presets'.
    pub data: Option<&'a str>,
    /// The folder of the data's files, where it is not a usual one.
    pub data_dir: Option<&'a Path>,
}

/// The searches of `scope`, in the order of the presets' names.
///
/// # Errors
/// If no preset's name begins with one of those asked for.
pub fn plan(scope: &Scope) -> Result<Vec<Planned>, String> {
    let names = preset::names();
    if let Some(part) = scope.only.iter().find(|part| !names.iter().any(|name| name.starts_with(*part))) {
        return Err(format!("{part}: no preset's name begins so; known: {}", names.join(", ")));
    }
    // A configuration's folder has the same name whatever else is planned.
    let first = |config: &Config| names.iter().find(|name| preset(name, scope.scale).as_ref() == Some(config));
    let wanted = |name: &&String| scope.only.is_empty() || scope.only.iter().any(|part| name.starts_with(part));
    let mut all: Vec<Planned> = Vec::new();
    for name in names.iter().filter(wanted) {
        let base = preset(name, scope.scale).expect("a preset of that name");
        let (name, seeds) =
            (first(&base).unwrap_or(name), scope.seeds.unwrap_or_else(|| seeds(name, &base, scope.scale)));
        let config = scope.data.map_or(base.clone(), |data| base.on(data));
        let config = Config { data_dir: scope.data_dir.map(PathBuf::from), ..config };
        for seed in 0..seeds {
            let planned = Planned { name: format!("{name}-seed{seed}"), config: Config { seed, ..config.clone() } };
            if !all.contains(&planned) {
                all.push(planned);
            }
        }
    }
    Ok(all)
}

/// One of what takes hours; three for a field of a grid, ten where a trend is judged.
fn seeds(name: &str, config: &Config, scale: Scale) -> u64 {
    let dsnas = Config::quick_dsnas();
    let gains = config.method == dsnas.method && [config.theta_lr, config.alpha_lr] == [dsnas.theta_lr, dsnas.alpha_lr];
    match scale {
        Scale::Quick => 2,
        Scale::Hours => 1,
        _ if name.starts_with("phase") && !gains && *config != Config::quick_darts() => 3,
        _ => 10,
    }
}

impl Planned {
    /// How much work it is, in arbitrary units.
    pub fn work(&self) -> f64 {
        let Config { epochs, training_images, search_images, cells, method, .. } = &self.config;
        let edges = self.config.topology().map_or(1, |topology| topology.edges().len());
        // A mixture runs every operation, once for θ and once for α.
        let (images, operations) = match method {
            Method::Darts => ((*training_images).max(*search_images), 14),
            _ => (*training_images, 1),
        };
        (epochs * images * cells * edges * operations) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], seeds: Option<u64>) -> Vec<String> {
        let only: Vec<_> = only.iter().map(|part| part.to_string()).collect();
        let scope = Scope { only: &only, scale: Scale::Quick, seeds, data: None, data_dir: None };
        plan(&scope).unwrap().into_iter().map(|planned| planned.name).collect()
    }

    #[test]
    fn one_search_for_each_configuration_and_seed() {
        assert_eq!(names(&["fig01", "fig02"], Some(2)), ["fig01-seed0", "fig01-seed1"]);
        assert_eq!(names(&["fig02"], Some(1)), ["fig01-seed0"], "the same folder as with --only fig01");
        assert_eq!(names(&["fig18"], Some(1)).len(), 4);
        let all = names(&[], None);
        assert!(all.iter().enumerate().all(|(n, name)| !all[..n].contains(name)));
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let scope = Scope { only: &["fig10".into()], scale: Scale::Quick, seeds: None, data: None, data_dir: None };
        assert!(plan(&scope).unwrap_err().starts_with("fig10: no preset"));
    }
}
