//! What a figure is made of.

use crate::metrics::report::{Axis, HeatMap, Histogram, PairMaps, Scatter, Series};

/// Sizes of a figure in points.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Width of the figure.
    pub width_pt: f64,
    /// Height of the figure, or more where names need it.
    pub height_pt: f64,
    /// Size of the text.
    pub font_pt: f64,
    /// What stands above the figure.
    pub title: Option<String>,
}

impl Default for Look {
    fn default() -> Self {
        Self { width_pt: 420.0, height_pt: 280.0, font_pt: 9.0, title: None }
    }
}

/// One panel of rows: a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// Above the panel.
    pub title: String,
    /// What its numbers are.
    pub axis: Axis,
    /// Its rows from above; rows of one name stand on one line in all panels.
    pub rows: Vec<Row>,
    /// A name and the number it has, as a line across all rows.
    pub reference: Option<(String, f64)>,
}

/// One dot: an agent at a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Its number; NaN where there is none.
    pub value: f64,
    /// Ends of its whiskers on the axis (mean − standard error, mean + standard error).
    pub error: Option<(f64, f64)>,
    /// To be seen first.
    pub emphasis: bool,
}

/// One of several figures on a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel<'a> {
    /// Above it.
    pub title: String,
    /// What it shows.
    pub content: Content<'a>,
}

/// What a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Content<'a> {
    /// Curves of one group.
    Curves(Vec<&'a Series>),
    /// Rows of dots.
    Bars(&'a [Group]),
    /// A map with paths.
    Heat(&'a HeatMap),
    /// A distribution.
    Bins(&'a Histogram),
    /// A cloud of points.
    Cloud(&'a Scatter),
    /// The maps of all pairs of dimensions.
    Pairs(&'a PairMaps),
}
