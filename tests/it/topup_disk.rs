//! A top-up on a disk that is full or read-only: one sentence, and nothing that cost interaction is lost.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Said, at, checkpoint, oodscope, pendulum, run, text};

/// Arguments of a top-up into `out` that takes a second.
fn topup(out: &Path) -> Vec<String> {
    let mut args =
        vec!["topup", text(pendulum()), "--checkpoint", text(checkpoint()), "--headless", "--out", text(out)];
    args.extend(["--schedule", "fixed", "--rounds", "3", "--model-steps", "20", "--policy-steps", "10"]);
    args.extend(["--eval-episodes", "2", "--probes", "1", "--json"]);
    args.into_iter().map(String::from).collect()
}

/// The program called by a shell script with `name` as its zeroth word; the script begins it by "$@".
fn under(before: &[&str], script: &str, name: &Path, args: &[String]) -> Said {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let program = oodscope(&args);
    let shell: Vec<&str> = before.iter().copied().chain(["sh", "-c", script]).collect();
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(name).arg(program.get_program()).args(program.get_args());
    for (key, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    command.current_dir(program.get_current_dir().unwrap()).output().map(Said::from).unwrap()
}

/// True where this user may mount file systems in a name space of its own.
fn may_mount() -> bool {
    let mount = "mount -t tmpfs tmpfs \"$0\"";
    let place = at("may-mount");
    std::fs::create_dir_all(&place).unwrap();
    Command::new("unshare").args(["-rm", "sh", "-c", mount]).arg(&place).status().is_ok_and(|s| s.success())
}

fn only_run(root: &Path) -> PathBuf {
    let all: Vec<PathBuf> = std::fs::read_dir(root).unwrap().flatten().map(|e| e.path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

/// The report without the words that name the run's folder.
fn told(json: &Value) -> Value {
    let mut report = json["reports"][0].clone();
    report["notes"].as_array_mut().unwrap().retain(|note| !note["text"].as_str().unwrap().contains("--checkpoint"));
    report
}

/// Status 2 and one sentence that names a file of the run, what the system said, and how to go on.
fn stopped(said: &Said, why: &str) {
    said.refuses(&[why, "go on by oodscope topup --resume"]);
    assert!(
        !said.err.contains("checkpoints/.") && !said.err.contains("/dataset"),
        "the name of a temporary file tells nobody anything: {}",
        said.err
    );
}

fn bytes_under(folder: &Path) -> u64 {
    let of =
        |e: std::fs::DirEntry| if e.path().is_dir() { bytes_under(&e.path()) } else { e.metadata().unwrap().len() };
    std::fs::read_dir(folder).unwrap().flatten().map(of).sum()
}

#[test]
fn a_run_on_a_full_disk_is_gone_on_with_where_there_is_room() {
    let whole = at("disk-whole");
    let args = topup(&whole);
    let undisturbed = run(&args.iter().map(String::as_str).collect::<Vec<_>>()).json();
    let resumed = |root: &Path| run(&["topup", "--headless", "--json", "--resume", text(&only_run(root))]).json();
    // No file may be larger than 2 or 4 KiB: not even the networks that the run begins with.
    let limited = at("disk-limited");
    let said = under(&[], "trap '' XFSZ; ulimit -f 4; \"$@\"", &limited, &topup(&limited));
    stopped(&said, "File too large");
    assert_eq!(told(&resumed(&limited)), told(&undisturbed));
    if !may_mount() {
        return;
    }
    // A file system that is full after the first round, and one that is full at the end.
    let size = bytes_under(&only_run(&whole));
    for (i, share) in [0.5, 0.75, 0.95].into_iter().enumerate() {
        let (small, kept) = (at(&format!("disk-small-{i}")), at(&format!("disk-kept-{i}")));
        std::fs::create_dir_all(&small).unwrap();
        let kib = (size as f64 * share / 1024.0) as u64;
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs \"$0\" && {{ \"$@\"; status=$?; cp -a \"$0\" {}; exit $status; }}",
            text(&kept)
        );
        stopped(&under(&["unshare", "-rm"], &script, &small, &topup(&small)), "No space left on device");
        assert_eq!(told(&resumed(&kept)), told(&undisturbed), "{share}");
    }
}

#[test]
fn a_read_only_folder_is_refused_before_anything_is_acted() {
    if !may_mount() {
        return;
    }
    let out = at("disk-read-only");
    std::fs::create_dir_all(&out).unwrap();
    let mount = "mount -t tmpfs -o ro tmpfs \"$0\" && \"$@\"";
    under(&["unshare", "-rm"], mount, &out, &topup(&out)).refuses(&["disk-read-only", "Read-only", "--out"]);
    // A run that was begun, in a folder that is read-only since.
    let begun = at("disk-begun");
    let said = under(&[], "trap '' XFSZ; ulimit -f 4; \"$@\"", &begun, &topup(&begun));
    stopped(&said, "File too large");
    let folder = only_run(&begun);
    let resume = ["topup", "--headless", "--resume", text(&folder)].map(String::from);
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && \"$@\"";
    under(&["unshare", "-rm"], mount, &folder, &resume).refuses(&[text(&folder), "Read-only", "has room"]);
}
