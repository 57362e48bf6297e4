//! `oodscope runs` as people run it: over top-ups that were made, and over logs of other tools.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{at, checkpoint, pendulum, run, text};

fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/runlogs")
}

fn table<'j>(json: &'j Value, key: &str) -> &'j Value {
    let tables = json["reports"][0]["tables"].as_array().unwrap();
    tables.iter().find(|table| table["key"] == key).unwrap_or_else(|| panic!("no {key}: {json}"))
}

fn column(table: &Value, name: &str) -> Vec<Value> {
    let at = table["columns"].as_array().unwrap().iter().position(|column| column == name).unwrap();
    table["rows"].as_array().unwrap().iter().map(|row| row[at].clone()).collect()
}

#[test]
fn top_ups_of_two_seeds_are_averaged_and_compared() {
    let out = at("compared-runs");
    for schedule in ["none", "fixed"] {
        for seed in ["0", "1"] {
            let size = ["--model-steps", "20", "--policy-steps", "10", "--eval-episodes", "2", "--probes", "1"];
            let own =
                ["topup", text(pendulum()), "--checkpoint", text(checkpoint()), "--headless", "--out", text(&out)];
            let more = ["--rounds", "2", "--schedule", schedule, "--seed", seed];
            run(&[&own[..], &size, &more].concat()).good();
        }
    }
    let json = run(&["runs", text(&out), "--json"]).json();
    let runs = table(&json, "runs");
    let mut labels: Vec<String> = column(runs, "run").iter().map(|v| v.as_str().unwrap().into()).collect();
    labels.sort();
    assert_eq!(labels, ["fixed s0", "fixed s1", "none s0", "none s1"]);
    assert!(column(runs, "group").iter().all(|group| group == "fixed" || group == "none"));
    assert!(column(runs, "score").iter().all(|score| score.as_f64().unwrap() < 0.0));
    assert!(
        column(table(&json, "places"), "result")
            .iter()
            .all(|path| Path::new(path.as_str().unwrap()).join("checkpoint.json").is_file())
    );
    let paired = table(&json, "paired:score");
    assert_eq!(column(paired, "seeds"), [2]);
    let series = json["reports"][0]["series"].as_array().unwrap();
    assert!(series.iter().any(|s| s["key"] == "mean/R/fixed" && s["label"] == "fixed (n = 2)"), "{series:?}");
    // In words: the table whole, and no curves until they are asked for.
    let said = run(&["runs", text(&out)]);
    assert!(said.good().contains("fixed s0") && said.good().contains("4 runs in"), "{said:?}");
    let drawn = run(&["runs", text(&out), "--metric", "outside", "--metric", "share outside the data"]);
    assert!(drawn.good().lines().count() > said.good().lines().count() + 10, "{drawn:?}");
}

#[test]
fn logs_of_other_tools_are_read_and_what_is_none_is_refused() {
    let json = run(&["runs", text(&logs()), "--metric", "tensor/int64", "--json"]).json();
    let runs = table(&json, "runs");
    assert_eq!((column(runs, "kind"), column(runs, "score")), (vec!["TensorBoard".into()], vec![(-300.0).into()]));
    let series = json["reports"][0]["series"].as_array().unwrap();
    let keys: Vec<&str> = series.iter().map(|s| s["key"].as_str().unwrap()).collect();
    assert_eq!(&keys[..3], ["tensor/int64/tensorboard", "eval/return/tensorboard", "loss/critic/tensorboard"]);
    run(&["runs", text(&at("no-runs-here"))]).refuses(&["no-runs-here", "no folder of runs", "name another"]);
}
