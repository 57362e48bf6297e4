use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(Serialize)]
struct Asked {
    seed: u64,
    threshold: f64,
}

const ASKED: Asked = Asked { seed: 3, threshold: 1.35 };

#[test]
fn a_run_is_written_as_it_goes() {
    let root = tempfile::tempdir().expect("a scratch folder");
    let mut run = RunDir::create(&root.path().join("runs"), "Pendulum-v1 / adaptive!", &ASKED).expect("writable");
    let name = run.path().file_name().expect("named").to_string_lossy().into_owned();
    assert!(name.ends_with("-pendulum-v1-adaptive"), "{name}");
    run.metric(&json!({"step": 1, "loss": f64::NAN})).expect("appends");
    run.metric(&json!({"step": 2})).expect("appends");
    run.decision(&json!({"check": 0})).expect("appends");
    run.sync().expect("syncs");
    run.report(&json!({"name": "topup"})).expect("writes");
    let read = |file: &str| fs::read_to_string(run.path().join(file)).expect("is there");
    assert_eq!(read("metrics.jsonl"), "{\"loss\":null,\"step\":1}\n{\"step\":2}\n");
    assert_eq!(read("decisions.jsonl").lines().count(), 1);
    assert!(read("spec.toml").contains("threshold = 1.35"));
    assert!(read("report.json").contains("topup"));
    assert!(run.checkpoint(7).ends_with("checkpoints/0007"));
    let stray: Vec<_> = fs::read_dir(run.path())
        .expect("a folder")
        .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|n| n.starts_with(".tmp"))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[test]
fn two_writers_are_kept_apart_and_a_dead_one_is_replaced() {
    let root = tempfile::tempdir().expect("a scratch folder");
    let run = RunDir::create(root.path(), "a", &ASKED).expect("writable");
    let path = run.path().to_path_buf();
    let refused = RunDir::resume(&path).expect_err("the lock is ours").to_string();
    assert!(refused.contains(&std::process::id().to_string()) && refused.contains("lock"), "{refused}");
    drop(run);
    // What a dead process left behind holds nothing.
    fs::write(path.join("lock"), "4294967294\n").expect("writes");
    let again = RunDir::resume(&path).expect("nobody holds the lock");
    let owner = fs::read_to_string(path.join("lock")).expect("is there");
    assert_eq!(owner.trim(), std::process::id().to_string());
    drop(again);
}

#[test]
fn runs_of_one_second_get_their_own_folders() {
    let root = tempfile::tempdir().expect("a scratch folder");
    let runs: Vec<RunDir> = (0..3).map(|_| RunDir::create(root.path(), "a", &ASKED).expect("writable")).collect();
    assert!(runs[0].path() != runs[1].path() && runs[1].path() != runs[2].path());
}

#[test]
fn a_folder_that_is_a_file_is_one_sentence() {
    let root = tempfile::tempdir().expect("a scratch folder");
    let file = root.path().join("file");
    fs::write(&file, "").expect("writes");
    let refused = RunDir::create(&file.join("runs"), "a", &ASKED).expect_err("a file is no folder").to_string();
    assert!(refused.contains("--out") && refused.lines().count() == 1, "{refused}");
    let refused = RunDir::resume(root.path()).expect_err("no spec").to_string();
    assert!(refused.contains("spec.toml"), "{refused}");
}

#[test]
fn dates_by_hand() {
    assert_eq!(stamp(0), "1970-01-01T00-00-00");
    assert_eq!(stamp(951_827_696), "2000-02-29T12-34-56");
    assert_eq!(stamp(1_795_453_389), "2026-11-23T17-03-09");
}

proptest! {
    #[test]
    fn a_slug_is_a_plain_name(label: String) {
        let slug = slug(&label);
        prop_assert!(slug.len() <= 60 && slug.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
}
