//! Which real episodes leave the data and the model's competence, and why.

use std::sync::Arc;

use super::cover::all_episodes;
use super::job::{Body, CoverSpec, DiagnoseSpec, Outcome};
use super::one_step::OneStepError;
use super::workspace::Opened;
use super::{Emit, Ended, Workspace};
use crate::data::dataset::Dataset;
use crate::env::{self, Environment};
use crate::metrics::diagnosis::{self, EpisodeScores, Input};
use crate::metrics::novelty::Novelty;
use crate::metrics::report::{Level, Report};
use crate::metrics::stats::quantile;
use crate::model::policy::Actor;
use crate::seed::stream;
use crate::task::Ctx;
use crate::topup::collect::{Collector, Limit};

/// Ranks real episodes and reports the worst.
pub fn run(spec: &DiagnoseSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let cover = CoverSpec { source: spec.source.clone(), k: spec.k, alpha: spec.alpha, ..CoverSpec::default() };
    let coverage = workspace.coverage(&cover, cx)?;
    let judged = judged(spec, &opened, cx)?;
    let model = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_ref());
    let error = model.map(|m| OneStepError::calibrate(m, &opened, spec.alpha, cx)).transpose()?;
    let rollouts = judged.data.as_ref().unwrap_or(&opened.data);
    let scored = judged
        .episodes
        .iter()
        .map(|&e| Scored::measure(rollouts, e, &coverage.novelty, error.as_ref(), cx))
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
fn judged(spec: &DiagnoseSpec, opened: &Opened, cx: &Ctx) -> Result<Judged, Ended> {
    if let Some(rollouts) = &opened.rollouts {
        let sentence = format!("diagnosed {} episodes of {}", rollouts.num_episodes(), rollouts.origin.path.display());
        return Ok(Judged {
            data: Some(Arc::clone(rollouts)),
            episodes: all_episodes(rollouts),
            sentence,
            collected: 0,
        });
    }
    let actor = opened.checkpoint.as_ref().and_then(|c| c.actor.as_ref());
    let mut environment = environment(spec.env.as_deref(), opened)?;
    if let (Some(actor), Some(environment)) = (actor, environment.as_deref_mut()) {
        let fresh = collect(actor, environment, spec, cx)?;
        let (n, steps) = (fresh.num_episodes(), fresh.num_steps());
        let sentence = format!("diagnosed {n} fresh episodes of the checkpoint's policy in {}", environment.id());
        return Ok(Judged { episodes: all_episodes(&fresh), data: Some(Arc::new(fresh)), sentence, collected: steps });
    }
    let why = if actor.is_none() { "there is no policy to collect with" } else { "the environment is not built in" };
    let sentence = format!(
        "diagnosed the dataset's held-out episodes: no rollouts are named and {why} (name some with --rollouts)"
    );
    Ok(Judged { data: None, episodes: opened.split.heldout.clone(), sentence, collected: 0 })
}

/// The environment that is named, or the dataset's own where it is built in.
pub fn environment(named: Option<&str>, opened: &Opened) -> Result<Option<Box<dyn Environment>>, Ended> {
    let data = &opened.data;
    let of_checkpoint = opened.checkpoint.as_ref().and_then(|c| c.about.env_id.as_deref());
    let Some(id) = named.or(data.origin.env_id.as_deref()).or(of_checkpoint) else { return Ok(None) };
    let Some(environment) = env::make(id) else {
        let known = env::ENVIRONMENTS.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        return match named {
            Some(id) => Err(Ended::BadInput(format!("no environment is called '{id}'; built in: {known}"))),
            None => Ok(None),
        };
    };
    let (d, a) = (environment.obs_space().dim(), environment.action_space().dim());
    if (d, a) != (data.obs_dim(), data.action_dim()) {
        return Err(Ended::BadInput(format!(
            "{id} has {d} observation and {a} action dimensions, the dataset has {} and {}; name the dataset's own \
             environment with --env",
            data.obs_dim(),
            data.action_dim()
        )));
    }
    Ok(Some(environment))
}

fn collect(actor: &Actor, env: &mut dyn Environment, spec: &DiagnoseSpec, cx: &Ctx) -> Result<Dataset, Ended> {
    let mut collector = Collector::new(0);
    let mut act = |obs: &[f32], _: &mut dyn rand::Rng| actor.act(obs);
    let cx = cx.phase("acting in the environment");
    let limit = Limit::episodes(spec.episodes.max(1));
    collector.run(env, &mut act, limit, &mut stream(spec.seed, "diagnosis"), &cx)?;
    collector.dataset(env).ok_or_else(|| Ended::Failed("the environment gave no step".into()))
}

/// One episode with the scores of every step, owned.
struct Scored {
    label: String,
    obs: Vec<f32>,
    novelty: Vec<f64>,
    model_error: Vec<f64>,
    error_by_dim: Vec<f64>,
    disagreement: Vec<f64>,
    reward: Vec<f64>,
    ret: f64,
}

impl Scored {
    fn measure(
        data: &Dataset,
        index: usize,
        novelty: &Novelty,
        error: Option<&OneStepError<'_>>,
        cx: &Ctx,
    ) -> Result<Self, Ended> {
        let e = data.episode(index);
        let obs = e.obs[..e.steps() * data.obs_dim()].to_vec();
        let novelty = novelty.ratios(&obs, &cx.phase("novelty of the episodes"))?;
        let steps = error.map(|error| error.of_episode(data, index, cx)).transpose()?.unwrap_or_default();
        Ok(Self {
            label: e.span.id.to_string(),
            obs,
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
            obs: &self.obs,
            novelty: &self.novelty,
            model_error: &self.model_error,
            error_by_dim: &self.error_by_dim,
            disagreement: &self.disagreement,
            reward: &self.reward,
            ret: self.ret,
        }
    }
}
