//! What the figures show, one claim each: judged from run folders.

use crate::{
    claim::{Check, Claim, record::Verdict},
    trend::{self, Across},
};

const SEEDS: &str = "decided in each run; reproduced where at least 4 of 5 runs show it: those of one setting, which \
differ in their seed; the setting that shows it best decides";
const SETTINGS: &str = "decided in each run; reproduced where at least 4 of 5 runs show it: those of all settings that \
the figure is about";

/// The figures whose trend the digits do not show.
const NOT_REPRODUCED: [&str; 3] = ["fig5-cost-means-minimal", "fig6-cost-means-original", "fig21-conv-norm-relu"];

pub fn claims() -> Vec<Claim> {
    let claim = |trend: trend::Trend| {
        let bound = if trend.across == Across::OneSetting { SEEDS } else { SETTINGS };
        let expected = if NOT_REPRODUCED.contains(&trend.id) { Verdict::NotReproduced } else { Verdict::Reproduced };
        let source = SOURCES[usize::from(trend.figure) - 1];
        Claim { expected, ..Claim::new(trend.id, source, trend.statement, bound, Check::Trend(trend)) }
            .read(trend.decided)
    };
    trend::all().into_iter().map(claim).collect()
}

const SOURCES: [&str; 21] = [
    "Fig. 1", "Fig. 2", "Fig. 3", "Fig. 4", "Fig. 5", "Fig. 6", "Fig. 7", "Fig. 8", "Fig. 9", "Fig. 10", "Fig. 11",
    "Fig. 12", "Fig. 13", "Fig. 14", "Fig. 15", "Fig. 16", "Fig. 17", "Fig. 18", "Fig. 19", "Fig. 20", "Fig. 21",
];
