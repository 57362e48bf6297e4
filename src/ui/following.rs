//! What the screen knows of files that it follows.

use std::path::{Path, PathBuf};

use super::msg::Changed;
use crate::metrics::gate::Gate;
use crate::metrics::report::{Axis, Role, Series};

/// Most curves of checkpoints before.
const PAST: usize = 8;

/// Files and folders that are watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// The dataset, where it is a file or a folder.
    pub dataset: Option<PathBuf>,
    /// The checkpoint, or the run that leaves one after the other.
    pub checkpoint: Option<PathBuf>,
    /// Recorded rollouts.
    pub rollouts: Option<PathBuf>,
    /// The folder of runs, whoever writes them.
    pub runs: Option<PathBuf>,
}

/// What is followed, and what is remembered of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Following {
    /// What is watched, where anything is.
    pub watched: Option<Watched>,
    /// The runs have changed while they were being read.
    pub runs_wait: bool,
    /// Changes that wait until what is being opened is there.
    pub waiting: Vec<Changed>,
    /// Changes that are being opened.
    pub opening: Vec<Changed>,
    /// How often something was opened because it had changed.
    pub opened: usize,
    /// What was measured of one checkpoint after the other.
    pub measured: Vec<Measured>,
    /// Their useful horizons, where there are two or more.
    pub useful: Option<Series>,
    /// Their loss ratios, where there are two or more.
    pub ratios: Vec<Series>,
    /// Conditions that ring.
    pub alarms: Vec<Alarm>,
    /// The loss ratio of a top-up is above its threshold.
    pub beyond: bool,
}

/// What was measured of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// [`Following::opened`] at that time: a file that is written again is another checkpoint.
    pub opened: usize,
    /// Where it lies.
    pub path: PathBuf,
    /// Its error over the horizon, as it is drawn once another is open.
    pub curve: Series,
    /// Its useful horizon in steps.
    pub useful: Option<f64>,
    /// Its loss on held-out episodes in units of that on training ones.
    pub gap: Option<f64>,
    /// Its loss ratio R on its policy's episodes or the rollouts, where there are such.
    pub ratio: Option<f64>,
}

/// A condition on a number that rings where it begins to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// The condition.
    pub gate: Gate,
    /// It holds.
    pub holds: bool,
    /// It was said that it means no number.
    pub told: bool,
}

impl Alarm {
    /// One that does not hold yet.
    pub fn new(gate: Gate) -> Self {
        Self { gate, holds: false, told: false }
    }
}

impl Following {
    /// Notes what has changed; of one kind the latest is enough.
    pub fn wait_for(&mut self, changed: Changed) {
        self.waiting.retain(|known| std::mem::discriminant(known) != std::mem::discriminant(&changed));
        self.waiting.push(changed);
    }

    /// Something else is opened first: what was being opened waits again.
    pub fn put_off(&mut self) {
        let later = std::mem::replace(&mut self.waiting, std::mem::take(&mut self.opening));
        for changed in later {
            self.wait_for(changed);
        }
    }

    /// Keeps what was measured of the checkpoint that is open, in place of what was known of it.
    pub fn keep(&mut self, path: &Path, curve: &Series, (useful, gap): (Option<f64>, Option<f64>)) {
        let curve = Series { role: Role::Floor, band: None, ..curve.clone() };
        let now = Measured { opened: self.opened, path: path.to_path_buf(), curve, useful, gap, ratio: None };
        match self.known(path) {
            Some(known) => *known = Measured { ratio: known.ratio, ..now },
            None => self.measured.push(now),
        }
        self.name(path);
        self.trends();
    }

    /// Keeps the loss ratio R of the checkpoint that is open, where its curve is known.
    pub fn rate(&mut self, path: &Path, ratio: f64) {
        if let Some(known) = self.known(path) {
            known.ratio = Some(ratio);
        }
        self.trends();
    }

    fn known(&mut self, path: &Path) -> Option<&mut Measured> {
        let opened = self.opened;
        self.measured.iter_mut().find(|known| known.opened == opened && known.path == path)
    }

    /// Names the curves of a checkpoint "before: 0003", with their numbers where it was measured more than once.
    fn name(&mut self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mut same: Vec<&mut Measured> = self.measured.iter_mut().filter(|known| known.path == path).collect();
        let several = same.len() > 1;
        for (i, known) in same.iter_mut().enumerate() {
            let number = if several { format!(" ({})", i + 1) } else { String::new() };
            known.curve.label = format!("before: {name}{number}");
        }
    }

    /// What is known of each, by the number of the checkpoint.
    fn trends(&mut self) {
        let horizon = Axis::new("useful horizon", "steps");
        self.useful = self.trend("useful horizon", horizon, |m| m.useful);
        let times = || Axis { log: true, ..Axis::new("times", "") };
        let all = [
            self.trend("R: the policy's episodes over held-out ones", times(), |m| m.ratio),
            self.trend("held-out over training loss", times(), |m| m.gap),
        ];
        self.ratios = all.into_iter().flatten().collect();
    }

    fn trend(&self, label: &str, y_axis: Axis, of: fn(&Measured) -> Option<f64>) -> Option<Series> {
        let known = self.measured.iter().enumerate().filter_map(|(i, m)| Some((i as f64 + 1.0, of(m)?)));
        let (x, y): (Vec<f64>, Vec<f64>) = known.unzip();
        (x.len() > 1).then(|| Series {
            key: label.replace(' ', "_"),
            label: label.into(),
            group: "checkpoint by checkpoint".into(),
            definition: "Each was measured on the data as they were when it was opened.".into(),
            x_axis: Axis::new("checkpoint", ""),
            y_axis,
            x,
            y,
            ..Series::default()
        })
    }

    /// Curves of the latest checkpoints other than `open`, once another was opened because it had changed.
    pub fn past<'a>(&'a self, open: Option<&'a Path>) -> impl Iterator<Item = &'a Series> {
        let is_open = move |m: &&Measured| (m.opened, Some(m.path.as_path())) == (self.opened, open);
        let others = self.measured.iter().rev().filter(move |m| self.opened > 0 && !is_open(m));
        others.take(PAST).map(|m| &m.curve)
    }
}
