//! Dynamics models as `mbpo_pytorch`, `OmniSafe`, handful-of-trials-pytorch, OfflineRL-Kit (recurrent) and `rsl_rl_rwm` save them: what
//! they predict is what `tests/reference/make_small_dynamics.py` computed in float64, and what is in no file is asked for.

mod asked;
mod broken;

use std::path::{Path, PathBuf};

use oodscope::checkpoint::reading::{Asked, Basis, RewardColumn, Target};
use oodscope::checkpoint::{self, Checkpoint, Given, native};
use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space};
use oodscope::ground::task::Ctx;
use oodscope::world::ensemble::Ensemble;
use oodscope::world::imagine;
use oodscope::world::net::activation::Activation;
use oodscope::world::recurrent_net::{Memory, RecurrentNet};
use oodscope::world::world_model::{Feedback, WorldModel};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::npz;
use crate::support::torch::{self, tensor};

/// File, what is expected of it, and the layout that reads it.
const MODELS: [(&str, &str, &str); 9] = [
    ("small-mbpo/model.pt", "small-mbpo/expected.json", "mbpo_pytorch"),
    ("small-omnisafe/torch_save/epoch-10.pt", "small-omnisafe/torch_save/expected.json", "mbpo_pytorch"),
    ("small-pets/model.pt", "small-pets/expected.json", "PETS in PyTorch"),
    ("small-pets-cartpole/model.pt", "small-pets-cartpole/expected.json", "PETS in PyTorch"),
    ("small-pets-halfcheetah/model.pt", "small-pets-halfcheetah/expected.json", "PETS in PyTorch"),
    ("small-kit-rnn/dynamics.pth", "small-kit-rnn/expected.json", "OfflineRL-Kit"),
    ("small-rwm/model_10.pt", "small-rwm/expected_gru.json", "Robotic World Model"),
    ("small-rwm/model_20.pt", "small-rwm/expected_lstm.json", "Robotic World Model"),
    ("small-rwm/model_30.pt", "small-rwm/expected_mlp.json", "Robotic World Model"),
];

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models").join(name)
}

/// A copy of a folder of `tests/reference/models` and of the folders in it, to be spoiled.
fn copy(model: &str) -> TempDir {
    fn all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                all(&path, &target);
            } else {
                std::fs::write(target, std::fs::read(&path).unwrap()).unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    all(&reference(model), dir.path());
    dir
}

fn refusal(path: &Path) -> String {
    checkpoint::open(path).expect_err("must be refused").to_string()
}

fn opened(path: &Path) -> Checkpoint {
    checkpoint::open(path).unwrap_or_else(|e| panic!("{e}"))
}

fn ensemble(c: &Checkpoint) -> &Ensemble {
    c.world_model.as_deref().and_then(Ensemble::known).expect("an ensemble")
}

fn recurrent(c: &Checkpoint) -> &RecurrentNet {
    c.world_model.as_deref().and_then(RecurrentNet::known).expect("a recurrent network")
}

/// The numbers of nested lists, in order.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        Value::Null => Vec::new(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn single(value: &Value) -> Vec<f32> {
    flat(value).into_iter().map(|v| v as f32).collect()
}

/// Largest difference relative to the size of the numbers, which is 1 at least.
fn worst(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let apart = got.iter().zip(want).map(|(g, w)| (f64::from(*g) - w).abs() / w.abs().max(1.0));
    apart.fold(0.0, |worst, x| if x.is_nan() || x > worst { x } else { worst })
}

#[test]
fn every_model_predicts_what_its_library_does() {
    for (file, expected, layout) in MODELS {
        let c = opened(&reference(file));
        let model = c.world_model.as_deref().expect("a world model");
        assert_eq!(c.about.format, layout, "{file}");
        let want: Value = serde_json::from_slice(&std::fs::read(reference(expected)).unwrap()).unwrap();
        assert_eq!(model.context() as u64, want["context"].as_u64().unwrap(), "{file}");
        assert_eq!(model.elites().len(), want["elites"].as_array().unwrap().len(), "{file}");
        exact(model, &want, file);
    }
}

/// The first step of every member and fifty steps of their mean.
fn exact(model: &dyn WorldModel, want: &Value, file: &str) {
    let (dims, steps) = (model.dims(), model.context() - 1);
    let rows = want["obs"].as_array().unwrap().len();
    let actions = single(&want["actions"]);
    let each = actions.len() / rows;
    let horizon = each / dims.action - steps;
    let part = |from: usize, to: usize| -> Vec<f32> {
        let row = |r: usize| actions[r * each + from * dims.action..r * each + to * dims.action].to_vec();
        (0..rows).flat_map(row).collect()
    };
    let space = Space::unnamed("action", dims.action);
    let past = SequenceBatch {
        rows,
        steps,
        obs_dim: dims.obs,
        obs: single(&want["obs"]).into(),
        actions: Actions::new(&space, part(0, steps)),
    };
    let mut state = model.begin(&past);
    let first = model.step(&mut state, &Actions::new(&space, part(steps, steps + 1)), Feedback::Mean).prediction;
    let mut one = worst(&first.next_obs, &flat(&want["member_next_obs"]));
    one = one.max(worst(&first.logvar.clone().unwrap_or_default(), &flat(&want["member_logvar"])));
    one = one.max(worst(&first.reward.clone().unwrap_or_default(), &flat(&want["member_reward"])));
    assert_eq!(first.logvar.is_some(), model.predicts_variance());

    let taken = Actions::new(&space, part(steps, steps + horizon));
    let r = imagine::open_loop(model, &past, &taken, horizon, None, &Ctx::quiet()).unwrap();
    let (obs, reward) = (flat(&want["next_obs"]), flat(&want["reward"]));
    assert_eq!((obs.len(), reward.is_empty()), (rows * horizon * dims.obs, !model.predicts_reward()));
    let mut last = 0.0f64;
    for h in 0..horizon {
        for k in 0..rows {
            let at = (k * horizon + h) * dims.obs;
            let mut apart = worst(r.obs_at(k, h + 1), &obs[at..at + dims.obs]);
            if let Some(got) = &r.reward {
                apart = apart.max(worst(&got[k * horizon + h..][..1], &reward[k * horizon + h..][..1]));
            }
            assert!(apart <= 1e-5 * (h + 1) as f64, "{file}: {apart:e} after {} steps", h + 1);
            last = last.max(apart);
        }
    }
    println!("{file}: one step {one:.1e}, up to {horizon} steps {last:.1e}");
    assert!(one <= 1e-5, "{file}: {one:e} after one step");
}

#[test]
fn what_is_read_is_told() {
    let c = opened(&reference("small-mbpo"));
    let reading = c.about.reading.unwrap();
    assert_eq!((reading.reward.value, reading.activation.value), (RewardColumn::First, Activation::Silu));
    assert!(reading.assumed().is_empty() && c.alternatives().next().is_none());
    assert!(c.about.notes.join("\n").contains("mean over all members"), "{:?}", c.about.notes);

    let c = opened(&reference("small-omnisafe/torch_save"));
    assert_eq!((ensemble(&c).obs_dim, ensemble(&c).targets(), ensemble(&c).net.members), (3, 4, 3));
    assert!(c.about.notes.join("\n").contains("cost"), "{:?}", c.about.notes);

    let c = opened(&reference("small-pets"));
    assert!(!ensemble(&c).learned_reward);
    assert_eq!(c.about.reading.unwrap().target.basis, Basis::Stated);

    let c = opened(&reference("small-pets-cartpole"));
    assert_eq!((ensemble(&c).obs_dim, ensemble(&c).action_dim, ensemble(&c).seen.len()), (4, 1, 5));
    assert!(c.about.notes.join("\n").contains("library's cartpole"), "{:?}", c.about.notes);
    let c = opened(&reference("small-pets-halfcheetah"));
    assert_eq!((ensemble(&c).absolute.as_slice(), ensemble(&c).seen.len()), (&[0][..], 18));
    assert!(c.about.notes.join("\n").contains("library's halfcheetah"), "{:?}", c.about.notes);
    // What is seen is kept.
    let out = tempfile::tempdir().unwrap();
    native::save(out.path(), &c).unwrap();
    assert_eq!(ensemble(&opened(out.path())), ensemble(&c));

    let c = opened(&reference("small-rwm/model_10.pt"));
    let model = recurrent(&c);
    assert!(matches!(&model.memory, Memory::Gru(cells) if cells.len() == 2));
    assert_eq!((c.world_model.as_ref().unwrap().dims().members, model.context), (3, 4));
    let (notes, warnings) = (c.about.notes.join("\n"), c.about.warnings.join("\n"));
    assert!(
        notes.contains("3 heads") && notes.contains("policy") && warnings.contains("termination_layers"),
        "{notes}"
    );
    assert!(matches!(recurrent(&opened(&reference("small-rwm/model_20.pt"))).memory, Memory::Lstm(_)));
    assert!(refusal(&reference("small-rwm")).contains("name the one that is meant"));

    let c = opened(&reference("small-kit-rnn"));
    assert!(c.about.notes.join("\n").contains("history = 5"), "{:?}", c.about.notes);
    // Their own layout does not hold these.
    let out = tempfile::tempdir().unwrap();
    assert!(native::save(out.path(), &c).unwrap_err().to_string().contains("cannot be saved"));
}
