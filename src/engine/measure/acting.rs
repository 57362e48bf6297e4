//! The policy that a source names beside its checkpoint, opened.

use std::path::Path;
use std::time::Duration;

use crate::agent::policy::{Normalised, Policy, Python};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::policies::{self, PolicyGiven, d4rl};
use crate::checkpoint::tensors::{Tensor, Tensors};
use crate::data::space::Space;
use crate::engine::measure::stage;
use crate::engine::opened::Opened;
use crate::env::gymnasium::policy::PythonPolicy;
use crate::format::d4rl::behaviour;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// How long a function may take to load, and to act.
const LIMIT: Duration = Duration::from_mins(1);

/// What was opened with the policy at `path` in the place of the checkpoint's own.
///
/// # Errors
/// A sentence naming the file and what to do.
pub fn with_policy(path: &Path, opened: &Opened) -> Result<Checkpoint, Fault> {
    let (source, data) = (&opened.source, &opened.data);
    let actions = actions(opened);
    let normalize = source.policy_normalize.as_deref();
    let given = PolicyGiven { normalize, actions: Some(&actions), data: Some(data) };
    // A function of Python's outlives the job that opens it.
    let (python, cx) = (source.acting.python.as_deref(), Ctx::quiet());
    let opened_policy = anywhere(path, &given, (data.obs_dim(), python), &cx);
    let Checkpoint { policy, about, .. } = opened_policy.map_err(|e| Fault::bad(e.to_string()))?;
    let own = opened.checkpoint.as_deref().cloned().unwrap_or_default();
    let both = Checkpoint { policy, critic: None, acting: Some(Box::new(about)), ..own };
    let fits = both.fits(&data.obs_space, &data.action_space);
    fits.map_err(|problem| Fault::bad(format!("{}: {problem}", path.display())))?;
    Ok(both)
}

/// The function that a policy of the user's own is, where `path` names one: `py:module:function`, `py:file.py:function`.
pub fn python_target(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix("py:")
}

/// The policy at `path`: a file, or a function that takes `width` columns, in the Python at `python`. A function's worker ends
/// with `cx`.
///
/// # Errors
/// As [`open`], or where Python fails.
pub fn anywhere(
    path: &Path,
    given: &PolicyGiven<'_>,
    (width, python): (usize, Option<&Path>),
    cx: &Ctx,
) -> Result<Checkpoint, Fault> {
    let Some(target) = python_target(path) else { return open(path, given) };
    policies::without_statistics(path, given)?;
    let worker = PythonPolicy::load(target, python, LIMIT, cx)?;
    let policy = Python::new(target, worker, width, given.actions.cloned().unwrap_or_default());
    Ok(Checkpoint { policy: Some(Box::new(policy)), ..Checkpoint::default() })
}

/// The policy at `path`, which may be in the metadata of a dataset.
///
/// # Errors
/// As [`policies::open`].
pub fn open(path: &Path, given: &PolicyGiven<'_>) -> Result<Checkpoint, Fault> {
    let Some(found) = behaviour(path)? else { return policies::open(path, given) };
    policies::without_statistics(path, given)?;
    let arrays = found.arrays.into_iter();
    let map = arrays.map(|(name, shape, values)| (name, Tensor { shape, values })).collect();
    d4rl::of_parts(d4rl::Parts {
        tensors: Tensors { path: path.to_path_buf(), map },
        nonlinearity: found.nonlinearity,
        output_distribution: found.output_distribution,
    })
}

/// What a policy is, in a few words: "squashed-gaussian of 3 observation and 1 action dimensions".
pub fn described(policy: &dyn Policy) -> String {
    let kind = match Normalised::known(policy) {
        Some(normalised) => format!("{} behind observation statistics", normalised.inner().kind()),
        None => policy.kind().to_owned(),
    };
    let obs = policy.features().map(|f| format!("{f} observation and ")).unwrap_or_default();
    let space = policy.action_space();
    match space.choices() {
        Some(choices) => {
            let each: Vec<String> = choices.iter().map(|(n, _)| n.to_string()).collect();
            format!("{kind} of {obs}{} action dimensions ({} choices)", space.dim(), each.join(" x "))
        }
        None => format!("{kind} of {obs}{} action dimensions", space.dim()),
    }
}

/// The actions that a policy has to take: those of the dataset, with the bounds of its environment where it states none and the
/// environment is built in.
fn actions(opened: &Opened) -> Space {
    let own = &opened.data.action_space;
    let stated = (0..own.dim()).all(|d| own.bounds(d).is_some()) || own.choices().is_some();
    if stated { own.clone() } else { stage::built_in_actions(opened).unwrap_or_else(|| own.clone()) }
}
