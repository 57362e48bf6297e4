//! Real episodes of the checkpoint's policy: collected once, then shared by coverage and diagnosis, and kept where that was
//! asked for.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::stage;
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::{ActingSpec, PolicySpec};
use crate::env::minari_spec;
use crate::env::vector::VectorEnv;
use crate::format;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;
use crate::ground::save;
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
    let files = [&source.checkpoint, &source.policy, &source.policy_normalize].map(Clone::clone);
    let key: Key = (files, source.acting.clone(), spec.clone());
    opened
        .measured
        .cached(key, || {
            let kept = source.acting.keep.as_deref();
            if let Some(folder) = kept.filter(|folder| folder.exists()) {
                return known(folder, &Kept::of(opened, spec), cx).map(Ok);
            }
            let acted = match stage::begin(opened, cx)? {
                Ok(acted) => acted,
                Err(why) => return Ok(Err(format!("there is no environment to act in ({why})"))),
            };
            let mut env = acted.env;
            let mut data = act(policy, &mut *env, spec, cx)?;
            data.origin.rules.extend(acted.place);
            data.origin.warnings.extend(acted.warning);
            if let Some(folder) = kept {
                keep(folder, &data, &Kept::of(opened, spec))?;
            }
            Ok(Ok(Arc::new(data)))
        })
        .map(|found| (*found).clone())
}

fn act(policy: &dyn Policy, env: &mut dyn VectorEnv, spec: &PolicySpec, cx: &Ctx) -> Result<Dataset, Fault> {
    let mut collector = Collector::new(spec.seed, "diagnosis", 0);
    let cx = cx.phase("acting in the environment");
    collector.run(env, policy, Acting::Greedy, Limit::episodes(spec.episodes.max(1)), &cx)?;
    collector.dataset(env).ok_or_else(|| Fault::failed("the environment gave no step"))
}

/// What kept episodes say of themselves, beside the dataset.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    checkpoint: Option<PathBuf>,
    policy: Option<PathBuf>,
    env: Option<String>,
    episodes: usize,
    seed: u64,
}

/// Name of the file that says it.
const KEPT: &str = "oodscope.json";

impl Kept {
    fn of(opened: &Opened, spec: &PolicySpec) -> Self {
        let absolute = |path: &Option<PathBuf>| path.as_ref().and_then(|path| std::path::absolute(path).ok());
        let (source, origin) = (&opened.source, &opened.data.origin);
        Self {
            checkpoint: absolute(&source.checkpoint),
            policy: absolute(&source.policy),
            env: source.acting.env.clone().or_else(|| origin.env_id.clone()),
            episodes: spec.episodes,
            seed: spec.seed,
        }
    }
}

/// Writes collected episodes into the new folder `folder`.
fn keep(folder: &Path, data: &Dataset, kept: &Kept) -> Result<(), Fault> {
    let origin = &data.origin;
    let about = MinariAbout {
        dataset_id: "collected/rollouts-v0".into(),
        env_spec: origin.env_id.as_deref().map(minari_spec),
        algorithm_name: kept
            .policy
            .as_ref()
            .or(kept.checkpoint.as_ref())
            .map_or_else(String::new, |p| p.display().to_string()),
        description: format!("Episodes that a policy was judged by; seed {}", kept.seed),
        ..MinariAbout::default()
    };
    write_minari(folder, data, &about)?;
    let text = serde_json::to_vec_pretty(kept).map_err(|e| Fault::at(folder, e.to_string()))?;
    save::file(&folder.join(KEPT), |file| file.write_all(&text).map_err(|e| e.to_string()))
}

/// The episodes that were kept in `folder`.
fn known(folder: &Path, asked: &Kept, cx: &Ctx) -> Result<Arc<Dataset>, Fault> {
    let text = std::fs::read(folder.join(KEPT)).unwrap_or_default();
    if serde_json::from_slice::<Kept>(&text).ok().as_ref() != Some(asked) {
        return Err(Fault::at(
            folder,
            "holds other episodes than those asked for (another policy, environment, number or seed); name a new folder with \
             --keep, or give it to --rollouts",
        ));
    }
    format::open(folder, None, &cx.phase("opening the episodes that were kept")).map(Arc::new)
}

/// Whose episodes they are, in words.
pub fn whose(opened: &Opened) -> &'static str {
    if opened.source.policy.is_some() { "the policy that --policy names" } else { "the checkpoint's policy" }
}
