//! Top-ups as people run them: a control of a run, and a disk that refuses.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{at, checkpoint, pendulum, run, scratch, text};

/// Arguments of a top-up that takes a second.
fn small<'a>(out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let mut args =
        vec!["topup", text(pendulum()), "--checkpoint", text(checkpoint()), "--headless", "--out", text(out)];
    args.extend(["--model-steps", "20", "--policy-steps", "10", "--eval-episodes", "2", "--probes", "1", "--rounds"]);
    args.extend(more);
    args
}

fn value(json: &Value, key: &str) -> f64 {
    let stats = json["reports"][0]["stats"].as_array().unwrap();
    let found = stats.iter().find(|stat| stat["key"] == key);
    found.and_then(|stat| stat["value"].as_f64()).unwrap_or(f64::NAN)
}

fn folder(json: &Value) -> PathBuf {
    scratch().join(json["outcome"]["written"][0].as_str().unwrap())
}

/// Steps of each chunk of a run, with the check before it.
fn chunks(json: &Value) -> Vec<(usize, u64)> {
    let lines = std::fs::read_to_string(folder(json).join("decisions.jsonl")).unwrap();
    let steps = |line| serde_json::from_str::<Value>(line).unwrap()["decision"]["collect"]["steps"].as_u64();
    lines.lines().enumerate().filter_map(|(i, line)| Some((i + 1, steps(line)?))).collect()
}

#[test]
fn a_yoked_run_adds_what_the_adaptive_one_did_at_other_times() {
    let out = at("yoked-runs");
    // Whatever R is, it is above this threshold: a chunk of a whole episode, and the rest of the budget.
    let eager = ["2", "--trigger", "per-check", "--threshold", "0.001", "--json"];
    let adaptive = run(&small(&out, &eager)).json();
    let added: Vec<u64> = chunks(&adaptive).into_iter().map(|(_, steps)| steps).collect();
    let named = folder(&adaptive);
    let yoked = |more: &[&'static str]| {
        let more = [more, &["--schedule", "yoked", "--yoked"], &[text(&named)]].concat();
        run(&small(&out, &more))
    };
    let control = yoked(&["6", "--json"]).json();
    assert!(added.len() == 2 && value(&adaptive, "added") > 0.0);
    assert_eq!(chunks(&control).into_iter().map(|(_, steps)| steps).collect::<Vec<_>>(), added);
    assert!((value(&control, "added") - value(&adaptive, "added")).abs() < 0.5);
    assert_eq!(control["reports"][0]["tables"][0]["rows"].as_array().unwrap().len(), 7, "it makes every check");
    let checks: Vec<String> = chunks(&control).iter().map(|(check, _)| check.to_string()).collect();
    let (steps, checks) = (added.iter().sum::<u64>(), checks.join(", "));
    let said = format!("2 chunks ({steps} steps) are added after checks that were drawn at random: {checks}.");
    assert!(control["reports"][0]["notes"].to_string().contains(&said), "{control}");
    assert_eq!(chunks(&yoked(&["6", "--json"]).json()), chunks(&control), "the same seed draws the same checks");
    assert!(run(&["runs", text(&out)]).good().contains("yoked"));
    yoked(&["1"]).refuses(&["2 chunks do not go into 1 check", "--rounds 2"]);
    let control = folder(&control);
    let refused = |named: &Path| run(&small(&out, &["2", "--schedule", "yoked", "--yoked", text(named)]));
    refused(&control).refuses(&["no adaptive run"]);
    refused(&out).refuses(&["not a run directory"]);
    assert_eq!(run(&small(&out, &["2", "--schedule", "yoked"])).status, Some(2));
    run(&small(&out, &["2", "--yoked", text(&named)])).refuses(&["--schedule yoked"]);
    // A run of another dataset.
    let spec = named.join("spec.toml");
    let text = std::fs::read_to_string(&spec).unwrap();
    let hash = text.lines().find(|line| line.starts_with("dataset_hash")).unwrap();
    std::fs::write(&spec, text.replace(hash, "dataset_hash = \"0\"")).unwrap();
    refused(&named).refuses(&["is not the dataset that the run began with", "name a run of this dataset"]);
}
