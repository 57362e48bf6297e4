//! Mahalanobis distance to the training states: how far in units of their joint spread.

use super::{Measure, Score, Seen, StateScore};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::mahalanobis::Mahalanobis;

/// The score.
pub const SCORE: Score = Score {
    name: "mahalanobis",
    label: "Mahalanobis distance",
    unit: "std",
    definition: "sqrt((z - m)' S^-1 (z - m)) with mean m and covariance S (ddof 0) of the standardised training states; \
                 one ellipsoid for all data, so it misses holes inside it (Mahalanobis 1936; Lee et al. 2018).",
    measure: Measure::States(|reference, _| {
        Ok(Box::new(Mahalanobis::new(&reference.novelty.features, &reference.covariance)?))
    }),
};

impl StateScore for Mahalanobis {
    fn of(&self, seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        self.distances(seen.states.rows, cx)
    }

    fn note(&self) -> Option<String> {
        Mahalanobis::note(self, "the training states")
    }
}
