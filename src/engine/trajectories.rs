//! Real episodes of the checkpoint's policy: collected once, then shared by coverage and diagnosis.

use std::sync::Arc;

use super::Ended;
use super::job::PolicySpec;
use super::workspace::Opened;
use crate::data::dataset::Dataset;
use crate::env::{self, Environment};
use crate::model::policy::Actor;
use crate::seed::stream;
use crate::task::Ctx;
use crate::topup::collect::{Collector, Limit};

/// Why no episodes could be collected, in words that follow "because".
pub type Why = &'static str;

/// Episodes of the checkpoint's policy in the environment that is named, or in the dataset's own; `Err` within `Ok` where
/// there is no policy or the environment is not built in.
pub fn collect(spec: &PolicySpec, opened: &Opened, cx: &Ctx) -> Result<Result<Arc<Dataset>, Why>, Ended> {
    let Some(actor) = opened.checkpoint.as_ref().and_then(|c| c.actor.as_ref()) else {
        return Ok(Err("there is no policy to collect with"));
    };
    let Some(mut environment) = environment(spec.env.as_deref(), opened)? else {
        return Ok(Err("the environment is not built in"));
    };
    Ok(Ok(Arc::new(act(actor, &mut *environment, spec, cx)?)))
}

fn act(actor: &Actor, env: &mut dyn Environment, spec: &PolicySpec, cx: &Ctx) -> Result<Dataset, Ended> {
    let mut collector = Collector::new(0);
    let mut act = |obs: &[f32], _: &mut dyn rand::Rng| actor.act(obs);
    let cx = cx.phase("acting in the environment");
    let limit = Limit::episodes(spec.episodes.max(1));
    collector.run(env, &mut act, limit, &mut stream(spec.seed, "diagnosis"), &cx)?;
    collector.dataset(env).ok_or_else(|| Ended::Failed("the environment gave no step".into()))
}

/// The environment that is named, or the dataset's own where it is built in.
pub fn environment(named: Option<&str>, opened: &Opened) -> Result<Option<Box<dyn Environment>>, Ended> {
    let data = &opened.data;
    let of_checkpoint = opened.checkpoint.as_ref().and_then(|c| c.about.env_id.as_deref());
    let Some(id) = named.or(data.origin.env_id.as_deref()).or(of_checkpoint) else { return Ok(None) };
    let Some(environment) = env::make(id) else {
        let known = env::ENVIRONMENTS.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        return match named {
            Some(id) => Err(Ended::BadInput(format!("no environment is called '{id}'; built in: {known}"))),
            None => Ok(None),
        };
    };
    let (d, a) = (environment.obs_space().dim(), environment.action_space().dim());
    if (d, a) != (data.obs_dim(), data.action_dim()) {
        return Err(Ended::BadInput(format!(
            "{id} has {d} observation and {a} action dimensions, the dataset has {} and {}; name the dataset's own \
             environment with --env",
            data.obs_dim(),
            data.action_dim()
        )));
    }
    Ok(Some(environment))
}
