use super::*;
use crate::checkpoint::open_given;
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::Space;
use crate::world::net::mlp::Layer;

/// A network of one linear layer and one hidden one, of `inputs` and `outputs` columns.
fn network(inputs: usize, outputs: usize) -> Network {
    let layer = |inputs: usize, outputs: usize| {
        let weight = (0..inputs * outputs).map(|i| (i as f32 * 0.37).sin()).collect();
        let bias = (0..outputs).map(|i| 0.1 * i as f32).collect();
        Named { name: "l".into(), members: 1, layer: Layer { inputs, outputs, weight, bias } }
    };
    Network {
        layers: vec![layer(inputs, 5), layer(5, outputs)],
        deterministic: true,
        input: Normalizer::identity(inputs),
        target: Normalizer::identity(outputs),
        min_logvar: Vec::new(),
        max_logvar: Vec::new(),
        elites: None,
    }
}

fn file() -> Tensors {
    Tensors { path: "m.pth".into(), map: std::collections::BTreeMap::new() }
}

fn dataset(obs: usize, action: usize) -> Dataset {
    let span =
        EpisodeSpan { id: 0, first_step: 0, steps: 1, first_obs: 0, obs_rows: 2, terminated: false, truncated: true };
    let parts = Parts {
        spans: vec![span],
        obs: vec![0.0; 2 * obs],
        actions: vec![0.0; action],
        rewards: vec![0.0],
        ..Parts::default()
    };
    Dataset::from_parts(Origin::default(), Space::unnamed("obs", obs), Space::unnamed("action", action), parts).unwrap()
}

fn read(shape: (usize, usize), sidecar: &Sidecar, given: &Given<'_>) -> Result<(Ensemble, About), String> {
    let mut about = About::default();
    let model = world_model(network(shape.0, shape.1), &Layout::unsaid(), sidecar, given, &file(), &mut about);
    model.map(|m| (m, about)).map_err(|e| e.to_string())
}

#[test]
fn the_dataset_settles_what_shapes_leave_open() {
    let dims = |shape, given: &Given<'_>| {
        read(shape, &Sidecar::default(), given).map(|(m, _)| (m.obs_dim, m.action_dim, m.learned_reward))
    };
    let none = Given::default();
    assert_eq!(dims((5, 4), &none), Ok((3, 2, true)));
    let data = dataset(4, 1);
    assert_eq!(dims((5, 4), &Given { data: Some(&data), ..none }), Ok((4, 1, false)));
    let data = dataset(3, 2);
    assert_eq!(dims((5, 4), &Given { data: Some(&data), ..none }), Ok((3, 2, true)));
    // A dataset that does not fit at all settles nothing.
    let data = dataset(11, 3);
    assert_eq!(dims((5, 4), &Given { data: Some(&data), ..none }), Ok((3, 2, true)));
    let no_reward = Asked { reward: Some(RewardColumn::None), ..Asked::default() };
    assert_eq!(dims((5, 4), &Given { asked: no_reward, ..none }), Ok((4, 1, false)));
    assert!(dims((4, 5), &none).unwrap_err().contains("4 inputs and 5 targets"));
    assert!(dims((3, 1), &none).is_ok_and(|(_, _, reward)| !reward), "one target cannot be observation and reward");
}

#[test]
fn contradictions_are_named() {
    let wrong = Sidecar { obs_dim: Some(11), act_dim: Some(3), ..Sidecar::default() };
    let e = read((4, 4), &wrong, &Given::default()).unwrap_err();
    assert!(e.contains("11 observation") && e.contains("4 inputs"), "{e}");
    let wrong = Sidecar { obs_dim: Some(3), act_dim: Some(1), learned_rewards: Some(false), ..Sidecar::default() };
    assert!(read((4, 4), &wrong, &Given::default()).unwrap_err().contains("no reward"));
}

#[test]
fn options_go_before_files_and_say_so() {
    let sidecar = Sidecar { activation: Some(Activation::Tanh), target: Some(Target::Absolute), ..Sidecar::default() };
    let (model, about) = read((4, 4), &sidecar, &Given::default()).unwrap();
    let reading = about.reading.unwrap();
    assert_eq!((model.net.activation, model.absolute.as_slice()), (Activation::Tanh, &[0, 1, 2][..]));
    assert_eq!((reading.activation.basis, reading.reward.basis), (Basis::Stated, Basis::Assumed));
    assert_eq!(reading.assumed(), ["reward = \"last\"", "input = \"obs-action\""]);
    let asked = Asked { activation: Some(Activation::Relu), reward: Some(RewardColumn::First), ..Asked::default() };
    let (model, about) = read((4, 4), &sidecar, &Given { asked, data: None }).unwrap();
    assert_eq!(model.net.activation, Activation::Relu);
    assert_eq!(about.warnings, ["--model-activation relu is taken although the file states tanh"]);
    assert_eq!(about.reading.unwrap().reward, Item::new(RewardColumn::First, Basis::Asked));
}

#[test]
fn files_that_contradict_each_other_are_told() {
    let mut layout = Layout::library(Item::new(Activation::Silu, Basis::Stated));
    layout.no_delta = vec![2];
    let (sidecar, mut about) = (Sidecar { activation: Some(Activation::Relu), ..Sidecar::default() }, About::default());
    let model = world_model(network(4, 4), &layout, &sidecar, &Given::default(), &file(), &mut about).unwrap();
    assert_eq!((model.net.activation, model.absolute.as_slice()), (Activation::Relu, &[2][..]));
    let said = "the file beside the weights states activation relu, the run's configuration silu: relu is taken";
    assert_eq!(about.warnings, [said]);
}

/// A model that was imported and saved here keeps what was assumed, and can be read anew.
#[test]
fn an_imported_model_that_was_saved_here_keeps_its_reading() {
    let dir = tempfile::tempdir().unwrap();
    let (model, about) = read((4, 4), &Sidecar::default(), &Given::default()).unwrap();
    let saved = Checkpoint { world_model: Some(Box::new(model.clone())), about, ..Checkpoint::default() };
    crate::checkpoint::native::save(dir.path(), &saved).unwrap();
    let asked = Asked { target: Some(Target::Absolute), input: Some(InputOrder::ActionObs), ..Asked::default() };
    let plain = open_given(dir.path(), &Given::default()).unwrap();
    assert_eq!((plain.about.reading, plain.alternatives().count()), (saved.about.reading, 47));
    let anew = open_given(dir.path(), &Given { asked, data: None }).unwrap();
    let (direct, _) = read((4, 4), &Sidecar::default(), &Given { asked, data: None }).unwrap();
    assert_eq!(Ensemble::known(anew.world_model.as_deref().unwrap()), Some(&direct));
    let found = saved.alternatives().find(|a| {
        a.reading.unlike(&saved.about.reading.unwrap()) == ["target = \"absolute\"", "input = \"action-obs\""]
    });
    assert_eq!(Ensemble::known(&*found.unwrap().model), Some(&direct));
    let own = Checkpoint { world_model: Some(Box::new(model)), ..Checkpoint::default() };
    crate::checkpoint::native::save(dir.path(), &own).unwrap();
    assert!(
        open_given(dir.path(), &Given { asked, data: None })
            .unwrap_err()
            .to_string()
            .contains("leave --model-activation")
    );
}
