//! Whether a world model is of use at all, and its file was read rightly: measured wherever a model meets data, on a few
//! thousand transitions of the training part, in a fraction of a second.
//!
//! The yardstick is absolute: copying the last state. A threshold that is calibrated on the model itself cannot notice that
//! the model is wrong everywhere. Beside it stand the linear floor and every other reading that the file leaves open.

use std::sync::Arc;

use super::model_space;
use super::one_step::{change_std, rms, row_squares, total};
use super::windows::Windows;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::reading::Reading;
use crate::data::episode::TransitionBatch;
use crate::data::space::Actions;
use crate::data::summary::summary;
use crate::engine::opened::Opened;
use crate::engine::spec::{ImagineSpec, Source};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::stats::evenly;
use crate::ground::task::Ctx;
use crate::metrics::divergence::DIVERGED;
use crate::metrics::linear_floor::linear_floor;
use crate::metrics::report::{Level, Note, Report};
use crate::world::ensemble::Ensemble;
use crate::world::imagine::{one_step, open_loop};
use crate::world::world_model::WorldModel;

mod normaliser;

use normaliser::normaliser_doubts;

/// Transitions that the error is measured on.
const STEPS: usize = 4096;
/// Transitions that choose which other readings are measured on all of them.
const FIRST_LOOK: usize = 256;
/// Other readings that are measured on all of them.
const CONTENDERS: usize = 3;
/// Multiples of the golden ratio, their whole parts taken away, fill an interval evenly however many there are.
const GOLDEN: f64 = 0.618_033_988_749_895;
/// Rollouts that are followed to see whether they run away, and their steps.
const ROLLOUTS: (usize, usize) = (64, 50);
/// Standard deviations from the data's mean that no state which the model should imagine is away.
const AWAY: f64 = 100.0;
/// Share of rollouts that may run away before the model is of no use.
const FEW: f64 = 0.1;

/// What was found; errors are root mean squares over transitions and dimensions in units of copying the last state's.
#[derive(Debug, Clone, Default)]
pub struct ReadingCheck {
    /// Transitions that were looked at.
    pub steps: usize,
    /// One-step error of the model as it was read; infinite where it predicts no numbers.
    pub error: f64,
    /// One-step error of a linear model of the same transitions, where one can be had.
    pub linear: Option<f64>,
    /// The best of the other readings that the file leaves open, with its error: only where it is far better.
    pub better: Option<(Reading, f64)>,
    /// What rollouts along the training part come to.
    pub rollouts: Followed,
    /// What does not fit between the model's normaliser and the data.
    pub doubts: Vec<String>,
    reading: Option<Reading>,
    /// Where its numbers are, if not in observations.
    place: Option<String>,
}

/// Rollouts along the training part with its recorded actions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Followed {
    /// How many.
    pub count: usize,
    /// Steps of each.
    pub horizon: usize,
    /// How many left the numbers that the data knows.
    pub gone: usize,
    /// Root mean square error at the last step in units of copying the start's, or of the data's deviation where that is
    /// larger.
    pub error: f64,
}

/// A check is kept for the source that it is of, whatever is held against it.
#[derive(PartialEq)]
struct Checked(Source);

/// The check of what `opened` holds, from the cache if it was made before; nothing where there is no world model or no
/// transition.
///
/// # Errors
/// When cancelled.
pub fn reading_check(opened: &Opened, cx: &Ctx) -> Result<Option<Arc<ReadingCheck>>, Fault> {
    let Some(checkpoint) = &opened.checkpoint else { return Ok(None) };
    let Some(model) = checkpoint.world_model.as_deref() else { return Ok(None) };
    let key = Checked(Source { rollouts: None, ..opened.source.clone() });
    let check = opened.measured.cached(key, || measure(opened, checkpoint, model, &cx.phase("checking the model")))?;
    Ok(Some(check).filter(|check| check.steps > 0))
}

fn measure(opened: &Opened, checkpoint: &Checkpoint, model: &dyn WorldModel, cx: &Ctx) -> Result<ReadingCheck, Fault> {
    let batch = model_space::batch(model, sample(opened, STEPS), cx)?;
    let scale = model_space::scale(model, change_std(&batch));
    let all: Vec<usize> = (0..batch.len()).collect();
    let copied = rms(&batch, &all, &batch.obs, &scale);
    if batch.is_empty() || copied <= 0.0 {
        return Ok(ReadingCheck::default());
    }
    let relative = |model: &dyn WorldModel, batch: &TransitionBatch| -> Result<f64, Fault> {
        let said = one_step(model, batch, &Ctx::quiet())?;
        cx.check()?;
        let error = rms(batch, &said.rows, &said.next_obs, &scale) / copied;
        Ok(if error.is_finite() { error } else { f64::INFINITY })
    };
    let error = relative(model, &batch)?;
    let linear = linear_floor(
        &batch.obs,
        &batch.actions(0..batch.len()).columns(opened.data.action_space.encoded_dim()),
        &batch.next_obs,
        batch.len(),
    );
    let few = model_space::batch(model, sample(opened, FIRST_LOOK), cx)?;
    // Every other reading is a copy of the weights: only the best few are kept while they are tried.
    let mut others = Vec::new();
    for other in checkpoint.alternatives() {
        others.push((relative(&*other.model, &few)?, other));
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        others.truncate(CONTENDERS);
    }
    let mut better: Option<(Reading, f64)> = None;
    for (_, other) in others {
        let its = relative(&*other.model, &batch)?;
        // Far better than this one, and clearly of use: less is within what training and noise do.
        if its < 0.5 * error && its < 0.5 && better.is_none_or(|(_, best)| its < best) {
            better = Some((other.reading, its));
        }
    }
    Ok(ReadingCheck {
        steps: batch.len(),
        error,
        linear: linear.map(|next| rms(&batch, &all, &next, &scale) / copied),
        better,
        rollouts: follow(opened, model, cx)?,
        doubts: Ensemble::known(model).map(|m| normaliser_doubts(m, opened, &batch)).unwrap_or_default(),
        reading: checkpoint.about.reading,
        place: model_space::place(model),
    })
}

/// Up to about `most` transitions: stretches of training episodes, evenly over the episodes and over their beginnings, middles
/// and ends (a balanced pendulum's middles know one state).
fn sample(opened: &Opened, most: usize) -> TransitionBatch {
    let train = &opened.split.train;
    let mut batch = opened.data.transitions(&[]);
    let chosen = evenly(train.len(), ROLLOUTS.0);
    let each = most.div_ceil(chosen.len().max(1));
    for (n, i) in chosen.into_iter().enumerate() {
        let e = opened.data.episode(train[i]);
        let first = ((n as f64 * GOLDEN).fract() * (e.steps().saturating_sub(each) + 1) as f64) as usize;
        batch.push_steps(&e, first..(first + each).min(e.steps()));
    }
    batch
}

/// Rollouts along training episodes: how many, of how many steps, and how many leave what the data knows by far.
fn follow(opened: &Opened, model: &dyn WorldModel, cx: &Ctx) -> Result<Followed, Fault> {
    let (data, train) = (&opened.data, &opened.split.train);
    let some: Vec<usize> = evenly(train.len(), ROLLOUTS.0).into_iter().map(|i| train[i]).collect();
    let spec = ImagineSpec { starts: ROLLOUTS.0, horizon: ROLLOUTS.1, ..ImagineSpec::default() };
    let part = model.encoder().is_some().then(|| data.subset(&some));
    let seen = part.as_ref().map(|part| model_space::dataset(model, part, cx)).transpose()?;
    let (data, some) = seen.as_deref().map_or((&**data, some), |seen| (seen, (0..seen.num_episodes()).collect()));
    let windows = Windows::choose(data, &some, &spec, model.context());
    if windows.starts.is_empty() {
        return Ok(Followed::default());
    }
    let (real, actions) = windows.gather(data);
    let actions = Actions::new(&data.action_space, actions);
    let imagined = open_loop(model, &windows.pasts(data), &actions, windows.horizon, None, cx)?.obs;
    let moments = summary(data, &some).obs;
    let d = data.obs_dim();
    let std = model_space::scale(model, moments.iter().map(|m| m.std).collect());
    let away = |row: &[f32]| {
        row.iter()
            .zip(&moments)
            .zip(&std)
            .any(|((v, m), std)| !v.is_finite() || (*std > 0.0 && (f64::from(*v) - m.mean).abs() > AWAY * std))
    };
    let width = d * (windows.horizon + 1);
    let gone = imagined.chunks_exact(width).filter(|rollout| rollout.chunks_exact(d).any(away)).count();
    let (mut error, mut copied) = (0.0, 0.0);
    for (real, imagined) in real.chunks_exact(width).zip(imagined.chunks_exact(width)) {
        let happened = &real[width - d..];
        error += total(&row_squares(&imagined[width - d..], happened, &std), &std).powi(2);
        copied += total(&row_squares(&real[..d], happened, &std), &std).powi(2);
    }
    // What returns to where it was is copied without an error: a standard deviation of the data is no divergence.
    let (count, n) = (windows.starts.len(), windows.starts.len() as f64);
    let error = ((error / n).sqrt()) / (copied / n).sqrt().max(1.0);
    Ok(Followed { count, horizon: windows.horizon, gone, error })
}

impl ReadingCheck {
    /// Why nothing that the model says can be relied on; nothing where it is of some use.
    pub fn unusable(&self) -> Option<String> {
        let Followed { count, horizon, gone, .. } = self.rollouts;
        if self.error >= 1.0 {
            let linear = self.linear.map(|l| format!(", a linear model {} times", times(l))).unwrap_or_default();
            return Some(format!(
                "The world model is unusable, or wrongly read: one step ahead it errs {} times as much as copying the last \
                 state{linear}.",
                times(self.error)
            ));
        }
        (count > 0 && gone as f64 > FEW * count as f64).then(|| {
            format!(
                "The world model is unusable, or wrongly read: {gone} of {count} rollouts of {horizon} steps run away from the \
                 data."
            )
        })
    }

    /// True if no verdict may rest on the model.
    pub fn is_distrusted(&self) -> bool {
        self.better.is_some() || self.unusable().is_some()
    }

    /// Everything that was found wrong, the worst first; nothing where all is well.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut say = |level, text| notes.push(Note { level, text });
        if let Some(why) = self.unusable() {
            say(Level::Alarm, why);
        }
        if let (Some((other, its)), Some(mine)) = (self.better, self.reading) {
            let text = format!(
                "The checkpoint is probably wrongly read: with {} its one-step error would be {} of copying the last \
                 state's, not {}; if that is right, state it in oodscope.toml beside the file or with {}.",
                other.unlike(&mine).join(", "),
                times(its),
                times(self.error),
                other.options_unlike(&mine).join(" ")
            );
            say(Level::Alarm, text);
        }
        self.doubts.iter().for_each(|doubt| say(Level::Alarm, doubt.clone()));
        let Followed { count, horizon, gone, error } = self.rollouts;
        if self.unusable().is_none() && error > DIVERGED {
            let text = format!(
                "The world model's rollouts diverge: after {horizon} steps they err {} times as much as copying the start, and \
                 {gone} of {count} run away from the data.",
                times(error)
            );
            say(Level::Alarm, text);
        } else if self.unusable().is_none() && gone > 0 {
            let text = format!("{gone} of {count} rollouts of {horizon} steps run away from the data.");
            say(Level::Warn, text);
        }
        // Where both err by next to nothing, neither is the better one.
        if let Some(linear) = self.linear.filter(|l| *l < 0.9 * self.error && (0.01..1.0).contains(&self.error)) {
            let text = format!(
                "A linear model of the same steps errs less ({} of copying the last state) than the world model ({}).",
                times(linear),
                times(self.error)
            );
            say(Level::Warn, text);
        }
        if !notes.is_empty() {
            notes.push(Note { level: Level::Info, text: self.basis() });
        }
        notes
    }

    /// What the numbers of the other sentences are.
    fn basis(&self) -> String {
        format!(
            "The world model was checked on {} steps of training episodes and on {} along them with their recorded actions: root \
             mean square errors over dimensions in units of copying the last state's (of a rollout's end: of copying its start's, \
             at least one standard deviation of the data). Away from the data is more than {AWAY} deviations, or no finite number.{}",
            self.steps,
            counted(self.rollouts.count, "rollouts"),
            self.place.as_ref().map_or_else(String::new, |place| format!(" All of it {place}."))
        )
    }

    /// Puts what was found first in `report`. Where that `judges` by the model, good news beside an alarm is none and goes.
    pub fn tell(&self, report: &mut Report, judges: bool) {
        let notes = self.notes();
        if judges && notes.iter().any(|note| note.level == Level::Alarm) {
            report.notes.retain(|note| note.level != Level::Good);
        }
        report.notes.splice(0..0, notes);
    }
}

/// A factor with three digits.
fn times(factor: f64) -> String {
    if !factor.is_finite() {
        return "infinitely many".into();
    }
    match factor {
        f if f >= 100.0 => format!("{f:.0}"),
        f if f >= 10.0 => format!("{f:.1}"),
        f if f >= 0.1 => format!("{f:.2}"),
        f => format!("{f:.4}"),
    }
}

#[cfg(test)]
mod tests;
