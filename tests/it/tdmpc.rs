//! World models without a decoder: TD-MPC2, Newt, TD-MPC and LeRobot's TD-MPC against PyTorch, in files that ship, in files that
//! are spoiled, and on the command line, where everything is said to be in the latent space.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use oodscope::checkpoint::{self, CHECKPOINTS};
use oodscope::data::sequence::SequenceBatch;
use oodscope::data::space::{Actions, Space};
use oodscope::engine::job::{JobSpec, Source, TraceSpec};
use oodscope::engine::{self, Workspace};
use oodscope::ground::task::Ctx;
use oodscope::world::imagine;
use oodscope::world::world_model::{Feedback, WorldModel};
use serde_json::Value;

use crate::support::program::{at, dataset, pendulum, run, text, written};
use crate::support::torch::{self, Tensor, tensor};

const MODELS: [(&str, &str); 5] = [
    ("small-tdmpc2", "TD-MPC2"),
    ("small-tdmpc2-tasks", "TD-MPC2"),
    ("small-newt", "TD-MPC2"),
    ("small-tdmpc", "TD-MPC"),
    ("small-lerobot-tdmpc", "LeRobot TD-MPC"),
];

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models").join(name)
}

/// A copy of the folder of a model, to be spoiled.
fn copy(model: &str, name: &str) -> PathBuf {
    let folder = at(name);
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(reference(model)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn refusal(path: &Path) -> String {
    checkpoint::open(path).expect_err("must be refused").to_string()
}

fn opened(path: &Path) -> Box<dyn WorldModel> {
    checkpoint::open(path).unwrap().world_model.expect("a world model")
}

/// All numbers of nested lists.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

/// Largest difference in units of the size of the numbers.
fn gap(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let size = want.iter().fold(1e-3f64, |most, v| most.max(v.abs()));
    let worst = got
        .iter()
        .zip(want)
        .map(|(g, w)| (f64::from(*g) - w).abs())
        .fold(0.0f64, |a, b| if b.is_nan() { b } else { a.max(b) });
    worst / size
}

#[test]
fn every_layout_imagines_what_pytorch_imagines() {
    for (name, format) in MODELS {
        let opened = checkpoint::open(&reference(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(opened.about.format, format, "{name}");
        let takers = CHECKPOINTS.iter().filter(|f| f.probe(&reference(name))).map(|f| f.name()).collect::<Vec<_>>();
        assert_eq!(takers[0], format, "{name}: {takers:?}");
        let model = opened.world_model.unwrap();
        let said: Value =
            serde_json::from_slice(&std::fs::read(reference(name).join("expected.json")).unwrap()).unwrap();
        let narrow = |key: &str| flat(&said[key]).into_iter().map(|v| v as f32).collect::<Vec<f32>>();
        let encoder = model.encoder().expect("an encoder");
        let (rows, horizon) = (said["obs"].as_array().unwrap().len(), said["actions"][0].as_array().unwrap().len());
        let latents = encoder.encode(&narrow("obs"));
        assert!(gap(&latents, &flat(&said["latent"])) < 1e-5, "{name}: latents");

        let (z, a) = (model.dims().obs, model.dims().action);
        let space = Space::unnamed("action", a);
        let actions = Actions::new(&space, narrow("actions"));
        let past = SequenceBatch::present(latents, z, Actions::new(&space, Vec::new()));
        let rollouts = imagine::open_loop(&*model, &past, &actions, horizon, None, &Ctx::quiet()).unwrap();
        let steps: Vec<usize> = flat(&said["steps"]).iter().map(|s| *s as usize).collect();
        let mut worst = [0.0f64; 2];
        for (i, &step) in steps.iter().enumerate() {
            let got: Vec<f32> = (0..rows).flat_map(|k| rollouts.obs_at(k, step).to_vec()).collect();
            let want: Vec<f64> = (0..rows).flat_map(|k| flat(&said["imagined"][k][i])).collect();
            let (off, late) = (gap(&got, &want), usize::from(step > 10));
            assert!(off < [1e-5, 1e-3][late], "{name}: {off:.1e} off after {step} steps");
            worst[late] = worst[late].max(off);
        }
        let (got, want) = (rollouts.reward.unwrap(), flat(&said["reward"]));
        let upto = |n: usize| (0..rows * horizon).filter(move |i| i % horizon < n);
        let part =
            |n: usize| gap(&upto(n).map(|i| got[i]).collect::<Vec<_>>(), &upto(n).map(|i| want[i]).collect::<Vec<_>>());
        assert!(part(10) < 1e-5 && part(horizon) < 1e-3, "{name}: rewards {:.1e} {:.1e}", part(10), part(horizon));
        println!(
            "{name}: latents {:.1e} to h = 10, {:.1e} to 50; rewards {:.1e}, {:.1e}",
            worst[0],
            worst[1],
            part(10),
            part(horizon)
        );
        if let Some(ends) = said.get("terminated") {
            let mut state = model.begin(&past);
            let first: Vec<f32> = (0..rows).flat_map(|k| actions.stored_at(k * horizon).to_vec()).collect();
            let step = model.step(&mut state, &Actions::new(&space, first), Feedback::Mean);
            let want: Vec<f64> = (0..rows).map(|k| flat(&ends[k])[0]).collect();
            assert!(gap(&step.terminated.unwrap(), &want) < 1e-5, "{name}: ends");
            model.keep(&mut state, &[2, 0]);
            assert_eq!(state.obs.len(), 2 * z);
        }
        assert_eq!((model.predicts_end(), model.dims().members), (said.get("terminated").is_some(), 1));
    }
}

#[test]
fn what_the_files_do_not_say_is_told_or_asked_for() {
    // The library's own sizes are taken, and said.
    let c = checkpoint::open(&reference("small-tdmpc2")).unwrap();
    let [warning] = &c.about.warnings[..] else { panic!("{:?}", c.about.warnings) };
    for word in ["model.pt does not say", "simnorm_dim = 8, vmin = -10.0, vmax = 10.0", "oodscope.toml"] {
        assert!(warning.contains(word), "{warning}");
    }
    assert!(c.about.notes.iter().any(|n| n.contains("32 SimNorm units in groups of 8")), "{:?}", c.about.notes);
    let folder = copy("small-tdmpc2", "tdmpc2-stated");
    std::fs::write(folder.join("oodscope.toml"), "simnorm_dim = 8\nvmin = -10\nvmax = 10.0\n").unwrap();
    let stated = checkpoint::open(&folder).unwrap();
    assert_eq!((stated.about.warnings.len(), &stated.world_model), (0, &c.world_model));
    for (toml, words) in [
        ("simnorm_dim = 5", "32 latents are no whole groups"),
        ("simnorm_dim = 0.5", "simnorm_dim = 0.5, a whole number is needed"),
        ("simnorm_dim = \"eight\"", "a number is needed"),
        ("num_bins = 51", "num_bins = 51 is stated, the reward has 101 outputs"),
        ("vmin = -5", "write `vmin"),
        ("vmin = 5\nvmax = -5", "between 5 and -5"),
        ("obs_dim = 9", "obs_dim = 9 is stated, the encoder takes 3"),
        ("act_dim = 4", "4 action columns are stated"),
    ] {
        std::fs::write(folder.join("oodscope.toml"), toml).unwrap();
        assert!(refusal(&folder).contains(words), "{toml}: {}", refusal(&folder));
    }
    // Other numbers than the library's own are asked for.
    let folder = copy("small-newt", "newt-silent");
    for (toml, words) in [
        ("num_bins = 1", "write `simnorm_dim = N`"),
        ("simnorm_dim = 6", "write `num_bins = 0`"),
        ("simnorm_dim = 6\nnum_bins = 1\nact_dim = 3", "3 action columns are stated, the model takes 2 of 4"),
    ] {
        std::fs::write(folder.join("oodscope.toml"), toml).unwrap();
        assert!(refusal(&folder).contains(words), "{toml}: {}", refusal(&folder));
    }
    // A model of several tasks is asked for its own.
    let folder = copy("small-tdmpc2-tasks", "tdmpc2-tasks");
    for (toml, words) in [("", "a model of 3 tasks"), ("task = 3", "tasks 0 to 2"), ("task = 1.5", "a whole number")] {
        std::fs::write(folder.join("oodscope.toml"), toml).unwrap();
        assert!(refusal(&folder).contains(words), "{toml}: {}", refusal(&folder));
    }
    std::fs::write(folder.join("oodscope.toml"), "task = 1").unwrap();
    let all = opened(&folder);
    assert_eq!((all.observes(), all.dims().action), (5, 3));
    std::fs::write(folder.join("config.yaml"), "obs: rgb\n").unwrap();
    assert!(refusal(&folder).contains("reads images"));
}

/// Names of the tensors of a normalised layer.
macro_rules! names {
    ($name:literal) => {
        &[concat!($name, ".weight"), concat!($name, ".bias"), concat!($name, ".ln.weight"), concat!($name, ".ln.bias")]
    };
}

/// The tensors of a small TD-MPC2 model, to be spoiled.
fn layers() -> Vec<Tensor<'static>> {
    let mut all = Vec::new();
    let mut normed = |name: &'static [&'static str; 4], inputs: &'static [usize; 2], units: &'static [usize; 1]| {
        all.extend([
            tensor(name[0], inputs, 0),
            tensor(name[1], units, 1),
            tensor(name[2], units, 2),
            tensor(name[3], units, 3),
        ]);
    };
    normed(names!("_encoder.state.0"), &[6, 3], &[6]);
    normed(names!("_encoder.state.1"), &[8, 6], &[8]);
    normed(names!("_dynamics.0"), &[6, 9], &[6]);
    normed(names!("_dynamics.1"), &[8, 6], &[8]);
    normed(names!("_reward.0"), &[6, 9], &[6]);
    all.extend([tensor("_reward.1.weight", &[101, 6], 4), tensor("_reward.1.bias", &[101], 5)]);
    all
}

#[test]
fn spoiled_files_are_sentences() {
    let file = at("spoiled.pt");
    let said = |edit: &dyn Fn(&mut Vec<Tensor<'static>>)| {
        let mut all = layers();
        edit(&mut all);
        torch::save(&file, Some("model"), &all);
        checkpoint::open(&file).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(said(&|_| {}), "");
    let without = |name: &'static str| said(&|all| all.retain(|t| t.0 != name));
    let reshaped = |name: &'static str, shape: &'static [usize]| {
        said(&|all| all.iter_mut().filter(|t| t.0 == name).for_each(|t| *t = tensor(name, shape, 7)))
    };
    for (got, words) in [
        (without("_dynamics.1.ln.bias"), "no tensor '_dynamics.1.ln.bias'"),
        (without("_encoder.state.0.weight"), "no tensor '_encoder.state.0.weight'"),
        (without("_reward.1.weight"), "no tensor '_reward.1.weight'"),
        (
            said(&|all| all.retain(|t| !t.0.starts_with("_reward.1"))),
            "'_reward.0' is normalised and the last of its layers",
        ),
        (reshaped("_encoder.state.1.weight", &[8, 5]), "takes 5 inputs"),
        (reshaped("_dynamics.0.weight", &[6, 8]), "no columns for an action"),
        (reshaped("_reward.0.weight", &[6, 10]), "the inputs of the reward are 10"),
        (reshaped("_dynamics.0.ln.weight", &[5]), "has shape [5], [6] is needed"),
        (reshaped("_dynamics.0.weight", &[6, 3, 3]), "a linear layer has [out, in]"),
        (
            said(&|all| all[0].2[0] = f32::NAN),
            "NaN or infinite in '_encoder.state.0.weight' (1 of 18); training diverged",
        ),
        (said(&|all| all.push(tensor("_encoder.rgb.2.weight", &[4, 9, 7, 7], 1))), "reads images ('_encoder.rgb'"),
        (said(&|all| all.push(tensor("_task_emb.weight", &[2, 3], 1))), "a model of 2 tasks"),
        (said(&|all| all.push(tensor("_action_masks", &[1, 1], 9))), "does not mask the first columns"),
        (
            said(&|all| {
                *all = vec![tensor("_dynamics.0.0.weight", &[2, 2], 1), tensor("_encoder.state.1.weight", &[2, 2], 1)];
            }),
            "issue 23",
        ),
    ] {
        assert!(got.contains(words) && got.contains("spoiled.pt"), "'{words}' is missing: {got}");
    }
    // Models of images of the other two.
    let folder = at("tdmpc-images");
    std::fs::create_dir_all(&folder).unwrap();
    let names = ["model._encoder.1.weight", "model._dynamics.2.weight", "model._reward.4.weight", "model._Q1.0.weight"];
    torch::save(&folder.join("a.pt"), None, &names.map(|name| tensor(name, &[2, 2], 1)));
    assert!(refusal(&folder.join("a.pt")).contains("'_encoder.1' is a convolution"));
    let names = [
        "model._dynamics.7.weight",
        "model._reward.6.weight",
        "model._V.0.weight",
        "model._encoder.image_enc_layers.0.weight",
    ];
    torch::save(&folder.join("b.pt"), None, &names.map(|name| tensor(name, &[2, 2], 1)));
    assert!(refusal(&folder.join("b.pt")).contains("'_encoder.image_enc_layers'"));
}

#[test]
fn lerobots_statistics_are_needed_as_its_configuration_says() {
    let folder = copy("small-lerobot-tdmpc", "lerobot-tdmpc");
    let numbers = folder.join("policy_preprocessor_step_3_normalizer_processor.safetensors");
    let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
    std::fs::copy(&numbers, folder.join("policy_preprocessor_step_2_normalizer_processor.safetensors")).unwrap();
    assert!(refusal(&folder.join("model.safetensors")).contains("two normalisers"));
    std::fs::remove_file(folder.join("policy_preprocessor_step_2_normalizer_processor.safetensors")).unwrap();
    for (from, to, words) in [
        ("MIN_MAX", "QUANTILES", "scaled by QUANTILES, which is not imported"),
        ("\"ENV\": \"IDENTITY\",", "", "does not say how features of the kind ENV are scaled"),
        ("\"ENV\": \"IDENTITY\"", "\"ENV\": \"MIN_MAX\"", "no tensor 'observation.environment_state.min'"),
    ] {
        std::fs::write(folder.join("config.json"), config.replace(from, to)).unwrap();
        let said = refusal(&folder.join("model.safetensors"));
        assert!(said.contains(words), "{said}");
    }
    std::fs::write(folder.join("config.json"), &config).unwrap();
    std::fs::remove_file(&numbers).unwrap();
    assert!(
        refusal(&folder.join("model.safetensors"))
            .contains("normalizer_processor.safetensors beside it has the statistics")
    );
    std::fs::remove_file(folder.join("config.json")).unwrap();
    assert!(refusal(&folder.join("model.safetensors")).contains("config.json, which says how"));
}

/// A report of a command by name.
fn report<'j>(json: &'j Value, name: &str) -> &'j Value {
    json["reports"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("{name} in {json}"))
}

fn notes(report: &Value) -> String {
    report["notes"].as_array().unwrap().iter().map(|n| n["text"].as_str().unwrap().to_owned() + "\n").collect()
}

const SPACE: &str = "in the model's latent space (32 SimNorm units in groups of 8)";

#[test]
fn imagination_is_measured_in_latents_and_rewards_and_says_so() {
    let (model, few) = (reference("small-tdmpc2"), at("tdmpc-pendulum/narrow-v0"));
    run(&["collect", "--policy", "narrow", "--episodes", "8", "--seed", "4", "--out", text(&few)]).good();
    let common = [text(&few), "--checkpoint", text(&model), "--json"];
    let json = run(&[&["imagine", "--horizon", "20", "--starts", "50"][..], &common].concat()).json();
    let imagined = report(&json, "imagination");
    assert!(imagined["title"].as_str().unwrap().ends_with(SPACE), "{}", imagined["title"]);
    let series = |key: &str| -> Vec<f64> {
        let all = imagined["series"].as_array().unwrap();
        flat(&all.iter().find(|s| s["key"] == key).unwrap_or_else(|| panic!("{key}"))["y"])
    };
    for key in ["latent_l2", "simnorm_kl", "reward_rms"] {
        let (model, floor) = (series(key), series(&format!("{key}_floor")));
        assert!(model.len() == 20 && model[0] < 0.5 * floor[0].max(floor[19]), "{key}: {model:?} {floor:?}");
    }
    // The model was trained on such data: a step of it is better than standing still.
    assert!(series("model_rms")[0] < series("copy_last_rms")[0]);
    let said = notes(imagined);
    for word in [
        "Everything here is measured",
        SPACE,
        "no unit of the environment",
        "does not say how many units",
        "scales those of every",
    ] {
        assert!(said.contains(word), "'{word}' is missing: {said}");
    }
    let table = &imagined["tables"][0];
    assert_eq!(
        (table["columns"][0].as_str(), table["rows"][0][0].as_str().map(|n| n.starts_with('z'))),
        (Some("latent"), Some(true))
    );

    let json = run(&[&["diagnose", "--rollouts", text(&few)][..], &common].concat()).json();
    let said = notes(report(&json, "diagnosis"));
    assert!(said.contains(&format!("Model error is measured {SPACE}")), "{said}");
    let json = run(&[&["score", "--rollouts", text(&few)][..], &common].concat()).json();
    assert!(notes(&json["reports"][0]).contains(&format!("Model error is measured {SPACE}")));
    let json = run(&[&["compare", "--imagined"][..], &common].concat()).json();
    let title = report(&json, "compare")["title"].as_str().unwrap();
    assert!(title.ends_with(SPACE), "{title}");
    run(&["fit", text(pendulum()), "--checkpoint", text(&model), "--out", text(&at("never"))])
        .refuses(&["world models of the kind 'tdmpc' are not trained here"]);
    let other = reference("small-tdmpc2-tasks");
    let mismatch = run(&["imagine", text(pendulum()), "--checkpoint", text(&other), "--horizon", "5"]);
    assert!(mismatch.good().contains("in groups of 4"), "three columns and one action fit task 2: {mismatch:?}");
    let newt = reference("small-newt");
    run(&["imagine", text(pendulum()), "--checkpoint", text(&newt)])
        .refuses(&["actions of 2 dimensions, the dataset has 1"]);
}

#[test]
fn the_latent_space_is_a_feature_space() {
    let model = reference("small-tdmpc2");
    let json = run(&["coverage", text(pendulum()), "--checkpoint", text(&model), "--space", "latent", "--json"]).json();
    assert!(
        notes(report(&json, "coverage")).contains("latents that the world model encodes"),
        "{}",
        notes(report(&json, "coverage"))
    );
}

/// The rollout under a cursor: an episode of others is encoded alone, and stands beside the dataset's deviations.
#[test]
fn a_trace_is_of_latents() {
    let data = dataset(&[30, 40, 30, 30, 30], |_| {});
    let folder = written("tdmpc-trace", &data);
    let file = at("tdmpc-trace.pt");
    let all: Vec<Tensor<'static>> = layers()
        .into_iter()
        .map(|t| if t.0 == "_encoder.state.0.weight" { tensor(t.0, &[6, 2], 0) } else { t })
        .collect();
    torch::save(&file, Some("model"), &all);
    let source =
        Source { dataset: folder.clone(), rollouts: Some(folder), checkpoint: Some(file), ..Source::default() };
    let said = |of_data: bool| {
        let spec =
            TraceSpec { source: source.clone(), of_data, episode: 1, step: 3, horizon: 5, ..TraceSpec::default() };
        let last = Mutex::new(None);
        engine::run(&JobSpec::Trace(spec), &Workspace::default(), &Ctx::quiet(), &|report| {
            *last.lock().unwrap() = Some(report);
        })
        .unwrap();
        last.into_inner().unwrap().expect("a report")
    };
    let (own, other) = (said(true), said(false));
    assert!(
        own.title.ends_with("imagined from step 3 in the model's latent space (8 SimNorm units in groups of 8)"),
        "{}",
        own.title
    );
    assert_eq!(own.series.iter().filter(|s| s.key.contains("imagined:z")).count(), 8);
    let near = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    for (a, b) in own.series.iter().zip(&other.series) {
        assert!(a.key == b.key && near(&a.y, &b.y), "{} {}", a.key, b.key);
    }
}
