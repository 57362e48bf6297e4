//! `oracles/formats.json`: every export read by an independent library.

use std::path::Path;

use oodscope::data::dataset::Dataset;
use oodscope::data::summary;
use oodscope::format;
use oodscope::ground::task::Ctx;
use serde_json::{Map, Value};

use super::{Finding, Verdict};

/// Both sides sum the same float32 values in float64; only the order of the sums differs, which moves a mean or a
/// standard deviation by about 1e-13 of the values' size.
const TOLERANCE: f64 = 1e-9;

/// The reference sums a text's decimals in float64; a dataset keeps them in float32, which rounds each by 2⁻²⁴.
const TEXT: f64 = 6e-8;

/// Compares every file that lies in `data/exports` beside the folder of the reference.
pub fn compare(root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let reference = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    json.as_object()
        .into_iter()
        .flatten()
        .map(|(name, numbers)| {
            let what = format!("{reference}: {name}");
            (what, one(&root.join("data/exports").join(name), numbers))
        })
        .collect()
}

fn one(file: &Path, want: &Value) -> Verdict {
    if !file.exists() {
        return Verdict::Unsupported("the file is not there".into());
    }
    match format::open(file, None, &Ctx::quiet()) {
        Ok(data) => {
            let tolerance = if file.extension().is_some_and(|e| e == "csv") { TEXT } else { TOLERANCE };
            check(&data, want.as_object().unwrap_or(&Map::new()), tolerance)
        }
        Err(e) => Verdict::Differs(format!("cannot be opened: {e}")),
    }
}

fn check(data: &Dataset, want: &Map<String, Value>, tolerance: f64) -> Verdict {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let s = summary::summary(data, &all);
    let column = |get: fn(&summary::Moments) -> f64, of: &[summary::Moments]| of.iter().map(get).collect::<Vec<_>>();
    let row = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let last = data.episode(data.num_episodes() - 1);
    let mut compared = 0;
    for (key, value) in want {
        let got = match key.as_str() {
            "transitions" => vec![s.transitions as f64],
            "obs_dim" => vec![data.obs_dim() as f64],
            "act_dim" => vec![data.action_dim() as f64],
            "obs_mean" => column(|m| m.mean, &s.obs),
            "obs_std" => column(|m| m.std, &s.obs),
            "act_mean" => column(|m| m.mean, &s.actions),
            "act_std" => column(|m| m.std, &s.actions),
            "obs_first" => row(data.episode(0).obs_at(0)),
            "obs_last" => row(last.obs_at(last.steps() - 1)),
            "reward_sum" => vec![s.rewards.mean * s.rewards.n as f64],
            "episodes" => vec![s.episodes as f64],
            "terminals" => vec![s.terminated as f64],
            "timeouts" => vec![s.truncated as f64],
            // One row an observation: a final one beyond the steps of each episode.
            "rows" => vec![data.spans().iter().map(|e| e.obs_rows).sum::<usize>() as f64],
            // Names and remarks, and columns of the file which a dataset does not carry.
            "extra_keys" | "total_attribute" | "columns" | "obs_keys" | "note" => continue,
            other => return Verdict::Differs(format!("nothing is compared with '{other}'")),
        };
        let want = numbers(value);
        // A mean near zero is compared on the scale of its values.
        let scale = |w: f64| w.abs().max(1e-3);
        let close = |(g, w): (&f64, &f64)| (g - w).abs() <= tolerance * scale(*w);
        if got.len() != want.len() || !got.iter().zip(&want).all(close) {
            return Verdict::Differs(format!("{key} is {got:?}, the reference has {want:?}"));
        }
        compared += got.len();
    }
    if compared == 0 {
        Verdict::Differs("nothing was compared".into())
    } else {
        Verdict::Agrees(compared, format!("{compared} numbers"))
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}
