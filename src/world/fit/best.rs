//! The weights that did best on the held-out part, and which members did.

use super::rows::Rows;
use crate::data::episode::TransitionBatch;
use crate::ground::task::{Cancelled, Ctx};
use crate::world::ensemble::Ensemble;

/// Rows between two looks at the cancel flag.
const CHUNK: usize = 4096;

/// Best weights so far by the mean held-out error of the members.
pub(super) struct Best {
    score: f64,
    pub last: f64,
    /// Look whose weights are kept.
    pub at: usize,
    /// Look since which patience is counted.
    pub since: usize,
    kept: Ensemble,
    per_member: Vec<f64>,
}

impl Best {
    pub fn new(model: &Ensemble) -> Self {
        Self { score: f64::INFINITY, last: f64::NAN, at: 0, since: 0, kept: model.clone(), per_member: Vec::new() }
    }

    /// Keeps the weights if they beat the best by a thousandth.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn look(
        &mut self,
        model: &Ensemble,
        heldout: &TransitionBatch,
        check: usize,
        cx: &Ctx,
    ) -> Result<(), Cancelled> {
        let errors = member_errors(model, heldout, cx)?;
        self.last = errors.iter().sum::<f64>() / errors.len() as f64;
        if self.last < self.score * 0.999 || self.per_member.is_empty() {
            self.score = self.last;
            self.at = check;
            self.since = check;
            self.kept = model.clone();
            self.per_member = errors;
        }
        Ok(())
    }

    /// Begins to count anew at `check`.
    pub fn restart(&mut self, check: usize) {
        self.since = check;
    }

    pub fn restore(self, model: &mut Ensemble, elites: usize) {
        *model = self.kept;
        let mut order: Vec<usize> = (0..self.per_member.len()).collect();
        order.sort_by(|&a, &b| self.per_member[a].total_cmp(&self.per_member[b]));
        order.truncate(elites.clamp(1, model.net.members));
        order.sort_unstable();
        model.elites = order;
    }
}

/// [E] mean squared error of each member's mean over `batch`, in units of the targets' standard deviation.
///
/// # Errors
/// [`Cancelled`].
pub fn member_errors(model: &Ensemble, batch: &TransitionBatch, cx: &Ctx) -> Result<Vec<f64>, Cancelled> {
    let rows = Rows::new(model, batch);
    let (inputs, targets, width) = (rows.columns.0, model.targets(), model.net.outputs());
    let mut sums = vec![0.0; model.net.members];
    for (x, y) in rows.input.chunks(CHUNK * inputs).zip(rows.target.chunks(CHUNK * targets)) {
        cx.check()?;
        let out = model.net.forward(x);
        for (sum, member) in sums.iter_mut().zip(out.chunks_exact(x.len() / inputs * width)) {
            let errors = member.chunks_exact(width).zip(y.chunks_exact(targets));
            *sum += errors.flat_map(|(o, y)| o.iter().zip(y).map(|(o, y)| f64::from(o - y).powi(2))).sum::<f64>();
        }
    }
    Ok(sums.into_iter().map(|s| s / (rows.len * targets) as f64).collect())
}
