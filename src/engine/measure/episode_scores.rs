//! What coverage and a world model say of each episode: the columns [`SCORES`] of the episode table.

use super::model_space;
use super::one_step::OneStepError;
use crate::data::table::SCORES;
use crate::engine::opened::Opened;
use crate::engine::spec::CoverSpec;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::novelty::{Novelty, Rule};
use crate::metrics::threshold::is_alarm;

/// Each column's name and its numbers, one an episode; NaN where an episode has no state that can be scored.
pub type Scores = Vec<(&'static str, Vec<f64>)>;

/// `ood_fraction` and `novelty`; with a world model also `model_error`. An episode's novelty is measured from the training
/// episodes other than itself; thresholds are those of the coverage and of the diagnosis.
///
/// # Errors
/// A sentence where the parts are too small; or cancelled.
pub fn measure(opened: &Opened, cx: &Ctx) -> Result<Scores, Fault> {
    let (ood, peak) = novelty(opened, cx)?;
    let model = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_deref());
    let mut scores = vec![(SCORES[0].0, ood), (SCORES[1].0, peak)];
    if let Some(model) = model {
        let usual = CoverSpec::default().options;
        let seen = model_space::of(opened, cx)?;
        let error = OneStepError::calibrate(model, &seen, (usual.threshold, usual.alpha), cx)?;
        let phase = cx.phase("model error of the episodes");
        let n = opened.data.num_episodes();
        let mut worst = Vec::with_capacity(n);
        for e in 0..n {
            phase.step(e as u64, n as u64)?;
            worst.push(error.of_episode(&seen.data, e, &Ctx::quiet())?.ratio.into_iter().fold(f64::NAN, f64::max));
        }
        scores.push((SCORES[2].0, worst));
    }
    Ok(scores)
}

/// Share of each episode's states beyond the threshold, and the largest novelty in units of it.
fn novelty(opened: &Opened, cx: &Ctx) -> Result<(Vec<f64>, Vec<f64>), Fault> {
    let (data, split, usual) = (&opened.data, &opened.split, CoverSpec::default().options);
    let part = |episodes: &[usize]| data.states(episodes);
    let ((train, of), (calibration, by)) = (part(&split.train), part(&split.calibration));
    let rule = Rule { k: usual.k, kind: usual.threshold, alpha: usual.alpha, shared: split.is_shared() };
    let train = States { rows: &train, owner: &of };
    let calibration = States { rows: &calibration, owner: &by };
    let phase = cx.phase("novelty of the episodes");
    let novelty = Novelty::fit(&data.obs_space.names, train, calibration, rule, &phase)?;
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let (rows, owner) = part(&all);
    let scores = novelty.score_apart(States { rows: &rows, owner: &owner }, &phase)?;
    let n = data.num_episodes();
    let (mut beyond, mut states, mut peak) = (vec![0.0; n], vec![0.0; n], vec![f64::NAN; n]);
    for (score, e) in scores.into_iter().zip(owner) {
        let ratio = novelty.threshold.ratio(score);
        states[e] += 1.0;
        beyond[e] += f64::from(u8::from(is_alarm(ratio)));
        peak[e] = ratio.max(peak[e]);
    }
    Ok((beyond.into_iter().zip(states).map(|(b, n): (f64, f64)| b / n).collect(), peak))
}
