//! Layouts of other libraries: what is assumed, what is told, what is refused. The files are in `tests/reference`.

use std::path::{Path, PathBuf};

use oodscope::checkpoint::{self, CHECKPOINTS, Checkpoint, mbrl_lib, native};
use oodscope::world::ensemble::Ensemble;
use oodscope::world::net::mlp::Activation;
use oodscope::world::rssm::Rssm;

use crate::support::damage::damaged;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

/// A copy of a folder of `tests/reference/models`, to be spoiled.
fn copy(model: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(reference("models").join(model)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::write(dir.path().join(path.file_name().unwrap()), std::fs::read(&path).unwrap()).unwrap();
    }
    dir
}

fn model(c: &Checkpoint) -> &Ensemble {
    c.world_model.as_deref().and_then(Ensemble::known).expect("an ensemble")
}

fn refusal(path: &Path) -> String {
    checkpoint::open(path).expect_err("must be refused").to_string()
}

#[test]
fn one_network_in_three_layouts() {
    let mbrl = checkpoint::open(&reference("models/small-mbrl")).unwrap();
    let kit = checkpoint::open(&reference("models/small-mopo")).unwrap();
    assert_eq!((mbrl.about.format.as_str(), kit.about.format.as_str()), ("mbrl-lib", "OfflineRL-Kit"));
    let same = Ensemble { elites: model(&kit).elites.clone(), ..model(&mbrl).clone() };
    assert_eq!(&same, model(&kit));
    assert_eq!((model(&mbrl).elites.as_slice(), model(&kit).elites.as_slice()), (&[2, 0][..], &[2, 0][..]));
    let dir = tempfile::tempdir().unwrap();
    native::save(dir.path(), &mbrl).unwrap();
    assert_eq!(model(&checkpoint::open(dir.path()).unwrap()), model(&mbrl));
}

/// Saving what was imported and opening it again: no layout may be taken for another.
#[test]
fn every_layout_is_recognised_by_one_reader() {
    for (path, name) in [
        ("models/small-mbrl", "mbrl-lib"),
        ("models/small-mopo", "OfflineRL-Kit"),
        ("broken/ok_state_dict.pt", "state_dict"),
    ] {
        let path = reference(path);
        let takers: Vec<_> = CHECKPOINTS.iter().filter(|f| f.probe(&path)).map(|f| f.name()).collect();
        assert_eq!(takers, [name]);
    }
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("data.hdf5"), b"\x89HDF\r\n\x1a\n").unwrap();
    assert!(CHECKPOINTS.iter().all(|f| !f.probe(data.path()) && !f.probe(&data.path().join("data.hdf5"))));
}

#[test]
fn a_file_of_the_folder_names_the_folder() {
    for (folder, file) in
        [("small-mbrl", "model.pth"), ("small-mbrl", "env_stats.pickle"), ("small-mopo", "dynamics.pth")]
    {
        let folder = reference("models").join(folder);
        assert_eq!(checkpoint::open(&folder.join(file)).unwrap(), checkpoint::open(&folder).unwrap());
    }
}

#[test]
fn statistics_are_the_same_in_every_protocol() {
    let want = mbrl_lib::read_stats(&reference("models/small-mbrl/env_stats.pickle")).unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-7;
    assert!(near(want.0[0], 0.1) && near(want.0[1], -0.2) && near(want.1[2], 1.1));
    for protocol in 0..6 {
        let path = reference(&format!("env_stats/protocol{protocol}.pickle"));
        assert_eq!(mbrl_lib::read_stats(&path).unwrap_or_else(|e| panic!("protocol {protocol}: {e}")), want);
    }
    // Written by NumPy 1; the numbers are those that came with the file, of which single precision keeps seven digits.
    for protocol in [2, 4] {
        let path = reference(&format!("env_stats/env_stats.numpy1.p{protocol}.pickle"));
        let (mean, std) = mbrl_lib::read_stats(&path).unwrap();
        assert!(near(mean[0], 0.823_375_582_695_007_3) && near(std[3], 0.597_758_173_942_565_9) && mean.len() == 4);
    }
}

#[test]
fn what_is_assumed_is_told() {
    let dir = copy("small-mbrl");
    std::fs::remove_file(dir.path().join("model.json")).unwrap();
    let c = checkpoint::open(dir.path()).unwrap();
    let notes = c.about.notes.join("\n");
    // What the library's own configurations of dynamics models say.
    assert_eq!((model(&c).net.activation, model(&c).obs_dim, model(&c).learned_reward), (Activation::Silu, 2, true));
    assert!(notes.contains("2 observation"), "{notes}");
    let said = c.about.reading.unwrap().sentence(&dir.path().join("model.pth")).unwrap();
    assert!(said.starts_with("model.pth does not say the activation (SiLU is assumed):"), "{said}");

    std::fs::remove_file(dir.path().join("env_stats.pickle")).unwrap();
    let c = checkpoint::open(dir.path()).unwrap();
    assert!(c.about.warnings.iter().any(|n| n.contains("not normalised")), "{:?}", c.about.warnings);
    assert_eq!(model(&c).input.std, [1.0; 3]);

    std::fs::create_dir(dir.path().join(".hydra")).unwrap();
    let hydra = "dynamics_model:\n  activation_fn_cfg:\n    _target_: torch.nn.Tanh\n";
    std::fs::write(dir.path().join(".hydra/config.yaml"), hydra).unwrap();
    let c = checkpoint::open(dir.path()).unwrap();
    assert_eq!(model(&c).net.activation, Activation::Tanh);

    std::fs::write(dir.path().join(".hydra/config.yaml"), hydra.replace("Tanh", "Mish")).unwrap();
    assert!(refusal(dir.path()).contains("torch.nn.Mish"));
}

#[test]
fn contradictions_between_the_files_are_named() {
    let dir = copy("small-mbrl");
    std::fs::write(dir.path().join("model.json"), r#"{"activation": "SiLU", "obs_dim": 11, "act_dim": 3}"#).unwrap();
    let e = refusal(dir.path());
    assert!(e.contains("11 observation") && e.contains("3 inputs") && e.contains("model.pth"), "{e}");
    std::fs::write(dir.path().join("model.json"), "{").unwrap();
    assert!(refusal(dir.path()).contains("model.json: not a description"));

    let dir = copy("small-mbrl");
    std::fs::copy(reference("env_stats/env_stats.numpy1.p4.pickle"), dir.path().join("env_stats.pickle")).unwrap();
    let e = refusal(dir.path());
    assert!(e.contains("env_stats.pickle: 'mean' has 4 columns, the network's input has 3"), "{e}");
    std::fs::copy(reference("broken/evil_env_stats.pickle"), dir.path().join("env_stats.pickle")).unwrap();
    assert!(refusal(dir.path()).contains("env_stats.pickle: the pickle asks for 'builtins.eval'"));
    std::fs::write(dir.path().join("env_stats.pickle"), b"\x80\x02}.").unwrap();
    assert!(refusal(dir.path()).contains("no array 'mean'"));

    let dir = copy("small-mopo");
    std::fs::remove_file(dir.path().join("std.npy")).unwrap();
    assert!(refusal(dir.path()).contains("std.npy: reading failed"));
    let dir = copy("small-mbrl");
    std::fs::copy(reference("broken/evil_code.pt"), dir.path().join("model.pth")).unwrap();
    assert!(refusal(dir.path()).contains("eval"));
    std::fs::copy(reference("broken/ok_state_dict.pt"), dir.path().join("model.pth")).unwrap();
    assert!(refusal(dir.path()).contains("no tensor 'hidden_layers.0.0.weight'"));
}

#[test]
fn a_report_of_the_keys() {
    let report = checkpoint::key_report(&reference("models/small-mbrl")).unwrap();
    let line = report.iter().find(|(name, ..)| name == "state_dict.mean_and_logvar.weight").unwrap();
    assert_eq!((line.1.as_slice(), line.2.as_str()), (&[3, 12, 6][..], "float32"));
    let kit = checkpoint::key_report(&reference("models/small-mopo/dynamics.pth")).unwrap();
    assert!(kit.iter().any(|(name, shape, dtype)| name == "elites" && shape == &[2] && dtype == "int64"));
    let st = checkpoint::key_report(&reference("broken/ok.safetensors")).unwrap();
    assert_eq!(st.len(), 4);
    assert!(checkpoint::key_report(&reference("broken")).unwrap_err().to_string().contains("name the file"));
    assert!(checkpoint::key_report(&reference("nowhere.pt")).is_err());
}

/// Every layout with every file cut short and with bytes changed: a value or a sentence, never a panic.
#[test]
fn damaged_files_are_sentences() {
    for (folder, file) in [
        ("small-mbrl", "model.pth"),
        ("small-mbrl", "env_stats.pickle"),
        ("small-mbrl", "model.json"),
        ("small-mopo", "dynamics.pth"),
        ("small-mopo", "mu.npy"),
    ] {
        let dir = copy(folder);
        let path = dir.path().join(file);
        // Every byte of the small files, some hundred places of the larger ones.
        damaged(&path, 300, || checkpoint::open(dir.path()).map(drop));
    }
}

#[test]
fn a_recurrent_model_is_read_as_its_agent_left_it_and_kept_to_the_bit() {
    let path = reference("models/small-rssm");
    let c = checkpoint::open(&path).unwrap();
    let m = Rssm::known(c.world_model.as_deref().unwrap()).expect("a recurrent model");
    assert_eq!((c.about.format.as_str(), m.groups, m.classes, m.cell.units()), ("rssmlite", 3, 4, 6));
    assert_eq!(c.world_model.as_ref().unwrap().context(), 5);
    let notes = c.about.notes.join("\n");
    assert!(notes.contains("3 groups of 4 classes") && notes.contains("actor"), "{notes}");
    assert!(c.world_model.as_ref().unwrap().trainable().unwrap_err().contains("fit --model rssm"));
    let dir = tempfile::tempdir().unwrap();
    native::save(dir.path(), &c).unwrap();
    assert!(checkpoint::open(dir.path()).unwrap().world_model == c.world_model);
    let record = std::fs::read_to_string(dir.path().join("checkpoint.json")).unwrap();
    assert!(record.contains("\"oodscope_layout\": 2"), "an older program must not take it for one without a model");
}
