//! Collecting a little and fine-tuning, in a run directory.

use std::sync::Arc;

use super::fit::{trainable, writable};
use super::imagine::world_model;
use super::job::{Body, Outcome, TopUpSpec};
use super::trajectories::environment;
use super::{Emit, Ended, Workspace};
use crate::env;
use crate::metrics::report::Report;
use crate::task::Ctx;
use crate::topup::round::{Options, TopUp, TopUpError};

/// Level of the threshold that R reaches by chance.
const ALPHA: f64 = 0.05;

/// Runs a top-up and reports as it goes.
pub fn run(spec: &TopUpSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    writable(&spec.out)?;
    let opened = workspace.open(&spec.source, cx)?;
    let (checkpoint, model) = world_model(&spec.source, &opened)?;
    trainable(&opened, Some(model))?;
    let Some(environment) = environment(spec.env.as_deref(), &opened)? else {
        let known = env::ENVIRONMENTS.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        return Err(Ended::BadInput(format!(
            "{}: the dataset's environment is not built in; name one with --env (built in: {known})",
            spec.source.dataset.display()
        )));
    };
    let options = Options {
        schedule: spec.schedule,
        threshold: spec.threshold,
        budget: spec.budget,
        probes: spec.probes,
        rounds: spec.rounds,
        model_steps: spec.model_steps,
        policy_steps: spec.policy_steps,
        eval_episodes: spec.eval_episodes,
        alpha: ALPHA,
        seed: spec.seed,
    };
    let live = |report: Report| emit(Body::Report(Arc::new(report)));
    let data = (&*opened.data, &opened.split);
    let mut start = checkpoint.clone();
    start.about.lineage.parent = spec.source.checkpoint.as_ref().map(|path| path.display().to_string());
    let topup = TopUp::new(data, start, environment, options, (&spec.out, spec), &live)?;
    let finished = topup.run(cx)?;
    Ok(Outcome { summary: finished.summary, written: finished.written })
}

impl From<TopUpError> for Ended {
    fn from(e: TopUpError) -> Self {
        match e {
            TopUpError::Cancelled(_) => Self::Cancelled,
            TopUpError::Input(problem) => Self::BadInput(problem),
            TopUpError::Run(_) | TopUpError::Data(_) | TopUpError::Checkpoint(_) => Self::Failed(e.to_string()),
        }
    }
}
