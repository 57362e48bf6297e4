//! The scores of some states against what came of them.

use super::one_step::OneStepError;
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::number::number;
use crate::ground::stats::by_episode;
use crate::ground::task::Ctx;
use crate::metrics::score::Column;
use crate::metrics::scoring::Evidence;
use crate::metrics::trust::contest::Contest;
use crate::metrics::trust::prefix;
use crate::metrics::trust::truth::{self, Signal, Truth};

/// What the scores of some states are held against.
pub struct Held<'a> {
    /// Scores of the states.
    pub columns: &'a [Column],
    /// Their alarm thresholds, in the order of the columns.
    pub thresholds: &'a [f64],
    /// [N] episode of each state.
    pub owner: &'a [usize],
    /// [N] the model's error there; NaN where unknown; empty without a model.
    pub errors: &'a [f64],
}

impl Held<'_> {
    /// Every score against the model's error at the steps whose outcome is known, or without a model against the return,
    /// where it is known below which one an episode has failed. Bootstraps by the seed.
    ///
    /// # Errors
    /// When cancelled.
    pub fn against(
        &self,
        error: Option<&OneStepError<'_>>,
        data: &Dataset,
        (low_return, seed): (Option<f64>, u64),
        cx: &Ctx,
    ) -> Result<Option<Evidence>, Fault> {
        let known: Vec<usize> = (0..self.errors.len()).filter(|&i| !self.errors[i].is_nan()).collect();
        let (signals, truth) = match (error, low_return) {
            (Some(model), _) if !known.is_empty() => self.errors(model, &known),
            (_, Some(low)) => self.returns(data, low),
            _ => return Ok(None),
        };
        if truth.severity.is_empty() {
            return Ok(None);
        }
        let contest = Contest::hold(&signals, &truth, seed, &cx.phase("holding scores against what happened"))?;
        Ok(Some(Evidence { contest, truth, signals }))
    }

    /// Steps, and the error at each.
    fn errors(&self, model: &OneStepError<'_>, known: &[usize]) -> (Vec<Signal>, Truth) {
        let pick = |v: &[f64]| known.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let truth = Truth {
            kind: truth::Kind::ModelError,
            severity: known.iter().map(|&i| model.ratio(self.errors[i])).collect(),
            positive: known.iter().map(|&i| self.errors[i] > model.usual()).collect(),
            owner: known.iter().map(|&i| self.owner[i]).collect(),
            definition: format!("error beyond {:.3} std, that of 95 % of the calibration steps", model.usual()),
        };
        (self.signals(|c| (pick(&c.values), Vec::new())), truth)
    }

    /// Episodes, and the return of each.
    fn returns(&self, data: &Dataset, low: f64) -> (Vec<Signal>, Truth) {
        let episodes: Vec<usize> = by_episode(self.owner).into_iter().map(|(e, _)| e).collect();
        let lost: Vec<f64> = episodes.iter().map(|&e| -data.episode(e).ret()).collect();
        let truth = Truth {
            kind: truth::Kind::LowReturn,
            positive: lost.iter().map(|l| -l < low).collect(),
            severity: lost,
            owner: episodes,
            definition: format!("return below {}, the lower quartile of the training episodes", number(low)),
        };
        let along = |c: &Column| {
            let running = prefix::by_episode(&c.values, self.owner);
            (running.iter().map(|r| r.last().copied().unwrap_or(f64::NAN)).collect(), running)
        };
        (self.signals(along), truth)
    }

    fn signals(&self, of: impl Fn(&Column) -> (Vec<f64>, Vec<Vec<f64>>)) -> Vec<Signal> {
        let signal = |(i, c): (usize, &Column)| {
            let (values, running) = of(c);
            Signal { score: c.score, values, running, threshold: self.thresholds.get(i).copied() }
        };
        self.columns.iter().enumerate().map(signal).collect()
    }
}
