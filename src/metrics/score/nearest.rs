//! Distance to the k-th nearest training state.

use super::{Measure, Score, Seen, StateScore};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The score.
pub const SCORE: Score = Score {
    name: "novelty",
    label: "k-NN novelty",
    unit: "std",
    definition: "Distance to the k-th nearest training state in standard deviations (Sun et al. 2022).",
    measure: Measure::States(|_, _| Ok(Box::new(Nearest))),
};

struct Nearest;

impl StateScore for Nearest {
    fn of(&self, seen: &Seen<'_>, _: &Ctx) -> Result<Vec<f64>, Fault> {
        Ok(seen.knn.kth(seen.knn.k))
    }
}
