//! Open-loop imagination against held-out episodes.

use std::sync::Arc;

use rand::seq::IteratorRandom;

use super::job::{Body, ImagineSpec, Outcome, Source};
use super::workspace::Opened;
use super::{Emit, Workspace};
use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::fingerprint::fingerprint;
use crate::data::summary;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::metrics::divergence::errors::nrmse;
use crate::metrics::divergence::{self, Input, Trace};
use crate::metrics::report::{Level, Report};
use crate::world::ensemble::Ensemble;
use crate::world::imagine::open_loop;

/// Imagines from held-out starts and reports the error by horizon.
pub fn run(spec: &ImagineSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let opened = workspace.open(&spec.source, cx)?;
    let (checkpoint, model) = world_model(&spec.source, &opened)?;
    let coverage = workspace.novelty(&spec.source, cx)?;
    let data = &opened.data;
    let windows = Windows::choose(data, &opened.split.heldout, spec);
    let (real, actions) = windows.gather(data);
    let starts: Vec<f32> = windows.starts.iter().flat_map(|&(e, t)| data.episode(e).obs_at(t)).copied().collect();
    let imagined = open_loop(model, &starts, &actions, windows.horizon, &cx.phase("imagining"))?;
    let novelty = coverage.novelty.ratios(&starts, &cx.phase("novelty of the starts"))?;
    let std: Vec<f64> = summary::summary(data, &opened.split.train).obs.iter().map(|m| m.std).collect();
    let disagreement = scaled(&imagined.member_std, &std);
    let traced = windows.traced(data, spec, &real, &imagined.obs, &std)?;
    let drawn = traced.map(|start| Drawn::imagine(model, data, start, windows.horizon, cx)).transpose()?;
    let mut report = divergence::report(&Input {
        names: &data.obs_space.names,
        std: &std,
        horizon: windows.horizon,
        owner: &windows.starts.iter().map(|&(e, _)| e).collect::<Vec<_>>(),
        real: &real,
        imagined: &imagined.obs,
        disagreement: (model.net.members > 1).then_some(&disagreement),
        novelty: Some(&novelty),
        trace: drawn.as_ref().map(Drawn::trace),
        seed: spec.seed,
    })?;
    windows.note(&mut report, spec);
    if let Some(drawn) = &drawn {
        report.note(Level::Info, format!("The traces show {}; their band spans the members.", drawn.label));
    }
    trust(&mut report, checkpoint, data, &spec.source);
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome::default())
}

/// Imagined states alone.
pub struct Imagined {
    /// [K·H, D] states after the start of each rollout, and the episode of the start.
    pub states: (Vec<f32>, Vec<usize>),
    /// Rollouts K.
    pub starts: usize,
    /// Steps H of each.
    pub horizon: usize,
    /// Held-out episodes that they start in.
    pub episodes: usize,
}

/// Open-loop rollouts that follow each other along every held-out episode, so that a perfect model would imagine the
/// episode itself and an episode has about as many imagined states as real ones.
///
/// # Errors
/// A sentence where there is no world model or no held-out stretch to start from; or cancelled.
pub fn rollouts(source: &Source, horizon: usize, opened: &Opened, cx: &Ctx) -> Result<Imagined, Fault> {
    let (_, model) = world_model(source, opened)?;
    let data = &opened.data;
    let windows = Windows::tile(data, &opened.split.heldout, horizon);
    if windows.starts.is_empty() {
        let path = source.dataset.display();
        return Err(Fault::bad(format!(
            "{path}: no held-out episode has two finite steps in a row to imagine from; name a dataset with longer episodes"
        )));
    }
    let (_, actions) = windows.gather(data);
    let starts: Vec<f32> = windows.starts.iter().flat_map(|&(e, t)| data.episode(e).obs_at(t)).copied().collect();
    let (d, horizon) = (data.obs_dim(), windows.horizon);
    let obs = open_loop(model, &starts, &actions, horizon, cx)?.obs;
    let rows = obs.chunks_exact((horizon + 1) * d).flat_map(|rollout| rollout[d..].to_vec()).collect();
    let owner: Vec<usize> = windows.starts.iter().flat_map(|&(e, _)| std::iter::repeat_n(e, horizon)).collect();
    let mut episodes: Vec<usize> = owner.clone();
    episodes.dedup();
    Ok(Imagined { states: (rows, owner), starts: windows.starts.len(), horizon, episodes: episodes.len() })
}

/// [K, H] mean over the dimensions that vary of the members' standard deviation in units of the training part's.
fn scaled(member_std: &[f32], std: &[f64]) -> Vec<f64> {
    let live = std.iter().filter(|s| **s > 0.0).count().max(1) as f64;
    let row = |row: &[f32]| row.iter().zip(std).filter(|(_, s)| **s > 0.0).map(|(m, s)| f64::from(*m) / s).sum::<f64>();
    member_std.chunks_exact(std.len()).map(|r| row(r) / live).collect()
}

/// The world model of the checkpoint.
pub fn world_model<'a>(source: &Source, opened: &'a Opened) -> Result<(&'a Checkpoint, &'a Ensemble), Fault> {
    let Some(checkpoint) = &opened.checkpoint else {
        return Err(Fault::bad(
            "imagination needs a world model: name one with --checkpoint, or train one with oodscope fit",
        ));
    };
    let Some(model) = &checkpoint.world_model else {
        let path = source.checkpoint.as_deref().unwrap_or(std::path::Path::new("")).display();
        return Err(Fault::bad(format!(
            "{path}: holds no world model; name one with --checkpoint, or train one with oodscope fit"
        )));
    };
    Ok((checkpoint, model))
}

/// An episode's index and a step of it.
type Start = (usize, usize);

/// Stretches of held-out episodes, all of `horizon` steps.
struct Windows {
    horizon: usize,
    starts: Vec<Start>,
}

impl Windows {
    /// Draws starts without replacement among all steps that are followed by `horizon` finite ones. Where no episode is
    /// that long, the horizon is that of the longest.
    fn choose(data: &Dataset, heldout: &[usize], spec: &ImagineSpec) -> Self {
        let stretches: Vec<(usize, Vec<usize>)> = heldout.iter().map(|&e| (e, follows(data, e))).collect();
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = spec.horizon.min(longest);
        if horizon == 0 {
            return Self { horizon, starts: Vec::new() };
        }
        let usable = |(e, n): &(usize, Vec<usize>)| {
            let e = *e;
            n.iter().enumerate().filter(|(_, n)| **n >= horizon).map(move |(t, _)| (e, t)).collect::<Vec<_>>()
        };
        let mut rng = stream(spec.seed, "starts", 0);
        let mut starts = stretches.iter().flat_map(usable).sample(&mut rng, spec.starts);
        starts.sort_unstable();
        Self { horizon, starts }
    }

    /// Starts one horizon after the other along every episode. Where no episode is that long, the horizon is that of the
    /// longest.
    fn tile(data: &Dataset, heldout: &[usize], horizon: usize) -> Self {
        let stretches: Vec<(usize, Vec<usize>)> = heldout.iter().map(|&e| (e, follows(data, e))).collect();
        let longest = stretches.iter().flat_map(|(_, n)| n.iter().copied()).max().unwrap_or(0);
        let horizon = horizon.min(longest);
        let mut starts = Vec::new();
        for (e, follows) in &stretches {
            let mut t = 0;
            while horizon > 0 && t < follows.len() {
                let usable = follows[t] >= horizon;
                if usable {
                    starts.push((*e, t));
                }
                t += if usable { horizon } else { 1 };
            }
        }
        Self { horizon, starts }
    }

    /// [S, H+1, D] what happened and [S, H, A] what was done.
    fn gather(&self, data: &Dataset) -> (Vec<f32>, Vec<f32>) {
        let (mut real, mut actions) = (Vec::new(), Vec::new());
        for &(e, t) in &self.starts {
            let e = data.episode(e);
            (t..=t + self.horizon).for_each(|t| real.extend_from_slice(e.obs_at(t)));
            (t..t + self.horizon).for_each(|t| actions.extend_from_slice(e.action_at(t)));
        }
        (real, actions)
    }

    /// The start that is drawn: the first of the named episode, or the one whose error at the end is largest.
    fn traced(
        &self,
        data: &Dataset,
        spec: &ImagineSpec,
        real: &[f32],
        imagined: &[f32],
        std: &[f64],
    ) -> Result<Option<Start>, Fault> {
        if let Some(e) = spec.episode {
            if e >= data.num_episodes() {
                let n = data.num_episodes();
                return Err(Fault::bad(format!("there is no episode {e}: the dataset has {n}, counted from 0")));
            }
            return Ok(follows(data, e).iter().position(|&n| n >= self.horizon).map(|t| (e, t)));
        }
        let (d, rows) = (data.obs_dim(), self.horizon + 1);
        let error = |s: usize| {
            let last = (s * rows + self.horizon) * d..(s + 1) * rows * d;
            nrmse(&imagined[last.clone()], &real[last], std)
        };
        let worst = (0..self.starts.len()).max_by(|&a, &b| error(a).total_cmp(&error(b)));
        Ok(worst.map(|s| self.starts[s]))
    }

    fn note(&self, report: &mut Report, spec: &ImagineSpec) {
        if self.horizon < spec.horizon {
            report.note(
                Level::Warn,
                format!(
                    "no held-out episode has {} usable steps in a row: the horizon is {}, that of the longest",
                    spec.horizon, self.horizon
                ),
            );
        }
        if self.starts.len() < spec.starts {
            let n = self.starts.len();
            report.note(Level::Info, format!("{n} starts are all that the held-out episodes have"));
        }
    }
}

/// For every step of an episode: how many steps from there on are usable (finite, and each leading to the next).
fn follows(data: &Dataset, episode: usize) -> Vec<usize> {
    let e = data.episode(episode);
    let finite = |row: &[f32]| row.iter().all(|v| v.is_finite());
    let mut n = vec![0; e.steps()];
    for t in (0..e.steps()).rev() {
        let leads = t + 1 < e.span.obs_rows && e.next_obs_at(t).is_some_and(|next| next == e.obs_at(t + 1));
        if leads && finite(e.obs_at(t)) && finite(e.action_at(t)) {
            n[t] = 1 + n.get(t + 1).copied().unwrap_or(0);
        }
    }
    n
}

/// One rollout as the mean of the elites and as every member alone imagines it.
struct Drawn {
    label: String,
    real: Vec<f32>,
    imagined: Vec<f32>,
    members: Vec<f32>,
}

impl Drawn {
    fn imagine(model: &Ensemble, data: &Dataset, (e, t): Start, horizon: usize, cx: &Ctx) -> Result<Self, Fault> {
        let cx = cx.phase("drawing one episode");
        let windows = Windows { horizon, starts: vec![(e, t)] };
        let (real, actions) = windows.gather(data);
        let start = data.episode(e).obs_at(t);
        let imagined = open_loop(model, start, &actions, horizon, &cx)?.obs;
        let mut alone = model.clone();
        let mut members = Vec::new();
        for m in 0..model.net.members {
            alone.elites = vec![m];
            members.extend(open_loop(&alone, start, &actions, horizon, &cx)?.obs);
        }
        Ok(Self { label: format!("episode {e} from step {t}"), real, imagined, members })
    }

    fn trace(&self) -> Trace<'_> {
        Trace { label: &self.label, real: &self.real, imagined: &self.imagined, members: &self.members }
    }
}

/// Says whether the held-out episodes were kept from the model in training.
pub fn trust(report: &mut Report, checkpoint: &Checkpoint, data: &Dataset, source: &Source) {
    let lineage = &checkpoint.about.lineage;
    let (Some(trained_on), Some(split)) = (&lineage.dataset, &lineage.split) else {
        report.note(
            Level::Info,
            "the checkpoint does not say what it was trained on: held-out episodes may have been among it",
        );
        return;
    };
    if *trained_on != fingerprint(data) {
        report.note(Level::Info, "the checkpoint was trained on another dataset");
    } else if *split == source.split {
        report.note(Level::Good, "the held-out episodes were not trained on (they only chose when training stopped)");
    } else {
        let seed = split.seed;
        report.note(
            Level::Warn,
            format!("the checkpoint divided this dataset otherwise: held-out episodes may have been trained on (--split-seed {seed} is its division)"),
        );
    }
}

#[cfg(test)]
mod tests;
