//! Policies of other libraries: what is told, what is asked for, what is refused. That they act as their libraries do is held
//! against references.

use std::path::{Path, PathBuf};

use oodscope::agent::policy::{Acting, Policy, SquashedGaussian};
use oodscope::checkpoint::Checkpoint;
use oodscope::checkpoint::policies::{self, PolicyGiven};
use oodscope::data::space::{Space, SpaceKind};
use oodscope::ground::seed::stream;

use crate::support::program::{pendulum, run, text};
use crate::support::torch::{self, Tensor, tensor};

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

/// `tensors` as torch before 1.6 wrote them.
fn save_legacy(path: &Path, tensors: &[Tensor<'_>]) {
    let zip = path.with_extension("zip");
    torch::save(&zip, None, tensors);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&zip).unwrap()).unwrap();
    let mut pickle = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("sac/data.pkl").unwrap(), &mut pickle).unwrap();
    let mut all = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
    all.extend(pickle);
    all.extend(b"\x80\x02](");
    (0..tensors.len() as u8).for_each(|i| all.extend([b'X', 1, 0, 0, 0, b'0' + i]));
    all.extend(b"e.");
    for (.., values) in tensors {
        all.extend((values.len() as u64).to_le_bytes());
        all.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }
    std::fs::write(path, all).unwrap();
}

/// `tensors` as a `.d3` file of an algorithm.
fn save_d3(path: &Path, kind: &str, tensors: &[Tensor<'_>]) {
    let inner = path.with_extension("pt");
    torch::save(&inner, None, tensors);
    let bytes = std::fs::read(&inner).unwrap();
    let config = format!("{{\"config\": {{\"type\": \"{kind}\", \"params\": {{}}}}}}");
    let mut all = b"\x80\x04}(\x8c\x05torchB".to_vec();
    all.extend((bytes.len() as u32).to_le_bytes());
    all.extend(bytes);
    all.extend(b"\x8c\x06configX");
    all.extend((config.len() as u32).to_le_bytes());
    all.extend(config.as_bytes());
    all.extend(b"u.");
    std::fs::write(path, all).unwrap();
}

fn layout(path: &Path) -> &'static str {
    policies::recognised(path).map_or("none", |(format, _)| format.name())
}

/// mbrl-lib's names in a file that begins as any pickle does, and rsl_rl's with the logarithm of a deviation.
#[test]
fn layouts_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let sac = dir.path().join("sac.pth");
    let (square, wide, two, one) = ([4, 4], [4, 3], [4], [2, 4]);
    let names =
        ["linear1", "linear2", "mean_linear", "log_std_linear"].map(|n| (format!("{n}.weight"), format!("{n}.bias")));
    let shapes: [(&[usize], &[usize]); 4] = [(&wide, &two), (&square, &two), (&one, &[2]), (&one, &[2])];
    let each = names.iter().zip(shapes).enumerate();
    let tensors: Vec<Tensor<'_>> =
        each.flat_map(|(i, ((w, b), (ws, bs)))| [tensor(w, ws, i), tensor(b, bs, i + 9)]).collect();
    save_legacy(&sac, &tensors);
    assert_eq!(layout(&sac), "mbrl-lib SAC");
    std::fs::write(dir.path().join("oodscope.toml"), "[policy]\naction_low = [-1, -3]\naction_high = [1, 0.5]\n")
        .unwrap();
    let old = open(&sac).unwrap().policy.unwrap();
    torch::save(&sac, None, &tensors);
    assert!(old.same(&*open(&sac).unwrap().policy.unwrap()));
    let model = dir.path().join("model_1.pt");
    let mut tensors = vec![tensor("actor.0.weight", &[2, 3], 0), tensor("actor.0.bias", &[2], 1)];
    tensors.extend([tensor("critic.0.weight", &[1, 3], 2), tensor("critic.0.bias", &[1], 3)]);
    torch::save(&model, None, &tensors);
    assert_eq!(layout(&model), "CleanRL");
    for deviation in ["std", "log_std"] {
        let with = [&tensors[..], &[tensor(deviation, &[2], 4)]].concat();
        torch::save(&model, None, &with);
        assert_eq!(layout(&model), "rsl_rl", "{deviation}");
    }
}

/// Name, rows and columns of every tensor.
type Shapes<'s> = &'s [(&'s str, usize, usize)];

/// Of the layouts of tensors, one whose last, first or middle layer has no columns: a sentence, or a policy that acts.
#[test]
fn layers_without_columns_are_sentences() {
    // Layers of each layout, with inputs and outputs as places in a table of widths: observations, hidden, actions.
    let layouts: [(&str, &str, Shapes<'_>); 8] = [
        ("cleanrl td3", "x.cleanrl_model", &[("0.fc1", 0, 1), ("0.fc2", 1, 1), ("0.fc_mu", 1, 2)]),
        ("cleanrl sac", "x.pt", &[("fc1", 0, 1), ("fc2", 1, 1), ("fc_mean", 1, 2), ("fc_logstd", 1, 2)]),
        ("cleanrl dqn", "x.cleanrl_model", &[("network.0", 0, 1), ("network.2", 1, 2)]),
        (
            "kit sac",
            "policy.pth",
            &[("actor.backbone.model.0", 0, 1), ("actor.dist_net.mu", 1, 2), ("actor.dist_net.sigma", 1, 2)],
        ),
        ("corl sac-n", "x.pt", &[("actor.trunk.0", 0, 1), ("actor.mu", 1, 2), ("actor.log_sigma", 1, 2)]),
        (
            "mbrl sac",
            "sac.pth",
            &[("linear1", 0, 1), ("linear2", 1, 1), ("mean_linear", 1, 2), ("log_std_linear", 1, 2)],
        ),
        ("d3rlpy sac", "x.d3", &[("policy._encoder._layers.0", 0, 1), ("policy._mu", 1, 2), ("policy._logstd", 1, 2)]),
        (
            "d3rlpy dqn",
            "x.d3",
            &[
                ("q_funcs.0._encoder._layers.0", 0, 1),
                ("q_funcs.0._fc", 1, 2),
                ("q_funcs.1._encoder._layers.0", 0, 1),
                ("q_funcs.1._fc", 1, 2),
            ],
        ),
    ];
    for (what, file, layers) in layouts {
        for widths in [[3, 4, 2], [3, 4, 0], [3, 0, 2], [0, 4, 2], [0, 0, 0]] {
            let dir = tempfile::tempdir().unwrap();
            let names: Vec<_> = layers.iter().map(|(n, ..)| (format!("{n}.weight"), format!("{n}.bias"))).collect();
            let shapes: Vec<_> = layers.iter().map(|(_, i, o)| ([widths[*o], widths[*i]], [widths[*o]])).collect();
            let each = names.iter().zip(&shapes).enumerate();
            let mut tensors: Vec<Tensor<'_>> =
                each.flat_map(|(i, ((w, b), (ws, bs)))| [tensor(w, ws, i), tensor(b, bs, i + 9)]).collect();
            let bounds = [widths[2]];
            if what == "cleanrl td3" {
                tensors.extend([tensor("0.action_scale", &bounds, 0), tensor("0.action_bias", &bounds, 0)]);
            }
            let path = dir.path().join(file);
            if file.ends_with("d3") {
                save_d3(&path, if what.ends_with("dqn") { "dqn" } else { "sac" }, &tensors);
            } else {
                torch::save(&path, None, &tensors);
                let stated = "[policy]\naction_low = [-1, -3]\naction_high = [1, 0.5]\n";
                std::fs::write(dir.path().join("oodscope.toml"), stated).unwrap();
            }
            match open(&path) {
                Ok(opened) => {
                    assert!(!widths.contains(&0), "{what} of {widths:?} was read");
                    assert!(!act(&*opened.policy.unwrap(), &[0.3, -0.2, 1.0]).is_empty());
                }
                Err(said) => assert!(widths.contains(&0), "{what} of {widths:?}: {said}"),
            }
        }
    }
}

/// The actors of d3rlpy that add their noise to the squashed mean, and the one that its own predict does not act by alone.
#[test]
fn noise_of_d3rlpy_is_squashed_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.d3");
    let layers = ["policy._encoder._layers.0", "policy._mu", "policy._logstd"];
    let names = layers.map(|n| (format!("{n}.weight"), format!("{n}.bias")));
    let shapes: [[usize; 2]; 3] = [[4, 3], [2, 4], [2, 4]];
    let each = names.iter().zip(&shapes).enumerate();
    let tensors: Vec<Tensor<'_>> =
        each.flat_map(|(i, ((w, b), shape))| [tensor(w, shape, i), tensor(b, &shape[..1], i + 9)]).collect();
    let mut greedy = Vec::new();
    for (kind, squashed, warned) in [("sac", true, false), ("bc", false, false), ("crr", false, true)] {
        save_d3(&path, kind, &tensors);
        let opened = open(&path).unwrap();
        let policy = opened.policy.unwrap();
        assert_eq!(SquashedGaussian::known(&*policy).is_some(), squashed, "{kind}");
        assert_eq!(opened.about.warnings.iter().any(|w| w.contains("CRR")), warned, "{kind}");
        greedy.push(act(&*policy, &[0.3, -0.2, 1.0]));
    }
    for other in &greedy[1..] {
        let apart = greedy[0].iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-6, "{greedy:?}");
    }
    // A member of another depth is none of an ensemble.
    let q = ["q_funcs.0._encoder._layers.0", "q_funcs.0._fc", "q_funcs.1._fc"]
        .map(|n| (format!("{n}.weight"), format!("{n}.bias")));
    let shapes: [[usize; 2]; 3] = [[4, 3], [2, 4], [2, 4]];
    let each = q.iter().zip(&shapes).enumerate();
    let tensors: Vec<Tensor<'_>> =
        each.flat_map(|(i, ((w, b), shape))| [tensor(w, shape, i), tensor(b, &shape[..1], i + 9)]).collect();
    save_d3(&path, "dqn", &tensors);
    assert!(refusal(&path).contains("of 2 and of 1 layers"), "{}", refusal(&path));
}

#[test]
fn what_is_stated_is_taken_or_refused() {
    let statistics = "obs_mean = [0.5, -0.5, 1.0]\nobs_std = [1.0, 2.0, 0.5]\n";
    let obs = [0.3, -0.2, 1.0];
    for (name, file) in [("cleanrl-td3", "td3.cleanrl_model"), ("sb3-sac-elu", "policy.zip"), ("kit-sac", "policy.pth")]
    {
        let dir = bare(name);
        let path = dir.path().join(file);
        let bounds = "[policy]\naction_low = [-1, -3]\naction_high = [1, 0.5]\n";
        let table = |more: &str| std::fs::write(dir.path().join("oodscope.toml"), format!("{bounds}{more}")).unwrap();
        table("");
        let raw = act(&*open(&path).unwrap().policy.unwrap(), &obs);
        table(statistics);
        let seen = act(&*open(&path).unwrap().policy.unwrap(), &obs);
        assert_ne!(raw, seen, "{name}");
        table("observations = \"standardised\"\n");
        assert!(refusal(&path).contains("obs_mean = [...]"), "{name}: {}", refusal(&path));
    }
    let vecnormalize = reference("sb3-sac-elu/vecnormalize.pkl");
    let given = PolicyGiven { normalize: Some(&vecnormalize), ..PolicyGiven::default() };
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
    for path in [reference("kit-sac"), reference("d3rlpy-sac"), assets] {
        let said = policies::open(&path, &given).unwrap_err().to_string();
        assert!(said.contains("--policy-normalize"), "{said}");
    }
    for policy in [reference("d4rl-metadata.hdf5"), PathBuf::from("py:math:sin")] {
        let (policy, file) = (text(&policy), text(&vecnormalize));
        run(&["coverage", text(pendulum()), "--policy", policy, "--policy-normalize", file])
            .refuses(&["--policy-normalize names statistics"]);
    }
    let d3 = bare("d3rlpy-sac");
    std::fs::write(d3.path().join("oodscope.toml"), format!("[policy]\n{statistics}")).unwrap();
    let warned = open(d3.path()).unwrap().about.warnings;
    assert!(warned.iter().any(|w| w.contains("was passed over")), "{warned:?}");
}

/// Bounds that nothing can be stretched to, and those of a deviation that are none.
#[test]
fn bounds_that_are_none_are_sentences() {
    for name in ["kit-sac", "corl-sac-n", "corl-cql", "mbrl-sac"] {
        let dir = bare(name);
        let table = "[policy]\nobservations = \"raw\"\naction_low = [-1, 3]\naction_high = [1, 0.5]\n";
        std::fs::write(dir.path().join("oodscope.toml"), table).unwrap();
        assert!(refusal(dir.path()).contains("stretched"), "{name}: {}", refusal(dir.path()));
    }
    let dir = tempfile::tempdir().unwrap();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pendulum-narrow");
    for file in ["checkpoint.json", "weights.safetensors"] {
        std::fs::copy(assets.join(file), dir.path().join(file)).unwrap();
    }
    let record = std::fs::read_to_string(assets.join("checkpoint.json")).unwrap();
    let other = record.replacen('{', "{\"actor_log_std\": [2.0, -5.0],", 1);
    std::fs::write(dir.path().join("checkpoint.json"), other).unwrap();
    assert!(refusal(dir.path()).contains("actor_log_std"), "{}", refusal(dir.path()));
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
