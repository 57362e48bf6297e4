//! What went wrong, and the scores that are held against it.

use crate::metrics::score::Score;

/// What went wrong, one number a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Rows are steps; the truth is the realised one-step model error.
    ModelError,
    /// Rows are episodes; the truth is the return, lower is worse. For ρ and at its threshold a score is its largest; AUROC
    /// and AUPRC hold episodes against each other over the steps that both have ([`super::prefix`]).
    LowReturn,
}

/// One score over the rows of a truth.
#[derive(Debug, Clone)]
pub struct Signal {
    /// Which score.
    pub score: &'static Score,
    /// [N] one number a row.
    pub values: Vec<f64>,
    /// [N][T] largest score up to each step, where rows are episodes; empty where they are steps.
    pub running: Vec<Vec<f64>>,
    /// Alarm above this score, where that is known.
    pub threshold: Option<f64>,
}

/// The truth that scores are held against.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Which.
    pub kind: Kind,
    /// [N] larger is worse. Rows without a truth are left out by the caller.
    pub severity: Vec<f64>,
    /// [N] it counts as failed.
    pub positive: Vec<bool>,
    /// [N] episode.
    pub owner: Vec<usize>,
    /// What counts as failed, in words that follow "positive:".
    pub definition: String,
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Over all rows.
    pub value: f64,
    /// 2.5 % and 97.5 % quantiles over resampled episodes; nothing with fewer than 5 episodes, and of AUROC and AUPRC
    /// nothing with fewer than 5 that have a failed row or fewer than 5 that have another.
    pub interval: Option<(f64, f64)>,
}
