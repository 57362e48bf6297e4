use super::*;
use crate::data::space::Space;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::world::imagine;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::{Layer, Mlp};
use crate::world::rssm::GruCell;

fn layer(inputs: usize, outputs: usize, weight: &[f32], bias: &[f32]) -> Layer {
    Layer { inputs, outputs, weight: weight.to_vec(), bias: bias.to_vec() }
}

fn net(members: usize, layer: Layer) -> Mlp {
    Mlp::new(members, Activation::Relu, vec![layer]).unwrap()
}

/// One observation and one action, two heads on a window of two steps: [o0, a0, o1, a1] -> a sum of them each, in units of 2.
fn windowed() -> RecurrentNet {
    let mean = net(2, layer(4, 1, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], &[0.0, 0.5]));
    let deviations =
        Deviations { net: net(2, layer(4, 1, &[0.0; 8], &[-40.0, 40.0])), min: vec![-3.0; 2], max: vec![1.0; 2] };
    RecurrentNet {
        obs_dim: 1,
        action_dim: 1,
        learned_reward: false,
        context: 2,
        input: Normalizer { mean: vec![1.0, 0.0], std: vec![2.0, 1.0] },
        target: Normalizer { mean: vec![0.0], std: vec![2.0] },
        memory: Memory::Window { steps: 2, inputs: 2 },
        readout: Readout::Heads { base: None, mean, deviations: Some(deviations) },
    }
}

fn gru() -> RecurrentNet {
    let cell = GruCell::new(
        layer(2, 3, &[0.5, 0.2, 1.0, -0.3, 0.1, 0.7], &[0.1; 3]),
        layer(1, 3, &[0.4, 0.3, 0.2], &[0.0; 3]),
    );
    let readout = Readout::Heads { base: None, mean: net(1, layer(1, 1, &[1.0], &[0.0])), deviations: None };
    RecurrentNet { memory: Memory::Gru(vec![cell.unwrap()]), readout, ..windowed() }
}

fn past<'a>(obs: &'a [f32], actions: &'a [f32], space: &'a Space) -> SequenceBatch<'a> {
    SequenceBatch { rows: 2, steps: 1, obs_dim: 1, obs: obs.into(), actions: Actions::new(space, actions) }
}

#[test]
fn a_window_by_hand() {
    let (model, space) = (windowed().checked().unwrap(), Space::unnamed("action", 1));
    let mut state = model.begin(&past(&[3.0, 5.0, 7.0, 9.0], &[0.25, -0.5], &space));
    assert_eq!(state.obs, [5.0, 9.0]);
    let step = |state: &mut ImaginedState, taken: &[f32], feedback: Feedback<'_>| {
        model.step(state, &Actions::new(&space, taken), feedback)
    };
    // Head 0: the older observation, (3 - 1) / 2 and (7 - 1) / 2; head 1: the present action and a half; units of 2.
    let said = step(&mut state, &[0.0, 1.0], Feedback::Mean).prediction;
    assert_eq!(said.delta, [2.0, 6.0, 1.0, 3.0]);
    assert_eq!(said.next_obs, [7.0, 15.0, 6.0, 12.0]);
    assert_eq!(state.obs, [6.5, 13.5]);
    // Far beyond its bounds a log-deviation is at them; the upper one is softened by softplus(-4).
    let logvar = said.logvar.unwrap();
    let units = 2.0 * 2.0f32.ln();
    assert!((logvar[0] - (-6.0 + units)).abs() < 1e-5, "{logvar:?}");
    assert!((logvar[2] - (2.0 * (-3.0 + 4.0f32.exp().ln_1p()) + units)).abs() < 1e-5, "{logvar:?}");
    // The window moved on, and rows are left in another order.
    model.keep(&mut state, &[1, 0]);
    let said = step(&mut state, &[0.0, 0.0], Feedback::Member(0)).prediction;
    assert_eq!((&said.delta[..2], &state.obs[..]), (&[8.0, 4.0][..], &[21.5, 10.5][..]));
    let before = state.obs.clone();
    let drawn = step(&mut state, &[0.0, 0.0], Feedback::Sampled(&mut stream(1, "draw", 0)));
    assert_ne!(state.obs, before);
    assert_eq!((drawn.reward, model.elites(), model.predicts_variance()), (None, vec![0, 1], true));
    assert_eq!((model.obs_scale(), model.unit()), (None, Some(&[2.0][..])));
    model.keep(&mut state, &[]);
    assert!(state.obs.is_empty());
}

/// A state that was told everything goes on as one that imagined it.
#[test]
fn what_is_imagined_is_remembered_as_if_it_were_real() {
    let (model, space) = (gru().checked().unwrap(), Space::unnamed("action", 1));
    let taken = Actions::new(&space, vec![0.1, -0.2]);
    let mut state = model.begin(&past(&[0.0, 1.0, -1.0, 0.5], &[0.3, 0.4], &space));
    model.step(&mut state, &taken, Feedback::Mean);
    let told = RecurrentNet { context: 3, ..model.clone() };
    let obs = [0.0, 1.0, state.obs[0], -1.0, 0.5, state.obs[1]];
    let actions = Actions::new(&space, vec![0.3, 0.1, 0.4, -0.2]);
    let mut other = told.begin(&SequenceBatch { rows: 2, steps: 2, obs_dim: 1, obs: obs[..].into(), actions });
    model.step(&mut state, &taken, Feedback::Mean);
    told.step(&mut other, &taken, Feedback::Mean);
    assert_eq!(state.obs, other.obs);
    // One row alone is the same row.
    let begun = past(&[0.0, 1.0, -1.0, 0.5], &[0.3, 0.4], &space);
    let space = begun.actions.space().clone();
    let both = imagine::open_loop(&model, &begun, &Actions::new(&space, vec![0.1; 6]), 3, None, &Ctx::quiet()).unwrap();
    let one =
        imagine::open_loop(&model, &begun.part(1..2), &Actions::new(&space, vec![0.1; 3]), 3, None, &Ctx::quiet());
    assert_eq!(both.obs_at(1, 3), one.unwrap().obs_at(0, 3));
}

#[test]
fn parts_that_do_not_fit_are_named() {
    let wrong = |model: RecurrentNet| model.checked().unwrap_err();
    assert!(
        wrong(RecurrentNet { context: 3, ..windowed() }).contains("a window of 2 steps of 2 columns is given 3 of 2")
    );
    assert!(wrong(RecurrentNet { context: 0, ..windowed() }).contains("told 0 observations"));
    assert!(wrong(RecurrentNet { learned_reward: true, ..windowed() }).contains("1 target means, 2"));
    assert!(wrong(RecurrentNet { action_dim: 2, ..windowed() }).contains("2 input means, 3"));
    let flat = Normalizer { mean: vec![0.0], std: vec![0.0] };
    assert!(wrong(RecurrentNet { target: flat, ..windowed() }).contains("not all above 0"));
    assert!(wrong(RecurrentNet { memory: Memory::Gru(Vec::new()), ..gru() }).contains("without a layer"));
    assert!(wrong(RecurrentNet { readout: windowed().readout, ..gru() }).contains("4 inputs of the heads, 1"));
    let two = net(1, layer(1, 2, &[1.0, 1.0], &[0.0; 2]));
    let readout = Readout::Heads { base: None, mean: two, deviations: None };
    assert!(wrong(RecurrentNet { readout, ..gru() }).contains("2 outputs of the heads, 1"));
    assert!(LstmCell::new(layer(2, 3, &[0.0; 6], &[0.0; 3]), layer(1, 3, &[0.0; 3], &[0.0; 3])).is_err());
    assert!(gru().trainable().unwrap_err().contains("oodscope fit"));
}
