use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::checkpoint::reading::{Asked, Basis, InputOrder, RewardColumn, Target};
use crate::checkpoint::{self, Checkpoint, Given};
use crate::data::sequence::SequenceBatch;
use crate::data::space::{Actions, Space};
use crate::ground::task::Ctx;
use crate::world::imagine;
use crate::world::world_model::WorldModel;

fn reference(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-onnx").join(folder)
}

/// A copy of one of the graphs with an oodscope.toml beside it.
fn beside(folder: &str, toml: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(reference(folder).join("model.onnx"), dir.path().join("model.onnx")).unwrap();
    fs::write(dir.path().join("oodscope.toml"), toml).unwrap();
    dir
}

fn opened(path: &Path) -> Checkpoint {
    checkpoint::open(path).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(path: &Path) -> String {
    let said = checkpoint::open(path).expect_err("must be refused").to_string();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap() as f32],
    }
}

/// Imagination over fifty steps is PyTorch's.
fn exact(model: &dyn WorldModel) {
    let text = fs::read(reference("expected.json")).unwrap();
    let want: Value = serde_json::from_slice(&text).unwrap();
    let (obs, actions) = (numbers(&want["obs"]), numbers(&want["actions"]));
    let (next, reward) = (numbers(&want["next_obs"]), numbers(&want["reward"]));
    let (d, rows) = (3, obs.len() / 3);
    let horizon = reward.len() / rows;
    let space = Space::unnamed("action", 2);
    let past = SequenceBatch::present(obs, d, Actions::new(&space, Vec::new()));
    let r = imagine::open_loop(model, &past, &Actions::new(&space, actions), horizon, None, &Ctx::quiet()).unwrap();
    let said = r.reward.as_deref().expect("a reward");
    for k in 0..rows {
        for h in 0..horizon {
            let at = k * horizon + h;
            let pairs = r.obs_at(k, h + 1).iter().zip(&next[at * d..(at + 1) * d]).chain([(&said[at], &reward[at])]);
            for (got, want) in pairs {
                // One step to 1e-5 of numbers of size 1; errors of single precision add up along a rollout.
                let allowed = 1e-5 * (h + 1) as f32 * want.abs().max(1.0);
                assert!((got - want).abs() <= allowed, "rollout {k}, step {}: {got} {want}", h + 1);
            }
        }
    }
}

#[test]
fn graphs_predict_what_pytorch_computes() {
    for folder in ["next", "fixed", "delta"] {
        // By the folder and by the file.
        for path in [reference(folder), reference(folder).join("model.onnx")] {
            let c = opened(&path);
            let model = c.world_model.as_deref().unwrap();
            assert_eq!((c.about.format.as_str(), model.kind(), model.observes()), ("ONNX", "graph", 3));
            exact(model);
            let reading = c.about.reading.unwrap();
            let target = if folder == "delta" { Target::Delta } else { Target::Absolute };
            assert_eq!((reading.target.value, reading.target.basis), (target, Basis::Implied));
            assert!(reading.sentence(&path).is_none(), "nothing is assumed");
        }
    }
    // Six rows in parts of four, and fewer than that.
    let fixed = opened(&reference("fixed"));
    assert!(fixed.about.notes.iter().any(|n| n.contains("given 4 at a time")), "{:?}", fixed.about.notes);
}

#[test]
fn what_names_leave_open_is_stated_beside_the_file_or_asked_for() {
    let all = "input = \"obs-action\"\ntarget = \"delta\"\nreward = \"last\"\nobs_dim = 3\n";
    let whole = beside("plain", all);
    let c = opened(whole.path());
    exact(c.world_model.as_deref().unwrap());
    let reading = c.about.reading.unwrap();
    assert_eq!((reading.input.basis, reading.reward.value), (Basis::Stated, RewardColumn::Last));
    // One key after the other is missing, and named.
    for (key, words) in [
        ("input =", "in one input 'x', and in which order is not said"),
        ("target =", "output 'y' does not say whether it is the next observation or its change"),
        ("reward =", "output 'y' has one column more than the 3"),
        ("obs_dim =", "state obs_dim in oodscope.toml"),
    ] {
        let toml: Vec<&str> = all.lines().filter(|line| !line.starts_with(key)).collect();
        let said = refusal(beside("plain", &toml.join("\n")).path());
        assert!(said.contains(words), "{key}: {said}");
    }
    let bare = beside("plain", "obs_dim = 3");
    let asked = Asked {
        input: Some(InputOrder::ObsAction),
        target: Some(Target::Delta),
        reward: Some(RewardColumn::Last),
        ..Asked::default()
    };
    let c = checkpoint::open_given(bare.path(), &Given { asked, data: None }).unwrap();
    exact(c.world_model.as_deref().unwrap());
    // Roles that are stated stand above names.
    let stated = beside("two", "inputs = [\"obs\", \"action\"]");
    exact(opened(stated.path()).world_model.as_deref().unwrap());
    let swapped = beside("delta", "outputs = [\"reward\", \"next_obs\"]");
    assert_eq!(opened(swapped.path()).about.reading.unwrap().target.value, Target::Absolute);
}

/// With `obs_mean` m, `obs_std` s and observations = "standardised" the graph sees z = (o - m) / s, and gives z' where it says `next_obs`:
/// o' = m + s z'.
#[test]
fn a_scale_that_is_stated_is_used_on_both_sides() {
    let scale =
        "obs_mean = [1.0, 2.0, 3.0]\nobs_std = [2.0, 2.0, 2.0]\naction_mean = [0.0, 0.0]\naction_std = [1.0, 1.0]\n";
    let inside = beside("next", &format!("{scale}observations = \"standardised\"\n"));
    let (plain, scaled) = (opened(&reference("next")), opened(inside.path()));
    let space = Space::unnamed("action", 2);
    let step = |c: &Checkpoint, obs: Vec<f32>| {
        let model = c.world_model.as_deref().unwrap();
        let past = SequenceBatch::present(obs, 3, Actions::new(&space, Vec::new()));
        let actions = Actions::new(&space, vec![0.5, -0.5]);
        imagine::open_loop(model, &past, &actions, 1, None, &Ctx::quiet()).unwrap().obs_at(0, 1).to_vec()
    };
    let next = step(&plain, vec![0.5, -1.0, 0.25]);
    let want: Vec<f32> = next.iter().zip([1.0, 2.0, 3.0]).map(|(z, m)| m + 2.0 * z).collect();
    let got = step(&scaled, vec![2.0, 0.0, 3.5]);
    assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {want:?}");
    let missing = refusal(beside("next", "observations = \"standardised\"").path());
    assert!(missing.contains("by what is not stated"), "{missing}");
}

#[test]
fn what_cannot_be_read_is_told_in_a_sentence() {
    for (folder, words) in [
        ("external", "model.onnx.data"),
        ("two", "'obs' and 'state' could both be the observation"),
        ("strange", "FrobnicateBy3"),
    ] {
        let said = refusal(&reference(folder));
        assert!(said.contains(words), "{folder}: {said}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.onnx");
    fs::write(&file, b"no protobuf at all").unwrap();
    assert!(refusal(&file).contains("cannot be run"));
    let whole = fs::read(reference("next").join("model.onnx")).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    refusal(&file);
    fs::write(dir.path().join("other.onnx"), &whole).unwrap();
    assert!(refusal(dir.path()).contains("several .onnx files"));
}
