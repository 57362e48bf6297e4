//! What the training part covers, and how far other states are from it.

use std::sync::Arc;

use super::feature_space::{FeatureRows, FeatureSpace};
use super::job::{Body, CoverSpec, MapSpec, Outcome};
use super::workspace::Opened;
use super::{Emit, Ended, Workspace};
use crate::data::dataset::Dataset;
use crate::metrics::coverage::{self, Coverage, Input, Options};
use crate::metrics::report::{Level, Report};
use crate::task::Ctx;

/// Computes coverage and reports it.
pub fn run(spec: &CoverSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let coverage = workspace.coverage(spec, cx)?;
    emit(Body::Report(Arc::new(coverage.report.clone())));
    Ok(Outcome::default())
}

/// Draws the map of two other axes of the same coverage.
pub fn map(spec: &MapSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Ended> {
    let coverage = workspace.coverage(&spec.cover, cx)?;
    let opened = workspace.open(&spec.cover.source, cx)?;
    let cover = CoverSpec { axes: spec.axes, ..spec.cover.clone() };
    let rows = Rows::gather(&cover, workspace, &opened, cx)?;
    let (map, drawn) = coverage::map(&rows.input(&opened), &options(&cover), &coverage.ratios)?;
    let mut report = Report::new("map", "Map");
    report.maps.push(drawn);
    report.note(Level::Info, map.sentence());
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome::default())
}

/// Computes coverage of opened data; without named rollouts, fresh episodes of the checkpoint's policy take their place.
pub fn measure(spec: &CoverSpec, workspace: &Workspace, opened: &Opened, cx: &Ctx) -> Result<Coverage, Ended> {
    let rows = Rows::gather(spec, workspace, opened, cx)?;
    let mut coverage = coverage::report(&rows.input(opened), &options(spec), cx)?;
    if let Some(fresh) = &rows.fresh {
        let text = format!(
            "rollouts: {} fresh episodes of the checkpoint's policy in {} ({} environment steps)",
            fresh.num_episodes(),
            fresh.origin.env_id.as_deref().unwrap_or("its environment"),
            fresh.num_steps()
        );
        coverage.report.note(Level::Info, text);
    }
    Ok(coverage)
}

fn options(spec: &CoverSpec) -> Options {
    Options { k: spec.k, alpha: spec.alpha, axes: spec.axes, bins: spec.bins }
}

/// The states of every part in the feature space.
struct Rows {
    space: FeatureSpace,
    train: FeatureRows,
    calibration: FeatureRows,
    heldout: FeatureRows,
    rollouts: Option<FeatureRows>,
    /// Where the rollouts were collected and not named.
    fresh: Option<Arc<Dataset>>,
}

impl Rows {
    fn gather(spec: &CoverSpec, workspace: &Workspace, opened: &Opened, cx: &Ctx) -> Result<Self, Ended> {
        let (data, split) = (&opened.data, &opened.split);
        let space = FeatureSpace::resolve(&spec.space, opened)?;
        let dim = space.names().len();
        if let Some(axis) = spec.axes.into_iter().flat_map(|(x, y)| [x, y]).find(|&axis| axis >= dim) {
            return Err(Ended::BadInput(format!(
                "the feature space has {dim} dimensions, so there is no axis {axis}: choose two numbers from 0 to {}",
                dim.saturating_sub(1)
            )));
        }
        let part = |episodes: &[usize]| space.rows(data, episodes, &cx.phase("reading the states"));
        let (train, calibration, heldout) = (part(&split.train)?, part(&split.calibration)?, part(&split.heldout)?);
        let fresh = match &opened.rollouts {
            Some(_) => None,
            None if spec.policy.episodes == 0 => None,
            None => workspace.trajectories(&spec.source, &spec.policy, opened, cx)?.ok(),
        };
        let rollouts = opened.rollouts.as_ref().or(fresh.as_ref());
        let rollouts = rollouts.map(|r| space.rows(r, &all_episodes(r), cx)).transpose()?;
        Ok(Self { space, train, calibration, heldout, rollouts, fresh })
    }

    fn input(&self, opened: &Opened) -> Input<'_> {
        Input {
            names: self.space.names(),
            choice: self.space.choice(),
            train: self.train.states(),
            calibration: self.calibration.states(),
            heldout: self.heldout.states(),
            rollouts: self.rollouts.as_ref().map(FeatureRows::states),
            shared: opened.split.is_shared(),
        }
    }
}

/// Indices of all episodes.
pub fn all_episodes(data: &Dataset) -> Vec<usize> {
    (0..data.num_episodes()).collect()
}
