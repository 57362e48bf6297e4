//! `[policy]` in `oodscope.toml` beside a policy: what its file leaves open.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::agent::policy::{Output, Statistics};
use crate::checkpoint::sidecar::{Observations, activation};
use crate::checkpoint::tensors::read_bounded;
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;

/// What an actor alone has to state.
pub const BARE: &str = "activation and output (tanh, tanh-mean, clip, logits or values)";
/// The file.
pub const FILE: &str = "oodscope.toml";
/// Longest description that is read.
const MAX_TEXT: u64 = 1 << 20;
/// Every key.
const KEYS: &str = "activation, output, action_low, action_high, observations, obs_mean, obs_std and obs_clip";

/// What a network's outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Means of actions.
    Numbers(Output),
    /// A logit for each choice.
    Logits,
    /// A value for each choice.
    Values,
}

/// What is stated; everything may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// The file that states it.
    pub file: PathBuf,
    /// Non-linearity.
    pub activation: Option<Activation>,
    /// How outputs become actions.
    pub output: Option<Head>,
    /// Lower bounds of the actions.
    pub low: Option<Vec<f32>>,
    /// Upper bounds.
    pub high: Option<Vec<f32>>,
    /// What the network sees of an observation.
    pub observations: Option<Observations>,
    /// Mean, deviation and clip of what it sees.
    pub statistics: Option<Statistics>,
}

impl Stated {
    /// Reads what stands beside `policy`.
    ///
    /// # Errors
    /// [`Fault`] if the file cannot be read, or says what is not understood.
    pub fn beside(policy: &Path) -> Result<Self, Fault> {
        let file = policy.parent().unwrap_or(Path::new(".")).join(FILE);
        if !file.is_file() {
            return Ok(Self { file, ..Self::default() });
        }
        let bytes = read_bounded(&file, MAX_TEXT)?;
        let bad = |e: String| Fault::at(&file, e);
        let text = std::str::from_utf8(&bytes).map_err(|e| bad(e.to_string()))?;
        let all: Map<String, Value> = toml::from_str(text).map_err(|e| bad(e.message().to_owned()))?;
        let table = match all.get("policy") {
            None => Map::new(),
            Some(Value::Object(table)) => table.clone(),
            Some(other) => return Err(bad(format!("policy is {other}, a table is needed: [policy]"))),
        };
        let mut stated = Self { file: file.clone(), ..Self::default() };
        let mut columns: [Option<Vec<f64>>; 2] = [None, None];
        let mut clip = None;
        for (key, value) in &table {
            let numbers = || numbers(value).ok_or_else(|| bad(format!("policy.{key} is {value}, numbers are needed")));
            match key.as_str() {
                "obs_mean" => columns[0] = Some(numbers()?),
                "obs_std" => columns[1] = Some(numbers()?),
                "obs_clip" => clip = Some(value.as_f64().ok_or_else(|| bad(format!("policy.{key} is {value}")))?),
                "action_low" => stated.low = Some(numbers()?.into_iter().map(|v| v as f32).collect()),
                "action_high" => stated.high = Some(numbers()?.into_iter().map(|v| v as f32).collect()),
                _ => stated.word(key, value).map_err(bad)?,
            }
        }
        stated.statistics = match columns {
            [Some(mean), Some(std)] => Some(Statistics { mean, std, clip }),
            [None, None] if clip.is_none() => None,
            [None, None] => {
                return Err(bad("policy.obs_clip is stated without obs_mean and obs_std, which it is of".into()));
            }
            _ => return Err(bad("of policy.obs_mean and policy.obs_std only one is stated".into())),
        };
        Ok(stated)
    }

    fn word(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = value
            .as_str()
            .ok_or_else(|| format!("policy.{key} is {value}, which is not understood; keys are {KEYS}"))?;
        match key {
            "activation" => self.activation = Some(activation(text)?),
            "output" => {
                self.output = Some(match text {
                    "tanh" => Head::Numbers(Output::Tanh),
                    "tanh-mean" => Head::Numbers(Output::TanhMean),
                    "clip" => Head::Numbers(Output::Clip),
                    "logits" => Head::Logits,
                    "values" => Head::Values,
                    _ => {
                        return Err(format!(
                            "policy.output is '{text}'; tanh, tanh-mean, clip, logits or values is needed"
                        ));
                    }
                });
            }
            "observations" => self.observations = Some(text.parse()?),
            _ => return Err(format!("policy.{key} is not known; keys are {KEYS}")),
        }
        Ok(())
    }

    /// True if anything is stated.
    pub fn says_anything(&self) -> bool {
        *self != Self { file: self.file.clone(), ..Self::default() }
    }

    /// That a policy of `what` leaves nothing to state.
    pub fn unused(&self, what: &str) -> String {
        format!("[policy] in {} was passed over: {what} leaves nothing of it open", self.file.display())
    }

    /// "state KEY under [policy] in FILE".
    pub fn asks(&self, what: &str) -> String {
        format!("state {what} under [policy] in {}", self.file.display())
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Stated, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        Stated::beside(&dir.path().join("actor.pt")).map_err(|e| e.to_string())
    }

    #[test]
    fn every_key() {
        let stated = read(
            "activation = \"silu\"\n[policy]\nactivation = \"tanh\"\noutput = \"clip\"\naction_low = [-1, -2.5]\naction_high = \
             [1, 2.5]\nobservations = \"standardised\"\nobs_mean = [0.5]\nobs_std = [2]\nobs_clip = 10\n",
        )
        .unwrap();
        assert_eq!((stated.activation, stated.output), (Some(Activation::Tanh), Some(Head::Numbers(Output::Clip))));
        assert_eq!((stated.low, stated.high), (Some(vec![-1.0, -2.5]), Some(vec![1.0, 2.5])));
        assert_eq!(stated.observations, Some(Observations::Standardised));
        assert_eq!(stated.statistics, Some(Statistics { mean: vec![0.5], std: vec![2.0], clip: Some(10.0) }));
        assert_eq!(read("activation = \"silu\"\n").unwrap().activation, None, "that of a world model");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, words) in [
            ("policy = 3", "a table is needed"),
            ("[policy]\nscale = \"x\"", "policy.scale is not known"),
            ("[policy]\naction_low = \"x\"", "numbers are needed"),
            ("[policy]\nobs_std = [1.0]", "only one is stated"),
            ("[policy]\nobs_clip = 10", "without obs_mean and obs_std"),
            ("[policy]\noutput = \"relu\"", "tanh, tanh-mean, clip"),
            ("[policy]\nobservations = \"half\"", "raw or standardised"),
        ] {
            let e = read(text).unwrap_err();
            assert!(e.contains(words) && e.contains(FILE), "{text}: {e}");
        }
    }
}
