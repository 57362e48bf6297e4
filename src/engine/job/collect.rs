use std::fmt::Write as _;
use std::path::Path;

use super::{Emit, Job, Slot};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Scripted};
use crate::engine::event::Outcome;
use crate::engine::measure::stage::COPIES;
use crate::engine::spec::CollectSpec;
use crate::engine::workspace::Workspace;
use crate::env::spec::ResetOption;
use crate::env::{self, minari_spec};
use crate::format::write::{MinariAbout, Reset, write_minari};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number};
use crate::ground::task::Ctx;

/// Makes a dataset by acting in a built-in environment with a scripted policy. So were the demo's datasets made.
pub(super) struct Collect;

impl Job for Collect {
    type Spec = CollectSpec;
    type Input = Vec<ResetOption>;
    const NAME: &'static str = "collect";
    const SLOT: Slot = Slot::Train;

    fn open(spec: &CollectSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<Vec<ResetOption>, Fault> {
        if spec.out.exists() {
            return Err(Fault::bad(format!("{}: exists already; name a new folder", spec.out.display())));
        }
        let asked = [("x_init", spec.x_init), ("y_init", spec.y_init)];
        let given: Vec<_> = asked.into_iter().filter_map(|(name, v)| Some((name.to_owned(), v?))).collect();
        if given.iter().any(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            return Err(Fault::bad("--x-init and --y-init: half-widths are finite and not negative"));
        }
        Ok(given)
    }

    fn run(spec: &CollectSpec, options: Vec<ResetOption>, cx: &Ctx, _: Emit<'_>) -> Result<Outcome, Fault> {
        let policy = Scripted::named(&spec.env, &spec.policy).map_err(Fault::bad)?;
        let Some(mut env) = env::make(&spec.env, COPIES, &options)? else {
            return Err(Fault::bad(format!("no environment is called '{}'; built in: {}", spec.env, env::known())));
        };
        let mut collector = Collector::new(spec.seed, "collect", 0);
        let phase = cx.phase("acting in the environment");
        collector.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(spec.episodes), &phase)?;
        let data = collector.dataset(&*env).ok_or_else(|| Fault::failed("no step was taken"))?;
        write_minari(&spec.out, &data, &about(spec, options, data.num_episodes()))?;
        let returns = collector.returns();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        let (episodes, steps) = (counted(data.num_episodes(), "episodes"), counted(data.num_steps(), "steps"));
        let summary = format!("{episodes}, {steps}, mean return {}", number(mean));
        Ok(Outcome { summary, written: vec![spec.out.clone()] })
    }
}

fn about(spec: &CollectSpec, options: Vec<ResetOption>, episodes: usize) -> MinariAbout {
    let starts = options.iter().fold(String::new(), |mut said, (name, v)| {
        let _ = write!(said, " --{} {v}", name.replace('_', "-"));
        said
    });
    let resets = if options.is_empty() { 0 } else { episodes };
    MinariAbout {
        dataset_id: dataset_id(&spec.out, &spec.policy),
        env_spec: Some(minari_spec(&spec.env)),
        algorithm_name: format!("scripted: {}", spec.policy),
        authors: vec!["oodscope".into()],
        description: format!(
            "oodscope collect --env {} --policy {} --episodes {}{starts} --seed {}",
            spec.env, spec.policy, spec.episodes, spec.seed
        ),
        resets: vec![Reset { seed: None, options }; resets],
        ..MinariAbout::default()
    }
}

/// Minari's id out of the last two parts of the folder's path, where they make one.
fn dataset_id(folder: &Path, policy: &str) -> String {
    let part = |path: Option<&Path>| path.and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
    let plain = |s: &String| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let versioned = |s: &String| {
        s.rsplit_once("-v")
            .is_some_and(|(n, v)| !n.is_empty() && !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()))
    };
    let name = part(Some(folder)).filter(plain).filter(versioned).unwrap_or_else(|| format!("{policy}-v0"));
    let space = part(folder.parent()).filter(plain).unwrap_or_else(|| "pendulum".into());
    format!("{space}/{name}")
}

#[cfg(test)]
mod tests {
    use super::dataset_id;
    use std::path::Path;

    #[test]
    fn an_id_comes_from_the_folder_where_it_can() {
        assert_eq!(dataset_id(Path::new("datasets/pendulum/narrow-v0"), "narrow"), "pendulum/narrow-v0");
        assert_eq!(dataset_id(Path::new("/tmp/a b/out"), "mixed"), "pendulum/mixed-v0");
        assert_eq!(dataset_id(Path::new("narrow-v12"), "narrow"), "pendulum/narrow-v12");
    }
}
