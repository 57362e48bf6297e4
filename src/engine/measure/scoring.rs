//! Every score of every state of some episodes, with thresholds from the calibration part, a record on the held-out part,
//! and what came of it: the road that `score` and `diagnose` share.

use std::sync::Arc;

use super::evidence::Held;
use super::feature_space::FeatureSpace;
use super::judged::Judged;
use super::model_space;
use super::one_step::OneStepError;
use crate::data::dataset::Dataset;
use crate::data::episode::TransitionBatch;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::alarm::{Alarm, Part};
use crate::metrics::novelty::Novelty;
use crate::metrics::score::{self, Column, Fitted, Members};
use crate::metrics::scoring::Evidence;
use crate::metrics::threshold::{self, Kind};
use crate::world::imagine;
use crate::world::world_model::Feedback;

/// How thresholds are set, and what a low return is.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// How a threshold is set.
    pub kind: Kind,
    /// False-alarm level.
    pub alpha: f64,
    /// Return below which an episode has failed, where one is known.
    pub low_return: Option<f64>,
    /// Seed of the bootstraps.
    pub seed: u64,
}

/// Every score that the data and the model allow, fitted to the training part.
pub struct Scorer<'a> {
    opened: &'a Opened,
    /// What was opened as the model sees it.
    seen: &'a Opened,
    space: &'a FeatureSpace,
    fitted: Fitted<'a>,
    error: Option<&'a OneStepError<'a>>,
}

/// The scores of the judged states and what came of them.
pub struct Scored {
    /// Scores of every judged state.
    pub columns: Vec<Column>,
    /// Where each state is from.
    pub rows: Rows,
    /// [N] one-step model error in units of its threshold; NaN where unknown; empty without a model.
    pub error: Vec<f64>,
    /// Every score against what went wrong, where that can be said.
    pub evidence: Option<Evidence>,
}

/// States with their actions, row by row.
#[derive(Debug, Default)]
pub struct Rows {
    /// [N, F] in the feature space.
    features: Vec<f32>,
    /// The states with their pasts; next observations are NaN where they are not known.
    batch: TransitionBatch,
    /// [N] the states' places in the batch.
    at: Vec<usize>,
    /// [N] episode, an index in its dataset.
    pub owner: Vec<usize>,
    /// [N] step in its episode.
    pub step: Vec<usize>,
}

impl Rows {
    /// Every state `s_t`, t < T, of the episodes that has `context` observations behind it; only those whose numbers are finite
    /// if `usable`. `seen` are the data as the model sees them.
    fn gather(
        (data, seen): (&Dataset, &Dataset),
        episodes: &[usize],
        space: &FeatureSpace,
        (context, usable): (usize, bool),
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let mut batch = TransitionBatch::within(seen.obs_dim(), Arc::new(data.action_space.clone()));
        let mut all = Vec::new();
        let width = space.names().len();
        let unknown = vec![f32::NAN; seen.obs_dim()];
        for e in data.episodes(episodes) {
            let features = space.of_episode(data, e.index, cx)?;
            for t in 0..e.steps() {
                let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
                let feature = &features[t * width..(t + 1) * width];
                if usable && !(finite(feature) && finite(e.obs_at(t)) && finite(e.action_at(t))) {
                    continue;
                }
                all.extend_from_slice(feature);
                let of_model = seen.episode(e.index);
                batch.push(&of_model, t, of_model.next_obs_at(t).unwrap_or(&unknown));
            }
        }
        let at = batch.with_context(context);
        let features = if at.len() == batch.len() {
            all
        } else {
            at.iter().flat_map(|&i| &all[i * width..(i + 1) * width]).copied().collect()
        };
        let (owner, step) = at.iter().map(|&i| (batch.episode[i], batch.step[i])).unzip();
        Ok(Self { features, batch, at, owner, step })
    }

    /// The states in the feature space.
    pub fn states(&self) -> States<'_> {
        States { rows: &self.features, owner: &self.owner }
    }
}

impl<'a> Scorer<'a> {
    /// Fits the scores to what was `opened`; `seen` is the same as the model sees it.
    ///
    /// # Errors
    /// A sentence where the training part does not allow one; or cancelled.
    pub fn new(
        (opened, seen): (&'a Opened, &'a Opened),
        space: &'a FeatureSpace,
        novelty: &'a Novelty,
        error: Option<&'a OneStepError<'a>>,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let cx = cx.phase("fitting the scores");
        let train = space.rows(&opened.data, &opened.split.train, &cx)?;
        let fitted = Fitted::new(novelty, train.states(), &cx)?;
        Ok(Self { opened, seen, space, fitted, error })
    }

    /// A threshold for every score from the calibration part, and its record on the held-out part.
    ///
    /// # Errors
    /// A sentence where a part is empty or the level is none; or cancelled.
    pub fn alarms(&self, rule: Rule, cx: &Ctx) -> Result<Vec<Alarm>, Fault> {
        let (data, split) = ((&*self.opened.data, &*self.seen.data), &self.opened.split);
        let calibration = Rows::gather(data, &split.calibration, self.space, (self.context(), true), cx)?;
        let heldout = Rows::gather(data, &split.heldout, self.space, (self.context(), true), cx)?;
        let (of_calibration, _) = self.score(&calibration, false, "calibration", cx)?;
        let (of_heldout, _) = self.score(&heldout, false, "held-out", cx)?;
        let how = (rule.kind, rule.alpha, split.is_shared());
        let alarm = |(c, h): (&Column, &Column)| {
            let calibration = Part { values: &c.values, owner: &calibration.owner };
            let heldout = Part { values: &h.values, owner: &heldout.owner };
            Alarm::set(c.score, calibration, heldout, how, rule.seed)
        };
        of_calibration.iter().zip(&of_heldout).map(alarm).collect()
    }

    /// The thresholds of [`Scorer::alarms`] alone: the held-out part is left alone.
    ///
    /// # Errors
    /// As [`Scorer::alarms`].
    pub fn thresholds(&self, rule: Rule, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let (data, split) = ((&*self.opened.data, &*self.seen.data), &self.opened.split);
        let rows = Rows::gather(data, &split.calibration, self.space, (self.context(), true), cx)?;
        let (columns, _) = self.score(&rows, false, "calibration", cx)?;
        let (kind, alpha, shared) = (rule.kind, rule.alpha, split.is_shared());
        let set = |c: &Column| Ok(threshold::of_kind(kind, &c.values, &rows.owner, alpha, shared)?.value);
        columns.iter().map(set).collect()
    }

    /// Scores the judged states and holds every score, with its threshold, against what happened.
    ///
    /// # Errors
    /// A sentence where the states do not fit the data; or cancelled.
    pub fn judged(&self, judged: &Judged, thresholds: &[f64], rule: Rule, cx: &Ctx) -> Result<Scored, Fault> {
        let data = judged.data(self.opened);
        let seen = model_space::judged(judged, self.seen, cx)?;
        let rows = Rows::gather((data, &seen), &judged.episodes, self.space, (self.context(), false), cx)?;
        let (columns, errors) = self.score(&rows, judged.is_fresh(), "judged", cx)?;
        let held = Held { columns: &columns, thresholds, owner: &rows.owner, errors: &errors };
        let evidence = held.against(self.error, data, (rule.low_return, rule.seed), cx)?;
        let error = self.error.map_or_else(Vec::new, |e| errors.iter().map(|&v| e.ratio(v)).collect());
        Ok(Scored { columns, rows, error, evidence })
    }

    /// Observations that the model sees.
    fn context(&self) -> usize {
        self.error.map_or(1, |error| error.model().context())
    }

    /// What the user should know of the fits.
    pub fn notes(&self) -> Vec<String> {
        self.fitted.notes()
    }

    fn score(&self, rows: &Rows, fresh: bool, name: &str, cx: &Ctx) -> Result<(Vec<Column>, Vec<f64>), Fault> {
        let mut columns = self.fitted.of(rows.states(), fresh, &cx.phase(&format!("scores of the {name} states")))?;
        let asked = self.error.map(|e| ask(e, rows, &cx.phase(&format!("asking the model about the {name} states"))));
        let (more, errors) = asked.transpose()?.unwrap_or_default();
        columns.extend(more);
        Ok((columns, errors))
    }
}

/// The scores of the members, and the model's raw error, for every row.
fn ask(error: &OneStepError<'_>, rows: &Rows, cx: &Ctx) -> Result<(Vec<Column>, Vec<f64>), Fault> {
    let model = error.model();
    let (d, n) = (rows.batch.obs_dim, rows.at.len());
    let (mut columns, mut errors): (Vec<Column>, Vec<f64>) = (Vec::new(), Vec::with_capacity(n));
    let each = imagine::chunk(model);
    for (i, at) in rows.at.chunks(each).enumerate() {
        cx.step((i * each) as u64, n as u64)?;
        let mut state = model.begin(&rows.batch.pasts(at, model.context()));
        let p = model.step(&mut state, &rows.batch.actions_at(at), Feedback::Mean).prediction;
        let std: Option<Vec<f32>> = p.logvar.as_ref().map(|l| l.iter().map(|v| (0.5 * v).exp()).collect());
        let some = score::of_members(&Members {
            count: p.members,
            change: &p.delta,
            std: std.as_deref(),
            targets: p.logvar.as_ref().map_or(d, |l| l.len() / (p.members * p.rows).max(1)),
            scale: error.scale(),
        });
        if columns.is_empty() {
            columns = some;
        } else {
            columns.iter_mut().zip(some).for_each(|(all, more)| all.values.extend(more.values));
        }
        let real = at.iter().map(|&i| rows.batch.next_obs_at(i));
        errors.extend(state.obs.chunks_exact(d).zip(real).map(|(p, r)| error.of_row(p, r)));
    }
    Ok((columns, errors))
}
