//! `meta/stats.json` held against the numbers that it is of.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::info::Feature;

/// Nothing sensible takes more than this.
const MAX_BYTES: u64 = 64 << 20;
/// Statistics that are off by more than this part of the range are of other data.
const OFF: f64 = 0.05;

/// What numbers have one column.
#[derive(Clone, Copy)]
struct Column {
    min: f64,
    max: f64,
    mean: f64,
    std: f64,
}

impl Column {
    /// Of the numbers that are finite; nothing where none is.
    fn of(values: impl Iterator<Item = f32> + Clone) -> Option<Self> {
        let finite = values.map(f64::from).filter(|v| v.is_finite());
        let n = finite.clone().count() as f64;
        let (min, max) =
            (finite.clone().fold(f64::INFINITY, f64::min), finite.clone().fold(f64::NEG_INFINITY, f64::max));
        let mean = finite.clone().sum::<f64>() / n;
        let std = (finite.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        (n > 0.0).then_some(Self { min, max, mean, std })
    }

    fn get(self, key: &str) -> f64 {
        match key {
            "min" => self.min,
            "max" => self.max,
            "mean" => self.mean,
            _ => self.std,
        }
    }
}

/// What the file says; nothing where it is not there or no JSON.
pub(super) fn read(root: &Path) -> Option<Value> {
    let mut text = String::new();
    File::open(root.join("meta/stats.json")).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// A warning for every feature of which `said` has other statistics than `values`, in which the features stand side by side.
pub(super) fn warnings(said: &Value, features: &[Feature], values: &[f32]) -> Vec<String> {
    let width: usize = features.iter().map(|f| f.width).sum();
    let (mut warnings, mut start) = (Vec::new(), 0);
    for feature in features {
        let first = start;
        start += feature.width;
        let odd = (0..feature.width).find_map(|d| {
            let column = Column::of(values.iter().skip(first + d).step_by(width.max(1)).copied())?;
            differs(&said[&feature.key], d, column)
        });
        warnings.extend(odd.map(|(d, key, said, found)| {
            format!(
                "meta/stats.json: {key} of '{}' [{d}] is {said:.4}, of the frames it is {found:.4}: what was trained with it \
                 saw other numbers, compute it again",
                feature.key
            )
        }));
    }
    warnings
}

/// The first statistic of dimension `d` that is clearly another.
fn differs(said: &Value, d: usize, column: Column) -> Option<(usize, &'static str, f64, f64)> {
    let range = column.max - column.min;
    // A column that does not change has no range to measure by.
    let most = OFF * if range > 0.0 { range } else { column.max.abs().max(1e-3) };
    ["mean", "std", "min", "max"].into_iter().find_map(|key| {
        let value = if said[key].is_array() { &said[key][d] } else { &said[key] };
        let value = value.as_f64().filter(|v| v.is_finite())?;
        let found = column.get(key);
        ((value - found).abs() > most).then_some((d, key, value, found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_other_numbers_are_named_and_rounded_ones_are_not() {
        let feature = |key: &str, width| Feature { key: key.into(), dtype: "float32".into(), width, names: Vec::new() };
        let features = [feature("a", 1), feature("b", 2)];
        let values = [0.0, 1.0, 5.0, 10.0, 2.0, 5.0];
        let said = serde_json::json!({
            "a": {"mean": [5.0], "std": [5.0], "min": [0.0], "max": [10.01]},
            "b": {"mean": [1.5, 5.0], "std": [0.5, 0.0], "min": [1.0, 5.0], "max": [2.0, 5.0]},
        });
        assert_eq!(warnings(&said, &features, &values), Vec::<String>::new());
        let other = serde_json::json!({"b": {"mean": [1.5, 7.0]}});
        let text = warnings(&other, &features, &values).join("; ");
        assert!(text.starts_with("meta/stats.json: mean of 'b' [1] is 7.0000, of the frames it is 5.0000"), "{text}");
        assert_eq!(warnings(&serde_json::json!([1]), &features, &values), Vec::<String>::new());
        assert!(warnings(&other, &features, &[f32::NAN; 6]).is_empty());
    }
}
