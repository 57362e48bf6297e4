//! Standardised observations whose mean and deviation are in no file of the policy.

use super::found::Read;
use crate::agent::policy::Statistics;
use crate::checkpoint::sidecar::Observations;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::stats;

/// What the offline libraries add to a deviation.
const EPSILON: f64 = 1e-3;

/// The statistics that observations are standardised by: what is stated beside the policy; else, where the run's configuration
/// or the statement says that they were, the dataset's own.
///
/// # Errors
/// [`Fault`] that asks for what is not known: `who` ("TD3+BC of CORL") standardises, or may.
pub fn statistics(read: &mut Read<'_>, who: &str, configured: Option<bool>) -> Result<Option<Statistics>, Fault> {
    if let Some(statistics) = &read.stated.statistics {
        return Ok(Some(statistics.clone()));
    }
    let stated = read.stated.observations.map(|seen| seen == Observations::Standardised);
    match (stated.or(configured), read.given.data) {
        (Some(false), _) => Ok(None),
        (Some(true), Some(data)) => {
            read.about.warnings.push(format!(
                "{who} saves no statistics of its observations: those of the dataset are used (deviation + {EPSILON}), which \
                 are right only if it was trained on it"
            ));
            Ok(Some(of_dataset(data)))
        }
        (Some(true), None) => Err(read.tensors.error(format!(
            "{who} acts on standardised observations and does not save by what: {}",
            read.stated.asks("obs_mean = [...] and obs_std = [...]")
        ))),
        (None, _) => Err(read.tensors.error(format!(
            "{who} may act on standardised observations, and the file does not say: {}",
            read.stated.asks(
                "observations = \"raw\" or \"standardised\" (with obs_mean and obs_std where it is not the dataset's)"
            )
        ))),
    }
}

/// Mean, and deviation with [`EPSILON`] on it, of the observations that actions were taken in.
fn of_dataset(data: &Dataset) -> Statistics {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let (mean, std) = stats::column_mean_std(&data.states(&all).0, data.obs_dim().max(1));
    Statistics { mean, std: std.into_iter().map(|s| s + EPSILON).collect(), clip: None }
}
