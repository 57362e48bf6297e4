//! Best weights so far.

use crate::ground::task::{Cancelled, Ctx};
use crate::world::world_model::{Fit, WorldModel};

/// The model with the smallest mean validation error of its members so far.
pub(super) struct Best {
    score: f64,
    pub last: f64,
    /// Look whose weights are kept.
    pub at: usize,
    /// Look since which patience is counted.
    pub since: usize,
    kept: Option<Box<dyn WorldModel>>,
    per_member: Vec<f64>,
}

impl Best {
    pub fn new() -> Self {
        Self { score: f64::INFINITY, last: f64::NAN, at: 0, since: 0, kept: None, per_member: Vec::new() }
    }

    /// Keeps the weights if they beat the best by a thousandth.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn look(&mut self, fit: &mut dyn Fit, check: usize, cx: &Ctx) -> Result<(), Cancelled> {
        let errors = fit.validate(cx)?;
        self.last = errors.iter().sum::<f64>() / errors.len() as f64;
        if self.last < self.score * 0.999 || self.kept.is_none() {
            self.score = self.last;
            self.at = check;
            self.since = check;
            self.kept = Some(fit.model());
            self.per_member = errors;
        }
        Ok(())
    }

    /// Begins to count anew at `check`.
    pub fn restart(&mut self, check: usize) {
        self.since = check;
    }

    /// The model that was kept, with its `elites` best members; nothing if nothing was looked at.
    pub fn restored(self, elites: usize) -> Option<Box<dyn WorldModel>> {
        let mut model = self.kept?;
        model.choose_elites(&self.per_member, elites);
        Some(model)
    }
}
