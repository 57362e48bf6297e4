//! [`Run`]: one run as it is shown and compared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::runlog::Curve;
use crate::topup::runs::State;

/// One number of a run over its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What it is.
    pub definition: String,
    /// The curve, thinned with its extremes.
    pub curve: Curve,
    /// Means of stretches of it with their number of values: what is averaged further.
    pub means: Vec<(f64, f64, usize)>,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its folder as seen from the one that was named: unique.
    pub name: String,
    /// A short name, unique too.
    pub label: String,
    /// What it does, or whose log it is.
    pub kind: String,
    /// The environment; empty where it is not known.
    pub task: String,
    /// The agent, or the schedule; empty where it is not known.
    pub agent: String,
    /// Its seed, where it is known.
    pub seed: Option<u64>,
    /// What became of it, and how that is known.
    pub state: (State, String),
    /// When it began.
    pub started: String,
    /// The last step.
    pub steps: Option<f64>,
    /// The last score.
    pub score: Option<f64>,
    /// The last loss ratio.
    pub ratio: Option<f64>,
    /// Gain of the mean return and its standard error.
    pub gain: Option<(f64, f64)>,
    /// Steps added.
    pub added: Option<f64>,
    /// Every real step.
    pub total: Option<f64>,
    /// Its networks.
    pub result: Option<PathBuf>,
    /// Where it lies.
    pub place: PathBuf,
    /// It can be gone on with by this command.
    pub resume: Option<&'static str>,
    /// Everything but the seed: runs that have the same differ in nothing else. Nothing where that is not known.
    pub asked: Option<Arc<BTreeMap<String, String>>>,
    /// What its steps are.
    pub axis: String,
    /// The numbers that may be shown, the most telling first.
    pub lines: Arc<Vec<Line>>,
    /// Names of all numbers.
    pub names: Arc<Vec<String>>,
    /// What could not be read.
    pub troubles: Vec<String>,
    /// Points that were taken back because it went back in its steps.
    pub taken_back: usize,
}

impl Run {
    /// Its number called `name`.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }
}

impl Line {
    /// Of the curve `curve`.
    pub fn new(name: &str, unit: &str, definition: &str, curve: &Curve) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            definition: definition.into(),
            curve: crate::runlog::thin(curve, SHOWN),
            means: crate::runlog::binned(curve, MEANS),
        }
    }

    /// First and last step.
    pub fn ends(&self) -> Option<(f64, f64)> {
        Some((*self.curve.x.first()?, *self.curve.x.last()?))
    }

    /// The mean over the last fifth of the steps up to `end`; nothing where nothing was measured there.
    pub fn mean_before(&self, end: f64) -> Option<f64> {
        let (first, _) = self.ends()?;
        let from = end - (end - first) / 5.0;
        let within = self.means.iter().filter(|(x, ..)| (from..=end).contains(x));
        let (sum, n) = within.fold((0.0, 0), |(sum, n), (_, mean, count)| (sum + mean * *count as f64, n + count));
        // Of few points far apart the last one before the end is what there is.
        let last = || self.means.iter().rfind(|(x, ..)| *x <= end).map(|(_, mean, _)| *mean);
        if n > 0 { Some(sum / n as f64) } else { last() }
    }
}

/// Most points of a curve, and most stretches that are averaged.
pub const SHOWN: usize = 2000;
const MEANS: usize = 2000;
