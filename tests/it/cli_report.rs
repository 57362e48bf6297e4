//! What the commands print: text for people and JSON for programs, the same numbers.

use serde_json::Value;

use crate::support::program::{at, checkpoint, oodscope, pendulum, run, scratch, text};

fn stat(report: &Value, key: &str) -> f64 {
    let stats = report["stats"].as_array().unwrap();
    let found = stats.iter().find(|s| s["key"] == key).unwrap_or_else(|| panic!("no stat {key}: {stats:?}"));
    found["value"].as_f64().unwrap_or(f64::NAN)
}

fn report<'a>(json: &'a Value, name: &str) -> &'a Value {
    let all = json["reports"].as_array().unwrap();
    all.iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("no report {name}"))
}

#[test]
fn the_report_is_one_json_object_of_known_shape() {
    let json = run(&["report", text(pendulum()), "--checkpoint", text(checkpoint()), "--json"]).json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["outcome", "reports", "spec", "version"]);
    let jobs: Vec<&str> = json["spec"].as_array().unwrap().iter().map(|s| s["job"].as_str().unwrap()).collect();
    assert_eq!(jobs, ["load", "cover", "imagine", "diagnose"]);
    assert_eq!(json["outcome"]["good"], true);
    let data = report(&json, "data");
    assert_eq!((stat(data, "episodes"), stat(data, "steps"), stat(data, "obs_dim")), (15.0, 3000.0, 3.0));
    assert_eq!(stat(data, "truncated"), 15.0);
    let coverage = report(&json, "coverage");
    assert!(stat(coverage, "threshold") > 0.0 && stat(coverage, "calibration_episodes") > 0.0);
    let imagination = report(&json, "imagination");
    assert!(stat(imagination, "one_step_nrmse") < stat(imagination, "nrmse_last"));
    let groups: Vec<&str> =
        imagination["series"].as_array().unwrap().iter().map(|s| s["group"].as_str().unwrap()).collect();
    assert!(groups.contains(&"error by horizon") && groups.contains(&"trace cos θ"), "{groups:?}");
    assert!(imagination["notes"].to_string().contains("held-out episodes were not trained on"));
    let diagnosis = report(&json, "diagnosis");
    assert_eq!(diagnosis["tables"][0]["key"], "episodes");
    assert_eq!(diagnosis["tables"][0]["rows"].as_array().unwrap().len(), 10);
    let trust = diagnosis["tables"].as_array().unwrap().iter().find(|t| t["key"] == "trust").unwrap();
    assert!(trust["rows"].as_array().unwrap().len() >= 8, "every score stands against the model's error");
    assert_eq!(stat(diagnosis, "interaction"), 2000.0, "ten episodes of two hundred steps are counted");
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_another_seed_others() {
    let imagine = |seed: &str| {
        let args = ["imagine", text(pendulum()), "--checkpoint", text(checkpoint()), "--starts", "20", "--json"];
        run(&[&args[..], &["--seed", seed]].concat()).json()["reports"].clone()
    };
    assert_eq!(imagine("3"), imagine("3"));
    assert_ne!(imagine("3"), imagine("4"));
}

#[test]
fn text_and_json_show_the_same_numbers() {
    let text_out = run(&["report", text(pendulum())]).good().to_string();
    let json = run(&["report", text(pendulum()), "--json"]).json();
    let mean = stat(report(&json, "data"), "return_mean");
    let line = text_out.lines().find(|l| l.contains("mean return")).unwrap();
    let shown: f64 = line.split_whitespace().nth(2).unwrap().parse().unwrap();
    // Four significant digits are printed.
    assert!((shown - mean).abs() <= 1e-3 * mean.abs(), "{line} against {mean}");
    assert!(text_out.contains("n = 15 episodes"), "{text_out}");
}

#[test]
fn without_a_terminal_the_bare_program_prints_the_report() {
    let bare = run(&[text(pendulum())]);
    assert_eq!(bare.good(), run(&["report", text(pendulum())]).good());
}

#[test]
fn the_demo_is_found_beside_a_named_folder() {
    let demo = at("demo");
    for (from, to) in [(pendulum(), "datasets/pendulum/narrow-v0"), (checkpoint(), "assets/pendulum-narrow")] {
        copy(from, &demo.join(to));
    }
    let out = oodscope(&["report", "--json"]).env("OODSCOPE_DEMO", &demo).output().unwrap();
    assert!(out.status.success());
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(json["spec"][2]["source"]["checkpoint"].as_str().unwrap().ends_with("assets/pendulum-narrow"));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn rollouts_are_held_against_the_data() {
    let out = at("rollouts/random-v0");
    run(&["collect", "--policy", "random", "--episodes", "5", "--out", text(&out)]).good();
    let json = run(&["report", text(pendulum()), "--rollouts", text(&out), "--json"]).json();
    let coverage = report(&json, "coverage");
    assert!(stat(coverage, "ood_fraction_rollouts") > stat(coverage, "ood_fraction_heldout"));
    // Without a world model, novelty alone is diagnosed.
    assert_eq!(report(&json, "diagnosis")["tables"][0]["rows"].as_array().unwrap().len(), 5);
}

#[test]
fn coverage_has_intervals_over_episodes_and_is_held_against_other_datasets() {
    let random = at("measures/random-v0");
    run(&["collect", "--policy", "random", "--episodes", "6", "--out", text(&random)]).good();
    let peers = ["--reference", text(pendulum()), "--random", text(&random), "--axes", "0", "2", "--bins", "20"];
    let json = run(&[&["coverage", text(pendulum()), "--json"], &peers[..]].concat()).json();
    let coverage = report(&json, "coverage");
    assert_eq!((stat(coverage, "saco"), stat(coverage, "cells")), (1.0, 400.0));
    assert!(stat(coverage, "tq") > 0.0 && stat(coverage, "tq") < 1.0);
    for key in ["occupied_cells", "effective_rank", "action_saturation", "return_mean", "range_used", "entropy_kl"] {
        let s = coverage["stats"].as_array().unwrap().iter().find(|s| s["key"] == key).unwrap();
        let ends: Vec<f64> = s["interval"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert!(ends[0] <= stat(coverage, key) && stat(coverage, key) <= ends[1], "{s}");
    }
    let shown = run(&["coverage", text(pendulum()), "--bootstrap", "0"]);
    assert!(shown.good().contains("effective rank") && shown.good().contains("Range of each dimension"));
    run(&["coverage", text(pendulum()), "--reference", "nowhere"]).refuses(&["nowhere"]);
}

#[test]
fn a_checkpoint_without_a_policy_diagnoses_the_held_out_part() {
    let out = at("no-policy");
    let size = ["--members", "2", "--hidden", "8", "--layers", "1", "--epochs", "2"];
    run(&[&["fit", text(pendulum()), "--out", text(&out)], &size[..]].concat()).good();
    let json = run(&["diagnose", text(pendulum()), "--checkpoint", text(&out), "--json"]).json();
    assert!(json["outcome"]["summary"].as_str().unwrap().contains("held-out episodes"));
    // Going on from a checkpoint is told to the next one.
    let next = at("went-on");
    let args = ["fit", text(pendulum()), "--checkpoint", text(&out), "--epochs", "1", "--out", text(&next)];
    run(&args).good();
    let record = std::fs::read_to_string(next.join("checkpoint.json")).unwrap();
    assert!(record.contains("no-policy"), "the parent is remembered");
}

#[test]
fn a_top_up_writes_a_whole_run_and_spends_no_more_than_its_budget() {
    let out = at("runs");
    let (data, model) = (text(pendulum()), text(checkpoint()));
    let small =
        ["--rounds", "2", "--probes", "2", "--model-steps", "20", "--policy-steps", "20", "--eval-episodes", "2"];
    for schedule in ["none", "fixed", "adaptive"] {
        let args = ["topup", data, "--checkpoint", model, "--headless", "--schedule", schedule, "--json"];
        let json = run(&[&args[..], &["--out", text(&out)], &small[..]].concat()).json();
        let report = report(&json, "topup");
        let groups: Vec<&str> =
            report["series"].as_array().unwrap().iter().map(|s| s["group"].as_str().unwrap()).collect();
        assert!(["score", "loss ratio", "world-model loss", "interaction"].iter().all(|g| groups.contains(g)));
        let folder = json["outcome"]["written"][0].as_str().unwrap();
        let folder = scratch().join(folder);
        for name in ["spec.toml", "metrics.jsonl", "decisions.jsonl", "report.json"] {
            assert!(folder.join(name).is_file(), "{name}");
        }
        let spec = std::fs::read_to_string(folder.join("spec.toml")).unwrap();
        assert!(spec.contains(&format!("schedule = \"{schedule}\"")), "{spec}");
        let episodes = folder.join("episodes");
        // Whether the adaptive one collects is up to a model that hardly learned.
        assert!(schedule == "adaptive" || episodes.exists() == (schedule == "fixed"));
        if episodes.exists() {
            let collected = run(&["report", text(&episodes), "--json"]);
            let json: Value = serde_json::from_str(&collected.out).unwrap();
            let steps = stat(&json["reports"][0], "steps");
            assert!(steps > 0.0 && steps <= 300.0, "{steps} of a budget of a tenth of 3000");
        }
    }
}

#[test]
fn the_table_of_episodes_is_sorted_and_refused_with_the_remedy() {
    let out = at("episodes.csv");
    run(&["episodes", text(pendulum()), "--sort", "return", "--descending", "--out", text(&out)]).good();
    let csv = std::fs::read_to_string(&out).unwrap();
    let returns: Vec<f64> = csv.lines().skip(1).map(|l| l.split(',').nth(4).unwrap().parse().unwrap()).collect();
    assert!(returns.len() == 15 && returns.is_sorted_by(|a, b| a >= b), "{csv}");
    run(&["episodes", text(pendulum()), "--out", text(&at("episodes.parquet"))]).good();
    assert_eq!(&std::fs::read(at("episodes.parquet")).unwrap()[..4], b"PAR1");
    let refused = |args: &[&str], word: &str| run(&[&["episodes", text(pendulum())], args].concat()).refuses(&[word]);
    refused(&["--sort", "reward", "--out", text(&at("x.csv"))], "return");
    refused(&["--out", text(&at("x.txt"))], ".parquet");
}

#[test]
fn help_and_version_are_there() {
    for command in ["report", "compare", "fit", "imagine", "diagnose", "score", "topup", "episodes", "collect"] {
        assert!(run(&[command, "--help"]).good().contains("--seed"), "{command}");
    }
    assert!(run(&["--version"]).good().contains(env!("CARGO_PKG_VERSION")));
}
