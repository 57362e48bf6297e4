//! [`App`]: everything the screen knows, as a plain value without clocks, channels or files.

mod jobs;
mod look;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use jobs::{Ended, Jobs, Running};
pub use look::{CardLook, Looks, ScaleChoice, Selection};

use super::theme::Theme;
use super::update::Effect;
use crate::engine::job::{
    CompareSpec, CoverSpec, DiagnoseSpec, FeatureSpec, ImagineSpec, JobSpec, MapSpec, Source, TopUpSpec,
};
use crate::metrics::report::{HeatMap, Report, Table};

/// What the dashboard is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSpec {
    /// Dataset, checkpoint, rollouts.
    pub source: Source,
    /// Coverage to begin with; its source is replaced by ours.
    pub cover: CoverSpec,
    /// Imagination to begin with, where there is a checkpoint.
    pub imagine: ImagineSpec,
    /// Diagnosis to begin with, where there is a checkpoint.
    pub diagnose: DiagnoseSpec,
    /// The top-up that the start key starts.
    pub topup: TopUpSpec,
    /// Colours and characters.
    pub theme: Theme,
}

impl OpenSpec {
    /// The usual settings for `source`.
    pub fn new(source: Source, theme: Theme) -> Self {
        Self {
            source,
            cover: CoverSpec::default(),
            imagine: ImagineSpec::default(),
            diagnose: DiagnoseSpec::default(),
            topup: TopUpSpec::default(),
            theme,
        }
    }
}

/// The five panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    /// What is in the file.
    Data,
    /// Where states are, and where not.
    Coverage,
    /// Imagined against real.
    Imagination,
    /// The worst episodes and why.
    Diagnosis,
    /// Collect a little, fine-tune, watch.
    TopUp,
}

impl Panel {
    /// All, in the order of their keys.
    pub const ALL: [Self; 5] = [Self::Data, Self::Coverage, Self::Imagination, Self::Diagnosis, Self::TopUp];

    /// Name on its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Coverage => "Coverage",
            Self::Imagination => "Imagination",
            Self::Diagnosis => "Diagnosis",
            Self::TopUp => "Top-up",
        }
    }

    /// Name of the job that fills it ([`JobSpec::name`]).
    pub fn job(self) -> &'static str {
        match self {
            Self::Data => "load",
            Self::Coverage => "coverage",
            Self::Imagination => "imagination",
            Self::Diagnosis => "diagnosis",
            Self::TopUp => "top-up",
        }
    }

    /// Name of the report that it shows.
    pub fn report(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Coverage => "coverage",
            Self::Imagination => "imagination",
            Self::Diagnosis => "diagnosis",
            Self::TopUp => "topup",
        }
    }
}

/// The coverage's card whose axes can be chosen.
pub const COVERAGE_MAP: &str = "map:density";

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
    pub panel: Panel,
    /// Focus, zoom and how each card is looked at.
    pub looks: Looks,
    /// Cursors that panels share.
    pub selection: Selection,
    /// Colours and characters.
    pub theme: Theme,
    /// Lines scrolled away in the key overlay, while it is open.
    pub help: Option<usize>,
    /// A sentence that waits to be read.
    pub message: Option<String>,
    /// SQL condition on the episodes that the table shows; all of them where there is none.
    pub filter: Option<String>,
    /// The line that asks for a condition, while it is open.
    pub prompt: Option<Prompt>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Frames of the spinner so far.
    pub tick: u64,
}

impl App {
    /// The dashboard before anything is known, and what it asks for: the dataset is loaded, then its coverage
    /// computed, then, with a checkpoint, imagination and diagnosis; last, what there is to compare with the data.
    pub fn new(open: OpenSpec) -> (Self, Vec<Effect>) {
        let theme = open.theme;
        let mut app = Self {
            open,
            reports: BTreeMap::new(),
            jobs: Jobs::default(),
            panel: Panel::Data,
            looks: Looks::default(),
            selection: Selection::default(),
            theme,
            help: None,
            message: None,
            filter: None,
            prompt: None,
            size: (80, 24),
            tick: 0,
        };
        app.jobs.queue = app.road();
        let load = app.jobs.start(JobSpec::Load(app.open.source.clone()));
        (app, vec![load])
    }

    /// The condition on the episodes and those that meet it, once they are known.
    pub fn chosen(&self) -> Option<(&str, &Table)> {
        let report = self.reports.get("episodes")?;
        Some((self.filter.as_deref()?, report.tables.first()?))
    }

    /// The table of the data's episodes that is shown.
    pub fn episodes(&self) -> Option<&Table> {
        let all = || self.report(Panel::Data)?.tables.iter().find(|t| t.key == "episodes");
        self.chosen().map(|(_, table)| table).or_else(all)
    }

    /// The jobs that follow a dataset that was read: what does not depend on one another, in the order of the panels.
    pub fn road(&self) -> VecDeque<JobSpec> {
        let panels = [Panel::Coverage, Panel::Imagination, Panel::Diagnosis].into_iter().filter_map(|p| self.job_of(p));
        panels.chain(self.comparison().map(JobSpec::Compare)).collect()
    }

    /// What is held against the data: the rollouts that were named, else what a named world model imagines, in the space
    /// of the coverage. Nothing where that has no names to tell differences by.
    pub fn comparison(&self) -> Option<CompareSpec> {
        let (source, cover) = (self.open.source.clone(), &self.open.cover);
        let imagined = source.rollouts.is_none();
        if cover.space.pca.is_some() || (imagined && source.checkpoint.is_none()) {
            return None;
        }
        let space = if imagined { FeatureSpec::default() } else { cover.space.clone() };
        let (k, alpha, seed) = (cover.k, cover.alpha, cover.seed);
        Some(CompareSpec { source, space, imagined, k, alpha, seed, ..CompareSpec::default() })
    }

    /// The panel that shows the comparison.
    pub fn compares_on(&self) -> Panel {
        if self.open.source.rollouts.is_some() { Panel::Coverage } else { Panel::Imagination }
    }

    /// The job that fills `panel`, as it would be started now; nothing where a checkpoint is needed and not named.
    pub fn job_of(&self, panel: Panel) -> Option<JobSpec> {
        let source = self.open.source.clone();
        let checkpoint = source.checkpoint.is_some();
        match panel {
            Panel::Data => Some(JobSpec::Load(source)),
            Panel::Coverage => Some(JobSpec::Cover(CoverSpec { source, ..self.open.cover.clone() })),
            Panel::Imagination => {
                checkpoint.then(|| JobSpec::Imagine(ImagineSpec { source, ..self.open.imagine.clone() }))
            }
            Panel::Diagnosis => {
                let known = checkpoint || source.rollouts.is_some();
                known.then(|| JobSpec::Diagnose(DiagnoseSpec { source, ..self.open.diagnose.clone() }))
            }
            Panel::TopUp => checkpoint.then(|| JobSpec::TopUp(TopUpSpec { source, ..self.open.topup.clone() })),
        }
    }

    /// The job that draws the coverage's map over two other axes.
    pub fn map_job(&self, axes: Option<(usize, usize)>) -> JobSpec {
        let cover = CoverSpec { source: self.open.source.clone(), ..self.open.cover.clone() };
        let axes = axes.or(cover.axes);
        JobSpec::Map(MapSpec { cover, axes })
    }

    /// The whole of the map that card `id` of `panel` shows: of the axes that were chosen last.
    pub fn map(&self, panel: Panel, id: &str) -> Option<&HeatMap> {
        let other = self.reports.get("map").filter(|_| (panel, id) == (Panel::Coverage, COVERAGE_MAP));
        let report = other.map(AsRef::as_ref).or_else(|| self.report(panel))?;
        report.maps.iter().find(|m| id.strip_prefix("map:") == Some(m.key.as_str()))
    }

    /// The report that `panel` shows.
    pub fn report(&self, panel: Panel) -> Option<&Report> {
        self.reports.get(panel.report()).map(AsRef::as_ref)
    }
}
