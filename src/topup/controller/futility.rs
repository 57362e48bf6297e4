//! Whether collecting helps: R and the return, block by block of top-ups.

use super::{FUTILE_FALL, FUTILE_TOPUPS};

/// Holds the median R after each block of [`FUTILE_TOPUPS`] top-ups against the one before; the first block against the last R
/// before anything was collected. A block is not futile whose mean return is above that before anything was collected by more
/// than one standard error of the difference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Futility {
    before: Option<f64>,
    /// Return before anything was collected, and its standard error.
    start: Option<(f64, f64)>,
    began: bool,
    block: Vec<f64>,
    /// Returns of the block, with their standard errors.
    scores: Vec<(f64, f64)>,
    futile: bool,
}

impl Futility {
    /// R and the return where no top-up came before: the last of these are what the first block is held against.
    pub fn start(&mut self, ratio: f64, score: (f64, f64)) {
        if !self.began && ratio.is_finite() {
            self.before = Some(ratio);
        }
        if !self.began && score.0.is_finite() {
            self.start = Some(score);
        }
    }

    /// A check that calls for nothing: whatever was futile is over.
    pub fn relieve(&mut self) {
        self.futile = false;
    }

    /// R and the return after a top-up.
    pub fn after_topup(&mut self, ratio: f64, score: (f64, f64)) {
        self.began = true;
        if ratio.is_finite() {
            self.block.push(ratio);
        }
        if score.0.is_finite() {
            self.scores.push(score);
        }
        if self.block.len() < FUTILE_TOPUPS {
            return;
        }
        self.block.sort_by(f64::total_cmp);
        let median = self.block[FUTILE_TOPUPS / 2];
        let stays = self.before.is_some_and(|before| median > before * (1.0 - FUTILE_FALL));
        self.futile = stays && !self.rose();
        self.before = Some(median);
        self.block.clear();
        self.scores.clear();
    }

    /// True where the block's mean return is above the one before anything was collected by more than one standard error.
    fn rose(&self) -> bool {
        let n = self.scores.len() as f64;
        let mean = self.scores.iter().map(|s| s.0).sum::<f64>() / n;
        let se = self.scores.iter().map(|s| s.1.powi(2)).sum::<f64>().sqrt() / n;
        self.start.is_some_and(|(start, start_se)| mean - start > se.hypot(start_se))
    }

    /// True after a futile block.
    pub fn is_futile(&self) -> bool {
        self.futile
    }
}
