//! The learners by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What learns in imagination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LearnerKind {
    /// SAC on imagined transitions ([`super::ActorCritic`]).
    #[default]
    Sac,
    /// Actor and critic on λ-returns of imagined rollouts ([`super::LambdaActorCritic`]).
    Lambda,
}

impl fmt::Display for LearnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Lambda { "lambda" } else { "sac" })
    }
}

impl FromStr for LearnerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Sac, Self::Lambda]
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| format!("no learner is called '{text}': sac and lambda are there"))
    }
}
