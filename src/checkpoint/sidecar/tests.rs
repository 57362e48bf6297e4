use super::*;

fn read(files: &[(&str, &str)]) -> Result<Sidecar, Fault> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    Sidecar::read(dir.path())
}

#[test]
fn every_key_in_every_file() {
    let toml = "activation = \"leakyrelu(0.2)\"\ntarget = \"absolute\"\nreward = \"first\"\ninput = \"action-obs\"\n\
                obs_dim = 3\naction_dim = 1\nobservations = \"standardised\"\nelites = [2, 0]\nobs_keys = [\"b\", \"a\"]\n";
    let s = read(&[("oodscope.toml", toml)]).unwrap();
    assert_eq!(s.activation, Activation::parse("LeakyReLU(0.2)"));
    assert_eq!((s.target, s.reward), (Some(Target::Absolute), Some(RewardColumn::First)));
    assert_eq!((s.input, s.obs_dim, s.act_dim), (Some(InputOrder::ActionObs), Some(3), Some(1)));
    assert_eq!((s.observations, s.elites), (Some(Observations::Standardised), Some(vec![2, 0])));
    assert_eq!(s.obs_keys, Some(vec!["b".into(), "a".into()]));
    assert!(s.warnings.is_empty());
    // The stronger file is believed.
    let both =
        [("model.json", r#"{"activation": "Tanh", "target": "delta"}"#), ("oodscope.toml", "activation = \"gelu\"")];
    let s = read(&both).unwrap();
    assert_eq!((s.activation, s.target), (Some(Activation::Gelu), Some(Target::Delta)));
    let json = r#"{"input": ["action", "obs"], "output": ["reward", "delta_obs"], "learned_rewards": true}"#;
    let s = read(&[("oodscope.json", json)]).unwrap();
    assert_eq!((s.input, s.target), (Some(InputOrder::ActionObs), Some(Target::Delta)));
    assert_eq!((s.reward, s.learned_rewards), (Some(RewardColumn::First), Some(true)));
}

#[test]
fn what_outputs_are_is_read_or_refused() {
    let output = |text: &str| {
        let mut s = Sidecar::default();
        s.output(&Value::from(text)).map(|()| (s.target, s.reward))
    };
    let (delta, absolute) = (Some(Target::Delta), Some(Target::Absolute));
    assert_eq!(output("[next_obs - obs, reward] mean, then log-variance"), Ok((delta, Some(RewardColumn::Last))));
    assert_eq!(output("[next_obs, reward]"), Ok((absolute, Some(RewardColumn::Last))));
    assert_eq!(output("next-obs"), Ok((absolute, Some(RewardColumn::None))));
    assert_eq!(output("[reward, s' - s]"), Ok((delta, Some(RewardColumn::First))));
    for strange in ["[obs, reward]", "[next_obs, reward, done]", "reward", ""] {
        assert!(output(strange).unwrap_err().contains("write target"), "{strange}");
    }
}

#[test]
fn unknown_keys_are_told_with_the_nearest() {
    let s = read(&[("model.json", r#"{"activation_function": "SiLU", "lr": 0.1, "obs_dims": 3, "note": 1}"#)]).unwrap();
    let [warning] = &s.warnings[..] else { panic!("{:?}", s.warnings) };
    assert!(warning.contains("'activation_function' (is 'activation' meant?)"), "{warning}");
    assert!(warning.contains("'obs_dims' (is 'obs_dim' meant?)") && warning.contains("'lr'"), "{warning}");
    assert!(!warning.contains("'lr' (") && !warning.contains("note"), "{warning}");
    for (key, known) in [("rewards", "reward"), ("targets", "target"), ("inputs", "input"), ("nonlinearity", "")] {
        assert_eq!(nearest(key).unwrap_or_default(), known);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for (text, words) in [
        (r#"{"activation": "mish"}"#, "'mish' is not known; SiLU"),
        (r#"{"activation": 3}"#, "activation is 3, text"),
        (r#"{"target": "next"}"#, "delta or absolute"),
        (r#"{"reward": "middle"}"#, "first, last or none"),
        (r#"{"input": "[obs, goal]"}"#, "obs-action or action-obs"),
        (r#"{"obs_dim": -1}"#, "whole number"),
        (r#"{"learned_rewards": "yes"}"#, "true or false"),
        (r#"{"observations": "scaled"}"#, "raw or standardised"),
        (r#"{"elites": [0.5]}"#, "list of members"),
        ("[1]", "not a description"),
        ("{", "not a description"),
    ] {
        let e = read(&[("model.json", text)]).unwrap_err().to_string();
        assert!(e.contains("model.json") && e.contains(words), "{text}: {e}");
    }
    assert!(read(&[("oodscope.toml", "activation = ")]).unwrap_err().to_string().contains("oodscope.toml"));
}
