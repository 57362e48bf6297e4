//! The weights that did best on the held-out part, and which members did.

use super::rows::Rows;
use crate::data::episode::TransitionBatch;
use crate::model::ensemble::Ensemble;

/// Best weights so far by the mean held-out error of the members.
pub(super) struct Best {
    score: f64,
    pub last: f64,
    /// Look whose weights are kept, or where counting began anew.
    pub at: usize,
    kept: Ensemble,
    per_member: Vec<f64>,
}

impl Best {
    pub fn new(model: &Ensemble) -> Self {
        Self { score: f64::INFINITY, last: f64::NAN, at: 0, kept: model.clone(), per_member: Vec::new() }
    }

    /// Keeps the weights if they beat the best by a thousandth.
    pub fn look(&mut self, model: &Ensemble, heldout: &TransitionBatch, check: usize) {
        let errors = member_errors(model, heldout);
        self.last = errors.iter().sum::<f64>() / errors.len() as f64;
        if self.last < self.score * 0.999 || self.per_member.is_empty() {
            self.score = self.last;
            self.at = check;
            self.kept = model.clone();
            self.per_member = errors;
        }
    }

    /// Begins to count anew at `check`.
    pub fn restart(&mut self, check: usize) {
        self.at = check;
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
pub fn member_errors(model: &Ensemble, batch: &TransitionBatch) -> Vec<f64> {
    let rows = Rows::new(model, batch);
    let (targets, width) = (model.targets(), model.net.outputs());
    let out = model.net.forward(&rows.input);
    out.chunks_exact(rows.len.max(1) * width)
        .map(|member| {
            let errors = member.chunks_exact(width).zip(rows.target.chunks_exact(targets));
            let sum: f64 = errors.flat_map(|(o, y)| o.iter().zip(y).map(|(o, y)| f64::from(o - y).powi(2))).sum();
            sum / (rows.len * targets) as f64
        })
        .collect()
}
