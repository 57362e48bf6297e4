use super::dynamics::Layout;
use super::*;
use crate::agent::policy::{Categorical, Filtered, Scripted, SquashedGaussian};
use crate::data::episode::TransitionBatch;
use crate::data::space::SpaceKind;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::world::dreamer::{self, Dreamer};
use crate::world::ensemble::Ensemble;
use crate::world::fit::{FitOptions, Form};
use crate::world::net::mlp::{Activation, Layer};
use crate::world::net::normalizer::Normalizer;
use crate::world::rssm::{self, Rssm};

/// A network whose numbers have every mantissa bit in use.
fn net(members: usize, widths: &[usize], activation: Activation) -> Mlp {
    let value = |i: usize| (i as f32 * 0.731 + 0.1).sin() / 3.0;
    let layers = widths
        .windows(2)
        .map(|w| Layer {
            inputs: w[0],
            outputs: w[1],
            weight: (0..members * w[0] * w[1]).map(value).collect(),
            bias: (0..members * w[1]).map(value).collect(),
        })
        .collect();
    Mlp::new(members, activation, layers).unwrap()
}

fn example() -> Checkpoint {
    let spread = |n: usize| Normalizer { mean: vec![0.1; n], std: vec![f32::MIN_POSITIVE; n] };
    Checkpoint {
        world_model: Some(Box::new(Ensemble {
            obs_dim: 3,
            action_dim: 1,
            learned_reward: true,
            learned_termination: true,
            deterministic: false,
            net: net(5, &[4, 7, 9], Activation::Silu),
            input: spread(4),
            target: spread(4),
            min_logvar: vec![-10.0, -0.0, 1e-30, 3.0],
            max_logvar: vec![0.5; 4],
            elites: vec![4, 0],
            absolute: Vec::new(),
            seen: Vec::new(),
        })),
        policy: Some(Box::new(
            SquashedGaussian::new(net(1, &[3, 8, 2], Activation::Relu), Normalizer::identity(3), vec![2.0], vec![0.25])
                .with_log_std((-20.0, 2.0)),
        )),
        acting: None,
        critic: Some(net(2, &[4, 6, 1], Activation::Tanh)),
        about: About {
            reward_scale: Some(0.5),
            discount: Some(0.98),
            format: "oodscope".into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
            env_id: Some("Pendulum-v1".into()),
            obs_names: vec!["cos θ".into(), "sin θ".into(), "θ̇".into()],
            action_names: vec!["torque".into()],
            lineage: Lineage {
                seed: Some(u64::MAX),
                split: Some(SplitSpec::default()),
                curve: vec![CurvePoint { epoch: 1, train: Some(0.5), heldout: None }],
                ..Lineage::default()
            },
            notes: vec!["a note".into()],
            warnings: vec!["a warning".into()],
            file: Some("model.pt".into()),
            reading: Some(Layout::unsaid().reading),
        },
    }
}

#[test]
fn our_own_round_trip_is_equal_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("new/folder");
    let before = example();
    native::save(&folder, &before).unwrap();
    assert_eq!(open(&folder).unwrap(), before);
    assert_eq!(open(&folder.join("weights.safetensors")).unwrap(), before);
    assert_eq!(open(&folder.join("checkpoint.json")).unwrap(), before);
    let bits = |c: &Checkpoint| -> Vec<u32> {
        let m = Ensemble::known(c.world_model.as_deref().unwrap()).unwrap();
        m.net.layers.iter().flat_map(|l| &l.weight).chain(&m.min_logvar).map(|v| v.to_bits()).collect()
    };
    assert_eq!(bits(&open(&folder).unwrap()), bits(&before));
    // Saving over it leaves no temporary file.
    native::save(&folder, &Checkpoint { critic: None, ..before }).unwrap();
    assert_eq!(open(&folder).unwrap().critic, None);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
}

/// To the bit; and a record without heads, as an older program left it, is the same model of one member.
#[test]
fn heads_beside_a_recurrent_model_come_back_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let batch = TransitionBatch { obs: vec![0.0, 1.0, 2.0], ..TransitionBatch::empty(3, 1) };
    let options = FitOptions { hidden: 8, layers: 2, members: 4, ..FitOptions::default() };
    let model = rssm::fresh(&batch, &options, &mut stream(0, "t", 0));
    let saved = Checkpoint { world_model: Some(Box::new(model.clone())), policy: None, critic: None, ..example() };
    native::save(dir.path(), &saved).unwrap();
    let opened = || open(dir.path()).unwrap().world_model.unwrap();
    let known = |model: &dyn WorldModel| Rssm::known(model).unwrap().clone();
    assert_eq!((known(&*opened()), opened().dims().members), (model.clone(), 4));
    let record = dir.path().join("checkpoint.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    assert_eq!(json["rssm"].as_object_mut().unwrap().remove("heads").unwrap()["members"], 4);
    std::fs::write(&record, json.to_string()).unwrap();
    assert_eq!((known(&*opened()), opened().dims().members), (Rssm { heads: None, ..model }, 1));
}

/// In a layout that an older program refuses; another library's model is still not written.
#[test]
fn models_of_every_form_come_back_to_the_bit() {
    let batch = TransitionBatch { obs: vec![0.0, 1.0, 2.0], ..TransitionBatch::empty(3, 1) };
    for (rms_norm, blocks, two_hot) in [(true, 0, false), (false, 4, false), (false, 0, true), (true, 2, true)] {
        let dir = tempfile::tempdir().unwrap();
        let form = Form { rms_norm, blocks, two_hot };
        let options = FitOptions { hidden: 8, layers: 2, members: 3, form, ..FitOptions::default() };
        let model = dreamer::fresh(&batch, &options, &mut stream(0, "t", 0)).unwrap();
        let saved = Checkpoint { world_model: Some(Box::new(model.clone())), policy: None, critic: None, ..example() };
        native::savable(&saved).unwrap();
        native::save(dir.path(), &saved).unwrap();
        let opened = open(dir.path()).unwrap().world_model.unwrap();
        assert_eq!(Dreamer::known(&*opened), Some(&model), "{form:?}");
        opened.trainable().unwrap();
        let record = std::fs::read_to_string(dir.path().join("checkpoint.json")).unwrap();
        assert!(record.contains("\"oodscope_layout\": 3"), "an older program must not take it for one without a model");
        let other = Checkpoint { world_model: Some(Box::new(Dreamer { scale: None, ..model })), ..saved };
        assert!(native::savable(&other).unwrap_err().contains("'dreamer' cannot be saved"));
        let broken = record.replace("\"posterior\"", "\"posteriors\"");
        std::fs::write(dir.path().join("checkpoint.json"), broken).unwrap();
        assert!(open(dir.path()).unwrap_err().to_string().contains("lacks the network 'posterior'"));
    }
}

/// A policy that acts on what the recurrent model makes of an episode: the actor alone is written, and comes back behind the model.
#[test]
fn a_policy_that_follows_episodes_comes_back_behind_its_model() {
    let dir = tempfile::tempdir().unwrap();
    let batch = TransitionBatch { obs: vec![0.0, 1.0, 2.0], ..TransitionBatch::empty(3, 1) };
    let options = FitOptions { hidden: 8, layers: 1, ..FitOptions::default() };
    let of = |seed| rssm::fresh(&batch, &options, &mut stream(seed, "t", 0));
    let model = of(0);
    let f = model.dims().feature;
    let actor =
        SquashedGaussian::new(net(1, &[f, 8, 2], Activation::Relu), Normalizer::identity(f), vec![2.0], vec![0.25]);
    let policy = Filtered::around(&model, Box::new(actor));
    let before = Checkpoint { world_model: Some(Box::new(model)), policy: Some(policy), critic: None, ..example() };
    native::savable(&before).unwrap();
    native::save(dir.path(), &before).unwrap();
    let after = open(dir.path()).unwrap();
    assert_eq!((after.policy.as_deref().unwrap().kind(), &after), ("filtered", &before));
    // Behind another model it is another policy.
    let other = Checkpoint { world_model: Some(Box::new(of(1))), ..before.clone() };
    let refused = native::savable(&other).unwrap_err();
    assert!(refused.contains("another world model"), "{refused}");
    assert!(native::save(dir.path(), &Checkpoint { world_model: None, ..before }).is_err());
    assert_eq!(open(dir.path()).unwrap(), after, "what was there is there");
}

#[test]
fn faults_of_our_own_layout_are_sentences() {
    let dir = tempfile::tempdir().unwrap();
    native::save(dir.path(), &example()).unwrap();
    let (weights, record) = (dir.path().join("weights.safetensors"), dir.path().join("checkpoint.json"));
    let (good_weights, good_record) = (std::fs::read(&weights).unwrap(), std::fs::read_to_string(&record).unwrap());
    let says = |words: &str| {
        let e = open(dir.path()).unwrap_err().to_string();
        assert!(e.contains(words), "{e}");
    };

    let mut other = good_weights.clone();
    *other.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, &other).unwrap();
    says("not the weights that checkpoint.json was written with");
    std::fs::remove_file(&weights).unwrap();
    says("weights.safetensors: missing");
    std::fs::write(&weights, &good_weights).unwrap();

    std::fs::write(&record, &good_record[..good_record.len() / 2]).unwrap();
    says("checkpoint.json: not the record");
    std::fs::write(&record, good_record.replace("\"oodscope_layout\": 1", "\"oodscope_layout\": 9")).unwrap();
    says("newer oodscope");
    std::fs::write(&record, good_record.replace("\"members\": 5", "\"members\": 1152921504606846976")).unwrap();
    says("'world_model.layers.0.weight' has shape [5, 4, 7]");
    std::fs::write(&record, good_record.replace("\"obs_dim\": 3", "\"obs_dim\": 4")).unwrap();
    says("4 network inputs, 5 are needed");
    std::fs::write(&record, good_record.replace("\"deterministic\": false", "\"deterministic\": true")).unwrap();
    says("network outputs");
}

#[test]
fn what_cannot_be_saved_says_so_and_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    native::save(dir.path(), &example()).unwrap();
    let mut diverged = example();
    diverged.critic.as_mut().unwrap().layers[0].bias[1] = f32::NAN;
    let e = native::save(dir.path(), &diverged).unwrap_err().to_string();
    assert!(e.contains("'critic.layers.0.bias'") && e.contains("diverged"), "{e}");
    assert_eq!(open(dir.path()).unwrap(), example());

    let file = dir.path().join("a file");
    std::fs::write(&file, b"").unwrap();
    let e = native::save(&file.join("inside"), &example()).unwrap_err().to_string();
    assert!(e.contains("cannot be written") && e.contains("choose another output folder"), "{e}");
}

#[test]
fn dimensions_that_do_not_fit_are_both_named() {
    let c = example();
    let fits = |c: &Checkpoint, d, a| c.fits(&Space::unnamed("obs", d), &Space::unnamed("action", a));
    assert_eq!(fits(&c, 3, 1), Ok(()));
    let e = fits(&c, 11, 1).unwrap_err();
    assert!(e.contains("observations of 3 dimensions") && e.contains("has 11"), "{e}");
    assert!(fits(&c, 3, 2).unwrap_err().contains("actions of 1 dimensions"));
    let actor_only = Checkpoint { world_model: None, ..c };
    assert!(fits(&actor_only, 4, 1).unwrap_err().contains("policy"));
    assert_eq!(fits(&Checkpoint::default(), 9, 9), Ok(()));
}

#[test]
fn a_model_may_take_choices_as_columns_or_as_it_was_trained() {
    let c = example();
    let obs = Space::unnamed("obs", 3);
    let choices = |n| Space { kind: SpaceKind::Discrete { n, start: 0 }, ..Space::unnamed("push", 1) };
    let model_only = Checkpoint { policy: None, ..c };
    assert_eq!(model_only.fits(&obs, &choices(4)), Ok(()), "its one column takes the number");
    assert!(model_only.action_note(&choices(4)).is_some_and(|n| n.contains("as it was trained")));
    assert_eq!(model_only.action_note(&Space::unnamed("torque", 1)), None);
}

#[test]
fn policies_over_choices_are_saved_and_strange_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let space = Space { kind: SpaceKind::Discrete { n: 3, start: 1 }, ..Space::unnamed("arm", 1) };
    let categorical = Categorical::new(net(1, &[3, 5, 3], Activation::Tanh), Normalizer::identity(3), space).unwrap();
    let before = Checkpoint { policy: Some(Box::new(categorical)), ..example() };
    native::save(dir.path(), &before).unwrap();
    assert_eq!(open(dir.path()).unwrap(), before);
    let scripted = Scripted::named("Pendulum-v1", "random").unwrap();
    let e = native::save(dir.path(), &Checkpoint { policy: Some(Box::new(scripted)), ..example() }).unwrap_err();
    assert!(e.to_string().contains("policies of the kind 'scripted'"), "{e}");
}

#[test]
fn nothing_there_and_nothing_known() {
    let dir = tempfile::tempdir().unwrap();
    assert!(open(&dir.path().join("x")).unwrap_err().to_string().contains("no such file or folder"));
    let e = open(dir.path()).unwrap_err().to_string();
    assert!(e.contains("not a checkpoint") && e.contains("oodscope"), "{e}");
}

#[test]
fn messages_hold_no_control_characters() {
    let e = Fault::at(Path::new("a\u{1b}]0;b"), "c\n\u{202e}d").to_string();
    assert!(!e.chars().any(|c| c.is_control() || c == '\u{202e}'), "{e:?}");
}
