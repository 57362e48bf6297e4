use std::fmt::Write as _;
use std::path::Path;

use super::{Emit, Job, Slot};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy, Scripted, Uniform};
use crate::checkpoint::policies::PolicyGiven;
use crate::data::space::Space;
use crate::engine::event::Outcome;
use crate::engine::measure::acting;
use crate::engine::measure::stage::{self, COPIES};
use crate::engine::spec::CollectSpec;
use crate::engine::workspace::Workspace;
use crate::env;
use crate::env::spec::{EnvSpec, ResetOption};
use crate::format::write::{MinariAbout, Reset, write_minari};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number};
use crate::ground::task::Ctx;

/// Makes a dataset by acting in an environment. So were the demo's datasets made.
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
        let mut acted = stage::named(&spec.acting(), COPIES)?.starting(&options)?.begin(true, cx)?;
        let (policy, cautions) = policy(spec, acted.env.spec(), cx)?;
        let acting = if spec.greedy { Acting::Greedy } else { Acting::Sampled };
        let mut collector = Collector::new(spec.seed, "collect", 0);
        let phase = cx.phase("acting in the environment");
        collector.run(&mut *acted.env, &*policy, acting, Limit::episodes(spec.episodes), &phase)?;
        let data = collector.dataset(&*acted.env).ok_or_else(|| Fault::failed("no step was taken"))?;
        let about = about(spec, options, data.num_episodes(), acted.env.spec().to_json());
        write_minari(&spec.out, &data, &about)?;
        let returns = collector.returns();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        let (episodes, steps) = (counted(data.num_episodes(), "episodes"), counted(data.num_steps(), "steps"));
        let mut summary = format!("{episodes}, {steps}, mean return {}", number(mean));
        for told in acted.place.into_iter().chain(acted.warning).chain(cautions) {
            let _ = write!(summary, "; {told}");
        }
        Ok(Outcome { summary, written: vec![spec.out.clone()] })
    }
}

/// Who acts in the environment of `env`, and what is doubtful about it.
fn policy(spec: &CollectSpec, env: &EnvSpec, cx: &Ctx) -> Result<(Box<dyn Policy>, Vec<String>), Fault> {
    let (path, name) = (&spec.policy, spec.policy.to_string_lossy());
    let scripted = Scripted::named(&env.id, &name);
    if let Some(script) = scripted.as_ref().ok().filter(|_| !spec.acting.is_gymnasium()) {
        return Ok((script.boxed(), Vec::new()));
    }
    if name == "random" {
        return Ok((Box::new(Uniform::new(env.action_space.clone())), Vec::new()));
    }
    if acting::python_target(path).is_none() && !path.exists() {
        let scripts = scripted.err().filter(|_| env::is_built_in(&env.id));
        let why = scripts.unwrap_or_else(|| format!("no policy is called '{name}'; choose random"));
        return Err(Fault::bad(format!("{why}, or name a policy's file")));
    }
    let given =
        PolicyGiven { normalize: spec.policy_normalize.as_deref(), actions: Some(&env.action_space), data: None };
    let opened = acting::anywhere(path, &given, (env.obs_space.dim(), spec.acting.python.as_deref()), cx)?;
    let policy = opened.policy.ok_or_else(|| Fault::at(path, "holds no policy"))?;
    let seen = Space::unnamed("obs", policy.features().unwrap_or(env.obs_space.dim()));
    env.fits(&seen, policy.action_space(), "the policy").map_err(|why| Fault::at(path, why))?;
    if policy.action_space().choices() != env.action_space.choices() {
        let why = format!(
            "the policy chooses among other actions than {} takes; name its own environment with --env",
            env.id
        );
        return Err(Fault::at(path, why));
    }
    Ok((policy, opened.about.warnings))
}

fn about(spec: &CollectSpec, options: Vec<ResetOption>, episodes: usize, env_spec: String) -> MinariAbout {
    let starts = options.iter().fold(String::new(), |mut said, (name, v)| {
        let _ = write!(said, " --{} {v}", name.replace('_', "-"));
        said
    });
    let resets = if options.is_empty() { 0 } else { episodes };
    let (file, is_file) = (spec.policy.file_name().unwrap_or_default().to_string_lossy(), spec.policy.exists());
    let who = if is_file { format!("policy: {file}") } else { format!("scripted: {}", spec.policy.display()) };
    let greedy = if spec.greedy { " --greedy" } else { "" };
    MinariAbout {
        dataset_id: dataset_id(&spec.out, spec.env(), &file),
        env_spec: Some(env_spec),
        algorithm_name: who,
        authors: vec!["oodscope".into()],
        description: format!(
            "oodscope collect --env {} --policy {file}{greedy} --episodes {}{starts} --seed {}",
            spec.env(),
            spec.episodes,
            spec.seed
        ),
        resets: vec![Reset { seed: None, options }; resets],
        ..MinariAbout::default()
    }
}

/// Minari's id out of the last two parts of the folder's path, where they make one.
fn dataset_id(folder: &Path, env: &str, policy: &str) -> String {
    let part = |path: Option<&Path>| path.and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
    let plain = |s: &String| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let versioned = |s: &String| {
        s.rsplit_once("-v")
            .is_some_and(|(n, v)| !n.is_empty() && !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()))
    };
    let slug = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
    };
    let own = || format!("{}-v0", slug(policy));
    let name = part(Some(folder)).filter(plain).filter(versioned).unwrap_or_else(own);
    let base = env.rsplit_once("-v").map_or(env, |(name, _)| name);
    let space = part(folder.parent()).filter(plain).unwrap_or_else(|| slug(base));
    format!("{space}/{name}")
}

#[cfg(test)]
mod tests {
    use super::dataset_id;
    use std::path::Path;

    #[test]
    fn an_id_comes_from_the_folder_where_it_can() {
        let of = |folder: &str, policy: &str| dataset_id(Path::new(folder), "Pendulum-v1", policy);
        assert_eq!(of("datasets/pendulum/narrow-v0", "narrow"), "pendulum/narrow-v0");
        assert_eq!(of("/tmp/a b/out", "mixed"), "pendulum/mixed-v0");
        assert_eq!(of("narrow-v12", "narrow"), "pendulum/narrow-v12");
        let zip = dataset_id(Path::new("x/out"), "dm_control/cartpole-swingup-v0", "best model.zip");
        assert_eq!(zip, "x/best-model-zip-v0");
    }
}
