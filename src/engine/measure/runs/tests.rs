use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::*;
use crate::metrics::report::{Cell, Level, Series, Table};

/// An online run of 11 evaluations whose score is `base` + its number, and `seed` in its spec.
fn own(root: &Path, name: &str, (width, seed): (usize, u64), base: f64) -> PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(folder.join("checkpoints/0001")).unwrap();
    fs::write(folder.join("checkpoints/0001/round.toml"), "").unwrap();
    let spec = format!(
        "agent = \"active\"\nhidden = {width}\nseed = {seed}\nout = \"{name}\"\n[acting]\nenv = \"Pendulum-v1\"\n"
    );
    fs::write(folder.join("spec.toml"), spec).unwrap();
    let line = |i: u32| {
        let (step, score) = (100 * (i + 1), base + f64::from(i));
        format!("{{\"acted\":{step},\"total\":{},\"score\":{score},\"loss\":0.5}}\n", 2 * step)
    };
    fs::write(folder.join("metrics.jsonl"), (0..11).map(line).collect::<String>()).unwrap();
    let ended = "stopped = false\nreached = false\nacted = 1100\ntotal = 2200\nscore = 1.5\nrandom = 0.0\n";
    fs::write(folder.join("outcome.toml"), ended).unwrap();
    folder
}

fn ask(spec: &RunsSpec) -> Report {
    report(spec, &Known::default(), &Ctx::quiet()).unwrap()
}

fn spec(folder: &Path) -> RunsSpec {
    RunsSpec { folder: folder.to_owned(), ..RunsSpec::default() }
}

fn table<'r>(report: &'r Report, key: &str) -> &'r Table {
    report.tables.iter().find(|t| t.key == key).unwrap_or_else(|| panic!("no {key} among {:?}", keys(report)))
}

fn keys(report: &Report) -> Vec<&str> {
    report.tables.iter().map(|t| t.key.as_str()).collect()
}

fn column(table: &Table, name: &str) -> Vec<String> {
    let at = table.columns.iter().position(|c| c == name).unwrap();
    let text = |cell: &Cell| match cell {
        Cell::Text(t) => t.clone(),
        Cell::Number(v) => format!("{v:.6}"),
        Cell::Count(n) => n.to_string(),
    };
    table.rows.iter().map(|row| text(&row[at])).collect()
}

fn series<'r>(report: &'r Report, key: &str) -> &'r Series {
    report.series.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("no {key}"))
}

/// Two widths over five seeds. Wide ones are better by 10, 11, 12, 13, 14: 12 ± √(2.5 / 5) (numpy: `np.std(ddof=1) / 5**.5`).
#[test]
fn what_differs_in_the_seed_alone_is_averaged_and_compared_seed_by_seed() {
    let root = tempfile::tempdir().unwrap();
    for seed in 0..5 {
        own(root.path(), &format!("narrow-{seed}"), (16, seed), 100.0 * seed as f64);
        own(root.path(), &format!("wide-{seed}"), (64, seed), 100.0 * seed as f64 + 10.0 + seed as f64);
    }
    // One more of a seed that is there: the newest counts, and it is no sixth.
    own(root.path(), "narrow-again", (16, 0), 0.0);
    let report = ask(&spec(root.path()));
    let runs = table(&report, "runs");
    assert_eq!(runs.rows.len(), 11);
    let labels = column(runs, "run");
    assert!(
        labels.contains(&"active hidden=16 s0".into()) && labels.contains(&"active hidden=16 s0 #2".into()),
        "{labels:?}"
    );
    assert_eq!(column(runs, "state"), ["ended"; 11]);
    assert_eq!((column(runs, "score")[0].as_str(), column(runs, "total")[0].as_str()), ("1.500000", "2200.000000"));
    assert!(column(table(&report, "places"), "result").iter().all(|path| path.ends_with("checkpoints/0001")));
    let paired = table(&report, "paired:score");
    assert_eq!(paired.rows.len(), 1);
    let said = |name: &str| column(paired, name)[0].clone();
    let (a, b) = (said("A"), said("B"));
    let sign = if a.contains("hidden=16") { 1.0 } else { -1.0 };
    assert!(a != b && b.contains("hidden="), "{a} {b}");
    let Cell::Number(difference) = paired.rows[0][2] else { panic!() };
    let Cell::Number(se) = paired.rows[0][3] else { panic!() };
    assert!((sign * difference - 12.0).abs() < 1e-9 && (se - 0.71).abs() < 1e-9, "{difference} ± {se}");
    assert_eq!((said("seeds").as_str(), said("up to step").as_str()), ("5", "1100.000000"));
    // The bootstrap's middle 95 % lies within the values and around their mean.
    let interval = said("95 % interval");
    let ends: Vec<f64> = interval.trim_matches(['[', ']']).split(", ").map(|v| v.parse().unwrap()).collect();
    assert!((10.0..11.5).contains(&(sign * ends[usize::from(sign < 0.0)])), "{interval}");
    assert!((12.5..14.0).contains(&(sign * ends[usize::from(sign > 0.0)])), "{interval}");
    // Means over the seeds, evaluation by evaluation: 200 + i, with the standard error of 0, 100 … 400.
    let mean = series(&report, "mean/score/active hidden=16");
    assert_eq!((mean.x.clone(), mean.y[3]), ((1..12).map(|i| 100.0 * f64::from(i)).collect(), 203.0));
    let (lo, hi) = mean.band.as_ref().unwrap();
    assert!(((hi[0] - lo[0]) / 2.0 - 70.710_678_118_654_76).abs() < 1e-9, "{lo:?} {hi:?}");
    assert_eq!((mean.label.as_str(), mean.group.as_str()), ("active hidden=16 (n = 5)", "score, mean over seeds"));
    let one = series(&report, "score/active hidden=64 s2");
    assert_eq!((one.x_axis.label.as_str(), one.y[0], one.group.as_str()), ("environment step", 212.0, "score"));
}

/// A run that is not as far as its twin is compared over what both did.
#[test]
fn runs_of_different_length_are_compared_as_far_as_both_went() {
    let root = tempfile::tempdir().unwrap();
    for seed in 0..2 {
        own(root.path(), &format!("a{seed}"), (16, seed), 0.0);
        own(root.path(), &format!("b{seed}"), (64, seed), 0.0);
    }
    let file = root.path().join("b1/metrics.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.lines().take(6).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let report = ask(&spec(root.path()));
    let paired = table(&report, "paired:score");
    assert_eq!(
        (column(paired, "B − A")[0].as_str(), column(paired, "up to step")[0].as_str()),
        ("0.000000", "600.000000")
    );
    assert_eq!(column(paired, "95 % interval"), ["–"]);
    assert!(report.notes.iter().any(|n| n.text.contains("needs 5")), "{:?}", report.notes);
    assert_eq!(series(&report, "mean/score/active hidden=64").x.len(), 6);
}

#[test]
fn logs_of_other_tools_are_listed_beside_them() {
    let root = tempfile::tempdir().unwrap();
    own(root.path(), "2026-11-22T17-03-09-pendulum-v1-active", (16, 3), 0.0);
    let put = |name: &str, text: &str| {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    for (seed, score) in [(1, 5), (2, 7)] {
        put(
            &format!("dreamer/walker-seed{seed}/metrics.jsonl"),
            &format!("{{\"step\": 10, \"episode/score\": {score}}}\n"),
        );
        put(
            &format!("sb3/s{seed}/progress.csv"),
            &format!("time/total_timesteps,rollout/ep_rew_mean\n10,{score}\n20,{score}5\n"),
        );
    }
    put("sb3/s2/config.json", "{\"env\": \"Hopper-v4\", \"algo\": \"PPO\", \"seed\": 9}");
    put("broken/metrics.jsonl", "{\"step\": 1, \"loss\": 2}\nnonsense\n");
    put("broken/checkpoints/deep/metrics.jsonl", "{\"step\": 1, \"loss\": 2}\n");
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/runlogs/tensorboard");
    for entry in fs::read_dir(events).unwrap().flatten() {
        put(&format!("tb/{}", entry.file_name().to_string_lossy()), "");
        fs::copy(entry.path(), root.path().join("tb").join(entry.file_name())).unwrap();
    }
    let report = ask(&spec(root.path()));
    let runs = table(&report, "runs");
    let (labels, kinds) = (column(runs, "run"), column(runs, "kind"));
    let of = |label: &str| labels.iter().position(|l| l == label).unwrap_or_else(|| panic!("{label} {labels:?}"));
    assert_eq!(labels.len(), 7, "{labels:?}");
    for (label, kind) in [
        ("Pendulum-v1 active s3", "online"),
        ("dreamer/walker-seed1", "JSON lines"),
        ("sb3/s2", "CSV"),
        ("tb", "TensorBoard"),
        ("broken", "JSON lines"),
    ] {
        assert_eq!(kinds[of(label)], kind, "{label}");
    }
    let (seeds, tasks, scores) = (column(runs, "seed"), column(runs, "task"), column(runs, "score"));
    assert_eq!((seeds[of("sb3/s2")].as_str(), tasks[of("sb3/s2")].as_str()), ("2", "Hopper-v4"), "the path's seed");
    assert_eq!((scores[of("sb3/s1")].as_str(), scores[of("tb")].as_str()), ("55.000000", "-300.000000"));
    assert!(column(runs, "started")[of("tb")].starts_with("2026-"));
    assert_eq!(column(runs, "state")[of("tb")], "running", "it was written just now");
    assert_eq!(column(runs, "started")[of("Pendulum-v1 active s3")], "2026-11-22 17:03");
    let said = |words: &str| report.notes.iter().any(|n| n.level == Level::Warn && n.text.contains(words));
    assert!(said("broken/metrics.jsonl: line 2 is no JSON object"), "{:?}", report.notes);
    // Runs of one path but for the seed are one group.
    assert!(report.series.iter().any(|s| s.key == "mean/episode/score/dreamer/walker-seed*"));
    // Every run is seen on some plot: its most telling number is among the chosen ones, that of most runs first.
    let groups = crate::metrics::report::groups(&report.series);
    let chosen: Vec<&str> = groups.iter().map(|(group, _)| *group).filter(|g| !g.contains("over seeds")).collect();
    assert_eq!(chosen[..4], ["episode/score", "rollout/ep_rew_mean", "score", "eval/return"], "{chosen:?}");
    assert!(chosen.contains(&"loss"), "{chosen:?}");
    // One that is named itself is a list of one.
    let one = ask(&spec(&root.path().join("tb")));
    assert_eq!((column(table(&one, "runs"), "run"), one.series.len() > 3), (vec!["tb".to_owned()], true));
    let one = ask(&spec(&root.path().join("sb3/s1/progress.csv")));
    assert_eq!(column(table(&one, "runs"), "run"), ["progress.csv"]);
}

#[test]
fn cells_of_an_experiment_are_runs_of_their_agents() {
    let root = tempfile::tempdir().unwrap();
    for (name, why) in [("a", "result.json"), ("b", "failed.toml"), ("c", "nothing")] {
        let cell = root.path().join("plan/cells").join(name);
        let run = own(&cell, "run", (16, 0), 0.0);
        fs::remove_file(run.join("outcome.toml")).unwrap();
        let text = fs::read_to_string(run.join("spec.toml")).unwrap();
        fs::write(run.join("spec.toml"), format!("cell = \"p/{name}/s0\"\n{text}")).unwrap();
        fs::write(cell.join("cell.toml"), "").unwrap();
        fs::write(cell.join(why), "why = \"no room\"\ntoken = 0\n").unwrap();
    }
    let report = ask(&spec(root.path()));
    let runs = table(&report, "runs");
    let mut states = column(runs, "state");
    states.sort();
    assert_eq!(states, ["ended", "failed", "killed"]);
    assert!(column(table(&report, "places"), "known by").contains(&"no room".into()));
    assert!(!report.notes.iter().any(|n| n.text.contains("--resume")), "a cell is gone on with by its experiment");
    assert!(column(table(&report, "places"), "path").iter().all(|path| path.ends_with("run")));
}

#[test]
fn what_is_asked_again_is_read_on() {
    let root = tempfile::tempdir().unwrap();
    let place = own(root.path(), "a", (16, 0), 0.0);
    fs::remove_file(place.join("outcome.toml")).unwrap();
    let csv = root.path().join("b/progress.csv");
    fs::create_dir_all(csv.parent().unwrap()).unwrap();
    fs::write(&csv, "step,reward,x\n1,2,3\n").unwrap();
    let known = Known::default();
    let ask = |spec: &RunsSpec| report(spec, &known, &Ctx::quiet()).unwrap();
    // What is not known is NaN, which is not equal to itself.
    let text_of = |report: &Report| format!("{report:?}");
    let own = spec(root.path());
    let first = ask(&own);
    assert_eq!(text_of(&first), text_of(&ask(&own)), "nothing is new");
    assert!(first.notes[0].text.contains("1 run ended before its end"), "{:?}", first.notes);
    assert!(first.notes[0].text.contains("oodscope active --resume"));
    let file = place.join("metrics.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}{{\"acted\":1200,\"total\":2400,\"score\":99")).unwrap();
    assert_eq!(text_of(&first), text_of(&ask(&own)), "half a line is none");
    fs::write(&file, format!("{text}{{\"acted\":1200,\"total\":2400,\"score\":99}}\n")).unwrap();
    fs::write(&csv, "step,reward,x\n1,2,3\n2,8,4\n").unwrap();
    let second = ask(&own);
    let runs = table(&second, "runs");
    assert!(column(runs, "score").contains(&"99.000000".into()) && column(runs, "score").contains(&"8.000000".into()));
    let at_once = report(&own, &Known::default(), &Ctx::quiet()).unwrap();
    assert_eq!(text_of(&second), text_of(&at_once));
    fs::remove_dir_all(&place).unwrap();
    assert_eq!(table(&ask(&own), "runs").rows.len(), 1);
}

#[test]
fn many_long_runs_do_not_flood_the_report() {
    let root = tempfile::tempdir().unwrap();
    for run in 0..12 {
        let folder = root.path().join(format!("r{run:02}"));
        fs::create_dir_all(&folder).unwrap();
        let mut text = String::from("step");
        (0..20).for_each(|metric| write!(text, ",m{metric:02}").unwrap());
        for step in 0..2500 {
            write!(text, "\n{step}").unwrap();
            (0..20).for_each(|metric| write!(text, ",{}", if step == 1234 { 777 } else { metric }).unwrap());
        }
        fs::write(folder.join("progress.csv"), text + "\n").unwrap();
    }
    let report = ask(&RunsSpec { most: 8, metrics: vec!["m19".into(), "none".into()], ..spec(root.path()) });
    assert_eq!(table(&report, "runs").rows.len(), 8);
    assert!(report.notes.iter().any(|n| n.text.contains("8 runs in") && n.text.contains("4 older ones are left out")));
    let groups: std::collections::BTreeSet<&str> = report.series.iter().map(|s| s.group.as_str()).collect();
    assert_eq!((groups.len(), groups.contains("m19"), report.series.len()), (9, true, 72));
    assert!(report.series.iter().all(|s| s.x.len() <= 2000 && s.y.contains(&777.0)), "thinned, and no spike is lost");
    let metrics = table(&report, "metrics");
    assert_eq!((metrics.rows.len(), column(metrics, "metric")[0].as_str()), (20, "m19"));
    assert_eq!(column(metrics, "curves").iter().filter(|c| *c == "shown").count(), 9);
    let bare = ask(&RunsSpec { curves: false, ..spec(root.path()) });
    assert!(bare.series.is_empty() && bare.tables.len() == 3);
}

#[test]
fn an_empty_folder_says_what_would_fill_it_and_none_is_a_fault() {
    let root = tempfile::tempdir().unwrap();
    let report = ask(&spec(root.path()));
    assert!(report.notes[0].text.contains("TensorBoard event files"), "{:?}", report.notes);
    let none = super::report(&spec(&root.path().join("none")), &Known::default(), &Ctx::quiet());
    assert!(none.unwrap_err().to_string().contains("no folder of runs"));
}
