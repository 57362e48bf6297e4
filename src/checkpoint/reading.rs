//! How the numbers of a world model's file are read: what the file states, what was asked for, what its layout always
//! means, and what the reader assumed. Nothing is assumed in silence: see [`Reading::sentence`].

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::world::net::activation::Activation;

/// What the outputs for the observation are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Its change.
    #[default]
    Delta,
    /// The next observation itself.
    Absolute,
}

/// Where among the outputs the reward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RewardColumn {
    /// Before the observation's columns.
    First,
    /// After them.
    #[default]
    Last,
    /// Nowhere: no reward is predicted.
    None,
}

/// In which order the inputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputOrder {
    /// Observation, then action.
    #[default]
    ObsAction,
    /// Action, then observation.
    ActionObs,
}

/// Why an item of a [`Reading`] is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The file, or one beside it, says so.
    Stated,
    /// An option says so.
    Asked,
    /// The layout always means this, or the shapes leave nothing else.
    Implied,
    /// The reader took what is usual: other readings are open.
    Assumed,
}

/// One item of a [`Reading`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item<T> {
    /// What it is.
    pub value: T,
    /// Why.
    pub basis: Basis,
}

/// How the numbers of a file became a world model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Non-linearity between the layers.
    pub activation: Item<Activation>,
    /// What the outputs for the observation are.
    pub target: Item<Target>,
    /// Where the reward is.
    pub reward: Item<RewardColumn>,
    /// Order of the inputs.
    pub input: Item<InputOrder>,
}

/// What the user says of a file that does not say it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Non-linearity between the layers.
    pub activation: Option<Activation>,
    /// What the outputs for the observation are.
    pub target: Option<Target>,
    /// Where the reward is.
    pub reward: Option<RewardColumn>,
    /// Order of the inputs.
    pub input: Option<InputOrder>,
}

impl<T: Copy> Item<T> {
    /// `value` for this reason.
    pub const fn new(value: T, basis: Basis) -> Self {
        Self { value, basis }
    }

    /// What was asked for, else what is stated, else `otherwise`.
    pub fn choose(asked: Option<T>, stated: Option<T>, otherwise: Self) -> Self {
        match (asked, stated) {
            (Some(value), _) => Self::new(value, Basis::Asked),
            (None, Some(value)) => Self::new(value, Basis::Stated),
            (None, None) => otherwise,
        }
    }

    /// True if the file leaves other values open.
    pub fn is_open(&self) -> bool {
        self.basis == Basis::Assumed
    }
}

impl Reading {
    /// This reading where nothing else is asked for. Whether a reward is among the outputs is for their number to say.
    pub fn as_asked(&self, asked: &Asked, learned_reward: bool) -> Self {
        let reward = asked.reward.filter(|r| learned_reward == (*r != RewardColumn::None));
        Self {
            activation: Item::choose(asked.activation, None, self.activation),
            target: Item::choose(asked.target, None, self.target),
            reward: Item::choose(reward, None, self.reward),
            input: Item::choose(asked.input, None, self.input),
        }
    }

    /// `key = "value"` of every item, as `oodscope.toml` beside a file states it, with its basis.
    pub fn lines(&self) -> [(&'static str, String, Basis); 4] {
        [
            ("activation", self.activation.value.key(), self.activation.basis),
            ("target", self.target.value.to_string(), self.target.basis),
            ("reward", self.reward.value.to_string(), self.reward.basis),
            ("input", self.input.value.to_string(), self.input.basis),
        ]
    }

    /// The items that the reader assumed, as `key = "value"`; empty where the file leaves nothing open.
    pub fn assumed(&self) -> Vec<String> {
        self.lines().iter().filter(|(.., basis)| *basis == Basis::Assumed).map(|(k, v, _)| line(k, v)).collect()
    }

    /// What states this reading where `other` is taken: `target = "absolute"`, for every item in which they differ.
    pub fn unlike(&self, other: &Self) -> Vec<String> {
        let pairs = self.lines().into_iter().zip(other.lines());
        pairs.filter(|((_, mine, _), (_, theirs, _))| mine != theirs).map(|((k, v, _), _)| line(k, &v)).collect()
    }

    /// The options that set this reading where `other` is taken: `--model-target absolute`.
    pub fn options_unlike(&self, other: &Self) -> Vec<String> {
        let pairs = self.lines().into_iter().zip(other.lines());
        pairs.filter(|((_, a, _), (_, b, _))| a != b).map(|((k, v, _), _)| format!("--model-{k} {v}")).collect()
    }

    /// What the reader assumed about `file`, and how to state it; nothing where the file leaves nothing open.
    pub fn sentence(&self, file: &Path) -> Option<String> {
        let mut unsaid: Vec<String> = Vec::new();
        if self.activation.is_open() {
            unsaid.push(format!("the activation ({} is assumed)", self.activation.value));
        }
        if self.target.is_open() {
            unsaid.push(match self.target.value {
                Target::Delta => {
                    "whether the outputs are the change or the next observation (the change is assumed)".into()
                }
                Target::Absolute => {
                    "whether the outputs are the change or the next observation (the next observation is assumed)"
                        .into()
                }
            });
        }
        if self.reward.is_open() {
            unsaid.push(format!("where the reward is among the outputs ({} is assumed)", self.reward.value));
        }
        if self.input.is_open() {
            unsaid.push(match self.input.value {
                InputOrder::ObsAction => "the order of the inputs (observation, then action is assumed)".into(),
                InputOrder::ActionObs => "the order of the inputs (action, then observation is assumed)".into(),
            });
        }
        let (last, rest) = unsaid.split_last()?;
        let list = if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
        let lines = self.assumed().join(", ");
        let open = self.lines();
        let options = open.iter().filter(|(.., b)| *b == Basis::Assumed).map(|(k, ..)| format!("--model-{k}"));
        let name = file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
        Some(format!(
            "{name} does not say {list}: state it in oodscope.toml beside the file ({lines}), or with {}",
            options.collect::<Vec<_>>().join(", ")
        ))
    }
}

fn line(key: &str, value: &str) -> String {
    format!("{key} = \"{value}\"")
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delta => "delta",
            Self::Absolute => "absolute",
        })
    }
}

impl fmt::Display for RewardColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Last => "last",
            Self::None => "none",
        })
    }
}

impl fmt::Display for InputOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ObsAction => "obs-action",
            Self::ActionObs => "action-obs",
        })
    }
}

/// Reads what is called as it is written in files ([`fmt::Display`]).
fn named<T: fmt::Display + Copy>(all: &[T], text: &str, what: &str) -> Result<T, String> {
    let needed = || {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        let words = names.split_last().map(|(last, others)| format!("{} or {last}", others.join(", ")));
        format!("'{text}' is no {what}; {} is needed", words.unwrap_or_default())
    };
    all.iter().copied().find(|v| v.to_string() == text).ok_or_else(needed)
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(&[Self::Delta, Self::Absolute], text, "target")
    }
}

impl FromStr for RewardColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(&[Self::First, Self::Last, Self::None], text, "place of the reward")
    }
}

impl FromStr for InputOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(&[Self::ObsAction, Self::ActionObs], text, "order of the inputs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        Reading {
            activation: Item::new(Activation::Silu, Basis::Assumed),
            target: Item::new(Target::Delta, Basis::Assumed),
            reward: Item::new(RewardColumn::Last, Basis::Implied),
            input: Item::new(InputOrder::ObsAction, Basis::Stated),
        }
    }

    #[test]
    fn what_was_assumed_is_said_with_what_would_state_it() {
        let text = reading().sentence(Path::new("a/model.pt")).unwrap();
        assert_eq!(
            text,
            "model.pt does not say the activation (SiLU is assumed) and whether the outputs are the change or the next \
             observation (the change is assumed): state it in oodscope.toml beside the file (activation = \"silu\", target \
             = \"delta\"), or with --model-activation, --model-target"
        );
        let known = Reading {
            activation: Item::choose(Some(Activation::Relu), Some(Activation::Silu), reading().activation),
            target: Item::choose(None, Some(Target::Absolute), reading().target),
            ..reading()
        };
        assert_eq!((known.activation.basis, known.target.basis), (Basis::Asked, Basis::Stated));
        assert_eq!(known.sentence(Path::new("model.pt")), None);
        assert_eq!(known.unlike(&reading()), ["activation = \"relu\"", "target = \"absolute\""]);
        assert_eq!(known.options_unlike(&reading()), ["--model-activation relu", "--model-target absolute"]);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for target in [Target::Delta, Target::Absolute] {
            assert_eq!(target.to_string().parse(), Ok(target));
            assert_eq!(serde_json::to_value(target).unwrap(), target.to_string());
        }
        for reward in [RewardColumn::First, RewardColumn::Last, RewardColumn::None] {
            assert_eq!(reward.to_string().parse(), Ok(reward));
            assert_eq!(serde_json::to_value(reward).unwrap(), reward.to_string());
        }
        for input in [InputOrder::ObsAction, InputOrder::ActionObs] {
            assert_eq!(input.to_string().parse(), Ok(input));
            assert_eq!(serde_json::to_value(input).unwrap(), input.to_string());
        }
        assert!(
            Target::from_str("next").is_err()
                && RewardColumn::from_str("0").is_err()
                && InputOrder::from_str("obs").is_err()
        );
    }
}
