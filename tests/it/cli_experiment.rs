//! Experiments as people run them: dry runs, several processes on one folder, kills, the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::program::{at, oodscope, run, text};

/// A grid that takes seconds.
const PLAN: &str = r#"
seeds = [0]
agents = ["active", "passive", "tandem", "passive+adaptive", "passive+yoked", "passive-expert", "passive@mixed", "passive+fixed:50"]
[options]
steps = 900
random_steps = 300
every = 150
eval_every = 300
eval_episodes = 2
model_ratio = 0.2
first_model_steps = 100
policy_ratio = 0.5
hidden = 16
[schedule]
threshold = 0.01
[[task]]
env = "CartPole-v1"
[[task]]
name = "maze"
env = "oodscope/PointMaze-FourRooms-v0"
agents = ["active", "passive", "tandem"]
visits = ["x", "y"]
reset = { goal_radius = 0.6 }
"#;

fn plan(name: &str, text: &str) -> PathBuf {
    let file = at(name);
    fs::write(&file, text).unwrap();
    file
}

fn started(plan: &Path, out: &Path, more: &[&str]) -> Child {
    let args = [&["experiment", text(plan), "--out", text(out), "--headless", "--jobs", "1", "--lease", "6"][..], more]
        .concat();
    oodscope(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// What cells found, without how long they took.
fn found(out: &Path) -> Vec<(String, String)> {
    let mut all: Vec<_> = fs::read_dir(out.join("cells"))
        .unwrap()
        .flatten()
        .map(|cell| {
            (cell.file_name().into_string().unwrap(), fs::read_to_string(cell.path().join("result.json")).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let plan = plan("dry.toml", PLAN);
    let json = run(&["experiment", text(&plan), "--dry-run", "--json", "--out", text(&at("dry"))]).json();
    let table = &json["reports"][0]["tables"][0];
    let names: Vec<&str> = table["rows"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).collect();
    assert!(names.contains(&"cartpole-v1/passive@mixed/s0") && names.contains(&"maze/tandem/s0"), "{names:?}");
    assert_eq!(table["rows"][1][1], "cartpole-v1/active/s0", "what it needs");
    assert!(!at("dry").exists());
}

/// Four processes, one of which is killed again and again, beside one that nobody disturbs: the same results to the byte.
#[test]
fn processes_share_a_folder_and_a_killed_one_loses_nothing() {
    let plan = plan("shared.toml", PLAN);
    let [alone, shared] = [at("alone"), at("shared")];
    let said = run(&["experiment", text(&plan), "--out", text(&alone), "--jobs", "2"]);
    assert!(said.good().contains("cells finished"), "{}", said.good());
    for kill in 0..6 {
        let mut child = started(&plan, &shared, &["--cell", "0/4"]);
        thread::sleep(Duration::from_millis(150 + 130 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut all: Vec<Child> = (0..4).map(|i| started(&plan, &shared, &["--cell", &format!("{i}/4")])).collect();
    for child in &mut all {
        assert!(child.wait().unwrap().success());
    }
    // Whoever comes last finds all done, or does what was left waiting.
    run(&["experiment", text(&shared), "--jobs", "1", "--lease", "6"]).good();
    assert_eq!(found(&shared), found(&alone));
    let bytes = |out: &Path| fs::read(out.join("results.parquet")).unwrap();
    assert!(bytes(&shared) == bytes(&alone), "the Parquet files");
}

#[test]
fn the_report_compares_what_is_finished_and_draws_it() {
    let plan = plan("reported.toml", PLAN);
    let (out, figures) = (at("reported"), at("figures"));
    run(&["experiment", "report", text(&plan), "--out", text(&out)]).refuses(&["no cell", "oodscope experiment"]);
    // What failed elsewhere is no failure of the cells that are asked for.
    let failed = out.join("cells/cartpole-v1.active.s0");
    fs::create_dir_all(&failed).unwrap();
    fs::write(failed.join("failed.toml"), "why = \"of another day\"\ntoken = 1\n").unwrap();
    let only = ["--only", "maze/passive/s0", "--only", "maze/tandem/s0", "--jobs", "2"];
    run(&[&["experiment", text(&plan), "--out", text(&out)][..], &only].concat()).good();
    let said = run(&["experiment", "report", text(&out), "--figures", text(&figures)]);
    for words in ["not finished", "passive agents score below", "undecided", "score ± s.e."] {
        assert!(said.good().contains(words), "{words}: {}", said.good());
    }
    for name in ["scores.svg", "learning.svg", "loss.svg", "visits-maze.svg"] {
        let svg = fs::read_to_string(figures.join(name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && !svg.contains("NaN"), "{name}");
    }
    assert!(figures.join("claims.parquet").is_file() && figures.join("agents.parquet").is_file());
    let json = run(&["experiment", "report", text(&out), "--json"]).json();
    let report = &json["reports"][0];
    assert_eq!(report["maps"][0]["key"], "visits_maze");
    assert!(report["tables"].as_array().unwrap().iter().any(|t| t["key"] == "claims"));
    // A cell's run is nobody else's to go on with: it would be with other options.
    let own = out.join("cells/maze.active.s0/run");
    run(&["active", "--resume", text(&own)]).refuses(&["maze/active/s0", "oodscope experiment"]);
    run(&["topup", "--resume", text(&own), "--headless"]).refuses(&["maze/active/s0", "oodscope experiment"]);
    // Other options in the same folder are another plan, for the report as well.
    let other = self::plan("reported-otherwise.toml", &PLAN.replace("policy_ratio = 0.5", "policy_ratio = 0.6"));
    run(&["experiment", "report", text(&other), "--out", text(&out)]).refuses(&["other options", "--out"]);
    run(&["experiment", text(&other), "--out", text(&out)]).refuses(&["other options", "--out"]);
    // Everything that a cell leaves is a dataset or a checkpoint like any other.
    let episodes = out.join("cells/maze.active.s0/run/episodes");
    assert!(run(&["inspect", text(&episodes)]).good().contains("minari"));
}

#[test]
fn what_cannot_be_run_is_refused_in_a_sentence() {
    let with = |name: &str, from: &str, to: &str| plan(name, &PLAN.replace(from, to));
    for (name, from, to, words) in [
        ("key.toml", "steps = 900", "stepz = 900", ["key.toml", "'stepz'"]),
        ("agent.toml", "\"tandem\"", "\"tandm\"", ["agent.toml", "tandem_sameWM"]),
        ("none.toml", "[[task]]\nenv = \"CartPole-v1\"", "[[task]]\nsteps = 3", ["none.toml", "env"]),
        ("twice.toml", "\"tandem\"", "\"passive+explore:0.5\", \"passive@explore:0.5\"", ["twice.toml", "the same"]),
    ] {
        let plan = with(name, from, to);
        run(&["experiment", text(&plan), "--out", text(&at("refused"))]).refuses(&words);
    }
    run(&["experiment", "/no/plan.toml"]).refuses(&["/no/plan.toml"]);
    let plan = plan("only.toml", PLAN);
    run(&["experiment", text(&plan), "--out", text(&at("refused")), "--only", "x/y/s0"])
        .refuses(&["x/y/s0", "--dry-run"]);
    let said = run(&["experiment", text(&plan), "--cell", "4/4"]);
    assert!(said.status == Some(2) && said.err.contains("I/N with I from 0"), "{said:?}");
}

/// The plans that ship are plans.
#[test]
fn the_shipped_plans_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/experiments");
    let mut seen = 0;
    for plan in fs::read_dir(folder).unwrap().flatten() {
        let plan = ::oodscope::experiment::plan::Plan::read(&plan.path()).unwrap();
        assert!(!::oodscope::experiment::cell::cells(&plan).unwrap().is_empty(), "{}", plan.name);
        seen += 1;
    }
    assert!(seen > 0);
}
