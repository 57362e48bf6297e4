//! Two sets of states compared: a dataset with another one, with rollouts, or with what a world model imagines.

use std::sync::Arc;

use super::cover::all_episodes;
use super::job::{Body, CompareSpec, Outcome};
use super::workspace::Opened;
use super::{Emit, Ended, Workspace, imagine};
use crate::metrics::States;
use crate::metrics::compare::{self, Input, Options};
use crate::metrics::report::Level;
use crate::task::Ctx;

/// Compares B with A and reports it.
pub fn run(spec: &CompareSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let opened = workspace.open(&spec.source, cx)?;
    let b = if spec.imagined { imagined(spec, &opened, cx)? } else { recorded(spec, &opened)? };
    let (data, split) = (&opened.data, &opened.split);
    let part = |episodes: &[usize]| data.states(episodes);
    let (train, calibration, heldout) = (part(&split.train), part(&split.calibration), part(&split.heldout));
    // Imagination starts from held-out states and follows their actions: it is held against episodes that it never saw.
    let nothing = States { rows: &[], owner: &[] };
    let input = Input {
        names: &data.obs_space.names,
        train: states(&train),
        calibration: states(&calibration),
        heldout: if spec.imagined { nothing } else { states(&heldout) },
        b: states(&b.states),
        shared: split.is_shared(),
    };
    let options =
        Options { k: spec.k, alpha: spec.alpha, states: spec.states, permutations: spec.permutations, seed: spec.seed };
    let mut report = compare::report(&input, &options, cx)?;
    report.note(Level::Info, format!("A: {}.", spec.source.dataset.display()));
    report.note(Level::Info, format!("B: {}.", b.what));
    if opened.rollouts.as_ref().is_some_and(|b| Arc::ptr_eq(b, data)) {
        report.note(Level::Warn, "A and B are the same file: they differ by nothing but the numbers' own rounding.");
    }
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome::default())
}

/// B with a name.
struct Second {
    states: (Vec<f32>, Vec<usize>),
    what: String,
}

fn recorded(spec: &CompareSpec, opened: &Opened) -> Result<Second, Ended> {
    let (Some(data), Some(path)) = (&opened.rollouts, &spec.source.rollouts) else {
        return Err(Ended::BadInput(
            "a comparison needs a second set: name another dataset or rollouts, or compare with --imagined states"
                .into(),
        ));
    };
    Ok(Second { states: data.states(&all_episodes(data)), what: path.display().to_string() })
}

/// Imagined states without their real starts; the episode that a rollout started in owns its states.
fn imagined(spec: &CompareSpec, opened: &Opened, cx: &Ctx) -> Result<Second, Ended> {
    let rollouts = imagine::rollouts(&spec.source, spec.horizon, opened, &cx.phase("imagining"))?;
    let what = format!(
        "{} open-loop rollouts of {} steps that the world model imagines along {} held-out episodes with their recorded \
         actions (these episodes are no part of A)",
        rollouts.starts, rollouts.horizon, rollouts.episodes
    );
    Ok(Second { states: rollouts.states, what })
}

/// States as the metrics take them.
fn states((rows, owner): &(Vec<f32>, Vec<usize>)) -> States<'_> {
    States { rows, owner }
}
