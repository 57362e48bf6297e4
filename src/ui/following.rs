//! What the screen knows of files that it follows.

use std::path::{Path, PathBuf};

use super::msg::Changed;
use crate::metrics::gate::Gate;
use crate::metrics::report::{Axis, Role, Series};

/// Most curves of checkpoints before.
const PAST: usize = 8;

/// What is followed, and what is remembered of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Following {
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
    pub fn keep(&mut self, path: &Path, curve: &Series, useful: Option<f64>) {
        let curve = Series { role: Role::Floor, band: None, ..curve.clone() };
        let now = Measured { opened: self.opened, path: path.to_path_buf(), curve, useful };
        match self.measured.iter_mut().find(|known| (known.opened, &known.path) == (now.opened, &now.path)) {
            Some(known) => *known = now,
            None => self.measured.push(now),
        }
        let labels: Vec<String> = (0..self.measured.len()).map(|i| self.label(i)).collect();
        for (known, label) in self.measured.iter_mut().zip(labels) {
            known.curve.label = label;
        }
        self.useful = self.trend();
    }

    /// "before: 0003", with its number where the same file was measured more than once.
    fn label(&self, i: usize) -> String {
        let of = &self.measured[i];
        let name = of.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let same = |all: &[Measured]| all.iter().filter(|other| other.path == of.path).count();
        match same(&self.measured) {
            1 => format!("before: {name}"),
            _ => format!("before: {name} ({})", same(&self.measured[..=i])),
        }
    }

    /// The useful horizons that are known, by the number of the checkpoint.
    fn trend(&self) -> Option<Series> {
        let known = self.measured.iter().enumerate().filter_map(|(i, m)| Some((i as f64 + 1.0, m.useful?)));
        let (x, y): (Vec<f64>, Vec<f64>) = known.unzip();
        (x.len() > 1).then(|| Series {
            key: "useful_horizon".into(),
            label: "useful horizon".into(),
            group: "checkpoint by checkpoint".into(),
            definition: "Each was measured on the data as they were when it was opened.".into(),
            x_axis: Axis::new("checkpoint", ""),
            y_axis: Axis::new("useful horizon", "steps"),
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
