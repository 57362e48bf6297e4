//! Learning online, and collecting with what was learned, as people run them.

use std::fs;
use std::path::PathBuf;

use oodscope::format;
use oodscope::ground::task::Ctx;

use crate::support::program::{at, run, scratch, text};

/// Arguments of an online run that takes seconds.
const SMALL: [&str; 8] = ["--random-steps", "300", "--eval-every", "300", "--eval-episodes", "2", "--hidden", "16"];

#[test]
fn what_an_agent_acted_and_learned_is_there_for_others() {
    let out = at("active-runs");
    let args = [&["active", "--env", "CartPole-v1", "--steps", "600", "--out", text(&out), "--json"][..], &SMALL];
    let json = run(&args.concat()).json();
    let written = json["outcome"]["written"].as_array().unwrap();
    let of = |i: usize| scratch().join(written[i].as_str().unwrap());
    let [folder, checkpoint, episodes]: [PathBuf; 3] = [0, 1, 2].map(of);
    let open = |path: &PathBuf| format::open(path, None, &Ctx::quiet()).unwrap();
    let data = open(&episodes);
    assert_eq!((data.num_steps(), data.origin.env_id.as_deref()), (600, Some("CartPole-v1")));
    // The data is a dataset like any other, and the policy acts in it.
    assert!(run(&["inspect", text(&episodes)]).good().contains("minari"));
    assert!(run(&["report", text(&episodes), "--checkpoint", text(&checkpoint)]).good().contains("600"));
    assert!(run(&["runs", text(&out)]).good().contains("steps used"));
    // An ended run, and a run of another kind, are not gone on with.
    run(&["active", "--resume", text(&folder)]).refuses(&["has ended"]);
    run(&["topup", "--resume", text(&folder), "--headless"]).refuses(&["oodscope active --resume"]);

    let collected = at("active-collected");
    let collect = ["collect", "--env", "CartPole-v1", "--policy", text(&checkpoint), "--episodes", "3", "--greedy"];
    run(&[&collect[..], &["--out", text(&collected)]].concat()).good();
    let of_policy = open(&collected);
    let described = fs::read_to_string(collected.join("data/metadata.json")).unwrap();
    assert!(of_policy.num_episodes() == 3 && described.contains("policy: 0002"), "{described}");
    let other = at("active-collected-elsewhere");
    let elsewhere = ["collect", "--env", "Acrobot-v1", "--policy", text(&checkpoint), "--out", text(&other)];
    run(&elsewhere).refuses(&["Acrobot-v1 has 6 observation", "the policy has 4", "--env"]);
    let mountain = ["collect", "--env", "MountainCarContinuous-v0", "--policy", text(&checkpoint)];
    run(&[&mountain[..], &["--out", text(&other)]].concat()).refuses(&["has 2 observation", "the policy has 4"]);
}

#[test]
fn what_nobody_can_learn_or_act_is_refused() {
    run(&["active"]).refuses(&["--env", "Pendulum-v1"]);
    let out = at("active-refused");
    run(&["active", "--env", "NoSuch-v0", "--python", "/no/python", "--out", text(&out)]).refuses(&["/no/python"]);
    run(&["active", "--resume", text(&out)]).refuses(&["not a run directory"]);
    let collect = |policy: &str, more: &[&str]| {
        let out = at("collect-refused");
        run(&[&["collect", "--policy", policy, "--out", text(&out)][..], more].concat())
    };
    collect("nobody", &[]).refuses(&["'nobody'", "narrow", "a policy's file"]);
    let random = at("collect-random");
    let args = ["collect", "--env", "Acrobot-v1", "--policy", "random", "--episodes", "1", "--out", text(&random)];
    assert!(run(&args).good().contains("1 episode"));
}
