//! `audit`, `episodes`, `convert`, `combine` and `split` as a person runs them.

#![allow(clippy::float_cmp, reason = "copies are equal to the last bit")]

use std::fmt::Write as _;
use std::path::Path;

use oodscope::data::dataset::Dataset;
use oodscope::format;
use oodscope::ground::task::Ctx;

use crate::support::program::{at, dataset, oodscope, pendulum, run, text, written};

fn open(path: &Path) -> Dataset {
    format::open(path, None, &Ctx::quiet()).unwrap()
}

/// Every number of every episode, and how it ended.
fn assert_same(a: &Dataset, b: &Dataset) {
    assert_eq!(a.num_episodes(), b.num_episodes());
    for i in 0..a.num_episodes() {
        let (x, y) = (a.episode(i), b.episode(i));
        assert_eq!((x.obs, x.actions, x.rewards), (y.obs, y.actions, y.rewards), "episode {i}");
        assert_eq!((x.span.terminated, x.span.truncated), (y.span.terminated, y.span.truncated), "episode {i}");
    }
}

#[test]
fn every_format_that_is_written_is_read_back_bit_for_bit() {
    let original = open(pendulum());
    let mut last = pendulum().to_path_buf();
    for (to, name) in [("d4rl", "trip/a.hdf5"), ("parquet", "trip/b.parquet"), ("minari", "trip/c-v0")] {
        let out = at(name);
        let said = run(&["convert", text(&last), text(&out), "--to", to]);
        assert!(said.good().contains("episodes") && said.good().contains(name), "{}", said.good());
        assert_same(&original, &open(&out));
        last = out;
    }
    run(&["convert", text(pendulum()), text(&last)]).refuses(&["there already"]);
    run(&["convert", text(pendulum()), text(&at("trip/d")), "--to", "rlds"])
        .refuses(&["rlds", "minari, d4rl, parquet"]);
}

#[test]
fn conditions_choose_episodes_and_what_is_not_understood_is_refused() {
    let data = written("chosen", &dataset(&[3, 9, 5, 7], |_| {}));
    let out = at("chosen-long-v0");
    run(&["convert", text(&data), text(&out), "--where", "steps > 4"]).good();
    assert_eq!(open(&out).spans().iter().map(|s| s.steps).collect::<Vec<_>>(), [9, 5, 7]);
    let refused = |condition: &str, words: &[&str]| {
        run(&["convert", text(&data), text(&at("never")), "--where", condition]).refuses(words);
        assert!(!at("never").exists());
    };
    refused("steps > 400", &["no episode meets"]);
    refused("speed > 1", &["speed", "the columns are index"]);
    let json = run(&["episodes", text(&data), "--where", "steps > 4", "--sort", "steps", "--json"]).json();
    let rows = json["reports"][0]["tables"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|r| r[2].as_u64().unwrap()).collect::<Vec<_>>(), [5, 7, 9]);
    let grouped = run(&["episodes", text(&data), "--group", "terminated"]);
    assert!(grouped.good().contains("return_mean"), "{}", grouped.good());
}

#[test]
fn datasets_are_combined_and_divided_by_episode() {
    let a = written("joined-a", &dataset(&[4; 12], |_| {}));
    let b = written("joined-b", &dataset(&[6; 8], |_| {}));
    let both = at("joined-v0");
    run(&["combine", text(&a), text(&b), "--out", text(&both)]).good();
    let data = open(&both);
    assert_eq!((data.num_episodes(), data.num_steps()), (20, 96));
    let (once, twice) = (at("parts-1"), at("parts-2"));
    for out in [&once, &twice] {
        run(&["split", text(&both), text(out), "--by-episode", "--seed", "3", "--heldout", "0.2", "--to", "d4rl"])
            .good();
    }
    let parts: Vec<Dataset> =
        ["train", "heldout", "calibration"].iter().map(|p| open(&once.join(format!("{p}.hdf5")))).collect();
    assert_eq!(parts.iter().map(Dataset::num_episodes).collect::<Vec<_>>(), [14, 4, 2]);
    assert_eq!(parts.iter().map(Dataset::num_steps).sum::<usize>(), 96);
    assert_same(&parts[1], &open(&twice.join("heldout.hdf5")));
}

#[test]
fn the_audit_tells_what_is_wrong_and_fails_when_asked_to() {
    let clean = run(&["audit", text(pendulum()), "--fail-on", "warning"]);
    assert!(clean.good().contains("0 errors, 0 warnings"), "{}", clean.good());
    assert!(clean.good().contains("T+1 observations an episode"));
    let spoiled = written("spoiled", &dataset(&[30; 12], |parts| parts.rewards[100] = f64::NAN));
    let json = run(&["audit", text(&spoiled), "--json"]).json();
    let report = &json["reports"][0];
    let finding = &report["tables"][0]["rows"][0];
    assert_eq!((&finding[0], &finding[1], &finding[8]), (&"error".into(), &"not-finite".into(), &"100".into()));
    let failed = run(&["audit", text(&spoiled), "--fail-on", "error"]);
    assert_eq!(failed.status, Some(1), "{}", failed.err);
    assert!(failed.err.contains("gate failed: errors = 1"), "{}", failed.err);
    run(&["audit", "nowhere"]).refuses(&["nowhere"]);
}

#[test]
fn the_state_is_what_the_user_names() {
    let json = run(&["report", text(pendulum()), "--state", "dθ/dt,cos θ", "--json"]).json();
    let data = json["reports"].as_array().unwrap().iter().find(|r| r["name"] == "data").unwrap();
    let dims = data["tables"].as_array().unwrap().iter().find(|t| t["key"] == "dimensions").unwrap();
    let names: Vec<&str> = dims["rows"].as_array().unwrap().iter().map(|r| r[0].as_str().unwrap()).collect();
    assert_eq!(names[..2], ["dθ/dt", "cos θ"], "{names:?}");
    run(&["report", text(pendulum()), "--state", "speed"]).refuses(&["speed", "there are"]);
}

#[test]
fn a_dataset_larger_than_memory_gives_exact_statistics_and_says_what_rests_on_a_sample() {
    let data = written("large", &dataset(&[200; 60], |_| {}));
    let whole = open(&data);
    let memory = (whole.bytes() / 3).max(1 << 16).to_string();
    assert!(whole.bytes() > 2 << 16, "{} bytes are no test", whole.bytes());
    let report = |more: &[&str]| run(&[&["report", text(&data), "--json"], more].concat()).json();
    let (all, part) = (report(&[]), report(&["--memory", &memory]));
    let of = |json: &serde_json::Value, name: &str| {
        let reports = json["reports"].as_array().unwrap();
        let found: Vec<_> = reports.iter().filter(|r| r["name"] == name).cloned().collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].clone()
    };
    let stat = |report: &serde_json::Value, key: &str| {
        let stats = report["stats"].as_array().unwrap();
        stats.iter().find(|s| s["key"] == key).map(|s| s["value"].as_f64().unwrap())
    };
    for key in ["episodes", "steps", "usable", "return_median", "return_max", "truncated"] {
        assert_eq!(stat(&of(&part, "data"), key), stat(&of(&all, "data"), key), "{key}");
    }
    assert!(stat(&of(&part, "data"), "held").unwrap() < 34.0 && stat(&of(&all, "data"), "held").is_none());
    let notes = of(&part, "coverage")["notes"].to_string();
    assert!(notes.contains("computed on a sample") && notes.contains("of 60 episodes"), "{notes}");
    assert!(!of(&all, "coverage")["notes"].to_string().contains("computed on a sample"));
    // Every episode is listed; what needs its states is known of the sample.
    let table = run(&["episodes", text(&data), "--memory", &memory, "--json"]).json();
    let rows = of(&table, "episodes")["tables"][0]["rows"].as_array().unwrap().clone();
    let returns: Vec<f64> = (0..60).map(|i| whole.episode(i).ret()).collect();
    assert_eq!(rows.iter().map(|r| r[3].as_f64().unwrap()).collect::<Vec<_>>(), returns);
    let held = rows.iter().filter(|r| !r[0].is_null()).count();
    assert!(held > 0 && held < 60 && rows.iter().all(|r| r[0].is_null() == r[7].is_null()), "{held}");
    // Both of two are named where both are samples.
    let other = written("large-too", &dataset(&[200; 50], |_| {}));
    let two = run(&["compare", text(&data), text(&other), "--memory", &memory, "--permutations", "9", "--json"]).json();
    let notes = of(&two, "compare")["notes"].to_string();
    assert!(notes.contains("of 60 episodes of") && notes.contains("of 50 episodes of"), "{notes}");
    let wrong = oodscope(&["audit", text(&data), "--memory", "much"]).output().unwrap();
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(2) && said.contains("a size is needed"), "{said}");
}

#[test]
fn a_dataset_larger_than_memory_is_converted_in_parts() {
    let data = written("large-source", &dataset(&[200; 60], |_| {}));
    let whole = open(&data);
    let memory = (whole.bytes() / 3).max(1 << 16).to_string();
    let convert = |name: &str, to: &str, more: &[&str]| {
        let out = at(name);
        run(&[&["convert", text(&data), text(&out), "--to", to], more].concat()).good();
        open(&out)
    };
    // Everything, one part after another.
    for (to, ending) in [("minari", ""), ("d4rl", ".hdf5"), ("parquet", ".parquet")] {
        let all = convert(&format!("large-all-{to}{ending}"), to, &["--memory", &memory]);
        assert_same(&all, &convert(&format!("large-all-{to}-too{ending}"), to, &[]));
        assert_eq!((all.num_episodes(), all.num_steps()), (60, whole.num_steps()));
    }
    // What is chosen among all of them.
    let condition = "id % 7 = 2";
    for to in ["minari", "d4rl", "parquet"] {
        let some = convert(&format!("large-{to}"), to, &["--where", condition, "--memory", &memory]);
        assert_eq!(some.num_episodes(), 9);
        assert_same(&some, &convert(&format!("large-{to}-too"), to, &["--where", condition]));
    }
    let out = at("large-flags");
    let ask = |condition: &str| {
        run(&["convert", text(&data), text(&out), "--memory", &memory, "--where", condition, "--to", "d4rl"])
    };
    ask("flags = ''").refuses(&["'flags' is known only of what is in memory", "--memory"]);
    ask("steps > 1000").refuses(&["no episode meets the condition"]);
    assert!(!out.exists());
    // Parts, and several datasets one after another.
    let split = |name: &str, more: &[&str]| {
        run(&[&["split", text(&data), text(&at(name)), "--by-episode", "--to", "d4rl"], more].concat()).good();
        ["train", "heldout", "calibration"].map(|part| open(&at(name).join(format!("{part}.hdf5"))))
    };
    let (parts, whole) = (split("large-parts", &["--memory", &memory]), split("large-parts-too", &[]));
    parts.iter().zip(&whole).for_each(|(a, b)| assert_same(a, b));
    let small = written("large-beside", &dataset(&[3; 4], |_| {}));
    let combine = |name: &str, more: &[&str]| {
        run(&[&["combine", text(&small), text(&data), text(&small), "--out", text(&at(name))], more].concat())
    };
    combine("large-both", &["--memory", &memory]).good();
    combine("large-both-too", &[]).good();
    let both = open(&at("large-both"));
    assert_eq!(both.num_episodes(), 68);
    assert_same(&both, &open(&at("large-both-too")));
    combine("large-some", &["--memory", &memory, "--where", "steps > 4"]).refuses(&["choose episodes of the result"]);
}

#[test]
fn episodes_are_chosen_by_what_coverage_and_model_say_of_them() {
    let (data, model) = (
        concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/pendulum/narrow-v0"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/assets/pendulum-narrow"),
    );
    let json = run(&["episodes", data, "--checkpoint", model, "--scores", "--json"]).json();
    let table = &json["reports"][0]["tables"][0];
    let columns: Vec<&str> = table["columns"].as_array().unwrap().iter().filter_map(|c| c.as_str()).collect();
    let column = |name: &str| columns.iter().position(|c| *c == name).unwrap();
    let rows = table["rows"].as_array().unwrap();
    let of = |row: &serde_json::Value, name: &str| row[column(name)].as_f64().unwrap();
    // The held-out episodes' shares are the coverage's own number (all episodes have 200 steps).
    let heldout: Vec<_> = rows.iter().filter(|r| r[column("part")] == "held-out").collect();
    let mean = heldout.iter().map(|r| of(r, "ood_fraction")).sum::<f64>() / heldout.len() as f64;
    let coverage = run(&["coverage", data, "--json"]).json();
    let stats = coverage["reports"][0]["stats"].as_array().unwrap();
    let same = stats.iter().find(|s| s["key"] == "ood_fraction_heldout").unwrap()["value"].as_f64().unwrap();
    assert!((mean - same).abs() < 1e-12, "{mean} {same}");
    // An episode has a state beyond the threshold where its largest novelty is above 1.
    assert!(
        rows.iter().all(|r| (of(r, "novelty") > 1.0) == (of(r, "ood_fraction") > 0.0) && of(r, "model_error") > 0.0)
    );
    let far = rows.iter().filter(|r| of(r, "novelty") > 1.0).count();
    let chosen = run(&["episodes", data, "--where", "novelty > 1"]);
    assert!(chosen.good().contains(&format!("{far} episodes")), "{}", chosen.good());
    let inside = at("inside.hdf5");
    run(&["convert", data, text(&inside), "--to", "d4rl", "--where", "ood_fraction = 0"]).good();
    assert_eq!(open(&inside).num_episodes(), rows.len() - far);
    run(&["episodes", data, "--where", "model_error > 1"]).refuses(&["model_error", "--checkpoint"]);
}

#[test]
fn a_conversion_says_what_it_does_not_carry_over() {
    let d4rl = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/d4rl.hdf5");
    let said = run(&["convert", text(&d4rl), text(&at("carried.hdf5")), "--to", "d4rl"]);
    assert!(said.good().contains("not carried over: 'infos/qpos'"), "{}", said.good());
}

#[test]
fn measures_go_on_without_a_dimension_that_holds_no_numbers_and_say_so() {
    let path = at("dead.csv");
    let mut rows = "obs_0,obs_1,obs_2,action_0,reward,episode\n".to_owned();
    for i in 0..240 {
        let (a, b) = ((f64::from(i) * 0.1).sin(), (f64::from(i) * 0.07).cos());
        writeln!(rows, "{a},,{b},{},1,{}", a * b, i / 20).unwrap();
    }
    std::fs::write(&path, rows).unwrap();
    let said = run(&["coverage", text(&path)]);
    assert!(said.good().contains("NaN or Inf stand for obs_1 in 240 of 240 rows"), "{}", said.good());
    assert!(said.good().contains("novelty threshold"), "{}", said.good());
    run(&["coverage", text(&path), "--dims", "obs_1"]).refuses(&["obs_1 in 240 of 240 rows", "--state"]);
    // What is shown and written is the file as it is.
    let said = run(&["audit", text(&path)]);
    assert!(said.good().contains("obs_1 is NaN or Inf in every row"), "{}", said.good());
    assert!(said.good().contains("--state obs_0,obs_2"), "{}", said.good());
}
