//! Policies of other libraries: what is told, what is asked for, what is refused. That they act as their libraries do is held
//! against references.

use std::path::{Path, PathBuf};

use oodscope::agent::policy::{Acting, Policy, SquashedGaussian};
use oodscope::checkpoint::Checkpoint;
use oodscope::checkpoint::policies::{self, PolicyGiven};
use oodscope::data::space::{Space, SpaceKind};
use oodscope::ground::seed::stream;

use crate::support::program::{pendulum, run, text};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/policies").join(name)
}

/// A copy of a folder of references without its statements and statistics.
fn bare(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(reference(name)).unwrap() {
        let path = entry.unwrap().path();
        let kept = path.is_file() && !path.ends_with("oodscope.toml") && !path.ends_with("vecnormalize.pkl");
        if kept {
            std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    dir
}

fn open(path: &Path) -> Result<Checkpoint, String> {
    policies::open(path, &PolicyGiven::default()).map_err(|e| e.to_string())
}

fn refusal(path: &Path) -> String {
    open(path).expect_err("must be refused")
}

fn act(policy: &dyn Policy, obs: &[f32]) -> Vec<f32> {
    policy.act(obs, &mut [policy.begin(stream(0, "one", 0))], Acting::Greedy).stored().to_vec()
}

#[test]
fn what_is_no_policy_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "hello").unwrap();
    assert!(refusal(&file).contains("no policy that oodscope knows"));
    assert!(refusal(&dir.path().join("nothing")).contains("no such file"));
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-mbrl");
    assert!(refusal(&model).contains("no policy; give it to --checkpoint"));
    let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
    let opened = open(&native).unwrap();
    assert!(opened.policy.is_some() && opened.world_model.is_none());
}

#[test]
fn bounds_are_asked_for_and_never_guessed() {
    for name in ["kit-sac", "corl-sac-n", "mbrl-sac", "cleanrl-ppo"] {
        let dir = bare(name);
        let said = refusal(dir.path());
        assert!(said.contains("action_low = [...] and action_high = [...]"), "{name}: {said}");
        let kind = SpaceKind::Box { low: vec![-1.0, -3.0], high: vec![1.0, 0.5] };
        let actions = Space { kind, ..Space::unnamed("action", 2) };
        let given = PolicyGiven { actions: Some(&actions), ..PolicyGiven::default() };
        let policy = policies::open(dir.path(), &given).unwrap().policy.unwrap();
        let stated = open(&reference(name)).unwrap().policy.unwrap();
        let obs = [0.3, -0.2, 1.0];
        assert_eq!(act(&*policy, &obs), act(&*stated, &obs), "{name}");
    }
}

#[test]
fn what_the_file_leaves_open_is_asked_or_told() {
    let bounds = "[policy]\naction_low = [-1, -3]\naction_high = [1, 0.5]\n";
    for (name, words) in [("corl-iql", "IQL of CORL"), ("kit-td3bc", "TD3+BC of OfflineRL-Kit")] {
        let dir = bare(name);
        std::fs::write(dir.path().join("oodscope.toml"), bounds).unwrap();
        let said = refusal(dir.path());
        assert!(said.contains(words) && said.contains("observations = \"raw\""), "{name}: {said}");
    }
    let ppo = bare("cleanrl-ppo");
    std::fs::write(ppo.path().join("oodscope.toml"), bounds).unwrap();
    let warned = open(ppo.path()).unwrap().about.warnings;
    assert!(warned.iter().any(|w| w.contains("obs_mean")), "{warned:?}");
    let rsl = bare("rsl-rl-2");
    let warned = open(rsl.path()).unwrap().about.warnings;
    assert!(warned.iter().any(|w| w.contains("ELU")), "{warned:?}");
    let actor = bare("bare");
    assert!(refusal(actor.path()).contains("activation and output"));
    let configured = bare("corl-td3bc");
    std::fs::write(configured.path().join("oodscope.toml"), bounds).unwrap();
    std::fs::write(configured.path().join("config.yaml"), "env: hopper\nnormalize: false\n").unwrap();
    assert!(open(configured.path()).unwrap().about.warnings.is_empty());
}

/// Folders of the RL Zoo say in their configuration that observations were normalised; a file can be named.
#[test]
fn statistics_of_stable_baselines_are_found_named_or_missed() {
    let dir = bare("sb3-sac-elu");
    let zip = dir.path().join("policy.zip");
    assert!(open(&zip).unwrap().about.warnings.is_empty());
    std::fs::write(dir.path().join("config.yml"), "- - - normalize\n    - true\n").unwrap();
    assert!(open(&zip).unwrap().about.warnings[0].contains("--policy-normalize"));
    let statistics = reference("sb3-sac-elu/vecnormalize.pkl");
    let given = PolicyGiven { normalize: Some(&statistics), ..PolicyGiven::default() };
    let named = policies::open(&zip, &given).unwrap();
    assert!(named.about.warnings.is_empty());
    assert_eq!(named.policy, open(&reference("sb3-sac-elu")).unwrap().policy);
    let wrong = reference("d4rl-pickle/policy.pkl");
    let given = PolicyGiven { normalize: Some(&wrong), ..PolicyGiven::default() };
    assert!(policies::open(&zip, &given).unwrap_err().to_string().contains("VecNormalize"));
}

#[test]
fn actors_that_are_squashed_gaussians_can_be_trained_on() {
    for name in ["kit-sac", "corl-sac-n", "mbrl-sac", "d3rlpy-sac"] {
        let policy = open(&reference(name)).unwrap().policy.unwrap();
        assert!(SquashedGaussian::known(&*policy).is_some(), "{name}");
    }
}

#[test]
fn damaged_files_are_sentences() {
    let dir = tempfile::tempdir().unwrap();
    for (name, file) in [
        ("d3rlpy-sac", "model.d3"),
        ("sb3-ppo-multidiscrete", "policy.zip"),
        ("cleanrl-td3", "td3.cleanrl_model"),
        ("d4rl-pickle", "policy.pkl"),
    ] {
        let good = std::fs::read(reference(name).join(file)).unwrap();
        let path = dir.path().join(file);
        for cut in (0..good.len()).step_by(good.len() / 40 + 1) {
            std::fs::write(&path, &good[..cut]).unwrap();
            let _ = open(&path).map_err(|said| assert!(said.contains(file), "{said}"));
        }
        for at in (0..good.len()).step_by(good.len() / 150 + 1) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            std::fs::write(&path, bytes).unwrap();
            let _ = open(&path);
        }
    }
}

#[test]
fn the_program_takes_and_names_policies() {
    let td3 = reference("sb3-td3/policy.zip");
    let said = run(&["inspect", text(&td3)]);
    assert!(said.good().contains("Stable-Baselines3") && said.good().contains("-3 to 0.5"), "{}", said.good());
    run(&["diagnose", text(pendulum()), "--checkpoint", text(&td3)]).refuses(&["--policy"]);
    run(&["coverage", text(pendulum()), "--policy", text(&td3)]).refuses(&["actions of 2 dimensions"]);
    assert_eq!(run(&["coverage", text(pendulum()), "--policy-normalize", text(&td3)]).status, Some(2));
    let metadata = reference("d4rl-metadata.hdf5");
    assert!(run(&["inspect", text(&metadata)]).good().contains("metadata/policy"));
    let data = run(&["coverage", text(&metadata), "--policy", text(&metadata), "--bootstrap", "0"]);
    assert!(data.good().contains("policy"), "{}", data.good());
}
