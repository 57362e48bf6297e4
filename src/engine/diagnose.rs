//! Which real episodes leave the data and the model's competence, and why.

use std::sync::Arc;

use super::cover::all_episodes;
use super::feature_space::FeatureSpace;
use super::imagine::trust;
use super::job::{Body, CoverSpec, DiagnoseSpec, Outcome};
use super::one_step::OneStepError;
use super::workspace::Opened;
use super::{Emit, Ended, Workspace};
use crate::data::dataset::Dataset;
use crate::metrics::diagnosis::{self, EpisodeScores, Input};
use crate::metrics::novelty::Novelty;
use crate::metrics::report::{Level, Report};
use crate::metrics::stats::quantile;
use crate::task::Ctx;

/// Ranks real episodes and reports the worst.
pub fn run(spec: &DiagnoseSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let cover = CoverSpec {
        source: spec.source.clone(),
        k: spec.k,
        alpha: spec.alpha,
        space: spec.space.clone(),
        policy: spec.policy.clone(),
        ..CoverSpec::default()
    };
    let space = FeatureSpace::resolve(&spec.space, &opened)?;
    let coverage = workspace.coverage(&cover, cx)?;
    let judged = judged(spec, workspace, &opened, cx)?;
    let model = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_ref());
    let error = model.map(|m| OneStepError::calibrate(m, &opened, spec.alpha, cx)).transpose()?;
    let rollouts = judged.data.as_ref().unwrap_or(&opened.data);
    let scored = judged
        .episodes
        .iter()
        .map(|&e| Scored::measure((rollouts, e), &space, &coverage.novelty, error.as_ref(), cx))
        .collect::<Result<Vec<_>, Ended>>()?;
    let episodes: Vec<EpisodeScores<'_>> = scored.iter().map(Scored::view).collect();
    let returns: Vec<f64> = opened.data.episodes(&opened.split.train).map(|e| e.ret()).collect();
    let input = Input {
        names: &opened.data.obs_space.names,
        episodes: &episodes,
        novelty: &coverage.novelty,
        map: Some(&coverage.map),
        low_return: (!returns.is_empty()).then(|| quantile(&returns, 0.25)),
    };
    let mut report = diagnosis::report(&input, &cx.phase("ranking episodes"))?.report;
    judged.note(&mut report);
    if let Some(error) = &error {
        report.note(Level::Info, error.sentence());
    }
    if let Some(checkpoint) = &opened.checkpoint {
        trust(&mut report, checkpoint, &opened.data, &spec.source);
    }
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome { summary: judged.sentence, written: Vec::new() })
}

/// The episodes that are diagnosed; those of the dataset itself where `data` is nothing.
struct Judged {
    data: Option<Arc<Dataset>>,
    episodes: Vec<usize>,
    sentence: String,
    collected: usize,
}

impl Judged {
    fn note(&self, report: &mut Report) {
        report.note(Level::Info, &self.sentence);
        if self.collected > 0 {
            report
                .stat(
                    "interaction",
                    "environment steps taken",
                    self.collected as f64,
                    "steps",
                    "Steps that were taken in the environment to diagnose the policy.",
                )
                .of(self.episodes.len(), "episodes");
        }
    }
}

/// Named rollouts, else fresh episodes of the checkpoint's policy, else the held-out episodes of the dataset.
fn judged(spec: &DiagnoseSpec, workspace: &Workspace, opened: &Opened, cx: &Ctx) -> Result<Judged, Ended> {
    if let Some(rollouts) = &opened.rollouts {
        let sentence = format!("diagnosed {} episodes of {}", rollouts.num_episodes(), rollouts.origin.path.display());
        return Ok(Judged {
            data: Some(Arc::clone(rollouts)),
            episodes: all_episodes(rollouts),
            sentence,
            collected: 0,
        });
    }
    let why = match workspace.trajectories(&spec.source, &spec.policy, opened, cx)? {
        Ok(fresh) => {
            let (n, steps) = (fresh.num_episodes(), fresh.num_steps());
            let id = fresh.origin.env_id.clone().unwrap_or_default();
            let sentence = format!("diagnosed {n} fresh episodes of the checkpoint's policy in {id}");
            return Ok(Judged { episodes: all_episodes(&fresh), data: Some(fresh), sentence, collected: steps });
        }
        Err(why) => why,
    };
    let sentence = format!(
        "diagnosed the dataset's held-out episodes: no rollouts are named and {why} (name some with --rollouts)"
    );
    Ok(Judged { data: None, episodes: opened.split.heldout.clone(), sentence, collected: 0 })
}

/// One episode with the scores of every step, owned.
struct Scored {
    label: String,
    features: Vec<f32>,
    novelty: Vec<f64>,
    model_error: Vec<f64>,
    error_by_dim: Vec<f64>,
    disagreement: Vec<f64>,
    reward: Vec<f64>,
    ret: f64,
}

impl Scored {
    fn measure(
        (data, index): (&Dataset, usize),
        space: &FeatureSpace,
        novelty: &Novelty,
        error: Option<&OneStepError<'_>>,
        cx: &Ctx,
    ) -> Result<Self, Ended> {
        let e = data.episode(index);
        let features = space.of_episode(data, index, cx)?;
        let novelty = novelty.ratios(&features, &cx.phase("novelty of the episodes"))?;
        let steps = error.map(|error| error.of_episode(data, index, cx)).transpose()?.unwrap_or_default();
        Ok(Self {
            label: e.span.id.to_string(),
            features,
            novelty,
            model_error: steps.ratio,
            error_by_dim: steps.by_dim,
            disagreement: steps.disagreement,
            reward: e.rewards.to_vec(),
            ret: e.ret(),
        })
    }

    fn view(&self) -> EpisodeScores<'_> {
        EpisodeScores {
            label: self.label.clone(),
            features: &self.features,
            novelty: &self.novelty,
            model_error: &self.model_error,
            error_by_dim: &self.error_by_dim,
            disagreement: &self.disagreement,
            reward: &self.reward,
            ret: self.ret,
        }
    }
}
