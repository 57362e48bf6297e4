//! How a model's doubt is carried along a rollout ([`Propagation`]): what each step goes on from.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::world_model::{Feedback, WorldModel};
use crate::ground::seed::{Stream, stream};

/// What every step of an open-loop rollout goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// The mean over the elite members of their means: one rollout, the same every time.
    #[default]
    Mean,
    /// For every row and step a draw from the prediction of a random elite member (TS1, Chua et al. 2018).
    Ts1,
    /// For every row a random elite member that it stays with; every step a draw from its prediction (TS∞, Chua et al. 2018).
    TsInf,
    /// Every member goes on from its own mean; the prediction is the mean over the elite members' rollouts.
    Members,
}

impl Propagation {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Mean, Self::Ts1, Self::TsInf, Self::Members];

    /// The next one, after the last the first.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|mode| *mode == self).map_or(0, |at| at + 1);
        Self::ALL[at % Self::ALL.len()]
    }

    /// True where rollouts are drawn at random.
    pub fn is_drawn(self) -> bool {
        matches!(self, Self::Ts1 | Self::TsInf)
    }

    /// What it is called in a title.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mean => "mean of the elites",
            Self::Ts1 => "TS1",
            Self::TsInf => "TS∞",
            Self::Members => "every member alone",
        }
    }

    /// What is done, in a clause that follows "every step goes on from".
    pub fn words(self) -> &'static str {
        match self {
            Self::Mean => "the mean over the elite members of their means",
            Self::Ts1 => "a draw from the prediction of an elite member that is drawn anew for every rollout and step",
            Self::TsInf => "a draw from the prediction of the elite member that the rollout was given at its start",
            Self::Members => {
                "each member's own mean, in a rollout of its own; the prediction is the mean over the elite members' rollouts, and \
                 disagreement the deviation of all members' rollouts"
            }
        }
    }
}

impl fmt::Display for Propagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Ts1 => "ts1",
            Self::TsInf => "tsinf",
            Self::Members => "members",
        })
    }
}

impl FromStr for Propagation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.to_string() == text);
        found.ok_or_else(|| "mean, ts1, tsinf or members is needed".into())
    }
}

/// What the rows of one call of the open loop go on from, step after step.
#[derive(Debug)]
pub(super) enum Course {
    /// As [`Feedback::Member`], or [`Feedback::Mean`] where none is named: no row depends on others.
    Steady(Option<usize>),
    /// As [`Feedback::Sampled`].
    Drawn(Stream),
    /// As [`Feedback::Assigned`]; the members are of all rows.
    Held(Vec<usize>, Stream),
}

impl Course {
    /// Of `rows` rollouts of `model` that go on by `mode`, drawn by `seed`; that of one member has to be named.
    pub fn of(mode: Propagation, model: &dyn WorldModel, rows: usize, seed: u64) -> Self {
        let mut rng = stream(seed, "propagation", 0);
        match mode {
            Propagation::Mean | Propagation::Members => Self::Steady(None),
            Propagation::Ts1 => Self::Drawn(rng),
            Propagation::TsInf => {
                let elites = model.elites();
                let members = (0..rows).map(|_| elites[rng.random_range(0..elites.len())]).collect();
                Self::Held(members, rng)
            }
        }
    }

    /// What the `rows` of all go on from.
    pub fn feedback(&mut self, rows: Range<usize>) -> Feedback<'_> {
        match self {
            Self::Steady(member) => member.map_or(Feedback::Mean, Feedback::Member),
            Self::Drawn(rng) => Feedback::Sampled(rng),
            Self::Held(members, rng) => Feedback::Assigned(&members[rows], rng),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_read_as_it_is_written_and_follows_another() {
        for mode in Propagation::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
            let written = serde_json::to_string(&mode).unwrap();
            assert_eq!(written, format!("\"{mode}\""));
        }
        assert!("ts2".parse::<Propagation>().unwrap_err().contains("tsinf"));
        let round = (0..4).fold(Propagation::Mean, |mode, _| mode.next());
        assert_eq!((round, Propagation::Members.next()), (Propagation::Mean, Propagation::Mean));
    }
}
