//! `oodscope collect`: makes a dataset by acting in a built-in environment with a scripted policy. So were the demo's
//! datasets made.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::count;
use super::headless::{self, Status};
use super::interrupt;
use crate::agent::behaviour::{SCRIPTED, scripted};
use crate::agent::collect::{Collector, Limit};
use crate::env::Environment;
use crate::env::pendulum::Pendulum;
use crate::format::write::{MinariAbout, Reset, env_spec, write_minari};
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::{Cancel, Ctx};

/// Options of `oodscope collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Environment to act in
    #[arg(long, value_name = "ID", default_value = "Pendulum-v1")]
    env: String,
    /// Who acts: narrow, mixed or random
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// Episodes
    #[arg(long, value_name = "N", default_value = "100", value_parser = count)]
    episodes: usize,
    /// Half-width of the start angles; the policy's own if none is named
    #[arg(long, value_name = "RAD")]
    x_init: Option<f64>,
    /// Half-width of the start velocities; the policy's own if none is named
    #[arg(long, value_name = "RAD/S")]
    y_init: Option<f64>,
    /// New folder that the Minari dataset is written to
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Seed of starts and policy
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl CollectArgs {
    /// Does it.
    pub fn run(&self) -> Status {
        match self.make(interrupt::install()) {
            Ok(said) => {
                headless::print(&said);
                Status::Good
            }
            Err(ended) => headless::complain(&ended),
        }
    }

    fn make(&self, cancel: Cancel) -> Result<String, Fault> {
        if self.env != "Pendulum-v1" {
            return Err(Fault::bad(format!(
                "--env {}: scripted policies are there for Pendulum-v1 only",
                super::text::clean(&self.env)
            )));
        }
        let Some((mut behaviour, start)) = scripted(&self.policy) else {
            let (name, known) = (super::text::clean(&self.policy), SCRIPTED.join(", "));
            return Err(Fault::bad(format!("no policy is called '{name}'; choose one of {known}")));
        };
        if self.out.exists() {
            return Err(Fault::bad(format!("{}: exists already; name a new folder", self.out.display())));
        }
        let start = self.start(start)?;
        let mut env = Pendulum::default();
        env.start = start.unwrap_or(env.start);
        let mut collector = Collector::new(0);
        let cx = Ctx::new(cancel, |_| {});
        let mut rng = stream(self.seed, "collect", 0);
        collector.run(&mut env, &mut *behaviour, Limit::episodes(self.episodes), &mut rng, &cx)?;
        let data = collector.dataset(&env).ok_or_else(|| Fault::failed("no step was taken"))?;
        write_minari(&self.out, &data, &self.about(env.id(), start, data.num_episodes()))?;
        let returns = collector.returns();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        Ok(format!(
            "{} episodes, {} steps, mean return {mean:.1}\nwrote {}\n",
            data.num_episodes(),
            data.num_steps(),
            self.out.display()
        ))
    }

    /// The policy's start distribution with what was asked for in its place.
    fn start(&self, own: Option<(f64, f64)>) -> Result<Option<(f64, f64)>, Fault> {
        let asked = [self.x_init, self.y_init].into_iter().flatten();
        if asked.into_iter().any(|v| !(v.is_finite() && v >= 0.0)) {
            return Err(Fault::bad("--x-init and --y-init: half-widths are finite and not negative"));
        }
        if self.x_init.is_none() && self.y_init.is_none() {
            return Ok(own);
        }
        let (x, y) = own.unwrap_or(Pendulum::default().start);
        Ok(Some((self.x_init.unwrap_or(x), self.y_init.unwrap_or(y))))
    }

    fn about(&self, env: &str, start: Option<(f64, f64)>, episodes: usize) -> MinariAbout {
        let reset =
            |(x, y): (f64, f64)| Reset { seed: None, options: vec![("x_init".into(), x), ("y_init".into(), y)] };
        let starts = start.map_or(String::new(), |(x, y)| format!(" --x-init {x} --y-init {y}"));
        MinariAbout {
            dataset_id: dataset_id(&self.out, &self.policy),
            env_spec: Some(env_spec(env)),
            algorithm_name: format!("scripted: {}", self.policy),
            authors: vec!["oodscope".into()],
            description: format!(
                "oodscope collect --env {env} --policy {} --episodes {}{starts} --seed {}",
                self.policy, self.episodes, self.seed
            ),
            resets: start.map_or(Vec::new(), |start| vec![reset(start); episodes]),
            ..MinariAbout::default()
        }
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
