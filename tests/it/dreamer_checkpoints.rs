//! World models of the Dreamer family: what is read, what is asked for, what is refused. What they imagine is held to the libraries'
//! numbers by `references.rs`, but for the ends, which are here.

use std::path::{Path, PathBuf};

use oodscope::checkpoint::{self, CHECKPOINTS, Checkpoint, Given, native};
use oodscope::data::dataset::{Dataset, Origin, Parts};
use oodscope::data::episode::EpisodeSpan;
use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space, SpaceKind};
use oodscope::world::dreamer::{Cell, Dreamer};
use oodscope::world::world_model::{Feedback, WorldModel};
use tempfile::TempDir;

use crate::support::damage::damaged;
use crate::support::npz;
use crate::support::torch::{self, tensor};

const MODELS: [(&str, &str, &str); 4] = [
    ("small-dreamerv3-torch", "dreamerv3-torch", "latest.pt"),
    ("small-sheeprl", "sheeprl", "ckpt_7_0.ckpt"),
    ("small-r2dreamer", "r2dreamer", "latest.pt"),
    ("small-dreamerv3", "DreamerV3", "agent.pkl"),
];

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

/// A copy of a model's folder, to be changed.
fn copy(model: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copied(&reference("models").join(model), dir.path());
    dir
}

fn open(path: &Path) -> Checkpoint {
    checkpoint::open(path).unwrap_or_else(|e| panic!("{e}"))
}

fn dreamer(c: &Checkpoint) -> &Dreamer {
    c.world_model.as_deref().and_then(Dreamer::known).expect("a Dreamer")
}

fn refusal(path: &Path) -> String {
    checkpoint::open(path).expect_err("must be refused").to_string()
}

fn write(dir: &TempDir, name: &str, text: &str) {
    std::fs::write(dir.path().join(name), text).unwrap();
}

/// What `model` says after five observations and one action of zeros: the next observation.
fn next_obs(model: &Dreamer, obs: &[f32]) -> Vec<f32> {
    let space = Space::unnamed("action", 2);
    let past = SequenceBatch {
        rows: 1,
        steps: 4,
        obs_dim: 3,
        obs: obs.to_vec().into(),
        actions: Actions::new(&space, vec![0.0; 8]),
    };
    let mut state = model.begin(&past);
    let zeros = Actions::new(&space, vec![0.0; 2]);
    model.step(&mut state, &zeros, Feedback::Mean).prediction.next_obs
}

fn obs() -> Vec<f32> {
    (0..15).map(|i| (i as f32 * 0.9).sin() * 2.0).collect()
}

#[test]
fn every_library_is_recognised_and_read() {
    for (folder, format, file) in MODELS {
        let path = reference("models").join(folder);
        let c = open(&path);
        assert_eq!(c.about.format, format);
        assert_eq!(c.world_model, open(&path.join(file)).world_model);
        let m = dreamer(&c);
        assert_eq!((m.units(), m.latents(), m.classes, m.action_dim, m.encoder.inputs()), (8, 12, 4, 2, 3), "{format}");
        assert_eq!(matches!(m.cell, Cell::Blocks { .. }), folder.contains("r2") || folder == "small-dreamerv3");
        let notes = c.about.notes.join("\n");
        assert!(notes.contains("3 groups of 4 classes") && notes.contains("actor"), "{notes}");
        assert!(c.about.warnings.is_empty(), "{:?}", c.about.warnings);
        // Other readers of the same kind of file do not take it; the one for plain networks is asked last.
        let takers: Vec<_> = CHECKPOINTS.iter().filter(|f| f.probe(&path)).map(|f| f.name()).collect();
        assert!(takers[0] == format && takers[1..].iter().all(|name| *name == "state_dict"), "{takers:?}");
        assert!(native::savable(&c).unwrap_err().contains("dreamer"));
    }
}

/// Observation, reward and end of every step, the ends being what nothing else here compares.
#[test]
fn ends_are_the_libraries() {
    for (folder, ..) in MODELS {
        let c = open(&reference("models").join(folder));
        let model = c.world_model.as_deref().unwrap();
        let arrays = npz::read(&reference(&format!("oracles/model-{folder}.npz")));
        let values = |kind: &str| &arrays[&format!("{kind}_oscillator")];
        let (real, taken, ends) = (values("true"), values("actions"), values("imagined_end"));
        let rewards = values("imagined_reward");
        let [k, points, d] = real.shape[..] else { panic!("[K, H, D]") };
        let space = Space::unnamed("action", 2);
        let f32s = |of: &[f64]| of.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let rows = |of: &npz::Array, each: usize, from: usize, to: usize| -> Vec<f32> {
            let width = of.shape[2];
            (0..k).flat_map(|i| f32s(&of.values[(i * each + from) * width..(i * each + to) * width])).collect()
        };
        let past = SequenceBatch {
            rows: k,
            steps: 4,
            obs_dim: d,
            obs: rows(real, points, 0, 5).into(),
            actions: Actions::new(&space, rows(taken, points - 1, 0, 4)),
        };
        let mut state = model.begin(&past);
        let (mut worst, mut worst_reward, h) = (0.0f64, 0.0f64, points - 5);
        for t in 0..h {
            let now = Actions::new(&space, rows(taken, points - 1, 4 + t, 5 + t));
            let step = model.step(&mut state, &now, Feedback::Mean);
            let (end, reward) = (step.terminated.unwrap(), step.reward.unwrap());
            for i in 0..k {
                worst = worst.max((f64::from(end[i]) - ends.values[i * h + t]).abs());
                worst_reward = worst_reward.max((f64::from(reward[i]) - rewards.values[i * h + t]).abs());
            }
        }
        assert!(worst < 1e-5 && worst_reward < 1e-5, "{folder}: {worst} {worst_reward}");
    }
}

#[test]
fn what_no_file_says_is_asked_for() {
    let dir = copy("small-dreamerv3-torch");
    std::fs::remove_file(dir.path().join("oodscope.toml")).unwrap();
    let e = refusal(dir.path());
    assert!(e.contains("latest.pt") && e.contains("12 latents") && e.contains("`classes = N` (dyn_discrete"), "{e}");
    write(&dir, "oodscope.toml", "classes = 5\n");
    assert!(refusal(dir.path()).contains("no whole groups of 5"));
    write(&dir, "oodscope.toml", "classes = 3\nactivation = \"tanh\"\n");
    let c = open(dir.path());
    assert_eq!(dreamer(&c).classes, 3);
    assert!(c.about.notes.iter().any(|n| n.contains("no configuration of the run")), "{:?}", c.about.notes);

    let dir = copy("small-sheeprl");
    std::fs::remove_file(dir.path().join("config.yaml")).unwrap();
    assert!(refusal(dir.path()).contains("discrete_size"));
    write(&dir, "oodscope.toml", "classes = 4\n");
    let e = refusal(dir.path());
    assert!(e.contains("2 keys of [2, 1] columns") && e.contains("obs_keys = ["), "{e}");
    write(&dir, "oodscope.toml", "classes = 4\nobs_keys = [\"position\", \"velocity\"]\n");
    assert!(checkpoint::open(dir.path()).is_ok());

    for (folder, config, key) in [
        ("small-r2dreamer", ".hydra/config.yaml", "discrete"),
        ("small-dreamerv3", "config.yaml", "classes of the run"),
    ] {
        let dir = copy(folder);
        std::fs::remove_file(dir.path().join(config)).unwrap();
        let e = refusal(dir.path());
        assert!(e.contains("classes = N") && e.contains(key), "{e}");
        write(&dir, "oodscope.toml", "classes = 4\n");
        assert!(checkpoint::open(dir.path()).is_ok());
    }
}

#[test]
fn configurations_are_honoured() {
    let change = |folder: &str, file: &str, from: &str, to: &str| {
        let dir = copy(folder);
        let path = dir.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        checkpoint::open(dir.path()).map_err(|e| e.to_string())
    };
    let differs = |folder: &str, file: &str, from: &str, to: &str| {
        let changed = change(folder, file, from, to).unwrap_or_else(|e| panic!("{e}"));
        assert_ne!(changed.world_model, open(&reference("models").join(folder)).world_model, "{folder}: {to}");
    };
    for (from, to) in [("torch.nn.ELU", "torch.nn.Tanh"), ("eps: 0.01", "eps: 0.001"), ("unimix: 0.01", "unimix: 0.02")]
    {
        differs("small-sheeprl", "config.yaml", from, to);
    }
    for (from, to) in [
        ("act: gelu", "act: silu"),
        ("rms1em3", "rms"),
        ("symlog: true", "symlog: false"),
        ("contdisc: true", "contdisc: false"),
        ("horizon: 50", "horizon: 333"),
    ] {
        differs("small-dreamerv3", "config.yaml", from, to);
    }
    for (from, to) in
        [("act: SiLU", "act: ReLU"), ("symlog_inputs: true", "symlog_inputs: false"), ("symlog_mse", "mse")]
    {
        differs("small-r2dreamer", ".hydra/config.yaml", from, to);
    }
    for (folder, file, from, to, word) in [
        ("small-sheeprl", "config.yaml", "torch.nn.ELU", "torch.nn.Mish", "torch.nn.Mish"),
        (
            "small-sheeprl",
            "config.yaml",
            "decoder: [position, velocity]",
            "decoder: [position, speed]",
            "not decoded whole",
        ),
        ("small-dreamerv3", "config.yaml", "act: gelu", "act: swiglu", "swiglu"),
        ("small-dreamerv3", "config.yaml", "symexp_twohot", "mse", "agent.rewhead.output"),
        (
            "small-dreamerv3",
            "config.yaml",
            "norm: rms, output",
            "norm: none, output",
            "'rew/mlp/norm0/scale' has no place",
        ),
        ("small-dreamerv3", "config.yaml", "horizon: 50", "horizon: often", "agent.horizon"),
        ("small-r2dreamer", ".hydra/config.yaml", "symlog_mse", "normal", "mlp_dist.name is 'normal'"),
    ] {
        let e = change(folder, file, from, to).expect_err(to);
        assert!(e.contains(word), "{e}");
    }
    let clipped = change("small-sheeprl", "config.yaml", "clip_rewards: false", "clip_rewards: true").unwrap();
    assert!(clipped.about.notes.iter().any(|n| n.contains("tanh of the rewards")));
}

/// Where the libraries leave them: the configuration is above the checkpoint.
#[test]
fn runs_are_opened_where_they_lie() {
    let run = tempfile::tempdir().unwrap();
    let from = reference("models/small-dreamerv3");
    let checkpoint = run.path().join("ckpt/20261128T220000F123456-000000001000");
    std::fs::create_dir_all(&checkpoint).unwrap();
    std::fs::copy(from.join("config.yaml"), run.path().join("config.yaml")).unwrap();
    std::fs::copy(from.join("agent.pkl"), checkpoint.join("agent.pkl")).unwrap();
    std::fs::write(run.path().join("ckpt/latest"), "20261128T220000F123456-000000001000").unwrap();
    for path in [run.path().to_path_buf(), run.path().join("ckpt"), checkpoint.clone(), checkpoint.join("agent.pkl")] {
        assert_eq!(open(&path).world_model, open(&from).world_model, "{}", path.display());
    }
    let run = tempfile::tempdir().unwrap();
    let from = reference("models/small-sheeprl");
    std::fs::create_dir(run.path().join("checkpoint")).unwrap();
    std::fs::copy(from.join("config.yaml"), run.path().join("config.yaml")).unwrap();
    for name in ["ckpt_7_0.ckpt", "ckpt_9_0.ckpt"] {
        std::fs::copy(from.join("ckpt_7_0.ckpt"), run.path().join("checkpoint").join(name)).unwrap();
    }
    assert_eq!(open(&run.path().join("checkpoint/ckpt_9_0.ckpt")).world_model, open(&from).world_model);
    assert!(refusal(&run.path().join("checkpoint")).contains("name the one that is meant"));
}

#[test]
fn keys_are_put_where_the_dataset_has_them() {
    let plain = open(&reference("models/small-dreamerv3-torch"));
    assert!(plain.about.notes.iter().any(|n| n.contains("position (2), velocity (1) side by side")));
    let dir = copy("small-dreamerv3-torch");
    write(&dir, "oodscope.toml", "classes = 4\nobs_keys = [\"velocity\", \"position\"]\n");
    let other = open(dir.path());
    let turned: Vec<f32> = obs().chunks_exact(3).flat_map(|o| [o[2], o[0], o[1]]).collect();
    let (a, b) = (next_obs(dreamer(&plain), &obs()), next_obs(dreamer(&other), &turned));
    assert!(
        [(0, 1), (1, 2), (2, 0)].iter().all(|(i, j)| (a[*i] - b[*j]).abs() < 1e-5 * a[*i].abs().max(1.0)),
        "{a:?} {b:?}"
    );
    write(&dir, "oodscope.toml", "classes = 4\nobs_keys = [\"velocity\", \"speed\"]\n");
    let e = refusal(dir.path());
    assert!(e.contains("speed") && e.contains("position (2), velocity (1)"), "{e}");
    write(&dir, "oodscope.toml", "classes = 4\nobs_keys = \"velocity\"\n");
    assert!(refusal(dir.path()).contains("a list of keys"));
    // The names of a dataset's columns tell it too.
    let names = ["velocity.0", "position.0", "position.1"].map(String::from).to_vec();
    let data = dataset(names, 1.0);
    let given = Given { data: Some(&data), ..Given::default() };
    let told = checkpoint::open_given(&reference("models/small-dreamerv3-torch"), &given).unwrap();
    assert_eq!(dreamer(&told), dreamer(&other));
    assert!(told.about.warnings.is_empty());
}

#[test]
fn actions_that_are_not_scaled_as_the_library_does_are_told() {
    let data = dataset(Space::unnamed("obs", 3).names, 2.0);
    let given = Given { data: Some(&data), ..Given::default() };
    for (folder, scales) in [("small-dreamerv3", true), ("small-r2dreamer", true), ("small-sheeprl", false)] {
        let c = checkpoint::open_given(&reference("models").join(folder), &given).unwrap();
        assert_eq!(c.about.warnings.iter().any(|w| w.contains("within [-2, 2]")), scales, "{folder}");
    }
}

/// One episode of two steps.
fn dataset(names: Vec<String>, bound: f32) -> Dataset {
    let span =
        EpisodeSpan { id: 0, first_step: 0, steps: 2, first_obs: 0, obs_rows: 3, terminated: false, truncated: true };
    let parts =
        Parts { spans: vec![span], obs: vec![0.0; 9], actions: vec![0.0; 4], rewards: vec![0.0; 2], next_obs: None };
    let action = SpaceKind::Box { low: vec![-bound; 2], high: vec![bound; 2] };
    let obs_space = Space { names, ..Space::unnamed("obs", 3) };
    Dataset::from_parts(Origin::default(), obs_space, Space { kind: action, ..Space::unnamed("action", 2) }, parts)
        .unwrap()
}

#[test]
fn what_is_not_imported_is_said() {
    let file = |tensors: &[torch::Tensor<'_>], outer: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latest.pt");
        torch::save(&path, Some(outer), tensors);
        refusal(&path)
    };
    let agent = "agent_state_dict";
    let cell = "_wm._orig_mod.dynamics._cell.layers.GRU_linear.weight";
    let images =
        file(&[tensor(cell, &[24, 14], 1), tensor("_wm._orig_mod.encoder._cnn.layers.0.weight", &[3], 2)], agent);
    assert!(images.contains("sees images") && images.contains("cnn_keys"), "{images}");
    let deter = "rssm._deter_net._dyn_in0.0.weight";
    let without = file(&[tensor(deter, &[6, 8], 1)], agent);
    assert!(without.contains("without a decoder") && without.contains("rep_loss=dreamer"), "{without}");
    let rnn = "rssm.recurrent_model.rnn.linear.weight";
    let old = file(&[tensor(rnn, &[24, 14], 1)], "world_model");
    assert!(old.contains("before DreamerV3"), "{old}");
    let images =
        file(&[tensor(rnn, &[24, 14], 1), tensor("encoder.cnn_encoder.model.0.weight", &[3], 2)], "world_model");
    assert!(images.contains("sees images"), "{images}");
}

/// Every tensor is needed: a file that lacks one, or has one too many, is another network.
#[test]
fn incomplete_files_are_refused() {
    let path = reference("models/small-r2dreamer/latest.pt");
    let report = checkpoint::key_report(&path).unwrap();
    let own: Vec<&(String, Vec<usize>, String)> =
        report.iter().filter(|(name, ..)| !name.contains("_frozen") && name.contains("agent_state_dict.")).collect();
    let bare = |name: &str| name.strip_prefix("agent_state_dict.").unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("latest.pt");
    std::fs::write(dir.path().join("oodscope.toml"), "classes = 4\n").unwrap();
    let names: Vec<String> = own.iter().map(|(name, ..)| bare(name)).collect();
    let all = |without: usize| -> Vec<torch::Tensor<'_>> {
        let kept = names.iter().zip(&own).enumerate().filter(|(i, _)| *i != without);
        kept.map(|(i, (name, (_, shape, _)))| tensor(name, shape, i)).collect()
    };
    torch::save(&path, Some("agent_state_dict"), &all(usize::MAX));
    assert!(checkpoint::open(&path).is_ok());
    for (without, name) in names.iter().enumerate() {
        torch::save(&path, Some("agent_state_dict"), &all(without));
        assert!(checkpoint::open(&path).is_err(), "without {name}");
    }
    let mut more = all(usize::MAX);
    more.push(tensor("decoder._mlp.mlp.layers.mlp_decoder_gain", &[7], 3));
    torch::save(&path, Some("agent_state_dict"), &more);
    assert!(refusal(&path).contains("mlp_decoder_gain' has no place"));
    let mut broken = all(usize::MAX);
    broken[3].2[0] = f32::NAN;
    torch::save(&path, Some("agent_state_dict"), &broken);
    assert!(refusal(&path).contains("NaN"));
}

/// Cut short and with bytes changed: a value or a sentence, never a panic.
#[test]
fn damaged_files_are_sentences() {
    for (folder, _, file) in MODELS {
        let dir = copy(folder);
        let path = dir.path().join(file);
        damaged(&path, 100, || {
            let c = checkpoint::open(&path)?;
            let _ = c.world_model.as_deref().and_then(Dreamer::known).map(|m| next_obs(m, &obs()));
            Ok(())
        });
    }
}
