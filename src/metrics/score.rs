//! Scores of single states: how strange is each one? One file a score and one line in [`SCORES`].
//!
//! Larger is stranger, and a state that is not finite is infinitely strange. A score is shown in units of its own
//! threshold ([`super::alarm`]), so that scores of different units can stand side by side. Scores of states hold a state
//! against the training part ([`Measure::States`]); scores of members hold what the members of a world model say about a
//! state and its action against each other ([`Measure::Members`]).

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::States;
use super::neighbors::Knn;
use super::novelty::Novelty;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

pub mod aleatoric;
pub mod cells;
pub mod density;
pub mod disagreement;
pub mod discrepancy;
pub mod ensemble_std;
pub mod infoprop;
pub mod macura;
pub mod mahalanobis;
pub mod members;
pub mod nearest;
pub mod pairwise;

pub use members::Members;

/// One kind of score.
pub struct Score {
    /// Machine name: key in JSON, column in files ("`ensemble_std`").
    pub name: &'static str,
    /// Name for people ("k-NN novelty").
    pub label: &'static str,
    /// Unit of the raw score ("std", "nats"); empty for the units of the observation.
    pub unit: &'static str,
    /// One sentence: formula and source.
    pub definition: &'static str,
    /// How it is measured, which says what it needs.
    pub measure: Measure,
}

/// Fits a score to the training part.
pub type Fit = fn(&Reference<'_>, &Ctx) -> Result<Box<dyn StateScore>, Fault>;

/// How a score is measured.
#[derive(Clone, Copy)]
pub enum Measure {
    /// Of states alone: fitted to the training part once.
    States(Fit),
    /// Of what the members of a world model predict: one number a row.
    Members {
        /// Members that it needs at least.
        least: usize,
        /// It needs the predicted variances.
        variances: bool,
        /// [N].
        of: fn(&Members<'_>) -> Vec<f64>,
    },
}

/// Every score.
pub const SCORES: &[Score] = &[
    nearest::SCORE,
    mahalanobis::SCORE,
    density::SCORE,
    cells::SCORE,
    disagreement::SCORE,
    aleatoric::SCORE,
    pairwise::SCORE,
    ensemble_std::SCORE,
    discrepancy::SCORE,
    infoprop::SCORE,
    macura::SCORE,
];

impl Score {
    /// What it needs, in words.
    pub fn needs(&self) -> &'static str {
        match self.measure {
            Measure::States(_) => "states",
            Measure::Members { variances: true, .. } => "a world model that predicts variances",
            Measure::Members { .. } => "a world model of several members",
        }
    }
}

impl std::fmt::Debug for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The training part that states are held against.
pub struct Reference<'a> {
    /// Index and standardisation of the training part.
    pub novelty: &'a Novelty,
    /// The training states themselves.
    pub train: States<'a>,
    /// [D, D] covariance (ddof 0) of the standardised kept dimensions.
    pub covariance: DMatrix<f64>,
}

impl<'a> Reference<'a> {
    /// Measures what several scores share.
    ///
    /// # Errors
    /// If the states are of another width than the index, or when cancelled.
    pub fn new(novelty: &'a Novelty, train: States<'a>, cx: &Ctx) -> Result<Self, Fault> {
        let covariance = crate::metrics::mahalanobis::covariance(&novelty.features, train.rows, cx)?;
        Ok(Self { novelty, train, covariance })
    }
}

/// States to be scored with what several scores share of them.
pub struct Seen<'a> {
    /// The states.
    pub states: States<'a>,
    /// Their neighbours in the training part.
    pub knn: Knn,
    /// Training states of the own episode do not count (the parts share their episodes).
    pub own_left_out: bool,
}

/// A score that was fitted to the training part.
pub trait StateScore: Send + Sync {
    /// [N] one number a state; infinite for one that is not finite.
    ///
    /// # Errors
    /// If the states are of another width, or when cancelled.
    fn of(&self, seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault>;

    /// What the user should know of the fit.
    fn note(&self) -> Option<String> {
        None
    }
}

/// One score of every state.
#[derive(Debug, Clone)]
pub struct Column {
    /// Which.
    pub score: &'static Score,
    /// [N] in the score's own unit.
    pub values: Vec<f64>,
}

/// All scores of states, fitted.
pub struct Fitted<'a> {
    novelty: &'a Novelty,
    scores: Vec<(&'static Score, Box<dyn StateScore>)>,
}

impl<'a> Fitted<'a> {
    /// Fits every score of states to the training states `train` that `novelty` indexes.
    ///
    /// # Errors
    /// If the states are of another width than the index or do not allow one of the scores, or when cancelled.
    pub fn new(novelty: &'a Novelty, train: States<'_>, cx: &Ctx) -> Result<Self, Fault> {
        let reference = Reference::new(novelty, train, cx)?;
        let mut scores = Vec::new();
        for score in SCORES {
            if let Measure::States(fit) = score.measure {
                cx.check()?;
                scores.push((score, fit(&reference, cx)?));
            }
        }
        Ok(Self { novelty, scores })
    }

    /// Every score of `states`: of a part of the dataset, or `fresh` ones that belong to no episode of it.
    ///
    /// # Errors
    /// If the states are of another observation space, or when cancelled.
    pub fn of(&self, states: States<'_>, fresh: bool, cx: &Ctx) -> Result<Vec<Column>, Fault> {
        let knn = self.novelty.knn(states, fresh, cx)?;
        let seen = Seen { states, knn, own_left_out: self.novelty.rule().shared && !fresh };
        let one = |(score, fitted): &(&'static Score, Box<dyn StateScore>)| {
            Ok(Column { score, values: fitted.of(&seen, cx)? })
        };
        self.scores.iter().map(one).collect()
    }

    /// What the user should know of the fits.
    pub fn notes(&self) -> Vec<String> {
        self.scores.iter().filter_map(|(_, fitted)| fitted.note()).collect()
    }
}

/// The scores that the members of a world model allow; empty for a model that has neither members nor variances.
pub fn of_members(members: &Members<'_>) -> Vec<Column> {
    let allowed = |score: &'static Score| match score.measure {
        Measure::Members { least, variances, of }
            if members.count >= least && (!variances || members.std.is_some()) =>
        {
            Some(Column { score, values: of(members) })
        }
        _ => None,
    };
    SCORES.iter().filter_map(allowed).collect()
}

/// Rows that are scored between two looks at the cancel flag.
const ROWS: usize = 256;

/// One number a row, rows in parallel; infinite where it is no number.
pub(super) fn each_row(rows: usize, cx: &Ctx, score: impl Fn(usize) -> f64 + Sync) -> Result<Vec<f64>, Fault> {
    let mut out = vec![0.0; rows];
    out.par_chunks_mut(ROWS).enumerate().try_for_each(|(chunk, out)| {
        cx.check()?;
        for (i, slot) in out.iter_mut().enumerate() {
            let value = score(chunk * ROWS + i);
            *slot = if value.is_nan() { f64::INFINITY } else { value };
        }
        Ok::<(), Fault>(())
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests;
