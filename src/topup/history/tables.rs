//! The tables of a top-up: its checks, and before against after.

use super::{History, Round, trigger_words};
use crate::ground::stats;
use crate::metrics::report::{Cell, Table};

impl History {
    /// One row a check.
    pub(super) fn checks(&self) -> Table {
        let columns =
            ["check", "R", "threshold", "return", "± s.e.", "outside %", "added before", "decision", "evidence"];
        let row = |(i, r): (usize, &Round)| -> Vec<Cell> {
            vec![
                (i + 1).into(),
                r.check.ratio.into(),
                r.threshold.into(),
                r.check.score.into(),
                r.check.score_se.into(),
                percent(r.outside).into(),
                r.check.spent.into(),
                r.decision.to_string().into(),
                trigger_words::cell(r.evidence).into(),
            ]
        };
        Table {
            key: "checks".into(),
            label: "Checks".into(),
            columns: columns.map(String::from).to_vec(),
            rows: self.rounds.iter().enumerate().map(row).collect(),
        }
    }

    /// Return and R are of each policy's own episodes; the world model's loss is taken on the first policy's evaluation
    /// episodes and on the held-out ones, so that both models are measured on the same trajectories.
    pub(super) fn before_after(&self) -> Option<Table> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let mut row = |label: &str, b: f64, a: f64| rows.push(vec![label.into(), b.into(), a.into(), (a - b).into()]);
        let (n, held) = (before.returns.len(), before.heldout.len());
        row("mean return", stats::mean_se(&before.returns).0, stats::mean_se(&after.returns).0);
        row("± s.e.", stats::mean_se(&before.returns).1, stats::mean_se(&after.returns).1);
        row("loss ratio R", before.ratio().0, after.ratio().0);
        row("loss, first policy (σ²)", stats::mean_std(&self.revisited.0).0, stats::mean_std(&self.revisited.1).0);
        row("loss, held-out (σ²)", stats::mean_std(&before.heldout).0, stats::mean_std(&after.heldout).0);
        if before.outside.is_some() {
            row("states outside the data (%)", percent(before.outside), percent(after.outside));
        }
        Some(Table {
            key: "before_after".into(),
            label: format!("Before and after: {n} episodes from the same starts, {held} held-out ones"),
            columns: ["measure", "before", "after", "change"].map(String::from).to_vec(),
            rows,
        })
    }
}

/// A share in percent; NaN where it is not known.
pub(super) fn percent(share: Option<f64>) -> f64 {
    share.map_or(f64::NAN, |share| 100.0 * share)
}
