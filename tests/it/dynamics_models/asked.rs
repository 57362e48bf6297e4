//! What no file of the weights says is taken from where it is, or asked for by name.

use super::*;

#[test]
fn the_scaler_of_mbpo_is_taken_from_where_it_is() {
    let dir = copy("small-mbpo");
    let whole = ensemble(&opened(dir.path())).clone();
    let scaler = dir.path().join("scaler.npz");
    std::fs::rename(&scaler, dir.path().join("kept")).unwrap();
    let e = refusal(dir.path());
    assert!(e.contains("scaler.npz") && e.contains("scaler = \"none\"") && e.contains("5 inputs"), "{e}");
    npz::write(&scaler, &[("mu", &[0.0; 4]), ("std", &[1.0; 4])]);
    assert!(refusal(dir.path()).contains("scaler.npz: 'mean' has 4 columns"));
    npz::write(&scaler, &[("mu", &[0.0, 0.0, 0.0, 0.0, f64::NAN]), ("std", &[1.0; 5])]);
    assert!(refusal(dir.path()).contains("NaN"));
    std::fs::remove_file(&scaler).unwrap();
    let toml = dir.path().join("oodscope.toml");
    std::fs::write(&toml, "scaler = \"none\"\nelites = [1, 3]\n").unwrap();
    let c = opened(dir.path());
    assert_eq!((ensemble(&c).input.std.as_slice(), ensemble(&c).elites.as_slice()), (&[1.0; 5][..], &[1, 3][..]));
    let list = |v: &[f32]| format!("{v:?}");
    let (mean, std) = (&whole.input.mean, &whole.input.std);
    let stated = format!(
        "obs_mean = {}\nobs_std = {}\naction_mean = {}\naction_std = {}\n",
        list(&mean[..3]),
        list(&std[..3]),
        list(&mean[3..]),
        list(&std[3..])
    );
    std::fs::write(&toml, &stated).unwrap();
    assert_eq!(ensemble(&opened(dir.path())), &whole);
    std::fs::write(&toml, "obs_mean = [1.0]\n").unwrap();
    assert!(refusal(dir.path()).contains("obs_std, action_mean, action_std is missing"));
}

#[test]
fn omnisafe_says_what_it_predicts_in_its_configuration() {
    let dir = copy("small-omnisafe");
    let (file, config) = (dir.path().join("torch_save/epoch-10.pt"), dir.path().join("config.json"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"obs_normalize\": false", "\"obs_normalize\": true")).unwrap();
    assert!(refusal(&file).contains("obs_normalize"));
    std::fs::write(&config, text.replace("\"hidden_size\": 6", "\"cost_size\": 2")).unwrap();
    assert!(refusal(&file).contains("cost_size is 2"));
    std::fs::write(&config, "{").unwrap();
    assert!(refusal(&file).contains("config.json: not the configuration of a run"));
    std::fs::remove_file(&config).unwrap();
    assert!(refusal(&file).contains("cost = false"));
    std::fs::write(dir.path().join("torch_save/oodscope.toml"), "cost = true\n").unwrap();
    assert_eq!(ensemble(&opened(&file)), ensemble(&opened(&reference("small-omnisafe/torch_save"))));
    std::fs::write(dir.path().join("torch_save/oodscope.toml"), "cost = false\n").unwrap();
    assert_eq!(ensemble(&opened(&file)).obs_dim, 4, "as it is stated");
}

#[test]
fn what_pets_sees_of_an_observation_is_asked_for() {
    let dir = copy("small-pets");
    let (file, toml) = (dir.path().join("model.pt"), dir.path().join("oodscope.toml"));
    std::fs::write(&toml, "preprocess = \"none\"\n").unwrap();
    let c = opened(&file);
    assert_eq!((c.about.reading.unwrap().target.basis, c.alternatives().count()), (Basis::Assumed, 1));
    std::fs::remove_file(&toml).unwrap();
    let e = refusal(&file);
    assert!(e.contains("obs_preproc") && e.contains("preprocess = \"none\""), "{e}");
    // Nothing that is stated is passed over.
    let other = copy("small-rwm");
    std::fs::write(other.path().join("oodscope.toml"), "preprocess = [\"sin 0\"]\n").unwrap();
    assert!(refusal(&other.path().join("model_10.pt")).contains("preprocess"));
    // The library's own environments, by their widths.
    let of = |inputs: usize, targets: usize| {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("model.pt");
        let (i, t) = (inputs, targets);
        let shapes: [Vec<usize>; 8] = [
            vec![2, i, 3],
            vec![2, 1, 3],
            vec![2, 3, 2 * t],
            vec![2, 1, 2 * t],
            vec![1, i],
            vec![1, i],
            vec![1, t],
            vec![1, t],
        ];
        let names = ["lin0_w", "lin0_b", "lin1_w", "lin1_b", "inputs_mu", "inputs_sigma", "max_logvar", "min_logvar"];
        let tensors: Vec<torch::Tensor<'_>> =
            names.into_iter().zip(&shapes).enumerate().map(|(i, (n, s))| tensor(n, s, i)).collect();
        torch::save(&file, None, &tensors);
        let untrained: Vec<torch::Tensor<'_>> = tensors
            .iter()
            .map(|(n, s, v)| (*n, *s, if n.starts_with("inputs") { vec![0.0; v.len()] } else { v.clone() }))
            .collect();
        let answer = checkpoint::open(&file).map_err(|e| e.to_string());
        torch::save(&file, None, &untrained);
        assert!(refusal(&file).contains("before it was trained"));
        answer
    };
    // Sines and cosines whose squares add up to something else are none.
    assert!(of(6, 4).unwrap_err().contains("code of its environment"));
    assert!(of(24, 18).unwrap_err().contains("code of its environment"));
    for (inputs, targets, action, name) in [(24, 17, 7, "reacher"), (27, 20, 7, "pusher")] {
        let c = of(inputs, targets).unwrap();
        let reading = c.about.reading.unwrap();
        assert!(c.about.notes.join("\n").contains(name), "{:?}", c.about.notes);
        assert_eq!((ensemble(&c).obs_dim, ensemble(&c).action_dim), (targets, action));
        assert_eq!((reading.target.value, reading.assumed().len()), (Target::Delta, 0));
    }
    assert!(of(7, 5).unwrap_err().contains("code of its environment"));
}

#[test]
fn the_normaliser_of_a_robotic_world_model_is_asked_for() {
    let dir = copy("small-rwm");
    let (file, agent) = (dir.path().join("model_10.pt"), dir.path().join("params/agent.yaml"));
    let toml = dir.path().join("oodscope.toml");
    let text = std::fs::read_to_string(&agent).unwrap();
    let spoiled = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        std::fs::write(&agent, text.replace(from, to)).unwrap();
        refusal(&file)
    };
    assert!(spoiled("history_horizon: 4", "history_horizon: 0").contains("history_horizon is 0"));
    assert!(spoiled("history_horizon", "horizon").contains("does not hold all of it"));
    assert!(spoiled("state_normalizer", "other").contains("obs_mean and obs_std (3 numbers each)"));
    assert!(spoiled("    std:", "    std: 1\n    list:").contains("state_normalizer.std is no list of numbers"));
    let short = text.replacen("    mean:\n", "    mean:\n    - 0.5\n", 1);
    std::fs::write(&agent, short).unwrap();
    assert!(refusal(&file).contains("the normalisers have [4, 3, 2, 2] numbers"));
    std::fs::write(&agent, &text).unwrap();
    let whole = opened(&file);

    std::fs::remove_file(&agent).unwrap();
    let e = refusal(&file);
    for word in ["params/agent.yaml", "obs_mean", "action_std (2 numbers each)", "history", "oodscope.toml"] {
        assert!(e.contains(word), "{word}: {e}");
    }
    let numbers = |key: &str, std: bool| {
        let part = text.split_once(key).unwrap().1.split_once(if std { "std:" } else { "mean:" }).unwrap().1;
        let lines = part.lines().skip(1).map_while(|l| l.strip_prefix("    - "));
        lines.collect::<Vec<_>>().join(", ")
    };
    let stated = format!(
        "history = 4\nobs_mean = [{}]\nobs_std = [{}]\naction_mean = [{}]\naction_std = [{}]\n",
        numbers("state_normalizer", false),
        numbers("state_normalizer", true),
        numbers("action_normalizer", false),
        numbers("action_normalizer", true)
    );
    std::fs::write(&toml, &stated).unwrap();
    assert!(opened(&file).world_model == whole.world_model);
    // A window says itself that it is not of another length.
    std::fs::write(&toml, stated.replace("history = 4", "history = 3")).unwrap();
    assert!(refusal(&dir.path().join("model_30.pt")).contains("no window of 3 states"));
    std::fs::write(&toml, stated.replace("history = 4", "history = 4\nobs_dim = 5")).unwrap();
    assert!(refusal(&file).contains("3 state and 2 action dimensions"));
}
