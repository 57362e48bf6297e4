//! `oodscope score`: the report, the file, and that both say the same.

use std::collections::HashMap;

use serde_json::Value;

use crate::support::program::{at, checkpoint, dataset, pendulum, run, text, written};

fn report(args: &[&str]) -> Value {
    let json = run(&[&["score"], args, &["--json"]].concat()).json();
    let reports = json["reports"].as_array().unwrap();
    reports.iter().find(|r| r["name"] == "score").unwrap().clone()
}

fn stat(report: &Value, key: &str) -> f64 {
    let stats = report["stats"].as_array().unwrap();
    stats.iter().find(|s| s["key"] == key).unwrap_or_else(|| panic!("no stat {key}"))["value"].as_f64().unwrap()
}

fn table<'a>(report: &'a Value, key: &str) -> &'a Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(|t| t["key"] == key).unwrap_or_else(|| panic!("no table {key}"))["rows"].as_array().unwrap()
}

/// Columns of a CSV file by name.
fn csv(path: &std::path::Path) -> HashMap<String, Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap().split(',').map(String::from).collect();
    let mut columns: HashMap<String, Vec<String>> = names.iter().map(|n| (n.clone(), Vec::new())).collect();
    for line in lines {
        line.split(',').zip(&names).for_each(|(v, n)| columns.get_mut(n).unwrap().push(v.to_owned()));
    }
    columns
}

fn numbers(column: &[String]) -> Vec<f64> {
    column.iter().map(|v| v.parse().unwrap()).collect()
}

#[test]
fn every_state_is_in_the_file_and_the_report_counts_the_same() {
    let (out, parquet) = (at("scores.csv"), at("scores.parquet"));
    let args = [text(pendulum()), "--checkpoint", text(checkpoint()), "--episodes", "3"];
    let report = report(&[&args[..], &["--out", text(&out)]].concat());
    assert_eq!((stat(&report, "states"), stat(&report, "interaction")), (600.0, 600.0));
    let file = csv(&out);
    let rows = table(&report, "scores");
    assert_eq!(rows.len(), 11, "the checkpoint has members and variances: every score is there");
    for (name, label) in
        [("novelty", "k-NN novelty"), ("discrepancy", "MOReL discrepancy"), ("density", "local density")]
    {
        let row = rows.iter().find(|r| r[0] == label).unwrap();
        let (raw, ratio) = (numbers(&file[name]), numbers(&file[&format!("{name}_x_threshold")]));
        let threshold = row[1].as_f64().unwrap();
        assert!(raw.iter().zip(&ratio).all(|(v, r)| (v / threshold - r).abs() <= 1e-9 * r.abs()), "{name}");
        let alarms = file[&format!("{name}_alarm")].iter().filter(|a| *a == "true").count();
        // The table has percent, rounded to four places.
        assert!((row[8].as_f64().unwrap() - 100.0 * alarms as f64 / 600.0).abs() < 1e-4, "{name}");
    }
    assert!((100.0 * stat(&report, "ood_fraction") - rows[0][8].as_f64().unwrap()).abs() < 1e-4);
    let steps = numbers(&file["step"]);
    assert_eq!((steps[0], steps[199], steps[200]), (0.0, 199.0, 0.0));
    assert_eq!(numbers(&file["episode"])[599], 2.0);
    assert_eq!(file["model_error_x_threshold"].len(), 600);
    run(&[&["score"], &args[..], &["--out", text(&parquet)]].concat()).good();
    assert_eq!(&std::fs::read(parquet).unwrap()[..4], b"PAR1");
}

/// The file has what the report sums up: medians of its errors, and root mean squares of a dimension.
#[test]
fn every_imagined_step_is_in_the_file_and_the_report_says_the_same() {
    let (out, parquet) = (at("imagined.csv"), at("imagined.parquet"));
    let args = ["imagine", text(pendulum()), "--checkpoint", text(checkpoint()), "--horizon", "7", "--starts", "20"];
    let json = run(&[&args[..], &["--out", text(&out), "--json"]].concat()).json();
    let report = json["reports"].as_array().unwrap().iter().find(|r| r["name"] == "imagination").unwrap();
    let file = csv(&out);
    let (h, error) = (numbers(&file["h"]), numbers(&file["error"]));
    assert_eq!((error.len(), file["disagreement"].len(), file["imagined_reward"].len()), (140, 140, 140));
    let of_step =
        |step: f64, of: &[f64]| h.iter().zip(of).filter(|(h, _)| **h == step).map(|(_, e)| *e).collect::<Vec<f64>>();
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        f64::midpoint(all[9], all[10])
    };
    for (key, step) in [("one_step_nrmse", 1.0), ("nrmse_last", 7.0)] {
        let told = stat(report, key);
        assert!((median(of_step(step, &error)) / told - 1.0).abs() < 1e-6, "{key}: {told}");
    }
    let row = &table(report, "dimensions")[0];
    let of = numbers(&file[&format!("error:{}", row[0].as_str().unwrap())]);
    let rms = (of_step(7.0, &of).iter().map(|e| e * e).sum::<f64>() / 20.0).sqrt();
    assert!((rms / row[2].as_f64().unwrap() - 1.0).abs() < 1e-4, "{row:?} {rms}");
    run(&[&args[..], &["--out", text(&parquet)]].concat()).good();
    assert_eq!(&std::fs::read(parquet).unwrap()[..4], b"PAR1");
    run(&[&args[..], &["--out", text(&at("imagined.txt"))]].concat()).refuses(&[".parquet"]);
    run(&[&args[..], &["--tolerance", "0"]].concat()).refuses(&["tolerance", "above 0"]);
}

#[test]
fn the_threshold_of_novelty_is_that_of_coverage_and_stands_beside_its_record() {
    let scores = report(&[text(pendulum())]);
    let json = run(&["report", text(pendulum()), "--json"]).json();
    let coverage = json["reports"].as_array().unwrap().iter().find(|r| r["name"] == "coverage").unwrap();
    let row = &table(&scores, "scores")[0];
    assert_eq!(row[1].as_f64().unwrap(), stat(coverage, "threshold"));
    assert_eq!(row[5].as_f64().unwrap(), stat(coverage, "false_alarm_heldout"));
    // 15 episodes leave two for calibration; a level of 10 % needs nine.
    assert_eq!(row[3], "uncalibrated: needs 7 more episodes");
    assert!(row[6].as_str().unwrap().starts_with('['), "an interval is always there: {row}");
    assert!(scores["notes"].to_string().contains("held-out episodes"), "nothing else can be scored");
    let steps = report(&[text(pendulum()), "--threshold", "per-step", "--alpha", "0.05"]);
    let row = &table(&steps, "scores")[0];
    assert_eq!(row[3], "no guarantee: 5 % of steps");
    assert!(row[7].as_str().unwrap().ends_with("states"));
}

#[test]
fn the_same_seed_gives_the_same_scores() {
    let args = [text(pendulum()), "--checkpoint", text(checkpoint()), "--episodes", "5"];
    let of = |seed: &str| report(&[&args[..], &["--seed", seed]].concat());
    assert_eq!(of("3"), of("3"));
    assert_ne!(of("3"), of("4"));
}

#[test]
fn a_state_that_is_no_number_is_infinitely_strange_and_stays_in_the_file() {
    let data = written("scored", &dataset(&[30; 12], |_| {}));
    let broken = written("scored-broken", &dataset(&[30; 6], |parts| parts.obs[2 * 7] = f32::NAN));
    let out = at("broken.csv");
    let args = [text(&data), "--rollouts", text(&broken), "--out", text(&out)];
    let report = report(&args);
    let file = csv(&out);
    assert_eq!(file["novelty"].len(), 180);
    for name in ["novelty", "mahalanobis", "density", "cells"] {
        let column = numbers(&file[name]);
        assert!(column[7].is_infinite() && column[6].is_finite(), "{name}");
        assert_eq!(file[&format!("{name}_alarm")][7], "true", "{name}");
    }
    assert!(stat(&report, "alarm_episodes") >= 1.0 / 6.0);
    let trust = table(&report, "trust");
    assert_eq!(
        trust.len(),
        6,
        "without a model four scores are held against the return, beside length alone and chance"
    );
}

#[test]
fn bad_requests_are_refused_with_the_remedy() {
    run(&["score", text(pendulum()), "--out", text(&at("scores.txt"))]).refuses(&[".parquet"]);
    run(&["score", text(&at("nowhere"))]).refuses(&["no such file"]);
    assert_eq!(run(&["score", text(pendulum()), "--alpha", "1.5"]).status, Some(2));
    assert_eq!(run(&["score", text(pendulum()), "--threshold", "mine"]).status, Some(2));
}

#[test]
fn episodes_are_kept_with_what_they_are_of_and_taken_again_only_for_that() {
    let folder = at("kept-rollouts");
    let args = |seed: &'static str| {
        let keep = ["--keep", text(&folder), "--episodes", "2", "--seed", seed, "--json"];
        [&["diagnose", text(pendulum()), "--checkpoint", text(checkpoint())][..], &keep].concat()
    };
    let acted = run(&args("3")).json();
    let bytes = || std::fs::read(folder.join("data/main_data.hdf5")).unwrap();
    let before = bytes();
    assert_eq!(run(&args("3")).json()["reports"], acted["reports"], "the same episodes, and the same is said of them");
    run(&args("4")).refuses(&["kept-rollouts", "other episodes", "--keep"]);
    let other = at("kept-other");
    let untrained = run(&["fit", text(pendulum()), "--epochs", "1", "--policy-steps", "1", "--out", text(&other)]);
    assert_eq!(untrained.status, Some(0), "{}", untrained.err);
    let mut asked = args("3");
    asked[3] = text(&other);
    run(&asked).refuses(&["kept-rollouts", "another policy"]);
    assert_eq!(bytes(), before);
}
