//! A quantity of the model by horizon beside its floor.

use super::charts::{axis, finite};
use crate::metrics::report::{Report, Role, Series};

/// What a pair of curves is called.
pub(super) struct Words {
    /// Key of the model's curve and of its last value.
    pub key: &'static str,
    /// The plot.
    pub group: &'static str,
    /// What lies up the plot, and its unit.
    pub label: (&'static str, &'static str),
    /// Definition of the model's curve.
    pub model: &'static str,
    /// Definition of the floor.
    pub floor: &'static str,
    /// Name of the model's last value.
    pub last: &'static str,
    /// Name of the floor.
    pub without: &'static str,
}

/// A curve of the model and its floor by horizon, `at` each from 1 on, and the model's last value, over `starts`.
pub(super) fn curves(
    report: &mut Report,
    (starts, horizon): (usize, usize),
    words: &Words,
    at: impl Fn(usize) -> (f64, f64),
) {
    let (model, floor): (Vec<f64>, Vec<f64>) = (1..=horizon).map(at).unzip();
    let last = model.last().copied().unwrap_or(f64::NAN);
    report.stat(words.key, words.last, last, words.label.1, words.model).of(starts, "starts");
    let mut add = |key: String, label: &str, role: Role, y: Vec<f64>, definition: &str| {
        report.series.push(Series {
            key,
            label: label.into(),
            group: words.group.into(),
            role,
            x_axis: axis("horizon", "steps", false),
            y_axis: axis(words.label.0, words.label.1, false),
            x: (1..=horizon).map(|h| h as f64).collect(),
            y: y.into_iter().map(finite).collect(),
            definition: definition.into(),
            ..Series::default()
        });
    };
    add(words.key.into(), "model", Role::Value, model, words.model);
    add(format!("{}_floor", words.key), words.without, Role::Floor, floor, words.floor);
}
