//! Files that are not what they should be, and what copies of the libraries keep in them.

use super::*;
use crate::support::damage::damaged;

/// `names` with `shapes`, and a scaler beside them.
fn mbpo(names: [&'static str; 6], shapes: [&'static [usize]; 6]) -> Vec<torch::Tensor<'static>> {
    names.into_iter().zip(shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect()
}

const PLAIN: [&str; 6] = ["nn1.weight", "nn1.bias", "nn2.weight", "nn2.bias", "max_logvar", "min_logvar"];
const SHAPES: [&[usize]; 6] = [&[2, 3, 4], &[2, 4], &[2, 4, 6], &[2, 6], &[1, 3], &[1, 3]];

#[test]
fn copies_of_mbpo_keep_more_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.pt");
    let mut tensors = mbpo(PLAIN, SHAPES);
    tensors.push(("scaler.mu", &[1, 3], vec![0.1, 0.2, 0.3]));
    tensors.push(("scaler.std", &[1, 3], vec![1.0, 0.0, 3.0]));
    tensors.push(("elites", &[1], vec![1.0]));
    torch::save(&path, None, &tensors);
    let c = opened(&path);
    assert_eq!((ensemble(&c).input.std.as_slice(), ensemble(&c).elites.as_slice()), (&[1.0, 1.0, 3.0][..], &[1][..]));
    torch::save(&path, Some("ensemble_model"), &tensors);
    assert_eq!(ensemble(&opened(&path)), ensemble(&c));
    tensors[8].2 = vec![7.0];
    torch::save(&path, None, &tensors);
    assert!(refusal(&path).contains("elites [7]"));
}

#[test]
fn broken_ensembles_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.pt");
    npz::write(&dir.path().join("scaler.npz"), &[("mu", &[0.0; 3]), ("std", &[1.0; 3])]);
    let refused = |tensors: &[torch::Tensor<'_>]| {
        torch::save(&path, None, tensors);
        refusal(&path)
    };
    let with = |at: usize, shape: &'static [usize]| {
        let mut shapes = SHAPES;
        shapes[at] = shape;
        mbpo(PLAIN, shapes)
    };
    assert!(refused(&with(2, &[2, 5, 6])).contains("'nn2.weight' takes 5 inputs, 'nn1.weight' before it gives 4"));
    assert!(refused(&with(0, &[3, 4])).contains("[members, in, out]"));
    assert!(refused(&with(1, &[4])).contains("tensor 'nn1.bias' has shape [4]"));
    assert!(refused(&with(4, &[1, 2])).contains("2 upper bounds"));
    assert!(refused(&mbpo(PLAIN, [&[2, 3, 4], &[2, 4], &[2, 4, 5], &[2, 5], &[1, 3], &[1, 3]])).contains("5 outputs"));
    let mut broken = mbpo(PLAIN, SHAPES);
    broken[2].2[3] = f32::NAN;
    assert!(refused(&broken).contains("'nn2.weight' (1 of 48)"));
    let twice: Vec<String> = ["a.", "b."].iter().flat_map(|p| PLAIN.map(|n| format!("{p}{n}"))).collect();
    let twice: Vec<torch::Tensor<'_>> = twice.iter().enumerate().map(|(i, n)| tensor(n, SHAPES[i % 6], i)).collect();
    assert!(refused(&twice).contains("several ensembles (a.nn1, b.nn1)"));
}

/// Tensors of a robotic world model of one head: 2 states, 1 action, 3 units.
fn robot() -> Vec<torch::Tensor<'static>> {
    let named: [(&str, &[usize]); 8] = [
        ("state_base.memory.rnn.weight_ih_l0", &[9, 3]),
        ("state_base.memory.rnn.weight_hh_l0", &[9, 3]),
        ("state_base.memory.rnn.bias_ih_l0", &[9]),
        ("state_base.memory.rnn.bias_hh_l0", &[9]),
        ("state_heads.0.state_mean_layers.0.weight", &[4, 3]),
        ("state_heads.0.state_mean_layers.0.bias", &[4]),
        ("state_heads.0.state_mean_layers.2.weight", &[2, 4]),
        ("state_heads.0.state_mean_layers.2.bias", &[2]),
    ];
    named.into_iter().enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect()
}

#[test]
fn broken_recurrent_networks_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model_1.pt");
    let toml = "history = 2\nobs_mean = [0, 0]\nobs_std = [1, 1]\naction_mean = [0]\naction_std = [1]\n";
    std::fs::write(dir.path().join("oodscope.toml"), toml).unwrap();
    let save = |tensors: &[torch::Tensor<'_>]| torch::save(&path, Some("system_dynamics_state_dict"), tensors);
    save(&robot());
    assert_eq!(recurrent(&opened(&path)).action_dim, 1);
    let asked = Asked { target: Some(Target::Absolute), ..Asked::default() };
    let e = checkpoint::open_given(&path, &Given { asked, data: None }).unwrap_err().to_string();
    assert!(e.contains("--model-target"), "{e}");
    std::fs::write(dir.path().join("oodscope.toml"), format!("{toml}elites = [0]\n")).unwrap();
    assert!(refusal(&path).contains("take 'elites' out"));
    std::fs::write(dir.path().join("oodscope.toml"), toml).unwrap();
    let with = |at: usize, shape: &'static [usize]| {
        let mut tensors = robot();
        tensors[at] = tensor(tensors[at].0, shape, 3);
        save(&tensors);
        refusal(&path)
    };
    assert!(with(1, &[6, 3]).contains("6 gates for 3 units"));
    assert!(with(0, &[12, 3]).contains("bias_ih_l0"));
    assert!(with(0, &[9, 2]).contains("none is left for actions"));
    assert!(with(4, &[4, 5]).contains("5 inputs of the heads, 3"));
    assert!(with(6, &[2, 9]).contains("takes 9 inputs"));
    assert!(with(6, &[3, 4]).contains("shape"));
    let mut more = robot();
    more.push(tensor("state_base.memory.rnn.weight_ih_l0_reverse", &[9, 3], 1));
    save(&more);
    assert!(refusal(&path).contains("reads backwards"));
    let mut broken = robot();
    broken[3].2[0] = f32::INFINITY;
    save(&broken);
    assert!(refusal(&path).contains("NaN or infinite"));
    let mut second = robot();
    second.push(tensor("state_heads.1.state_mean_layers.0.weight", &[5, 3], 1));
    second.push(tensor("state_heads.1.state_mean_layers.0.bias", &[5], 1));
    save(&second);
    assert!(refusal(&path).contains("different depths"));

    let dir = copy("small-kit-rnn");
    std::fs::remove_file(dir.path().join("mu.npy")).unwrap();
    assert!(refusal(dir.path()).contains("mu.npy: reading failed"));
    let dir = copy("small-kit-rnn");
    std::fs::write(dir.path().join("oodscope.toml"), "obs_dim = 4\n").unwrap();
    assert!(refusal(dir.path()).contains("3 observation and 2 action dimensions"));
    std::fs::write(dir.path().join("oodscope.toml"), "history = 9\n").unwrap();
    assert_eq!(recurrent(&opened(dir.path())).context, 9);
}

/// Files cut short and with bytes changed: a value or a sentence, never a panic.
#[test]
fn damaged_files_are_sentences() {
    for (folder, name) in [
        ("small-mbpo", "model.pt"),
        ("small-mbpo", "scaler.npz"),
        ("small-pets", "model.pt"),
        ("small-kit-rnn", "dynamics.pth"),
        ("small-rwm", "model_10.pt"),
        ("small-rwm", "params/agent.yaml"),
    ] {
        let dir = copy(folder);
        let opens = if folder == "small-rwm" { dir.path().join("model_10.pt") } else { dir.path().to_path_buf() };
        let path = dir.path().join(name);
        damaged(&path, 100, || checkpoint::open(&opens).map(drop));
    }
}
