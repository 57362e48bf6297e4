//! `oodscope compare` from end to end.

use serde_json::Value;

use crate::support::program::{at, checkpoint, dataset, pendulum, run, text, written};

fn stat(json: &Value, key: &str) -> f64 {
    let stats = json["reports"][0]["stats"].as_array().unwrap();
    let found = stats.iter().find(|s| s["key"] == key).unwrap_or_else(|| panic!("no stat {key}: {stats:?}"));
    found["value"].as_f64().unwrap_or(f64::NAN)
}

/// The random policy goes where the narrow one never was.
#[test]
fn rollouts_of_another_policy_are_told_apart_and_gated() {
    let out = at("compare/random-v0");
    run(&["collect", "--policy", "random", "--episodes", "10", "--out", text(&out)]).good();
    let compare = ["compare", text(pendulum()), text(&out), "--states", "300", "--permutations", "99"];
    let json = run(&[&compare[..], &["--json"]].concat()).json();
    assert_eq!((&json["reports"][0]["name"], &json["spec"][0]["job"]), (&"compare".into(), &"compare".into()));
    assert!((stat(&json, "energy_p") - 0.01).abs() < 1e-12, "{}", stat(&json, "energy_p"));
    assert!(stat(&json, "ood_fraction") > 0.05 && stat(&json, "precision") < 1.0 && stat(&json, "w1_max") > 0.1);
    let notes = json["reports"][0]["notes"].to_string();
    assert!(notes.contains("B is distinguishable from A (AUROC 0.") && notes.contains("random-v0"), "{notes}");
    let failed = run(&[&compare[..], &["--gate", "ood_fraction<0.05", "--gate", "energy_p.upper>0"]].concat());
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.err.contains("gate failed: ood_fraction = 0.") && failed.err.contains("no value"), "{failed:?}");
    assert!(failed.out.contains("energy distance, p"), "{}", failed.out);
}

#[test]
fn a_dataset_is_not_told_apart_from_itself() {
    // All of the 3,000 states: fewer would be thinned from another order of the episodes.
    let json = run(&["compare", text(pendulum()), text(pendulum()), "--states", "3000", "--json"]).json();
    assert!(stat(&json, "energy").abs() < 1e-9 && (stat(&json, "energy_p") - 1.0).abs() < 1e-12);
    assert!(json["reports"][0]["notes"].to_string().contains("same file"));
}

#[test]
fn imagined_states_are_held_against_real_ones() {
    let compare = ["compare", text(pendulum()), "--imagined", "--checkpoint", text(checkpoint())];
    let json = run(&[&compare[..], &["--horizon", "10", "--states", "200", "--json"]].concat()).json();
    assert!(
        json["reports"][0]["notes"]
            .to_string()
            .contains("40 open-loop rollouts of 10 steps that the world model imagines along 2 held-out episodes")
    );
    assert!(stat(&json, "sliced_w1") > 0.0);
}

#[test]
fn another_space_is_refused() {
    let other = written("compare/other", &dataset(&[30; 6], |_| {}));
    run(&["compare", text(pendulum()), text(&other)]).refuses(&["compare/other", "dimensions"]);
    run(&["compare", text(pendulum()), "nowhere"]).refuses(&["nowhere", "no such file"]);
}
