//! Real episodes of the checkpoint's policy: collected once, then shared by coverage and diagnosis, and kept where that was
//! asked for.

use std::path::PathBuf;
use std::sync::Arc;

use super::kept::Kept;
use super::stage;
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::{ActingSpec, PolicySpec};
use crate::env::vector::VectorEnv;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// What decides which episodes they are: the checkpoint, where it acts, how often and from where.
type Key = ([Option<PathBuf>; 3], ActingSpec, PolicySpec);

/// Episodes of the checkpoint's policy in the environment that is named, or in the dataset's own, from the cache if they were
/// collected before; `Err` within `Ok` says why there are none, in words that follow "because".
///
/// # Errors
/// A sentence where the environment does not fit the dataset; or cancelled.
pub fn collected(opened: &Opened, spec: &PolicySpec, cx: &Ctx) -> Result<Result<Arc<Dataset>, String>, Fault> {
    let Some(policy) = opened.checkpoint.as_ref().and_then(|c| c.policy.as_deref()) else {
        return Ok(Err("there is no policy to collect with".into()));
    };
    let source = &opened.source;
    opened
        .measured
        .cached(key(opened, spec), || {
            let kept = source.acting.keep.as_deref();
            if let Some(folder) = kept.filter(|folder| folder.exists()) {
                return Kept::of(opened, policy, spec).open(folder, opened, cx).map(|data| Ok(Arc::new(data)));
            }
            let acted = match stage::begin(opened, cx)? {
                Ok(acted) => acted,
                Err(why) => return Ok(Err(format!("there is no environment to act in ({why})"))),
            };
            let mut env = acted.env;
            let acting = if source.acting.sampled { Acting::Sampled } else { Acting::Greedy };
            let mut data = act(policy, acting, (&mut *env, spec), cx)?;
            data.origin.rules.extend(acted.place);
            data.origin.warnings.extend(acted.warning);
            if let Some(folder) = kept {
                Kept::of(opened, policy, spec).keep(folder, &data, env.spec().to_json())?;
            }
            Ok(Ok(Arc::new(data)))
        })
        .map(|found| (*found).clone())
}

/// Those episodes where they were collected already.
pub fn known(opened: &Opened, spec: &PolicySpec) -> Option<Arc<Dataset>> {
    let wanted = key(opened, spec);
    let found: Arc<Result<Arc<Dataset>, String>> = opened.measured.find(|known: &Key| *known == wanted)?;
    found.as_ref().clone().ok()
}

fn key(opened: &Opened, spec: &PolicySpec) -> Key {
    let source = &opened.source;
    let files = [&source.checkpoint, &source.policy, &source.policy_normalize].map(Clone::clone);
    (files, source.acting.clone(), spec.clone())
}

fn act(
    policy: &dyn Policy,
    acting: Acting,
    (env, spec): (&mut dyn VectorEnv, &PolicySpec),
    cx: &Ctx,
) -> Result<Dataset, Fault> {
    let mut collector = Collector::new(spec.seed, "diagnosis", 0);
    let cx = cx.phase("acting in the environment");
    collector.run(env, policy, acting, Limit::episodes(spec.episodes.max(1)), &cx)?;
    collector.dataset(env).ok_or_else(|| Fault::failed("the environment gave no step"))
}

/// Whose episodes they are, in words.
pub fn whose(opened: &Opened) -> &'static str {
    if opened.source.policy.is_some() { "the policy that --policy names" } else { "the checkpoint's policy" }
}
