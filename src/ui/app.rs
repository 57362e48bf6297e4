//! [`App`]: everything the screen knows, as a plain value without clocks, channels or files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use super::jobs::{Ended, Jobs, Running};
pub use super::look::{CardLook, Looks, ScaleChoice, Selection};

use super::look::Lens;
use super::pair::Pair;
use super::panel_id::PanelId;
use super::theme::Theme;
use crate::engine::job::{ExperimentSpec, Source, TopUpSpec};
use crate::metrics::report::{Level, Report};

/// What the dashboard is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSpec {
    /// Dataset, checkpoint, rollouts.
    pub source: Source,
    /// Seed of everything random.
    pub seed: u64,
    /// The top-up that the start key starts; its source is replaced by ours.
    pub topup: TopUpSpec,
    /// The experiment that runs while it is open.
    pub experiment: Option<ExperimentSpec>,
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
        Self { source, seed, topup, experiment: None, refused: None }
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

/// Which episodes the table of the data shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// SQL condition; all of them where there is none.
    pub condition: Option<String>,
    /// The line that asks for a condition, while it is open.
    pub prompt: Option<Prompt>,
}

/// A line of text that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// So far.
    pub text: String,
    /// Characters before the cursor.
    pub at: usize,
}

impl Prompt {
    /// `text` with the cursor behind it.
    pub fn new(text: String) -> Self {
        Self { at: text.chars().count(), text }
    }

    /// Bytes before the cursor.
    pub fn byte(&self) -> usize {
        self.text.char_indices().nth(self.at).map_or(self.text.len(), |(byte, _)| byte)
    }
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
    /// Colours and characters.
    pub theme: Theme,
    /// Lines scrolled away in the key overlay, while it is open.
    pub help: Option<usize>,
    /// A sentence that waits to be read.
    pub message: Option<String>,
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
            theme,
            help: None,
            message: None,
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
        self.help = None;
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
