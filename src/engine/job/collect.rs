use std::path::Path;

use super::{Emit, Job, Slot};
use crate::agent::behaviour::{SCRIPTED, Scripted, scripted};
use crate::agent::collect::{Collector, Limit};
use crate::engine::event::Outcome;
use crate::engine::spec::CollectSpec;
use crate::engine::workspace::Workspace;
use crate::env::Environment;
use crate::env::pendulum::Pendulum;
use crate::format::write::{MinariAbout, Reset, env_spec, write_minari};
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;

/// Half-widths of the start angles and velocities.
type Start = (f64, f64);

/// Makes a dataset by acting in a built-in environment with a scripted policy. So were the demo's datasets made.
pub(super) struct Collect;

impl Job for Collect {
    type Spec = CollectSpec;
    type Input = Scripted;
    const NAME: &'static str = "collect";
    const SLOT: Slot = Slot::Train;

    fn open(spec: &CollectSpec, _: &Workspace, _: &Ctx, _: Emit<'_>) -> Result<Scripted, Fault> {
        if spec.env != "Pendulum-v1" {
            let env = printable(&spec.env);
            return Err(Fault::bad(format!("--env {env}: scripted policies are there for Pendulum-v1 only")));
        }
        let Some((behaviour, start)) = scripted(&spec.policy) else {
            let (name, known) = (printable(&spec.policy), SCRIPTED.join(", "));
            return Err(Fault::bad(format!("no policy is called '{name}'; choose one of {known}")));
        };
        if spec.out.exists() {
            return Err(Fault::bad(format!("{}: exists already; name a new folder", spec.out.display())));
        }
        Ok((behaviour, asked_start(spec, start)?))
    }

    fn run(spec: &CollectSpec, (mut behaviour, start): Scripted, cx: &Ctx, _: Emit<'_>) -> Result<Outcome, Fault> {
        let mut env = Pendulum::default();
        env.start = start.unwrap_or(env.start);
        let mut collector = Collector::new(0);
        let mut rng = stream(spec.seed, "collect", 0);
        let phase = cx.phase("acting in the environment");
        collector.run(&mut env, &mut *behaviour, Limit::episodes(spec.episodes), &mut rng, &phase)?;
        let data = collector.dataset(&env).ok_or_else(|| Fault::failed("no step was taken"))?;
        write_minari(&spec.out, &data, &about(spec, env.id(), start, data.num_episodes()))?;
        let returns = collector.returns();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        let summary = format!("{} episodes, {} steps, mean return {mean:.1}", data.num_episodes(), data.num_steps());
        Ok(Outcome { summary, written: vec![spec.out.clone()] })
    }
}

/// A name that a person wrote, without what moves a terminal's cursor.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The policy's start distribution with what was asked for in its place.
fn asked_start(spec: &CollectSpec, own: Option<Start>) -> Result<Option<Start>, Fault> {
    let asked = [spec.x_init, spec.y_init].into_iter().flatten();
    if asked.into_iter().any(|v| !(v.is_finite() && v >= 0.0)) {
        return Err(Fault::bad("--x-init and --y-init: half-widths are finite and not negative"));
    }
    if spec.x_init.is_none() && spec.y_init.is_none() {
        return Ok(own);
    }
    let (x, y) = own.unwrap_or(Pendulum::default().start);
    Ok(Some((spec.x_init.unwrap_or(x), spec.y_init.unwrap_or(y))))
}

fn about(spec: &CollectSpec, env: &str, start: Option<Start>, episodes: usize) -> MinariAbout {
    let reset = |(x, y): Start| Reset { seed: None, options: vec![("x_init".into(), x), ("y_init".into(), y)] };
    let starts = start.map_or(String::new(), |(x, y)| format!(" --x-init {x} --y-init {y}"));
    MinariAbout {
        dataset_id: dataset_id(&spec.out, &spec.policy),
        env_spec: Some(env_spec(env)),
        algorithm_name: format!("scripted: {}", spec.policy),
        authors: vec!["oodscope".into()],
        description: format!(
            "oodscope collect --env {env} --policy {} --episodes {}{starts} --seed {}",
            spec.policy, spec.episodes, spec.seed
        ),
        resets: start.map_or(Vec::new(), |start| vec![reset(start); episodes]),
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
