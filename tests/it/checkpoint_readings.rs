//! How the numbers of other libraries' files are read: every key that changes them is honoured or refused by name.

use std::path::{Path, PathBuf};

use oodscope::checkpoint::reading::{Asked, Basis, InputOrder, RewardColumn, Target};
use oodscope::checkpoint::{self, Checkpoint, Given};
use oodscope::world::ensemble::{Ensemble, Seen};
use oodscope::world::net::activation::{Activation, Constant};
use tempfile::TempDir;

use crate::support::torch::{self, tensor};

/// The members, layers and columns of `tests/reference/models/small-mbrl`: 3 members, [obs 2, action 1] in, reward learned.
fn small(config: &str) -> TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-mbrl");
    let dir = tempfile::tempdir().unwrap();
    for name in ["model.pth", "env_stats.pickle"] {
        std::fs::copy(from.join(name), dir.path().join(name)).unwrap();
    }
    std::fs::create_dir(dir.path().join(".hydra")).unwrap();
    std::fs::write(dir.path().join(".hydra/config.yaml"), config).unwrap();
    dir
}

fn model(c: &Checkpoint) -> &Ensemble {
    c.world_model.as_deref().and_then(Ensemble::known).expect("an ensemble")
}

fn open(dir: &TempDir) -> Checkpoint {
    checkpoint::open(dir.path()).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(path: &Path) -> String {
    checkpoint::open(path).expect_err("must be refused").to_string()
}

/// A folder with one torch file.
fn file(name: &str, outer: Option<&str>, tensors: &[torch::Tensor<'_>]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    torch::save(&path, outer, tensors);
    (dir, path)
}

/// [obs 2, action 1] -> [obs 2, reward], one hidden layer of 5.
fn perceptron(names: [&str; 4]) -> Vec<torch::Tensor<'_>> {
    let shapes: [&[usize]; 4] = [&[5, 3], &[5], &[3, 5], &[3]];
    names.into_iter().zip(shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect()
}

const PLAIN: [&str; 4] = ["0.weight", "0.bias", "2.weight", "2.bias"];

#[test]
fn every_key_of_mbrl_lib_is_honoured() {
    let none = open(&small("dynamics_model:\n  num_layers: 2\n"));
    assert_eq!(none.about.reading.unwrap().activation.basis, Basis::Implied);
    assert_eq!((model(&none).net.activation, model(&none).absolute.len()), (Activation::Relu, 0));

    let c = open(&small("algorithm:\n  target_is_delta: false\ndynamics_model: {}\n"));
    assert_eq!((model(&c).absolute.as_slice(), c.about.reading.unwrap().target.basis), (&[0, 1][..], Basis::Stated));
    let c = open(&small("overrides:\n  no_delta_list: [ 1 ]\n  obs_process_fn: null\ndynamics_model: {}\n"));
    assert_eq!(model(&c).absolute, [1]);
    let c = open(&small("algorithm: {target_is_delta: false}\noverrides: {no_delta_list: [1]}\ndynamics_model: {}\n"));
    assert_eq!(model(&c).absolute, [0, 1]);

    // Code is not run: what it does is known by its name, or stated.
    let dir = small("overrides: {obs_process_fn: my.own.preprocess}\ndynamics_model: {}\n");
    std::fs::write(dir.path().join("oodscope.toml"), "preprocess = [\"sin 1\", \"cos 1\"]\n").unwrap();
    assert_eq!(model(&open(&dir)).seen, [Seen::Sin(1), Seen::Cos(1)]);
    std::fs::write(dir.path().join("oodscope.toml"), "preprocess = [\"sin 7\", \"cos 1\"]\n").unwrap();
    assert!(refusal(dir.path()).contains("'sin 7'"), "{}", refusal(dir.path()));

    let c = open(&small("algorithm: {normalize: false}\ndynamics_model: {}\n"));
    assert_eq!(model(&c).input.std, [1.0; 3]);
    assert!(c.about.warnings.iter().any(|w| w.contains("normalize: false")), "{:?}", c.about.warnings);

    let c = open(&small("dynamics_model: {propagation_method: null}\noverrides: {env: gym___Hopper-v4}\n"));
    assert_eq!((model(&c).elites.as_slice(), c.about.env_id.as_deref()), (&[0, 1, 2][..], Some("Hopper-v4")));
    let c = open(&small("dynamics_model: {propagation_method: random_model}\noverrides: {env: pets_halfcheetah}\n"));
    assert_eq!((model(&c).elites.as_slice(), c.about.env_id.as_deref()), (&[2, 0][..], None));

    let c = open(&small("dynamics_model: {ensemble_size: 7, num_layers: 9}\n"));
    assert!(c.about.warnings.iter().any(|w| w.contains("num_layers: 9")), "{:?}", c.about.warnings);
    assert!(c.about.warnings.iter().any(|w| w.contains("ensemble_size: 7")), "{:?}", c.about.warnings);
}

#[test]
fn activations_of_mbrl_lib() {
    let of = |text: &str| {
        let c = open(&small(&format!("dynamics_model:\n{text}")));
        let reading = c.about.reading.unwrap();
        assert_eq!(reading.activation.basis, Basis::Stated, "{text}");
        model(&c).net.activation
    };
    let under = |class: &str| of(&format!("  activation_fn_cfg:\n    _target_: torch.nn.{class}\n"));
    assert_eq!(
        of("  activation_fn_cfg: null\nagent:\n  activation_fn_cfg:\n    _target_: torch.nn.Tanh\n"),
        Activation::Relu
    );
    assert_eq!(under("SiLU"), Activation::Silu);
    assert_eq!(under("LeakyReLU"), Activation::LeakyRelu(Constant::new(0.01)));
    assert_eq!(under("LeakyReLU\n    negative_slope: 0.2"), Activation::LeakyRelu(Constant::new(0.2)));
    assert_eq!(under("ELU\n    alpha: 0.5"), Activation::Elu(Constant::new(0.5)));
    assert_eq!(under("GELU\n    approximate: tanh"), Activation::GeluTanh);
    assert_eq!(under("Identity"), Activation::Identity);
    assert_eq!(of("  activation_fn_cfg: ${act}\nact:\n  _target_: torch.nn.Tanh\n"), Activation::Tanh);
    assert_eq!(of("  model:\n    use_silu: true\n"), Activation::Silu);
    assert_eq!(of("  use_silu: false\n"), Activation::Relu);
    assert_eq!(of("  member_cfg:\n    activation_fn_cfg:\n      _target_: torch.nn.SiLU\n"), Activation::Silu);
}

#[test]
fn what_cannot_be_honoured_in_mbrl_lib_is_refused_by_name() {
    for (config, words) in [
        ("overrides: {obs_process_fn: mbrl.env.x.preprocess}\ndynamics_model: {}", "obs_process_fn"),
        (
            "overrides: {obs_process_fn: mbrl.env.pets_cartpole.CartPoleEnv.preprocess_fn}\ndynamics_model: {}",
            "see 5 columns",
        ),
        ("overrides: {no_delta_list: [7]}\ndynamics_model: {}", "column 7"),
        ("overrides: {no_delta_list: all}\ndynamics_model: {}", "no_delta_list"),
        ("algorithm: {target_is_delta: 0.5}\ndynamics_model: {}", "target_is_delta is 0.5"),
        ("algorithm: {target_is_delta: '${lost.key}'}\ndynamics_model: {}", "target_is_delta"),
        ("algorithm: {learned_rewards: false}\ndynamics_model: {}", "3 inputs and 3 targets"),
        ("algorithm: {normalize: '${a.b}'}\ndynamics_model: {}", "normalize"),
        ("dynamics_model: {deterministic: true}", "deterministic is true"),
        ("dynamics_model: {propagation_method: magic}", "propagation_method is \"magic\""),
        ("dynamics_model: {activation_fn_cfg: {_target_: torch.nn.Mish}}", "torch.nn.Mish"),
        ("dynamics_model: {activation_fn_cfg: {negative_slope: 1}}", "names no activation"),
        (
            "dynamics_model: {activation_fn_cfg: {_target_: torch.nn.LeakyReLU, negative_slope: steep}}",
            "negative_slope",
        ),
        ("dynamics_model: {activation_fn_cfg: '${act}'}", "activation_fn_cfg"),
        ("dynamics_model: [", "no YAML"),
    ] {
        let e = refusal(small(config).path());
        assert!(
            e.contains(words) && e.contains("config.yaml") || e.contains("model.pth") && e.contains(words),
            "{config}: {e}"
        );
    }
    let dir = small("algorithm: {normalize: true}\ndynamics_model: {}\n");
    std::fs::remove_file(dir.path().join("env_stats.pickle")).unwrap();
    let e = refusal(dir.path());
    assert!(e.contains("env_stats.pickle: missing") && e.contains("normalize: true"), "{e}");
}

#[test]
fn a_configuration_is_found_where_hubs_and_runs_keep_it() {
    let config = "dynamics_model:\n  activation_fn_cfg:\n    _target_: torch.nn.Tanh\n";
    let dir = small(config);
    let (hydra, model_folder) = (dir.path().join(".hydra"), dir.path().join("model"));
    std::fs::create_dir(&model_folder).unwrap();
    for name in ["model.pth", "env_stats.pickle"] {
        std::fs::rename(dir.path().join(name), model_folder.join(name)).unwrap();
    }
    let activation = |path: &Path| model(&checkpoint::open(path).unwrap()).net.activation;
    assert_eq!(activation(&model_folder), Activation::Tanh, "../.hydra/config.yaml");
    std::fs::rename(hydra.join("config.yaml"), dir.path().join("config.yaml")).unwrap();
    std::fs::remove_dir(hydra).unwrap();
    assert_eq!(activation(&model_folder), Activation::Tanh, "../config.yaml");
    assert_eq!(activation(dir.path()), Activation::Tanh, "the folder above");
    // What lies further up and is of something else says nothing.
    std::fs::write(dir.path().join("config.yaml"), "site: docs\n").unwrap();
    let c = checkpoint::open(&model_folder).unwrap();
    assert_eq!(
        (model(&c).net.activation, c.about.reading.unwrap().activation.basis),
        (Activation::Silu, Basis::Assumed)
    );
}

/// Tensors of mbrl-lib's `GaussianMLP` with one hidden layer.
const GAUSSIAN_MLP: [&str; 6] = [
    "hidden_layers.0.0.weight",
    "hidden_layers.0.0.bias",
    "mean_and_logvar.weight",
    "mean_and_logvar.bias",
    "min_logvar",
    "max_logvar",
];

/// Members of a `BasicEnsemble` side by side are the ensemble that they are, each with its own bounds.
#[test]
fn a_basic_ensemble_is_its_members() {
    let names: Vec<String> = (0..2).flat_map(|e| GAUSSIAN_MLP.map(|n| format!("members.{e}.{n}"))).collect();
    let shapes: [&[usize]; 6] = [&[1, 3, 4], &[1, 1, 4], &[1, 4, 6], &[1, 1, 6], &[1, 3], &[1, 3]];
    let tensors: Vec<torch::Tensor<'_>> = names.iter().enumerate().map(|(i, n)| tensor(n, shapes[i % 6], i)).collect();
    let (dir, _) = file("model.pth", None, &tensors);
    let c = checkpoint::open(dir.path()).unwrap();
    let both = model(&c);
    assert_eq!((both.net.members, both.min_logvar.len(), both.elites.as_slice()), (2, 6, &[0, 1][..]));
    let inner = |name: &str| name.split_once('.').and_then(|(_, n)| n.split_once('.')).unwrap().1.to_owned();
    for e in 0..2 {
        let one: Vec<(String, &[usize], Vec<f32>)> =
            tensors[e * 6..e * 6 + 6].iter().map(|(n, s, v)| (inner(n), *s, v.clone())).collect();
        let one: Vec<torch::Tensor<'_>> = one.iter().map(|(n, s, v)| (n.as_str(), *s, v.clone())).collect();
        let (dir, _) = file("model.pth", None, &one);
        let alone = checkpoint::open(dir.path()).unwrap();
        let (a, b) = (model(&alone).predict(&[0.3, -0.2], &[0.7]), both.predict(&[0.3, -0.2], &[0.7]));
        assert_eq!(a.next_obs, b.next_obs[e * 2..e * 2 + 2]);
        assert_eq!(a.logvar.unwrap(), b.logvar.unwrap()[e * 3..e * 3 + 3]);
    }
    // Elites of versions 0.1 are in a file of their own.
    std::fs::write(dir.path().join("elite_models.pkl"), b"\x80\x02](K\x01e.").unwrap();
    assert_eq!(model(&checkpoint::open(dir.path()).unwrap()).elites, [1]);
    std::fs::write(dir.path().join("elite_models.pkl"), b"\x80\x02](K\x05e.").unwrap();
    assert!(refusal(dir.path()).contains("elites [5]"));
}

/// An ensemble of one is made of torch's own linear layers.
#[test]
fn a_gaussian_perceptron_of_one_member() {
    let shapes: [&[usize]; 6] = [&[4, 3], &[4], &[6, 4], &[6], &[1, 3], &[1, 3]];
    let tensors: Vec<torch::Tensor<'_>> =
        GAUSSIAN_MLP.into_iter().zip(shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect();
    let (dir, _) = file("model.pth", Some("state_dict"), &tensors);
    let c = checkpoint::open(dir.path()).unwrap();
    let layer = &model(&c).net.layers[0];
    assert_eq!((model(&c).net.members, layer.inputs, layer.outputs), (1, 3, 4));
    assert_eq!(layer.weight[1], tensors[0].2[3], "torch keeps [out, in]");
}

#[test]
fn a_perceptron_is_read_whatever_its_layers_are_called() {
    let (_dir, path) = file("model.pt", None, &perceptron(PLAIN));
    let plain = checkpoint::open(&path).unwrap();
    for names in [
        ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
        ["hidden1.weight", "hidden1.bias", "predict.weight", "predict.bias"],
        ["_orig_mod.net.0.weight", "_orig_mod.net.0.bias", "_orig_mod.net.2.weight", "_orig_mod.net.2.bias"],
        [
            "module.layers.0.linear.weight",
            "module.layers.0.linear.bias",
            "module.layers.1.linear.weight",
            "module.layers.1.linear.bias",
        ],
        ["model.input_layer.weight", "model.input_layer.bias", "model.output_layer.weight", "model.output_layer.bias"],
    ] {
        for outer in [None, Some("model_state_dict"), Some("state_dict")] {
            let (_dir, path) = file("a.pt", outer, &perceptron(names));
            let c = checkpoint::open(&path).unwrap_or_else(|e| panic!("{names:?}: {e}"));
            assert_eq!(model(&c), model(&plain), "{names:?}");
        }
    }
}

/// torch always writes zip64 end records, which a search for prepended bytes mistakes for some at this length of the name.
#[test]
fn stems_of_every_length_are_read() {
    for length in 1..40 {
        let (_dir, path) = file(&format!("{}.pt", "n".repeat(length)), None, &perceptron(PLAIN));
        assert!(checkpoint::open(&path).is_ok(), "{length} characters");
    }
}

#[test]
fn members_in_a_list_are_an_ensemble() {
    let names: Vec<String> = (0..3).flat_map(|e| PLAIN.map(|n| format!("members.{e}.net.{n}"))).collect();
    let shapes: [&[usize]; 4] = [&[5, 3], &[5], &[3, 5], &[3]];
    let tensors: Vec<torch::Tensor<'_>> = names.iter().enumerate().map(|(i, n)| tensor(n, shapes[i % 4], i)).collect();
    let (_dir, path) = file("model.pt", None, &tensors);
    let c = checkpoint::open(&path).unwrap();
    assert_eq!(model(&c).net.members, 3);
    let one: Vec<torch::Tensor<'_>> =
        PLAIN.into_iter().zip(&tensors[4..8]).map(|(n, t)| (n, t.1, t.2.clone())).collect();
    let (_dir, path) = file("model.pt", None, &one);
    let alone = checkpoint::open(&path).unwrap();
    let (a, b) = (model(&alone).predict(&[0.3, -0.2], &[0.7]), model(&c).predict(&[0.3, -0.2], &[0.7]));
    assert_eq!(a.next_obs, b.next_obs[2..4]);
}

#[test]
fn heads_say_what_they_predict() {
    let heads = |names: [&'static str; 6]| -> Vec<torch::Tensor<'static>> {
        let shapes: [&[usize]; 6] = [&[5, 3], &[5], &[2, 5], &[2], &[1, 5], &[1]];
        names.into_iter().zip(shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect()
    };
    let delta = heads([
        "trunk.0.weight",
        "trunk.0.bias",
        "delta_head.weight",
        "delta_head.bias",
        "reward_head.weight",
        "reward_head.bias",
    ]);
    let (_dir, path) = file("model.pt", None, &delta);
    let c = checkpoint::open(&path).unwrap();
    let reading = c.about.reading.unwrap();
    assert_eq!((reading.target.basis, reading.target.value), (Basis::Stated, Target::Delta));
    assert_eq!((reading.reward.basis, reading.reward.value), (Basis::Implied, RewardColumn::Last));
    // Side by side they are one layer of three outputs.
    let joint = [&delta[2].2[..], &delta[4].2].concat();
    let bias = [&delta[3].2[..], &delta[5].2].concat();
    let one = [
        ("0.weight", delta[0].1, delta[0].2.clone()),
        ("0.bias", delta[1].1, delta[1].2.clone()),
        ("2.weight", &[3, 5][..], joint),
        ("2.bias", &[3][..], bias),
    ];
    let (_dir, path) = file("model.pt", None, &one);
    assert_eq!(model(&checkpoint::open(&path).unwrap()), model(&c));
    let next =
        heads(["fc1.weight", "fc1.bias", "next_state.weight", "next_state.bias", "reward.weight", "reward.bias"]);
    let (_dir, path) = file("model.pt", None, &next);
    assert_eq!(model(&checkpoint::open(&path).unwrap()).absolute, [0, 1]);
}

#[test]
fn what_is_no_layer_is_named() {
    for (extra, shape) in
        [("action_mask", &[1][..]), ("0.running_mean", &[5]), ("ln.weight", &[5]), ("conv.weight", &[2, 2, 3, 3])]
    {
        let mut tensors = perceptron(PLAIN);
        tensors.push(tensor(extra, shape, 9));
        let (_dir, path) = file("model.pt", None, &tensors);
        assert!(refusal(&path).contains(extra), "{extra}");
    }
    // Two networks of which nothing says which is meant.
    let two = [
        perceptron(["a.0.weight", "a.0.bias", "a.2.weight", "a.2.bias"]),
        perceptron(["b.0.weight", "b.0.bias", "b.2.weight", "b.2.bias"]),
    ]
    .concat();
    let (_dir, path) = file("model.pt", None, &two);
    assert!(refusal(&path).contains("b.0"), "{}", refusal(&path));
}

#[test]
fn several_files_of_tensors_are_named_and_one_is_read() {
    let (dir, _) = file("best.pt", None, &perceptron(PLAIN));
    assert!(checkpoint::open(dir.path()).is_ok());
    torch::save(&dir.path().join("last.pt"), None, &perceptron(PLAIN));
    let e = refusal(dir.path());
    assert!(e.contains("best.pt") && e.contains("last.pt") && e.contains("name the one"), "{e}");
    // Under its usual name a file is taken whatever lies beside it.
    torch::save(&dir.path().join("model.pt"), None, &perceptron(PLAIN));
    assert!(checkpoint::open(dir.path()).is_ok());
}

#[test]
fn what_lies_beside_and_was_not_read_is_told() {
    let (dir, path) = file("model.pt", None, &perceptron(PLAIN));
    for (name, told) in [
        ("scaler.pkl", true),
        ("obs_mean.npy", true),
        ("normalizer.json", true),
        ("policy.pkl", false),
        ("meaning.json", false),
    ] {
        std::fs::write(dir.path().join(name), b"{}").unwrap();
        let warnings = checkpoint::open(&path).unwrap().about.warnings.join("\n");
        assert_eq!(warnings.contains(name), told, "{name}: {warnings}");
    }
}

/// `nn1`, `nn2`, …: reward first, and a scaler that its authors keep nowhere.
#[test]
fn ports_of_mbpo_need_their_scaler() {
    let names = ["nn1.weight", "nn1.bias", "nn2.weight", "nn2.bias", "max_logvar", "min_logvar"];
    let shapes: [&[usize]; 6] = [&[2, 3, 4], &[2, 4], &[2, 4, 6], &[2, 6], &[1, 3], &[1, 3]];
    let tensors: Vec<torch::Tensor<'_>> =
        names.into_iter().zip(shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect();
    let (dir, path) = file("model.pt", None, &tensors);
    assert!(refusal(&path).contains("scaler.npz"));
    crate::support::npz::write(&dir.path().join("scaler.npz"), &[("mu", &[0.1, 0.2, 0.3]), ("std", &[1.0, 2.0, 3.0])]);
    let c = checkpoint::open(&path).unwrap();
    let reading = c.about.reading.unwrap();
    assert_eq!((reading.reward.value, reading.assumed().len()), (RewardColumn::First, 0));
    assert_eq!((model(&c).input.std.as_slice(), model(&c).net.activation), (&[1.0, 2.0, 3.0][..], Activation::Silu));
    // The last column of the biases is what the file has first.
    assert_eq!(model(&c).net.layers[1].bias[2], tensors[3].2[0]);
}

#[test]
fn options_and_files_beside_state_what_the_weights_do_not() {
    let (dir, path) = file("model.pt", None, &perceptron(PLAIN));
    let c = checkpoint::open(&path).unwrap();
    let caution = c.about.reading.unwrap().sentence(&path).unwrap();
    for word in [
        "model.pt",
        "activation",
        "next observation",
        "reward",
        "order of the inputs",
        "--model-activation",
        "oodscope.toml",
    ] {
        assert!(caution.contains(word), "{caution}");
    }
    let asked = Asked {
        activation: Some(Activation::Silu),
        target: Some(Target::Absolute),
        reward: Some(RewardColumn::First),
        input: Some(InputOrder::ActionObs),
    };
    let by_option = checkpoint::open_given(&path, &Given { asked, data: None }).unwrap();
    let toml = "activation = \"silu\"\ntarget = \"absolute\"\nreward = \"first\"\ninput = \"action-obs\"\n";
    std::fs::write(dir.path().join("oodscope.toml"), toml).unwrap();
    let by_file = checkpoint::open(&path).unwrap();
    assert_eq!(model(&by_option), model(&by_file));
    for c in [&by_option, &by_file] {
        assert_eq!((c.about.reading.unwrap().sentence(&path), c.alternatives().count()), (None, 0));
    }
    // The other readings of the silent file hold the one that is right, and every one can be used.
    let found = c.alternatives().find(|a| Ensemble::known(&*a.model) == Some(model(&by_file)));
    assert_eq!(found.unwrap().reading.unlike(&c.about.reading.unwrap()).len(), 4);
    assert!(c.alternatives().all(|a| Ensemble::known(&*a.model).is_some_and(|m| m.check().is_ok())));
}
