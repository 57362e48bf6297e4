//! World models of other libraries' files on the command line: what is assumed is said in every report, options and files
//! beside the weights state it, and what is no world model is named.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{at, pendulum, run, text};
use crate::support::torch::{self, tensor};

/// A perceptron of Pendulum's columns that nothing is said of: [obs 3, action 1] -> 4 outputs.
fn silent(name: &str) -> PathBuf {
    let folder = at(name);
    std::fs::create_dir_all(&folder).unwrap();
    let layers = [
        tensor("net.0.weight", &[6, 4], 0),
        tensor("net.0.bias", &[6], 1),
        tensor("net.2.weight", &[4, 6], 2),
        tensor("net.2.bias", &[4], 3),
    ];
    torch::save(&folder.join("model.pt"), None, &layers);
    folder
}

/// The warnings of every report, by the report's name.
fn warnings(json: &Value) -> Vec<(String, String)> {
    let reports = json["reports"].as_array().unwrap();
    let of = |r: &Value| -> String {
        let notes = r["notes"].as_array().unwrap().iter();
        notes
            .filter(|n| n["level"] == "warn")
            .map(|n| n["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    reports.iter().map(|r| (r["name"].as_str().unwrap().to_owned(), of(r))).collect()
}

const OPTIONS: [&str; 8] =
    ["--model-activation", "relu", "--model-target", "delta", "--model-reward", "last", "--model-input", "obs-action"];

#[test]
fn what_is_assumed_is_said_in_every_report_that_uses_the_model() {
    let folder = silent("silent-model");
    let data = text(pendulum());
    let common = [data, "--checkpoint", text(&folder), "--json"];
    let rollouts = ["--rollouts", data];
    for (command, more, using) in [
        ("imagine", &["--horizon", "5", "--starts", "20"][..], &["imagination"][..]),
        ("diagnose", &rollouts[..], &["diagnosis"]),
        ("score", &rollouts[..], &["score"]),
        ("report", &rollouts[..], &["data", "imagination", "diagnosis"]),
    ] {
        let args = [&[command][..], &common, more].concat();
        let said = warnings(&run(&args).json());
        for name in using {
            let (_, warned) =
                said.iter().find(|(n, _)| n.starts_with(name)).unwrap_or_else(|| panic!("{command}: {said:?}"));
            for word in [
                "does not say the activation",
                "next observation",
                "reward",
                "inputs",
                "oodscope.toml",
                "--model-activation",
            ] {
                assert!(warned.contains(word), "{command}, {name}: '{word}' is missing: {warned}");
            }
        }
        let stated = warnings(&run(&[&args[..], &OPTIONS].concat()).json());
        assert!(
            stated.iter().all(|(_, warned)| !warned.contains("does not say the activation")),
            "{command}: {stated:?}"
        );
    }
}

#[test]
fn a_file_beside_the_weights_states_it_and_is_held_to_its_words() {
    let folder = silent("stated-model");
    let imagine = |more: &[&str]| {
        run(&[
            &["imagine", text(pendulum()), "--checkpoint", text(&folder), "--json", "--horizon", "5", "--starts", "20"]
                [..],
            more,
        ]
        .concat())
    };
    let toml = "activation = \"relu\"\ntarget = \"delta\"\nreward = \"last\"\ninput = \"obs-action\"\nactivation_fn = \"tanh\"\n";
    std::fs::write(folder.join("oodscope.toml"), toml).unwrap();
    let (_, warned) = warnings(&imagine(&[]).json()).remove(0);
    assert!(
        !warned.contains("does not say") && warned.contains("'activation_fn' (is 'activation' meant?)"),
        "{warned}"
    );
    let (_, warned) = warnings(&imagine(&["--model-activation", "tanh"]).json()).remove(0);
    assert!(warned.contains("--model-activation tanh is taken although the file states relu"), "{warned}");
    std::fs::write(folder.join("oodscope.toml"), "activation = \"mish\"\n").unwrap();
    imagine(&[]).refuses(&["oodscope.toml", "'mish' is not known", "SiLU"]);
    assert_eq!(imagine(&["--model-target", "next"]).status, Some(2));
}

#[test]
fn another_reading_gives_other_numbers() {
    let folder = silent("read-otherwise");
    let value = |more: &[&str]| {
        let args =
            ["imagine", text(pendulum()), "--checkpoint", text(&folder), "--json", "--horizon", "5", "--starts", "20"];
        let json = run(&[&args[..], more].concat()).json();
        let stats = json["reports"][0]["stats"].as_array().unwrap().clone();
        stats.iter().find(|s| s["key"] == "one_step_nrmse").unwrap()["value"].as_f64().unwrap()
    };
    let plain = value(&[]);
    for other in [
        ["--model-activation", "tanh"],
        ["--model-target", "absolute"],
        ["--model-reward", "first"],
        ["--model-input", "action-obs"],
    ] {
        assert_ne!(value(&other).to_bits(), plain.to_bits(), "{other:?}");
    }
    assert_eq!(value(&OPTIONS).to_bits(), plain.to_bits(), "what is assumed, when asked for");
}

#[test]
fn what_is_no_world_model_is_named() {
    let folder = at("no-models");
    std::fs::create_dir_all(&folder).unwrap();
    let refuses = |name: &str, tensors: &[torch::Tensor<'_>], words: &[&str]| {
        let path = folder.join(name);
        torch::save(&path, None, tensors);
        run(&["imagine", text(pendulum()), "--checkpoint", text(&path)]).refuses(words);
    };
    let policy = [
        tensor("0.weight", &[8, 3], 0),
        tensor("0.bias", &[8], 1),
        tensor("2.weight", &[1, 8], 2),
        tensor("2.bias", &[1], 3),
    ];
    refuses("policy.pt", &policy, &["3 inputs and 1 outputs", "policy"]);
    let value = [
        tensor("0.weight", &[8, 4], 0),
        tensor("0.bias", &[8], 1),
        tensor("2.weight", &[1, 8], 2),
        tensor("2.bias", &[1], 3),
    ];
    refuses("value.pt", &value, &["value function"]);
    refuses("latest.pt", &[tensor("agent._wm.dynamics.W", &[1, 8], 0)], &["dreamerv3-torch", "oodscope compare"]);
    refuses(
        "tdmpc.pt",
        &[tensor("model._encoder.a", &[1], 0), tensor("model._dynamics.a", &[1], 0), tensor("model._Qs.a", &[1], 0)],
        &["TD-MPC2"],
    );
    let onnx = folder.join("model.onnx");
    std::fs::write(&onnx, b"\x08\x0a").unwrap();
    run(&["imagine", text(pendulum()), "--checkpoint", text(&onnx)]).refuses(&["ONNX", "--features onnx"]);
}

#[test]
fn inspect_says_what_a_file_is() {
    let folder = silent("inspected");
    let json = run(&["inspect", text(&folder), "--json"]).json();
    let report = &json["reports"][0];
    let table = |key: &str| {
        let tables = report["tables"].as_array().unwrap();
        tables.iter().find(|t| t["key"] == key).unwrap_or_else(|| panic!("{key}"))["rows"].as_array().unwrap().clone()
    };
    assert!(table("tensors").iter().any(|r| r[0] == "net.0.weight" && r[1] == "float32" && r[2] == "6 × 4"));
    assert!(table("layouts").iter().any(|r| r[0] == "state_dict" && r[2] == "recognised, and read"));
    assert!(table("reading").iter().any(|r| r[0] == "target" && r[1] == "delta" && r[2] == "assumed"));
    let asked = run(&["inspect", text(&folder), "--model-target", "absolute"]);
    assert!(asked.good().contains("asked for"), "{asked:?}");
    // What is not read is shown all the same.
    let latent = at("inspected-latent.pt");
    torch::save(&latent, None, &[tensor("agent._wm.dynamics.W", &[1, 8], 0)]);
    let said = run(&["inspect", text(&latent)]);
    assert!(said.good().contains("dreamerv3-torch") && said.out.contains("agent._wm.dynamics.W"), "{said:?}");
    let data = run(&["inspect", text(pendulum()), "--json"]).json();
    let report = &data["reports"][0];
    let formats = report["tables"][0]["rows"].as_array().unwrap();
    assert!(formats.iter().any(|r| r[0] == "minari" && r[1] == "recognised"), "{formats:?}");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/d4rl.hdf5");
    let said = run(&["inspect", text(&shipped)]);
    assert!(said.good().contains("observations") && said.out.contains("float32"), "{said:?}");
    run(&["inspect", "nowhere.pt"]).refuses(&["nowhere.pt"]);
    // A library that saves policy and world model in one file: both are told.
    let both = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-rwm/model_10.pt");
    let said = run(&["inspect", text(&both)]);
    let words = ["Policy and world model", "a policy of rsl_rl", "read as Robotic World Model"];
    assert!(words.iter().all(|word| said.good().contains(word)), "{said:?}");
}

#[test]
fn a_device_that_is_not_there_is_refused_before_anything_is_spent() {
    let checkpoint = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
    let imagine = ["imagine", text(pendulum()), "--checkpoint", text(&checkpoint), "--device"];
    run(&[&imagine[..], &["cuda:99"]].concat()).refuses(&["cuda:99", "leave"]);
    let said = run(&[&imagine[..], &["gpu"]].concat());
    assert!(said.status == Some(2) && said.err.contains("'gpu'") && said.err.contains("vulkan:0"), "{said:?}");
    run(&["fit", text(pendulum()), "--device", "vulkan:99", "--out", text(&at("no-device"))]).refuses(&["vulkan:99"]);
    assert!(!at("no-device").exists());
}

/// A recurrent state-space model of Pendulum's columns as a bare `state_dict`: 6 units, 12 latents.
fn recurrent(name: &str) -> PathBuf {
    let folder = at(name);
    std::fs::create_dir_all(&folder).unwrap();
    let nets = [
        ("encoder.net", [[7, 3], [7, 7], [5, 7]]),
        ("posterior_net.net", [[7, 11], [7, 7], [12, 7]]),
        ("decoder.net", [[7, 18], [7, 7], [3, 7]]),
        ("reward_head.net", [[7, 18], [7, 7], [1, 7]]),
        ("continue_head.net", [[7, 18], [7, 7], [1, 7]]),
    ];
    let own = [("dynamics.pre_gru.0", [7, 13]), ("dynamics.prior_net.0", [7, 6]), ("dynamics.prior_net.2", [12, 7])];
    let of_nets = nets.iter().flat_map(|(name, shapes)| {
        shapes.iter().enumerate().map(move |(i, shape)| (format!("{name}.{}", 2 * i), *shape))
    });
    let layers = of_nets.chain(own.map(|(name, shape)| (name.to_owned(), shape)));
    let both = |(name, shape): (String, [usize; 2])| {
        [(format!("{name}.weight"), shape.to_vec()), (format!("{name}.bias"), vec![shape[0]])]
    };
    let mut named: Vec<(String, Vec<usize>)> = layers.flat_map(both).collect();
    let cell = [("weight_ih", vec![18, 7]), ("weight_hh", vec![18, 6]), ("bias_ih", vec![18]), ("bias_hh", vec![18])];
    named.extend(cell.map(|(name, shape)| (format!("dynamics.gru_cell.{name}"), shape)));
    let tensors: Vec<_> = named.iter().enumerate().map(|(i, (name, shape))| tensor(name, shape, i)).collect();
    torch::save(&folder.join("rssm.pt"), None, &tensors);
    folder
}

#[test]
fn a_recurrent_model_imagines_once_it_is_known_how_its_latents_are_divided() {
    let folder = recurrent("recurrent-model");
    let imagined = || run(&["imagine", text(pendulum()), "--checkpoint", text(&folder), "--json"]);
    imagined().refuses(&["12 latents", "`classes = N`", "oodscope.toml", "rssm.pt"]);
    std::fs::write(folder.join("oodscope.toml"), "classes = 5\n").unwrap();
    imagined().refuses(&["12 latents are no whole groups of 5 classes"]);
    std::fs::write(folder.join("oodscope.toml"), "classes = 4\n").unwrap();
    assert!(imagined().good().contains("one_step_nrmse"));
    let again = run(&["fit", text(pendulum()), "--checkpoint", text(&folder), "--out", text(&at("refitted"))]);
    again.refuses(&["not trained on", "fit --model rssm"]);
}

#[test]
fn a_recurrent_model_is_fitted_and_its_checkpoint_imagines() {
    let out = at("fitted-rssm");
    let small = ["--model", "rssm", "--hidden", "16", "--layers", "1", "--epochs", "2", "--seed", "3"];
    let fit = [&["fit", text(pendulum()), "--out", text(&out)], &small[..]].concat();
    assert!(run(&fit).good().contains("a recurrent world model"), "it says what was fitted");
    let imagined = run(&["imagine", text(pendulum()), "--checkpoint", text(&out), "--json"]);
    assert!(imagined.good().contains("one_step_nrmse"));
    // A policy that learned in its imagination acts on what it makes of an episode.
    let acting = at("fitted-rssm-policy");
    let policy = ["--policy-steps", "5", "--out", text(&acting)];
    run(&[&["fit", text(pendulum())], &small[..], &policy].concat()).good();
    let collected = at("collected-rssm");
    let collect = ["collect", "--env", "Pendulum-v1", "--policy", text(&acting), "--episodes", "2", "--out"];
    assert!(run(&[&collect[..], &[text(&collected)]].concat()).good().contains("2 episodes"));
    assert!(run(&["inspect", text(&acting)]).good().contains("filtered"));
    let other = run(&["fit", text(pendulum()), "--model", "lstm"]);
    assert!(other.status == Some(2) && other.err.contains("ensemble and rssm are trained here"), "{other:?}");
}

/// dreamerv3-torch's file of the references with one action column in place of two: Pendulum's columns.
#[test]
fn a_dreamer_imagines_and_says_what_it_was_trained_on() {
    let folder = at("dreamer-model");
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/small-dreamerv3-torch/latest.pt");
    let named = oodscope::checkpoint::key_report(&shipped).unwrap();
    let shaped = |name: &str, shape: &[usize]| match name {
        _ if name.ends_with("_img_in_layers.0.weight") => vec![shape[0], shape[1] - 1],
        _ => shape.to_vec(),
    };
    let named: Vec<_> = named.iter().map(|(name, shape, _)| (name.as_str(), shaped(name, shape))).collect();
    let tensors: Vec<_> = named.iter().enumerate().map(|(i, (name, shape))| tensor(name, shape, i)).collect();
    torch::save(&folder.join("latest.pt"), None, &tensors);
    let imagined = || run(&["imagine", text(pendulum()), "--checkpoint", text(&folder), "--json"]);
    imagined().refuses(&["12 latents", "`classes = N`", "dyn_discrete", "latest.pt"]);
    std::fs::write(folder.join("oodscope.toml"), "classes = 4\n").unwrap();
    let json = imagined().json();
    assert!(warnings(&json).iter().any(|(_, said)| said.contains("scaled to [-1, 1]")), "{json}");
    assert!(json.to_string().contains("one_step_nrmse"));
    let again = run(&["fit", text(pendulum()), "--checkpoint", text(&folder), "--out", text(&at("refitted-dreamer"))]);
    again.refuses(&["not trained on", "fit --model rssm"]);
    run(&["inspect", text(&folder)]).good();
}
