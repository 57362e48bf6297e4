//! Whether a policy from elsewhere was read as what it is: its greedy actions in the dataset's own states, and those states
//! against the statistics that it has.

use std::path::PathBuf;
use std::sync::Arc;

use crate::agent::policy::{Acting, Normalised, Policy, PolicyState, SquashedGaussian, Statistics};
use crate::data::dataset::Dataset;
use crate::data::split::SplitSpec;
use crate::engine::opened::Opened;
use crate::engine::spec::ActingSpec;
use crate::format::Choice;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::stats::evenly;
use crate::ground::task::Ctx;
use crate::world::net::normalizer::Normalizer;

/// States that are looked at.
const STATES: usize = 2048;
/// Share of actions outside the bounds that is said.
const OUTSIDE: f64 = 0.01;
/// Share of actions at a bound that is said.
const SATURATED: f64 = 0.99;
/// Nearness to a bound, as a share of the range.
const NEAR: f32 = 1e-3;
/// Root mean square of standardised observations that is said.
const FAR: f64 = 5.0;
/// Dimensions that are named.
const NAMED: usize = 3;

/// What was checked.
#[derive(PartialEq)]
struct Checked {
    dataset: (PathBuf, Choice),
    split: SplitSpec,
    checkpoint: Option<PathBuf>,
    policy: Option<PathBuf>,
    normalize: Option<PathBuf>,
    acting: ActingSpec,
}

/// What is doubtful about the policy that the source of `opened` names beside its checkpoint, a sentence each; from the cache if
/// it was looked at before.
///
/// # Errors
/// When cancelled.
pub fn policy_check(opened: &Opened, cx: &Ctx) -> Result<Arc<Vec<String>>, Fault> {
    let source = &opened.source;
    let policy = opened.checkpoint.as_deref().filter(|c| c.acting.is_some()).and_then(|c| c.policy.as_deref());
    let Some(policy) = policy.filter(|p| p.features().is_none_or(|f| f == opened.data.obs_dim())) else {
        return Ok(Arc::default());
    };
    cx.check()?;
    let key = Checked {
        dataset: (source.dataset.clone(), source.choice()),
        split: source.split,
        checkpoint: source.checkpoint.clone(),
        policy: source.policy.clone(),
        normalize: source.policy_normalize.clone(),
        acting: source.acting.clone(),
    };
    opened.measured.cached(key, || Ok(doubts(policy, opened)))
}

fn doubts(policy: &dyn Policy, opened: &Opened) -> Vec<String> {
    let data = &opened.data;
    let obs = states(data, &opened.split.train);
    let rows = obs.len() / data.obs_dim().max(1);
    if rows == 0 {
        return Vec::new();
    }
    let mut each: Vec<PolicyState> = (0..rows).map(|i| policy.begin(stream(0, "policy check", i as u64))).collect();
    let actions = policy.act(&obs, &mut each, Acting::Greedy);
    let far = statistics(policy).and_then(|statistics| far(&statistics, &obs, data));
    let bounded = outside(actions.stored(), data).or_else(|| saturated(actions.stored(), policy));
    bounded.into_iter().chain(far).collect()
}

/// Observations of the training part, evenly over it.
fn states(data: &Dataset, train: &[usize]) -> Vec<f32> {
    let (rows, _) = data.states(train);
    let d = data.obs_dim().max(1);
    let picked = evenly(rows.len() / d, STATES);
    picked.into_iter().flat_map(|i| rows[i * d..(i + 1) * d].to_vec()).collect()
}

fn outside(actions: &[f32], data: &Dataset) -> Option<String> {
    let space = &data.action_space;
    let a = space.dim().max(1);
    let beyond = |d: usize, v: f32| {
        space.bounds(d).is_some_and(|(low, high)| v < low - NEAR * (high - low) || v > high + NEAR * (high - low))
    };
    let rows = actions.len() / a;
    let out = actions.chunks_exact(a).filter(|row| (0..a).any(|d| beyond(d, row[d]))).count();
    let share = out as f64 / rows.max(1) as f64;
    (share > OUTSIDE).then(|| {
        format!(
            "the policy's actions are outside the bounds of the dataset's actions in {:.0} % of {rows} states of the dataset: \
             its scale is another one's, or they are clipped by the environment",
            100.0 * share
        )
    })
}

fn saturated(actions: &[f32], policy: &dyn Policy) -> Option<String> {
    let space = policy.action_space();
    let a = space.dim().max(1);
    let bounds: Vec<(f32, f32)> = (0..a).map(|d| space.bounds(d)).collect::<Option<_>>()?;
    if space.choices().is_some() {
        return None;
    }
    let at = |v: f32, (low, high): (f32, f32)| v - low < NEAR * (high - low) || high - v < NEAR * (high - low);
    let count = actions.iter().zip(bounds.iter().cycle()).filter(|(v, b)| at(**v, **b)).count();
    (count as f64 >= SATURATED * actions.len() as f64).then(|| {
        "the policy's actions are at their bounds in all states of the dataset: as it was read it sees observations that it was \
         not trained on, or only ever acts so"
            .into()
    })
}

/// The statistics that the policy sees observations by, its own input's among them.
fn statistics(policy: &dyn Policy) -> Option<Statistics> {
    if let Some(normalised) = Normalised::known(policy) {
        return Some(normalised.statistics().clone());
    }
    let input = &SquashedGaussian::known(policy)?.input;
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
    let own = *input != Normalizer::identity(input.mean.len());
    own.then(|| Statistics { mean: wide(&input.mean), std: wide(&input.std), clip: None })
}

fn far(statistics: &Statistics, obs: &[f32], data: &Dataset) -> Option<String> {
    let d = statistics.mean.len();
    let open = Statistics { clip: None, ..statistics.clone() };
    let seen = open.apply(obs);
    let rms = |c: usize| {
        let column = seen.iter().skip(c).step_by(d).map(|v| f64::from(*v).powi(2));
        (column.sum::<f64>() / (seen.len() / d).max(1) as f64).sqrt()
    };
    let mut beyond: Vec<(f64, &str)> =
        (0..d).map(|c| (rms(c), data.obs_space.names[c].as_str())).filter(|(rms, _)| *rms > FAR).collect();
    beyond.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named: Vec<String> = beyond.iter().take(NAMED).map(|(rms, name)| format!("{name} by {rms:.0}")).collect();
    (!beyond.is_empty()).then(|| {
        format!(
            "the dataset's observations are far from the statistics that the policy has, in their standard deviations: {}{}; were \
             they collected in the environment that it was trained in?",
            named.join(", "),
            if beyond.len() > NAMED { ", …" } else { "" }
        )
    })
}

#[cfg(test)]
mod tests;
