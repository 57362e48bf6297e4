//! Options that several sub-commands share, and checks of their values.

mod model;

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

pub use model::ModelArgs;

use super::demo;
use crate::data::split::SplitSpec;
use crate::engine::job::{ActingSpec, Base, Device, FeatureSpec, Only, Source, Within};
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::metrics::coverage::Options;
use crate::metrics::threshold::Kind;

/// How datasets are read.
#[derive(Debug, Clone, Args)]
pub struct ReadArgs {
    /// Format of the dataset (of the first of two), where it is not to be found out
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// TOML file that says which columns, arrays or features of the dataset are what (of the first of two), where its names
    /// do not tell: `observation = ["qpos", "qvel"]`, `action = "ctrl_*"`, `done = "end"`; one that lies beside the dataset
    /// (`<dataset>.toml`, `oodscope.toml`) needs not be named
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Parts of the observation that are the state, by name: `position,velocity`; all of it if none is named
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    state: Vec<String>,
    /// Memory that datasets may take: 2GiB, 500MB; where only a part is needed, a random sample of the episodes of a larger
    /// one is read. Half of what is free if none is named
    #[arg(long, value_name = "SIZE")]
    memory: Option<Bytes>,
}

impl ReadArgs {
    /// The dataset read so, and nothing beside it.
    pub fn of(&self, dataset: PathBuf) -> Source {
        let (format, map, state) = (self.format.clone(), self.map.clone(), self.state.clone());
        Source { dataset, format, map, state, memory: self.memory, ..Source::default() }
    }
}

/// Reads a part of a dimension.
fn within(text: &str) -> Result<Within, String> {
    let read = || {
        let (name, range) = text.rsplit_once('=')?;
        let (from, to) = range.split_once("..")?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| !v.is_nan());
        let (from, to) = (number(from)?, number(to)?);
        (from <= to && !name.trim().is_empty()).then(|| Within { dimension: name.trim().into(), from, to })
    };
    read().ok_or_else(|| "write a dimension and its range, the smaller end first: x=-1..0.5".to_owned())
}

/// Which data and which model.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// Dataset file, folder, id of a Minari dataset, or URL (s3://, gs://, hf://, https://); the shipped demo if none is named
    pub dataset: Option<PathBuf>,
    /// World model and policy: a folder or file
    #[arg(long, value_name = "PATH")]
    pub checkpoint: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    /// Policy that acts, instead of the checkpoint's: a file or folder of oodscope, Stable-Baselines3, CleanRL, d3rlpy, rsl_rl,
    /// OfflineRL-Kit, CORL, mbrl-lib or D4RL
    #[arg(long, value_name = "PATH")]
    pub policy: Option<PathBuf>,
    /// Statistics that the policy's observations are normalised by (vecnormalize.pkl), where they do not lie beside it
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub policy_normalize: Option<PathBuf>,
    /// Recorded episodes of a policy, in any dataset format
    #[arg(long, value_name = "PATH")]
    pub rollouts: Option<PathBuf>,
    /// Look at these episodes of the dataset alone: an SQL condition on the columns of `oodscope episodes`
    #[arg(long, value_name = "CONDITION")]
    pub only: Option<String>,
    /// Look at the episodes alone that pass through a region: `--within "x=-1..0.5"`; several hold together, of one state
    #[arg(long, value_name = "NAME=FROM..TO", value_parser = within, allow_hyphen_values = true)]
    pub within: Vec<Within>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// Seed of the division into training, held-out and calibration episodes
    #[arg(long, value_name = "N", default_value_t = SplitSpec::default().seed)]
    pub split_seed: u64,
}

impl SourceArgs {
    /// The source that is meant; the demo where no dataset is named.
    ///
    /// # Errors
    /// A sentence where the demo is not there.
    pub fn source(&self) -> Result<Source, Fault> {
        let split = SplitSpec { seed: self.split_seed, ..SplitSpec::default() };
        let (dataset, checkpoint) = match &self.dataset {
            Some(dataset) => (dataset.clone(), None),
            None => demo::find().map(|demo| (demo.dataset, Some(demo.checkpoint)))?,
        };
        Ok(Source {
            checkpoint: self.checkpoint.clone().or(checkpoint),
            model: self.model.asked(),
            policy: self.policy.clone(),
            policy_normalize: self.policy_normalize.clone(),
            rollouts: self.rollouts.clone(),
            only: Only { condition: self.only.clone(), within: self.within.clone() },
            split,
            ..self.read.of(dataset)
        })
    }
}

/// Where episodes are acted.
#[derive(Debug, Clone, Default, Args)]
pub struct EnvArgs {
    /// Environment to act in, built in or Gymnasium's (gym:ID where both know it); the dataset's own if none is named
    #[arg(long, value_name = "ID")]
    env: Option<String>,
    /// What a Gymnasium environment is made with, as JSON or text: `--env-arg frame_skip=4`; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = env_arg)]
    env_arg: Vec<(String, Value)>,
    #[command(flatten)]
    python: PythonArgs,
    /// Ray cluster that the environments are spread over: its address, or local
    #[arg(long, value_name = "ADDRESS")]
    ray: Option<String>,
    /// Worker processes; if no number is named, as many as the length of a step pays for, one a core and 8 at most
    #[arg(long, value_name = "N", value_parser = count)]
    workers: Option<usize>,
}

impl EnvArgs {
    /// What is asked for.
    pub fn acting(&self) -> ActingSpec {
        ActingSpec {
            env: self.env.clone(),
            env_args: self.env_arg.iter().cloned().collect(),
            ray: self.ray.clone(),
            workers: self.workers,
            ..self.python.acting()
        }
    }

    /// `source`, acted in so.
    pub fn of(&self, source: Source) -> Source {
        Source { acting: self.acting(), ..source }
    }
}

/// Which Python runs environments that are not in the program.
#[derive(Debug, Clone, Default, Args)]
pub struct PythonArgs {
    /// Python that Gymnasium is installed in; that of the active environment, else python3 if none is named
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Python module or file that registers environments
    #[arg(long, value_name = "MODULE")]
    env_import: Vec<String>,
    /// Command that starts a worker somewhere else: "ssh host python -u -"
    #[arg(long, value_name = "COMMAND")]
    worker_command: Option<String>,
}

impl PythonArgs {
    /// What is asked for.
    pub fn acting(&self) -> ActingSpec {
        ActingSpec {
            python: self.python.clone(),
            env_import: self.env_import.clone(),
            worker_command: self.worker_command.clone(),
            ..ActingSpec::default()
        }
    }
}

/// Where episodes are acted that a policy is judged by, and whether they are kept.
#[derive(Debug, Clone, Default, Args)]
pub struct JudgedArgs {
    #[command(flatten)]
    acting: EnvArgs,
    /// New folder to keep collected episodes in, as a Minari dataset; where it is there, they are taken from it
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Draw the policy's actions instead of taking its most likely ones
    #[arg(long)]
    sampled: bool,
}

impl JudgedArgs {
    /// `source`, judged so.
    pub fn of(&self, source: Source) -> Source {
        let source = self.acting.of(source);
        let (keep, sampled) = (self.keep.clone(), self.sampled);
        Source { acting: ActingSpec { keep, sampled, ..source.acting }, ..source }
    }
}

/// Reads `key=value`; what is no JSON is text.
fn env_arg(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("KEY=VALUE is needed")?;
    Ok((key.into(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

/// The feature space that distances are measured in.
#[derive(Debug, Clone, Default, Args)]
pub struct SpaceArgs {
    /// What is held against the data: observation, observation+action, or latent (of the checkpoint's world model)
    #[arg(long, value_name = "SPACE", default_value = "observation", value_parser = base)]
    space: Base,
    /// Only these dimensions, by name or number: `x,ẋ` or `0,3`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    dims: Vec<String>,
    /// Only the leading principal axes that carry this share of the variance: 0.95
    #[arg(long, value_name = "SHARE", value_parser = axes_share)]
    pca: Option<f64>,
    /// Measure distances over a dimension that says what another one says as well, and so twice over what both say
    #[arg(long)]
    keep_duplicates: bool,
}

impl SpaceArgs {
    /// The space that is meant.
    pub fn spec(&self) -> FeatureSpec {
        FeatureSpec { base: self.space, dims: self.dims.clone(), pca: self.pca, keep_duplicates: self.keep_duplicates }
    }
}

/// Reads a base as a spec writes it.
fn base(text: &str) -> Result<Base, String> {
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};
    let text: StrDeserializer<'_, Error> = text.into_deserializer();
    Base::deserialize(text).map_err(|_| "observation, observation+action or latent is needed".into())
}

/// A share of variance: above 0 and at most 1.
fn axes_share(text: &str) -> Result<f64, String> {
    share(text, 1.0).ok().filter(|v| *v > 0.0).ok_or_else(|| "a share above 0 and at most 1 is needed".into())
}

/// Where networks run.
#[derive(Debug, Clone, Copy, Args)]
pub struct DeviceArgs {
    /// Device of the world model: cpu; cuda:0 or vulkan:0 (the first card) in a build with --features cuda or wgpu
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub device: Device,
}

/// How alarm thresholds are set.
#[derive(Debug, Clone, Copy, Args)]
pub struct ThresholdArgs {
    /// False-alarm level of the thresholds: a share of the episodes, or with --threshold per-step of the steps
    #[arg(long, value_name = "LEVEL", default_value_t = Options::default().alpha, value_parser = level)]
    pub alpha: f64,
    /// conformal: an episode like the calibration ones has an alarm with probability at most LEVEL, averaged over
    /// calibration sets; pac: at most LEVEL of such episodes have one, with 95 % confidence in the calibration set that
    /// there is; per-step: LEVEL of the calibration steps have one, which promises nothing
    #[arg(long, value_name = "KIND", default_value = "conformal", value_parser = kind)]
    pub threshold: Kind,
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "conformal" => Ok(Kind::Conformal),
        "pac" => Ok(Kind::Pac),
        "per-step" => Ok(Kind::PerStep),
        _ => Err("conformal, pac or per-step is needed".into()),
    }
}

/// How results are printed, and the seed.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Print one JSON object: {version, spec, reports, outcome}
    #[arg(long)]
    pub json: bool,
    /// Write what is printed as one HTML file as well, with every figure, number with its definition, and table
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Seed of everything random in the job
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub seed: u64,
}

/// A share of a whole: 0 to 1.
///
/// # Errors
/// A sentence with the bounds.
pub fn part(text: &str) -> Result<f64, String> {
    share(text, 1.0)
}

/// A weight: a number that is not negative.
///
/// # Errors
/// A sentence that says so.
pub fn weight(text: &str) -> Result<f64, String> {
    share(text, 1e6).map_err(|_| "a number that is not negative is needed".into())
}

fn share(text: &str, most: f64) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if (0.0..=most).contains(&v) => Ok(v),
        _ => Err(format!("a share from 0 to {most} is needed")),
    }
}

/// A share of the episodes: above 0 and below 1.
///
/// # Errors
/// A sentence with the bounds.
pub fn share_of_episodes(text: &str) -> Result<f64, String> {
    level(text).map_err(|_| "a share between 0 and 1 is needed".into())
}

/// A share of the dataset that may be added.
///
/// # Errors
/// A sentence with the bounds.
pub fn budget(text: &str) -> Result<f64, String> {
    share(text, crate::topup::controller::HARD_CAP)
}

/// A false-alarm level: above 0 and below 1.
///
/// # Errors
/// A sentence with the bounds.
pub fn level(text: &str) -> Result<f64, String> {
    share(text, 1.0).ok().filter(|v| *v > 0.0 && *v < 1.0).ok_or_else(|| "a level between 0 and 1 is needed".into())
}

/// A positive finite number.
///
/// # Errors
/// A sentence.
pub fn positive(text: &str) -> Result<f64, String> {
    text.parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0).ok_or_else(|| "a number above 0 is needed".into())
}

/// A whole number from 1 to a million: no horizon, width or count beyond that fits a machine.
///
/// # Errors
/// A sentence with the bounds.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse::<usize>()
        .ok()
        .filter(|n| (1..=1_000_000).contains(n))
        .ok_or_else(|| "a whole number from 1 to 1000000 is needed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_bounds_are_one_sentence() {
        assert_eq!(budget("0.1"), Ok(0.1));
        for bad in ["0.3", "-1", "NaN", "ten"] {
            assert!(budget(bad).is_err_and(|e| e.contains("0.2")), "{bad}");
        }
        assert_eq!(level("0.05"), Ok(0.05));
        for bad in ["0", "1", "NaN", "inf"] {
            assert!(level(bad).is_err(), "{bad}");
            assert!(positive(bad).is_err() || bad == "1", "{bad}");
        }
        assert_eq!(base("observation+action"), Ok(Base::ObservationAction));
        assert!(base("pixels").is_err_and(|e| e.contains("latent")));
        assert_eq!(axes_share("1"), Ok(1.0));
        for bad in ["0", "1.1", "NaN"] {
            assert!(axes_share(bad).is_err(), "{bad}");
        }
        assert_eq!(count("50"), Ok(50));
        for bad in ["0", "-3", "1000001", "99999999999999999999", "5.5"] {
            assert!(count(bad).is_err(), "{bad}");
        }
    }
}
