//! `oracles/data-*.json` with their arrays: what independent libraries computed of the datasets.
//!
//! The sets that hold float64 observations (Hopper, `PointMaze`) are stored as float32 by oodscope, which moves a value by up
//! to 2⁻²⁴ of itself (6e-8); the tolerances below say what that can do to each number. Pendulum's are float32 in the file,
//! so nothing is lost there.

mod pairs;
mod sets;

use std::collections::HashMap;
use std::path::Path;

use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::task::Ctx;
use oodscope::metrics::features::Features;
use oodscope::metrics::neighbors::points::Points;
use serde_json::Value;

use super::{Finding, Verdict};

/// A dataset as states, or why it is not there.
type Loaded = Result<Set, String>;

/// The states of all episodes.
pub struct Set {
    data: Dataset,
    rows: Vec<f32>,
    owner: Vec<usize>,
}

pub fn compare(root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut loaded: HashMap<String, Loaded> = HashMap::new();
    let ids = json["datasets"].as_object().into_iter().flatten().map(|(id, _)| id.clone());
    for id in ids.chain(json["reference"].as_str().map(String::from)) {
        loaded.entry(id.clone()).or_insert_with(|| load(root, &id));
    }
    let scale = scale(&json["standardise"]);
    let mut findings = Vec::new();
    for (id, want) in json["datasets"].as_object().into_iter().flatten() {
        match &loaded[id] {
            Ok(set) => {
                findings.extend(families(&file, id, want, |family, want| sets::check(set, &scale, family, want)));
            }
            Err(why) => findings.push((format!("{file}: {id}"), Verdict::Unsupported(why.clone()))),
        }
    }
    let reference = json["reference"].as_str().and_then(|id| loaded.get(id));
    let arrays = path.with_extension("npz");
    let Some(Ok(reference)) = reference else {
        let why =
            reference.map_or("no reference is named".to_owned(), |r| r.as_ref().err().cloned().unwrap_or_default());
        findings.push((format!("{file}: compare"), Verdict::Unsupported(why)));
        return findings;
    };
    let pairs = pairs::Pairs::new(reference, &scale, &arrays, json);
    for (id, want) in json["compare"].as_object().into_iter().flatten() {
        findings.extend(families(&file, id, want, |family, _| pairs.check(family, want)));
    }
    findings
}

/// One finding for each object of `want` that is a family of numbers.
fn families(file: &str, id: &str, want: &Value, check: impl Fn(&str, &Value) -> Verdict) -> Vec<Finding> {
    // Names of arrays and by-products that are compared within another family.
    const PART: [&str; 5] =
        ["knn_array", "query_array", "knn_columns", "faiss_float32_max_abs_difference", "energy_1d"];
    want.as_object()
        .into_iter()
        .flatten()
        .filter(|(family, _)| !PART.contains(&family.as_str()))
        .map(|(family, want)| (format!("{file}: {id} {family}"), check(family, want)))
        .collect()
}

fn load(root: &Path, id: &str) -> Loaded {
    let folder = root.join("data/minari").join(id);
    let data = format::open(&folder, None, &Ctx::quiet()).map_err(|e| {
        let text = e.to_string();
        format!("{id} cannot be read yet: {}", text.rsplit(": ").next().unwrap_or(&text))
    })?;
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let (rows, owner) = data.states(&all);
    Ok(Set { data, rows, owner })
}

/// The reference's own mean and spread, as the file states them.
fn scale(json: &Value) -> Features {
    let (mean, std) = (numbers(&json["mean"]), numbers(&json["std"]));
    let d = std.len();
    Features {
        what: "observation dimensions".into(),
        rotation: None,
        dim_in: d,
        kept: (0..d).collect(),
        names: (0..d).map(|i| i.to_string()).collect(),
        mean,
        std,
        dropped: vec![],
        duplicates: vec![],
    }
}

impl Set {
    /// All states, or `m` evenly thinned ones, in the scale's units.
    fn points(&self, scale: &Features, m: usize) -> Points {
        let all = scale.points(&self.rows, &self.owner).unwrap();
        all.pick(&oodscope::ground::stats::evenly(all.len(), m))
    }
}

pub fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

/// Agreement if every number is within `relative` of its reference or within `absolute` of it.
pub fn judge(got: &[f64], want: &[f64], relative: f64, absolute: f64) -> Verdict {
    if got.len() != want.len() || got.is_empty() {
        return Verdict::Differs(format!("{} numbers against {} in the reference", got.len(), want.len()));
    }
    let mut worst = (0.0f64, 0);
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let off = (g - w).abs() / (relative * w.abs() + absolute);
        // NaN (a missing key) must not pass for agreement.
        if off.is_nan() || off > worst.0 {
            worst = (if off.is_nan() { f64::INFINITY } else { off }, i);
        }
    }
    let (g, w) = (got[worst.1], want[worst.1]);
    let text = format!("{} numbers, worst {g} against {w} ({:.0e} off)", got.len(), (g - w).abs());
    if worst.0 <= 1.0 { Verdict::Agrees(got.len(), text) } else { Verdict::Differs(text) }
}
