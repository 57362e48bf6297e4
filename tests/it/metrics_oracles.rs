//! Errors by horizon and disagreement, from the arrays of every `oracles/model-*.npz` that lies there.

use std::path::Path;

use oodscope::metrics::disagreement::member_std;
use oodscope::metrics::divergence;
use serde_json::Value;

use crate::references::roots;
use crate::support::npz::{self, Array};

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().into_iter().flatten().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

fn narrow(a: &Array) -> Vec<f32> {
    a.values.iter().map(|&v| v as f32).collect()
}

/// Storage in float32 moves a state by 6e-8 of itself: up to 1e-6 standard deviations with the largest states here (15 of
/// them), and rollouts that have exploded are relative.
fn close(got: f64, want: f64) -> bool {
    (got - want).abs() <= 1e-6 + 1e-6 * want.abs()
}

fn check(path: &Path, json: &Value) -> usize {
    let arrays = npz::read(&path.with_extension("npz"));
    let std = numbers(&json["error_scale"]["std"]);
    let names: Vec<String> = (0..std.len()).map(|d| d.to_string()).collect();
    let mut compared = 0;
    for (id, want) in json["sets"].as_object().into_iter().flatten() {
        let key = id.replace('/', "_");
        let (Some(real), Some(imagined)) = (arrays.get(&format!("true_{key}")), arrays.get(&format!("imagined_{key}")))
        else {
            continue;
        };
        // A recurrent model's rollout begins after its context; its file states other horizons.
        if real.shape != imagined.shape {
            continue;
        }
        let owner: Vec<usize> = (0..real.shape[0]).collect();
        let (real, imagined, horizon) = (narrow(real), narrow(imagined), real.shape[1] - 1);
        let input = divergence::Input {
            names: &names,
            std: &std,
            horizon,
            owner: &owner,
            step: &[],
            real: &real,
            imagined: &imagined,
            disagreement: None,
            members: &[],
            trace: None,
            seed: 0,
        };
        let report = divergence::report(&input).unwrap();
        for (curve, reference) in [("model", "nrmse_median"), ("model_mean", "nrmse_mean")] {
            let curve = report.series.iter().find(|s| s.key == curve).unwrap();
            for (h, (got, want)) in curve.y.iter().zip(numbers(&want[reference])).enumerate() {
                assert!(close(*got, want), "{} {id} {reference} h={}: {got} against {want}", path.display(), h + 1);
                compared += 1;
            }
        }
        compared += disagreement(&arrays, &key, std.len());
    }
    compared
}

/// Member means of 200 rows carry the reward in their last column; disagreement is over observations in raw units.
fn disagreement(arrays: &std::collections::HashMap<String, Array>, key: &str, d: usize) -> usize {
    let (Some(members), Some(rows), Some(want)) = (
        arrays.get(&format!("one_step_member_mean_{key}")),
        arrays.get(&format!("one_step_rows_{key}")),
        arrays.get(&format!("disagreement_{key}")),
    ) else {
        return 0;
    };
    let obs: Vec<f32> = members.values.chunks_exact(d + 1).flat_map(|row| row[..d].iter().map(|&v| v as f32)).collect();
    let got = member_std(&obs, members.shape[0], &vec![1.0; d]);
    for (g, row) in got.iter().zip(&rows.values) {
        let w = want.values[*row as usize];
        assert!(close(*g, w), "{key} row {row}: {g} against {w}");
    }
    got.len()
}

#[test]
fn errors_and_disagreement_equal_the_references() {
    let mut compared = 0;
    for (_, root) in roots() {
        for entry in std::fs::read_dir(root.join("oracles")).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "json") || !path.with_extension("npz").exists() {
                continue;
            }
            let json: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            if json.get("error_scale").is_some() && json.get("sets").is_some() {
                compared += check(&path, &json);
            }
        }
    }
    println!("errors by horizon and disagreement: {compared} numbers compared");
}
