//! [`App`]: everything the screen knows, as a plain value without clocks, channels or files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use super::following::{Alarm, Following, Watched};
pub use super::jobs::{Ended, Jobs, Running};
pub use super::look::{CardLook, Looks, ScaleChoice, Selection};
pub use super::prompt::Prompt;

use super::live::Live;
use super::look::Lens;
use super::pair::Pair;
use super::panel_id::PanelId;
use super::sitting::Sitting;
use super::theme::Theme;
use crate::engine::job::{ExperimentSpec, Only, Propagation, RunsSpec, Source, TopUpSpec};
use crate::metrics::report::{Level, Report};

/// What the dashboard is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSpec {
    /// Dataset, checkpoint, rollouts.
    pub source: Source,
    /// Seed of everything random.
    pub seed: u64,
    /// What every imagined step goes on from.
    pub propagation: Propagation,
    /// The top-up that the start key starts; its source is replaced by ours.
    pub topup: TopUpSpec,
    /// The experiment that runs while it is open.
    pub experiment: Option<ExperimentSpec>,
    /// The runs that are listed.
    pub runs: RunsSpec,
    /// Their folder was there when the dashboard was opened.
    pub has_runs: bool,
    /// What was named beside the dataset and could not be used with it.
    pub refused: Option<Refused>,
}

/// A checkpoint, a policy or rollouts that were named and left out, so that the dataset can be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Everything as it was named.
    pub named: Source,
    /// Why, in a sentence.
    pub why: String,
}

impl OpenSpec {
    /// The usual settings for `source`.
    pub fn new(source: Source, seed: u64) -> Self {
        let mut topup = TopUpSpec::default();
        topup.options.seed = seed;
        let runs = RunsSpec { seed, ..RunsSpec::default() };
        let propagation = Propagation::default();
        Self { source, seed, propagation, topup, experiment: None, runs, has_runs: false, refused: None }
    }

    /// Leaves out the policy, the checkpoint or the rollouts, whichever `why` begins with the path of; false where it is none of them.
    pub fn leave_out(&mut self, why: &str) -> bool {
        let meant = |path: &Option<PathBuf>| path.as_ref().is_some_and(|p| why.starts_with(&p.display().to_string()));
        let (named, source) = (self.source.clone(), &mut self.source);
        if meant(&source.policy) {
            source.policy = None;
        } else if meant(&source.checkpoint) {
            source.checkpoint = None;
        } else if meant(&source.rollouts) {
            source.rollouts = None;
        } else {
            return false;
        }
        // What was left out before is still what the user asked for.
        let named = self.refused.take().map_or(named, |before| before.named);
        self.refused = Some(Refused { named, why: why.to_owned() });
        true
    }

    /// Takes up again what was left out.
    pub fn take_up(&mut self) {
        if let Some(refused) = self.refused.take() {
            self.source = refused.named;
        }
    }

    /// Why there is no world model although one was named.
    pub fn no_model(&self) -> Option<&str> {
        let refused = self.refused.as_ref().filter(|_| self.source.checkpoint.is_none())?;
        refused.named.checkpoint.is_some().then_some(refused.why.as_str())
    }
}

/// Which episodes everything is about; what holds stands in [`App::open`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// The line that asks for a condition, while it is open.
    pub prompt: Option<Prompt>,
    /// What is looked for, until it is known whether there is such.
    pub asked: Option<Sought>,
    /// What held before, the latest last.
    pub before: Vec<Only>,
    /// Conditions that were written, the latest last.
    pub history: Vec<String>,
}

/// Episodes that are looked for, and where the wish comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The episodes.
    pub only: Only,
    /// They held before: finding them takes the last change back.
    pub back: bool,
}

/// What is searched by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    /// Every action.
    Actions,
    /// What can lie along an axis of the map: the horizontal or the vertical one.
    Axis(Side),
}

/// An axis of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The horizontal one.
    X,
    /// The vertical one.
    Y,
}

/// What lies over the panel until it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// All keys, so many lines scrolled away.
    Keys(usize),
    /// What the words mean, so many lines scrolled away.
    Words(usize),
    /// A list to be searched by name: what was written, and the selected one of those that fit.
    Search(Searched, Prompt, usize),
    /// The jobs, and which of them is selected.
    Jobs(usize),
    /// The plan of the next top-up, which setting is selected, and what is being written for it.
    Plan(usize, Option<Prompt>),
}

/// Everything the screen knows.
#[derive(Debug, Clone)]
pub struct App {
    /// What was opened, and the settings of the jobs that keys start.
    pub open: OpenSpec,
    /// Latest reports by name.
    pub reports: BTreeMap<String, Arc<Report>>,
    /// Running, ended and queued jobs.
    pub jobs: Jobs,
    /// The panel on the screen.
    pub panel: PanelId,
    /// The networks before and after the last top-up.
    pub pair: Option<Pair>,
    /// Focus, zoom and how each card is looked at.
    pub looks: Looks,
    /// Cursors that panels share.
    pub selection: Selection,
    /// Which episodes are shown.
    pub filter: Filter,
    /// Files that are followed.
    pub follow: Following,
    /// What the last run told while it went on.
    pub live: Live,
    /// The runs of this sitting.
    pub sitting: Sitting,
    /// Colours and characters.
    pub theme: Theme,
    /// What lies over the panel.
    pub over: Option<Over>,
    /// A sentence that waits to be read.
    pub message: Option<String>,
    /// The user was asked whether a run may be ended.
    pub quitting: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Frames of the spinner so far.
    pub tick: u64,
}

impl App {
    /// The dashboard before anything is known, showing `panel`.
    pub fn new(open: OpenSpec, panel: PanelId, theme: Theme) -> Self {
        Self {
            open,
            reports: BTreeMap::new(),
            jobs: Jobs::default(),
            panel,
            pair: None,
            looks: Looks::default(),
            selection: Selection::default(),
            filter: Filter::default(),
            follow: Following::default(),
            live: Live::default(),
            sitting: Sitting::default(),
            theme,
            over: None,
            message: None,
            quitting: false,
            size: (80, 24),
            tick: 0,
        }
    }

    /// The report that `panel` shows.
    pub fn report(&self, panel: PanelId) -> Option<&Report> {
        self.reports.get(panel.0).map(AsRef::as_ref)
    }

    /// How loud the report of `panel` says `sentence`, where it does.
    pub fn said(&self, panel: PanelId, sentence: &str) -> Option<Level> {
        self.report(panel)?.notes.iter().find(|n| n.text == sentence).map(|n| n.level)
    }

    /// Shows `panel`.
    pub fn show(&mut self, panel: PanelId) {
        self.over = None;
        if self.panel != panel {
            self.looks.zoom = false;
            self.panel = panel;
        }
    }

    /// What cards are seen with.
    pub(super) fn lens(&self) -> Lens<'_> {
        Lens { selection: &self.selection, theme: self.theme }
    }
}
