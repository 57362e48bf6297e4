//! Real episodes of the checkpoint's policy: collected once, then shared by coverage and diagnosis.

use std::path::PathBuf;
use std::sync::Arc;

use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::Actor;
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::PolicySpec;
use crate::env::{self, Environment};
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;

/// Why no episodes could be collected, in words that follow "because".
pub type Why = &'static str;

/// Episodes of the checkpoint's policy in the environment that is named, or in the dataset's own, from the cache if they were
/// collected before; `Err` within `Ok` where there is no policy or the environment is not built in.
///
/// # Errors
/// A sentence where the environment does not fit the dataset; or cancelled.
pub fn collected(opened: &Opened, spec: &PolicySpec, cx: &Ctx) -> Result<Result<Arc<Dataset>, Why>, Fault> {
    let Some(actor) = opened.checkpoint.as_ref().and_then(|c| c.actor.as_ref()) else {
        return Ok(Err("there is no policy to collect with"));
    };
    let Some(mut environment) = environment(spec.env.as_deref(), opened)? else {
        return Ok(Err("the environment is not built in"));
    };
    let key: (Option<PathBuf>, PolicySpec) = (opened.source.checkpoint.clone(), spec.clone());
    opened.measured.cached(key, || act(actor, &mut *environment, spec, cx)).map(Ok)
}

fn act(actor: &Actor, env: &mut dyn Environment, spec: &PolicySpec, cx: &Ctx) -> Result<Dataset, Fault> {
    let mut collector = Collector::new(0);
    let mut act = |obs: &[f32], _: &mut dyn rand::Rng| actor.act(obs);
    let cx = cx.phase("acting in the environment");
    let limit = Limit::episodes(spec.episodes.max(1));
    collector.run(env, &mut act, limit, &mut stream(spec.seed, "diagnosis", 0), &cx)?;
    collector.dataset(env).ok_or_else(|| Fault::failed("the environment gave no step"))
}

/// The environment that is named, or the dataset's own where it is built in.
///
/// # Errors
/// A sentence where the named one is unknown or does not fit the dataset.
pub fn environment(named: Option<&str>, opened: &Opened) -> Result<Option<Box<dyn Environment>>, Fault> {
    let data = &opened.data;
    let of_checkpoint = opened.checkpoint.as_ref().and_then(|c| c.about.env_id.as_deref());
    let Some(id) = named.or(data.origin.env_id.as_deref()).or(of_checkpoint) else { return Ok(None) };
    let Some(environment) = env::make(id) else {
        let known = env::ENVIRONMENTS.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        return match named {
            Some(id) => Err(Fault::bad(format!("no environment is called '{id}'; built in: {known}"))),
            None => Ok(None),
        };
    };
    let (d, a) = (environment.obs_space().dim(), environment.action_space().dim());
    if (d, a) != (data.obs_dim(), data.action_dim()) {
        return Err(Fault::bad(format!(
            "{id} has {d} observation and {a} action dimensions, the dataset has {} and {}; name the dataset's own \
             environment with --env",
            data.obs_dim(),
            data.action_dim()
        )));
    }
    Ok(Some(environment))
}
