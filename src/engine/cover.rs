//! What the training part covers, and how far other states are from it.

use std::path::Path;
use std::sync::Arc;

use super::feature_space::{FeatureRows, FeatureSpace};
use super::job::{Body, CoverSpec, FeatureSpec, MapSpec, Outcome};
use super::workspace::Opened;
use super::{Emit, Workspace, imagine};
use crate::data::dataset::Dataset;
use crate::data::space::{Space, SpaceKind};
use crate::format::Choice;
use crate::ground::bootstrap::Bootstrap;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::coverage::recorded::{self, Choices, Dimensions, Peers, Recorded};
use crate::metrics::coverage::{self, Coverage, Input, Options};
use crate::metrics::report::{Level, Report};

/// Steps of a rollout that the world model imagines.
const HORIZON: usize = 50;

/// Computes coverage and reports it: at once what needs no neighbour, then everything under the same name.
pub fn run(spec: &CoverSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let more = as_recorded(spec, workspace, cx)?;
    let tell = |report: &Report| emit(Body::Report(Arc::new(coverage::joined(report.clone(), more.clone()))));
    let coverage = workspace.coverage_telling(spec, cx, &tell)?;
    tell(&coverage.report);
    Ok(Outcome::default())
}

/// Draws the map of two other axes of the same coverage.
pub fn map(spec: &MapSpec, workspace: &Workspace, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
    let coverage = workspace.coverage(&spec.cover, cx)?;
    let opened = workspace.open(&spec.cover.source, cx)?;
    let cover = CoverSpec { axes: spec.axes, ..spec.cover.clone() };
    let rows = Rows::gather(&cover, workspace, &opened, cx)?;
    let (map, drawn) = coverage::map(&rows.input(&opened), &options(&cover), &coverage)?;
    let mut report = Report::new("map", "Map");
    report.maps.push(drawn);
    report.note(Level::Info, map.sentence());
    emit(Body::Report(Arc::new(report)));
    Ok(Outcome::default())
}

/// What is measured of all episodes as they were recorded: ranges, actions, returns, quality against other datasets.
fn as_recorded(spec: &CoverSpec, workspace: &Workspace, cx: &Ctx) -> Result<Report, Fault> {
    let data = workspace.open(&spec.source, cx)?.data;
    let peer = |path: &Option<std::path::PathBuf>| {
        path.as_deref().map(|p| peer(p, &data, &spec.source.beside(), workspace, cx)).transpose()
    };
    let (reference, random) = (peer(&spec.reference)?, peer(&spec.random)?);
    let origin = &data.origin;
    let stem = origin.path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let peers = Peers {
        reference: reference.as_deref().map(of_dataset),
        random: random.as_deref().map(of_dataset),
        ids: [origin.dataset_id.clone(), origin.env_id.clone(), stem].into_iter().flatten().collect(),
    };
    let mut report = Report::new("coverage", "Coverage");
    recorded::tell(&mut report, &of_dataset(&data), &peers, &bootstrap(spec), cx)?;
    Ok(report)
}

/// Another dataset of the same environment.
fn peer(path: &Path, data: &Dataset, choice: &Choice, workspace: &Workspace, cx: &Ctx) -> Result<Arc<Dataset>, Fault> {
    let other = workspace.dataset(path, choice, cx)?;
    let (a, b) = ((data.obs_dim(), data.action_dim()), (other.obs_dim(), other.action_dim()));
    if a == b {
        return Ok(other);
    }
    Err(Fault::bad(format!(
        "{}: it has {} observation and {} action dimensions, the dataset has {} and {}; name a dataset of the same \
         environment",
        path.display(),
        b.0,
        b.1,
        a.0,
        a.1
    )))
}

fn bootstrap(spec: &CoverSpec) -> Bootstrap {
    Bootstrap { draws: spec.bootstrap, seed: spec.seed }
}

/// All episodes of a dataset, borrowed.
fn of_dataset(data: &Dataset) -> Recorded<'_> {
    let episode = |i| {
        let e = data.episode(i);
        recorded::Episode { states: &e.obs[..e.steps() * e.obs_dim], actions: e.actions, rewards: e.rewards }
    };
    Recorded {
        observation: dimensions(&data.obs_space),
        action: dimensions(&data.action_space),
        episodes: (0..data.num_episodes()).map(episode).collect(),
    }
}

fn dimensions(space: &Space) -> Dimensions {
    let choices = match space.kind {
        SpaceKind::Discrete { n, start } => Some(Choices { n, first: start }),
        SpaceKind::Box { .. } | SpaceKind::Unknown => None,
    };
    Dimensions { names: space.names.clone(), bounds: (0..space.dim()).map(|d| space.bounds(d)).collect(), choices }
}

/// Computes coverage of opened data; without named rollouts, fresh episodes of the checkpoint's policy take their
/// place. `first` gets what needs no neighbour as soon as it is there.
pub fn measure(
    spec: &CoverSpec,
    workspace: &Workspace,
    opened: &Opened,
    cx: &Ctx,
    first: &dyn Fn(&Report),
) -> Result<Coverage, Fault> {
    let rows = Rows::gather(spec, workspace, opened, cx)?;
    let input = rows.input(opened);
    let begun = coverage::begin(&input, &options(spec), cx)?;
    first(&begun.report);
    let mut coverage = begun.finish(cx)?;
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
    Options { k: spec.k, alpha: spec.alpha, axes: spec.axes, bins: spec.bins, bootstrap: bootstrap(spec) }
}

/// The states of every part in the feature space.
struct Rows {
    space: FeatureSpace,
    train: FeatureRows,
    calibration: FeatureRows,
    heldout: FeatureRows,
    rollouts: Option<FeatureRows>,
    /// What the world model imagines, where there are no rollouts.
    imagined: Option<FeatureRows>,
    /// Where the rollouts were collected and not named.
    fresh: Option<Arc<Dataset>>,
}

impl Rows {
    fn gather(spec: &CoverSpec, workspace: &Workspace, opened: &Opened, cx: &Ctx) -> Result<Self, Fault> {
        let (data, split) = (&opened.data, &opened.split);
        let space = FeatureSpace::resolve(&spec.space, opened)?;
        let dim = space.names().len();
        if let Some(axis) = spec.axes.into_iter().flat_map(|(x, y)| [x, y]).find(|&axis| axis >= dim) {
            return Err(Fault::bad(format!(
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
        let imagined = if rollouts.is_none() { imagined(spec, opened, cx)? } else { None };
        Ok(Self { space, train, calibration, heldout, rollouts, imagined, fresh })
    }

    fn input(&self, opened: &Opened) -> Input<'_> {
        Input {
            names: self.space.names(),
            choice: self.space.choice(),
            train: self.train.states(),
            calibration: self.calibration.states(),
            heldout: self.heldout.states(),
            rollouts: self.rollouts.as_ref().map(FeatureRows::states),
            imagined: self.imagined.as_ref().map(FeatureRows::states),
            shared: opened.split.is_shared(),
        }
    }
}

/// Open-loop rollouts of the world model along the held-out episodes; nothing without one, or where the features are not
/// whole observations.
fn imagined(spec: &CoverSpec, opened: &Opened, cx: &Ctx) -> Result<Option<FeatureRows>, Fault> {
    let whole = FeatureSpec { pca: spec.space.pca, ..FeatureSpec::default() };
    if opened.checkpoint.as_ref().is_none_or(|c| c.world_model.is_none()) || spec.space != whole {
        return Ok(None);
    }
    match imagine::rollouts(&spec.source, HORIZON, opened, &cx.phase("imagining")) {
        Ok(imagine::Imagined { states: (rows, owner), .. }) => Ok(Some(FeatureRows { rows, owner, step: Vec::new() })),
        Err(Fault::Bad(_)) => Ok(None),
        Err(ended) => Err(ended),
    }
}

/// Indices of all episodes.
pub fn all_episodes(data: &Dataset) -> Vec<usize> {
    (0..data.num_episodes()).collect()
}
