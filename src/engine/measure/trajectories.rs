//! Real episodes of the checkpoint's policy: collected once, then shared by coverage and diagnosis.

use std::path::PathBuf;
use std::sync::Arc;

use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::PolicySpec;
use crate::env;
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Why no episodes could be collected, in words that follow "because".
pub type Why = &'static str;

/// Episodes of the checkpoint's policy in the environment that is named, or in the dataset's own, from the cache if they were
/// collected before; `Err` within `Ok` where there is no policy or the environment is not built in.
///
/// # Errors
/// A sentence where the environment does not fit the dataset; or cancelled.
pub fn collected(opened: &Opened, spec: &PolicySpec, cx: &Ctx) -> Result<Result<Arc<Dataset>, Why>, Fault> {
    let Some(policy) = opened.checkpoint.as_ref().and_then(|c| c.policy.as_deref()) else {
        return Ok(Err("there is no policy to collect with"));
    };
    let Some(mut environment) = environment(spec.env.as_deref(), opened)? else {
        return Ok(Err("the environment is not built in"));
    };
    let source = &opened.source;
    let files = [&source.checkpoint, &source.policy, &source.policy_normalize].map(Clone::clone);
    let key: ([Option<PathBuf>; 3], PolicySpec) = (files, spec.clone());
    opened.measured.cached(key, || act(policy, &mut *environment, spec, cx)).map(Ok)
}

fn act(policy: &dyn Policy, env: &mut dyn VectorEnv, spec: &PolicySpec, cx: &Ctx) -> Result<Dataset, Fault> {
    let mut collector = Collector::new(spec.seed, "diagnosis", 0);
    let cx = cx.phase("acting in the environment");
    collector.run(env, policy, Acting::Greedy, Limit::episodes(spec.episodes.max(1)), &cx)?;
    collector.dataset(env).ok_or_else(|| Fault::failed("the environment gave no step"))
}

/// Whose episodes they are, in words.
pub fn whose(opened: &Opened) -> &'static str {
    if opened.source.policy.is_some() { "the policy that --policy names" } else { "the checkpoint's policy" }
}

/// Copies of an environment that act side by side.
pub const COPIES: usize = 8;

/// The environment that is named, or the dataset's own where it is built in.
///
/// # Errors
/// A sentence where the named one is unknown or does not fit the dataset.
pub fn environment(named: Option<&str>, opened: &Opened) -> Result<Option<Box<dyn VectorEnv>>, Fault> {
    let data = &opened.data;
    let of_checkpoint = opened.checkpoint.as_ref().and_then(|c| c.about.env_id.as_deref());
    let Some(id) = named.or(data.origin.env_id.as_deref()).or(of_checkpoint) else { return Ok(None) };
    let Some(environment) = env::make(id, COPIES, &[])? else {
        return match named {
            Some(id) => Err(Fault::bad(format!("no environment is called '{id}'; built in: {}", env::known()))),
            None => Ok(None),
        };
    };
    environment.spec().fits(&data.obs_space, &data.action_space, "the dataset").map_err(Fault::bad)?;
    Ok(Some(environment))
}
