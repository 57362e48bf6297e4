//! Bad input and faults: each a sentence and a status, never a panic.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::program::{
    Said, at, checkpoint, dataset, lonely, oodscope, pendulum, run, text, untrained, written,
};

fn shipped(name: &str) -> String {
    format!("{}/tests/reference/broken/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_missing_file_is_named() {
    for command in ["report", "fit", "imagine", "diagnose", "topup"] {
        run(&[command, "nowhere.hdf5"]).refuses(&["nowhere.hdf5", "no such file or folder"]);
    }
    let data = text(pendulum());
    run(&["report", data, "--checkpoint", "nowhere"]).refuses(&["nowhere", "no such file"]);
    run(&["report", data, "--rollouts", "nowhere"]).refuses(&["nowhere", "no such file"]);
}

#[test]
fn a_demo_that_cannot_be_unpacked_is_said() {
    let file = at("no-cache");
    std::fs::write(&file, "").unwrap();
    let said = Command::new(lonely("lonely")).current_dir(at("lonely")).env("XDG_CACHE_HOME", &file).output();
    said.map(Said::from).unwrap().refuses(&["OODSCOPE_DEMO", "datasets/pendulum/narrow-v0"]);
}

#[test]
fn a_wrong_format_says_which_are_known() {
    let data = text(pendulum());
    run(&["report", data, "--format", "arff"]).refuses(&["arff", "minari", "d4rl"]);
    run(&["report", &shipped("not_hdf5.hdf5")]).refuses(&["not_hdf5.hdf5"]);
    run(&["report", &shipped("truncated_tail.hdf5")]).refuses(&["truncated_tail.hdf5"]);
}

#[test]
fn an_empty_dataset_is_refused() {
    run(&["report", &shipped("zero_bytes.hdf5")]).refuses(&["zero_bytes.hdf5"]);
    let folder = at("empty");
    std::fs::create_dir_all(&folder).unwrap();
    run(&["report", text(&folder)]).refuses(&["empty"]);
}

#[test]
fn rows_with_nan_are_skipped_counted_and_named() {
    let data = dataset(&[40; 12], |parts| {
        parts.obs[10] = f32::NAN;
        parts.obs[11] = f32::INFINITY;
        parts.rewards[100] = f64::NAN;
    });
    let folder = written("nan", &data);
    let model = untrained("nan-model", &dataset(&[40; 12], |_| {}));
    let said = run(&["report", text(&folder), "--checkpoint", text(&model), "--json"]);
    let json = said.json();
    let data = &json["reports"][0];
    let warned = data["notes"].as_array().unwrap().iter().any(|n| {
        let text = n["text"].as_str().unwrap();
        n["level"] == "warn" && text.contains("observations") && text.contains('1')
    });
    assert!(warned, "{:#}", data["notes"]);
    let usable = data["stats"].as_array().unwrap().iter().find(|s| s["key"] == "usable").unwrap();
    // Two transitions touch the odd observation, one the odd reward.
    assert_eq!(usable["value"], 477.0);
    assert_eq!(json["reports"].as_array().unwrap().len(), 4);
}

#[test]
fn episodes_of_one_step_go_through_every_job() {
    let data = dataset(&[1; 30], |_| {});
    let (folder, model) = (written("one-step", &data), untrained("one-step-model", &data));
    let json = run(&["report", text(&folder), "--checkpoint", text(&model), "--json"]).json();
    let names: Vec<_> = json["reports"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["data", "coverage", "imagination", "diagnosis"]);
    let horizon = json["reports"][2]["stats"].as_array().unwrap().iter().find(|s| s["key"] == "horizon").unwrap();
    assert_eq!(horizon["value"], 1.0);
}

#[test]
fn a_lone_episode_shares_its_parts_and_says_so() {
    let folder = written("lone", &dataset(&[60], |_| {}));
    let said = run(&["report", text(&folder)]);
    assert!(said.out.contains("too few to keep the parts apart"), "{said:?}");
    // Coverage of one episode by itself is a failure of the work, not a crash.
    assert!(matches!(said.status, Some(0 | 1)) && said.err.lines().count() <= 1, "{said:?}");
}

#[test]
fn a_checkpoint_that_does_not_fit_names_both_numbers() {
    let other = untrained("other-model", &dataset(&[20; 5], |_| {}));
    for command in ["report", "imagine", "topup", "fit"] {
        run(&[command, text(pendulum()), "--checkpoint", text(&other)]).refuses(&["other-model", "2", "3"]);
    }
    let rollouts = written("other-rollouts", &dataset(&[20; 5], |_| {}));
    run(&["report", text(pendulum()), "--rollouts", text(&rollouts)]).refuses(&["other-rollouts", "2", "3"]);
}

#[test]
fn what_a_checkpoint_lacks_is_said_with_the_remedy() {
    run(&["imagine", text(pendulum())]).refuses(&["world model", "--checkpoint", "oodscope fit"]);
    let evil = shipped("evil_code.pt");
    run(&["report", text(pendulum()), "--checkpoint", &evil]).refuses(&["evil_code.pt", "nothing was executed"]);
}

#[test]
fn an_environment_that_is_not_built_in_is_said() {
    let (data, model) = (text(pendulum()), text(checkpoint()));
    run(&["diagnose", data, "--checkpoint", model, "--env", "Hopper-v5"]).refuses(&["Hopper-v5", "Pendulum-v1"]);
    run(&["topup", data, "--checkpoint", model, "--env", "Hopper-v5"]).refuses(&["Hopper-v5", "Pendulum-v1"]);
    let data = dataset(&[20; 12], |_| {});
    let (folder, other) = (written("nameless", &data), untrained("nameless-model", &data));
    run(&["topup", text(&folder), "--checkpoint", text(&other)]).refuses(&["nameless", "--env", "Pendulum-v1"]);
    run(&["topup", text(&folder), "--checkpoint", text(&other), "--env", "Pendulum-v1"]).refuses(&["3", "2"]);
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_any_work() {
    // A file where a folder is needed: unwritable for every user, root included.
    let file = at("a-file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("out");
    let data = text(pendulum());
    run(&["fit", data, "--out", text(&inside)]).refuses(&["a-file", "--out"]);
    let model = text(checkpoint());
    run(&["topup", data, "--checkpoint", model, "--out", text(&inside)]).refuses(&["a-file", "--out"]);
    run(&["collect", "--policy", "narrow", "--episodes", "1", "--out", text(&inside)]).refuses(&["a-file"]);
    run(&["collect", "--policy", "narrow", "--out", data]).refuses(&["exists already"]);
}

#[test]
fn options_out_of_bounds_are_usage_errors() {
    for args in [
        &["imagine", "x", "--horizon", "0"][..],
        &["topup", "x", "--budget", "0.5"],
        &["diagnose", "x", "--alpha", "1"],
        &["fit", "x", "--members", "99999999999999999999"],
        &["imagine", "x", "--seed", "-1"],
        &["nonsense", "--what"],
    ] {
        let said = run(args);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(!said.err.contains("panicked") && said.out.is_empty(), "{said:?}");
    }
    run(&["collect", "--policy", "expert", "--out", "x"]).refuses(&["expert", "narrow, mixed, random"]);
    run(&["collect", "--policy", "narrow", "--env", "Hopper-v5", "--out", "x"]).refuses(&["Hopper-v5"]);
    run(&["collect", "--policy", "narrow", "--x-init", "inf", "--out", "x"]).refuses(&["--x-init"]);
    let data = text(pendulum());
    run(&["imagine", data, "--checkpoint", text(checkpoint()), "--episode", "99"]).refuses(&["no episode 99", "15"]);
}

#[test]
fn a_job_that_panics_is_one_failed_job() {
    if !cfg!(debug_assertions) {
        return;
    }
    let out = oodscope(&["report", text(pendulum()), "--json"]).env("OODSCOPE_PANIC_IN", "cover").output().unwrap();
    let said = Said::from(out);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains("coverage") && said.err.contains("log") && said.err.lines().count() == 1, "{said:?}");
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&json["reports"][0]["name"], &json["outcome"]["good"]), (&"data".into(), &false.into()));
    let log = std::fs::read_to_string(at("log")).unwrap();
    assert!(log.contains("asked for in coverage"), "the log has the details");
}

/// Starts the program, interrupts it once `begun` says so, and answers how long it took from there to its end.
#[cfg(unix)]
fn interrupted(args: &[&str], begun: impl Fn() -> bool) -> (Said, Duration) {
    let child = oodscope(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while !begun() {
        assert!(Instant::now() < patience, "the job never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = child.wait_with_output().map(Said::from).unwrap();
    (said, asked.elapsed())
}

#[cfg(unix)]
fn files_under(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files_under(&entry.path()));
        } else {
            found.push(entry.path().to_string_lossy().into_owned());
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_fit_and_leaves_no_half_checkpoint() {
    let out = at("interrupted-fit");
    let args = ["fit", text(pendulum()), "--epochs", "100000", "--patience", "100000", "--out", text(&out)];
    let (said, took) = interrupted(&args, || out.exists());
    assert_eq!(said.status, Some(130), "{said:?}");
    assert!(said.err.contains("cancelled"), "{said:?}");
    // The bound is that of a busy machine; a cancel is seen within a tenth of a second of computing.
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(files_under(&out), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_top_up_and_keeps_what_is_whole() {
    let out = at("interrupted-runs");
    let (data, model) = (text(pendulum()), text(checkpoint()));
    let args = ["topup", data, "--checkpoint", model, "--headless", "--policy-steps", "100000", "--out", text(&out)];
    let metrics = || files_under(&out).into_iter().find(|f| f.ends_with("metrics.jsonl"));
    let begun = || metrics().is_some_and(|f| std::fs::metadata(f).is_ok_and(|m| m.len() > 0));
    let (said, took) = interrupted(&args, begun);
    assert_eq!(said.status, Some(130), "{said:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    let files = files_under(&out);
    let whole = |f: &String| !f.rsplit('/').next().unwrap().contains("tmp");
    assert!(files.iter().all(whole), "{files:?}");
    assert!(files.iter().any(|f| f.ends_with("report.json")), "{files:?}");
    for line in std::fs::read_to_string(metrics().unwrap()).unwrap().lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let mut child =
        oodscope(&["report", text(pendulum())]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
    assert!(first.starts_with("Data"), "{first}");
}

#[test]
fn a_gate_that_does_not_hold_sets_the_status_and_says_why() {
    let gated = |gates: &[&str]| {
        let gates: Vec<&str> = gates.iter().flat_map(|g| ["--gate", g]).collect();
        run(&[&["report", text(pendulum()), "--json"], &gates[..]].concat())
    };
    let passed = gated(&["ood_fraction_heldout<=1", "data.episodes>=15"]).json();
    assert_eq!(passed["outcome"]["gates"][1]["value"], 15.0);
    assert_eq!((&passed["outcome"]["gates"][0]["passed"], &passed["outcome"]["good"]), (&true.into(), &true.into()));
    let failed = gated(&["episodes<15", "steps>1"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert_eq!(failed.err, "oodscope: gate failed: episodes = 15 is not < 15\n");
    let json: serde_json::Value = serde_json::from_str(&failed.out).unwrap();
    let gates = json["outcome"]["gates"].as_array().unwrap();
    assert_eq!((gates.len(), &gates[0]["passed"], &gates[1]["passed"]), (2, &false.into(), &true.into()));
    assert_eq!(json["outcome"]["good"], false);
    gated(&["episodes"]).refuses(&["'episodes'", "KEY"]);
    gated(&["ood_fraction_heldou<1"]).refuses(&["ood_fraction_heldou'", "ood_fraction_heldout"]);
}
