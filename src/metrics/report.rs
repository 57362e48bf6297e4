//! Results as data. A metric fills a [`Report`]; the screen and `--json` know these shapes and never the metric.

mod build;
mod curve;
mod layer;
mod outline;

use std::sync::Arc;

use serde::Serialize;

pub use build::groups;
pub use curve::{Axis, Role, Series};
pub use layer::{Along, Cells, Layer};
pub use outline::{Kept, Outline};

use super::density::near::{Near, Place};
use super::density::{self, zoom::Zoom};
use super::projection::Projection;

/// A named set of results with everything that was measured, each with unit and definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Machine name ("coverage").
    pub name: String,
    /// Heading for people.
    pub title: String,
    /// Single numbers.
    pub stats: Vec<Stat>,
    /// Curves.
    pub series: Vec<Series>,
    /// Distributions.
    pub histograms: Vec<Histogram>,
    /// Two-dimensional maps.
    pub maps: Vec<HeatMap>,
    /// Point clouds.
    pub scatters: Vec<Scatter>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Sentences: verdicts, warnings, rules applied.
    pub notes: Vec<Note>,
    /// Small maps of all pairs of dimensions, for the screen; not in JSON, which has the map that was asked for.
    #[serde(skip)]
    pub pairs: Option<Arc<PairMaps>>,
    /// What is known of single episodes, for the screen, which shows one at a time; not in JSON, which has the worst.
    #[serde(skip)]
    pub details: Arc<Vec<Detail>>,
    /// Its tables are what was asked for: they are printed whole. Not in JSON, which has all rows of every table.
    #[serde(skip)]
    pub listed: bool,
    /// Jobs that cannot be done with what was opened, by name, and why in a sentence; for the screen, which says it before
    /// they are asked for. Not in JSON.
    #[serde(skip)]
    pub refused: Vec<(&'static str, String)>,
}

/// What is known of one episode of a table of episodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Its name in the first column of the table.
    pub label: String,
    /// Its index in its set.
    pub index: usize,
    /// That set is the dataset itself; else it is of rollouts.
    pub of_data: bool,
    /// Names of the dimensions that are responsible for how it leaves, the largest share first.
    pub responsible: Vec<String>,
    /// Verdict with the numbers that it rests on.
    pub verdict: Note,
    /// Its curves over the steps; none where there are too many episodes to keep them all.
    pub series: Vec<Series>,
    /// Its path over the map; none where its curves are not kept.
    pub path: Vec<Overlay>,
}

/// Small maps of pairs of dimensions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairMaps {
    /// Name of every dimension.
    pub names: Vec<String>,
    /// Cells along each axis.
    pub bins: usize,
    /// Horizontal and vertical dimension of each map.
    pub pairs: Vec<(usize, usize)>,
    /// [pairs][bins · bins] states in each cell, row 0 at the lower end.
    pub counts: Vec<Vec<u32>>,
    /// The holes, in the order of their table: two dimensions, and the box over them.
    pub holes: Vec<((usize, usize), Mark)>,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stat {
    /// Machine name, unique in its report ("`ood_fraction`").
    pub key: String,
    /// Short name for the screen ("OOD fraction").
    pub label: String,
    /// The number; NaN where it could not be had (JSON null).
    pub value: f64,
    /// Unit ("", "%", "std", "steps").
    pub unit: String,
    /// Lower and upper end of the interval that `interval_is` names.
    pub interval: Option<(f64, f64)>,
    /// What the interval is: [`CONFIDENCE`], [`SPREAD`], [`STANDARD_ERROR`] or another in such words; empty without one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub interval_is: &'static str,
    /// Number of units the value rests on, and which ("episodes", "states").
    pub n: Option<(u64, String)>,
    /// One sentence: what it is and where it comes from.
    pub definition: String,
    /// A share of a whole, which people read in percent: a number without a unit whose definition begins "Share of". Not in
    /// JSON, where 1 is the whole.
    #[serde(skip)]
    pub share: bool,
}

/// An interval that holds the true value in 95 of 100 repetitions.
pub const CONFIDENCE: &str = "95 %";
/// An interval from the tenth to the ninetieth of a hundred of the values that a number sums up.
pub const SPREAD: &str = "10 % to 90 %";
/// An interval of one standard error about a mean.
pub const STANDARD_ERROR: &str = "± 1 s.e.";

/// Unit of what is measured in alarm thresholds: beyond 1 is an alarm.
pub const IN_THRESHOLDS: &str = "x threshold";

/// Counts over bins.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Machine name, unique in its report.
    pub key: String,
    /// Heading.
    pub label: String,
    /// What is counted.
    pub axis: Axis,
    /// [B+1] edges.
    pub edges: Vec<f64>,
    /// [B] counts.
    pub counts: Vec<f64>,
    /// A marked value (threshold, mean) with its name.
    pub marks: Vec<(String, f64)>,
    /// The one of them beyond which values call for an alarm, where there is one; not in JSON.
    #[serde(skip)]
    pub alarm: Option<f64>,
}

impl Histogram {
    /// The finite ones of `values`, one an episode, in equally wide bins from the least to the largest, with their `mean`
    /// marked.
    pub fn of_episodes(key: &str, label: &str, axis: Axis, values: &[f64], mean: f64) -> Self {
        const BINS: usize = 30;
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let (lo, hi) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let edges = if hi > lo {
            density::edges((lo, hi), BINS)
        } else {
            // One value is a bar in the middle, wide enough to be seen beside its mark.
            let side = 3.0 * (1e-3 * lo.abs()).max(0.5);
            density::edges((lo - side, lo + side), 3)
        };
        let mut counts = vec![0.0; edges.len() - 1];
        finite().filter_map(|v| density::bin(&edges, v)).for_each(|bin| counts[bin] += 1.0);
        let marks = vec![("mean".into(), mean)];
        Self { key: key.into(), label: label.into(), axis, edges, counts, marks, alarm: None }
    }
}

/// How the numbers of a map become colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Colours {
    /// Even in decades; what is not positive has none.
    #[default]
    Decades,
    /// Even in steps; 0 has none, for nothing was there.
    Counts,
    /// Even in steps.
    Steps,
}

/// A grid of numbers over two axes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HeatMap {
    /// Machine name, unique in its report.
    pub key: String,
    /// Heading.
    pub label: String,
    /// Horizontal axis.
    pub x_axis: Axis,
    /// Vertical axis.
    pub y_axis: Axis,
    /// Left and right end.
    pub x_range: (f64, f64),
    /// Lower and upper end.
    pub y_range: (f64, f64),
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// [height, width], row 0 at the lower end; NaN where there is nothing to say.
    pub values: Vec<f64>,
    /// What a cell's number is ("states in the cell").
    pub unit: String,
    /// How they become colours where a figure is made of it; not in JSON.
    #[serde(skip)]
    pub colours: Colours,
    /// Share of the variance that the two axes carry, where they are a projection.
    pub variance_share: Option<f64>,
    /// Paths or points laid over the map.
    pub overlays: Vec<Overlay>,
    /// Boxes drawn around parts of the map.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// What any part of the map is counted from, where the screen can go closer; not in JSON.
    #[serde(skip)]
    pub fine: Option<Arc<Zoom>>,
    /// Whose states lie where; not in JSON.
    #[serde(skip)]
    pub near: Option<Arc<Near>>,
    /// What else can be shown over the same places; not in JSON.
    #[serde(skip)]
    pub layers: Arc<Vec<Layer>>,
    /// What its axes can be, with names; not in JSON.
    #[serde(skip)]
    pub offered: Arc<Vec<(Along, String)>>,
    /// How a state becomes a point of it; not in JSON.
    #[serde(skip)]
    pub onto: Option<Arc<Projection>>,
}

/// A box on a map.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Mark {
    /// What is written at its corner.
    pub label: String,
    /// Left and right end.
    pub x: (f64, f64),
    /// Lower and upper end.
    pub y: (f64, f64),
}

/// A path or a set of points over a map.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overlay {
    /// Name in the legend.
    pub label: String,
    /// Points are joined in order.
    pub joined: bool,
    /// [N].
    pub x: Vec<f64>,
    /// [N].
    pub y: Vec<f64>,
    /// [N] colour values in units of the alarm threshold (1 = at the threshold), or nothing.
    pub heat: Option<Vec<f64>>,
}

/// A cloud of points.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Scatter {
    /// Machine name, unique in its report.
    pub key: String,
    /// Heading.
    pub label: String,
    /// Horizontal axis.
    pub x_axis: Axis,
    /// Vertical axis.
    pub y_axis: Axis,
    /// [N].
    pub x: Vec<f64>,
    /// [N].
    pub y: Vec<f64>,
    /// A vertical threshold with its name.
    pub x_mark: Option<(String, f64)>,
    /// [N] the episode and step that every point is of; empty where they are of none. For the screen, not in JSON.
    #[serde(skip)]
    pub places: Vec<Place>,
}

/// A table of text and numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// Machine name, unique in its report.
    pub key: String,
    /// Heading.
    pub label: String,
    /// Column names, with units where they have any.
    pub columns: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Count(i64),
}

/// How loud a [`Note`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A rule that was applied, a definition.
    Info,
    /// Good news with evidence.
    Good,
    /// The user should know.
    Warn,
    /// A finding that needs action.
    Alarm,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How loud.
    pub level: Level,
    /// The sentence.
    pub text: String,
}
