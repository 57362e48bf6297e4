use super::*;
use crate::checkpoint::About;
use crate::checkpoint::reading::{Basis, InputOrder, Item, RewardColumn, Target};
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::world::net::activation::Activation;
use crate::world::net::mlp::{Layer, Mlp};
use crate::world::net::normalizer::Normalizer;

const EPISODES: usize = 20;
const STEPS_EACH: usize = 60;

/// A cart that is thrown to and fro: x' = x + v/10, v' = v + u/2. Episodes differ in how fast.
fn dataset() -> Dataset {
    let (mut obs, mut actions, mut spans) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..EPISODES {
        let speed = 1.0 + 0.02 * i as f32;
        let (mut x, mut v) = (0.0f32, speed);
        for _ in 0..STEPS_EACH {
            obs.extend([x, v]);
            let u = -4.0 * v;
            actions.push(u);
            (x, v) = (x + 0.1 * v, v + 0.5 * u);
        }
        obs.extend([x, v]);
        spans.push(EpisodeSpan {
            id: i as u64,
            first_step: STEPS_EACH * i,
            steps: STEPS_EACH,
            first_obs: (STEPS_EACH + 1) * i,
            obs_rows: STEPS_EACH + 1,
            terminated: false,
            truncated: true,
        });
    }
    let rewards = vec![0.0; EPISODES * STEPS_EACH];
    let space = |names: &[&str]| Space { names: names.iter().map(|n| (*n).into()).collect(), kind: SpaceKind::Unknown };
    let parts = Parts { spans, obs, actions, rewards, next_obs: None };
    Dataset::from_parts(Origin::default(), space(&["x", "v"]), space(&["u"]), parts).unwrap()
}

/// Outputs are `[x, v, u]` times `weight` [3, 2].
fn model(weight: [f32; 6]) -> Ensemble {
    let layer = Layer { inputs: 3, outputs: 2, weight: weight.to_vec(), bias: vec![0.0; 2] };
    Ensemble {
        obs_dim: 2,
        action_dim: 1,
        learned_reward: false,
        learned_termination: false,
        deterministic: true,
        net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
        input: Normalizer::identity(3),
        target: Normalizer::identity(2),
        min_logvar: vec![],
        max_logvar: vec![],
        elites: vec![0],
        absolute: vec![],
        seen: vec![],
    }
}

/// The change that happens.
const RIGHT: [f32; 6] = [0.0, 0.0, 0.1, 0.0, 0.0, 0.5];

fn check(model: Ensemble) -> ReadingCheck {
    let item = |basis| Item::new(Target::Delta, basis);
    let reading = Reading {
        activation: Item::new(Activation::Relu, Basis::Stated),
        target: item(Basis::Assumed),
        reward: Item::new(RewardColumn::None, Basis::Implied),
        input: Item::new(InputOrder::ObsAction, Basis::Stated),
    };
    let about = About { reading: Some(reading), ..About::default() };
    let checkpoint = Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() };
    let mut opened = Opened::new(Source::default(), Arc::new(dataset()));
    opened.checkpoint = Some(Arc::new(checkpoint));
    let found = reading_check(&opened, &Ctx::quiet()).unwrap().expect("a model meets data");
    assert!(Arc::ptr_eq(&found, &reading_check(&opened, &Ctx::quiet()).unwrap().unwrap()), "measured once");
    (*found).clone()
}

fn texts(check: &ReadingCheck, level: Level) -> Vec<String> {
    check.notes().into_iter().filter(|n| n.level == level).map(|n| n.text).collect()
}

#[test]
fn a_right_model_is_not_doubted() {
    let check = check(model(RIGHT));
    assert!(check.error < 1e-4 && check.steps > 500, "{check:?}");
    assert!(!check.is_distrusted() && check.notes().is_empty(), "{:?}", check.notes());
}

#[test]
fn another_reading_that_is_far_better_is_named_with_what_states_it() {
    // The next observation itself.
    let check = check(model([1.0, 0.0, 0.1, 1.0, 0.0, 0.5]));
    assert!(check.error > 0.5 && check.is_distrusted(), "{check:?}");
    let alarms = texts(&check, Level::Alarm).join(" ");
    assert!(alarms.contains("target = \"absolute\"") && alarms.contains("--model-target absolute"), "{alarms}");
    let mut report = Report::new("imagination", "Imagination");
    report.note(Level::Good, "it beats copying");
    report.note(Level::Info, "a definition");
    check.tell(&mut report, false);
    assert!(report.notes.iter().any(|n| n.level == Level::Good), "what becomes of the model is another matter");
    check.tell(&mut report, true);
    assert!(report.notes[0].level == Level::Alarm && report.notes.iter().all(|n| n.level != Level::Good));
}

#[test]
fn a_model_that_is_no_better_than_copying_is_unusable_beside_a_line_that_is() {
    let check = check(model([0.0; 6]));
    let why = check.unusable().expect("copying is no model");
    assert!(why.contains("unusable, or wrongly read") && why.contains("1.00 times"), "{why}");
    assert!(check.linear.is_some_and(|l| l < 0.01), "the world is linear");
}

#[test]
fn a_model_whose_rollouts_run_away_is_unusable_however_well_it_sees_one_step() {
    let check = check(model([0.5, 0.0, 0.1, 0.0, 0.0, 0.5]));
    assert!(check.error < 0.8, "{check:?}");
    let why = check.unusable().expect("1.5 to the 50th");
    assert!(why.contains("run away"), "{why}");
}

#[test]
fn a_model_that_predicts_no_numbers_is_unusable() {
    let check = check(model([f32::NAN, 0.0, 0.1, 0.0, 0.0, 0.5]));
    assert!(check.unusable().is_some_and(|why| why.contains("infinitely many times")));
}

#[test]
fn a_line_that_errs_less_is_a_warning() {
    let check = check(model([0.0, 0.0, 0.1, 0.0, 0.0, 0.3]));
    assert!(check.unusable().is_none());
    let said = texts(&check, Level::Warn).join(" ");
    assert!(said.contains("A linear model of the same steps errs less"), "{said}");
}

/// The model with a normaliser that changes nothing it computes: `wide` is the input's deviations.
fn normalised(mean: [f32; 3], std: [f32; 3]) -> Ensemble {
    let mut m = model(RIGHT);
    for (i, s) in std.iter().enumerate() {
        (0..2).for_each(|c| m.net.layers[0].weight[2 * i + c] *= s);
    }
    for c in 0..2 {
        m.net.layers[0].bias[c] = (0..3).map(|i| RIGHT[2 * i + c] * mean[i]).sum();
    }
    m.input = Normalizer { mean: mean.to_vec(), std: std.to_vec() };
    m
}

#[test]
fn a_normaliser_of_other_data_is_told_by_its_columns() {
    let of = |mean, std| texts(&check(normalised(mean, std)), Level::Alarm).join(" ");
    // v is ±1.19 or so, u ∓4.8, x 0 or 0.12.
    assert_eq!(of([0.06, 0.0, 0.0], [0.06, 1.2, 4.8]), "");
    let tiny = of([0.06, 0.0, 0.0], [1e-7, 1.2, 4.8]);
    assert!(tiny.contains("observation column 0 (x)") && tiny.contains("1.00e-7"), "{tiny}");
    let shifted = of([0.06, 9.0, 0.0], [0.06, 1.2, 4.8]);
    assert!(shifted.contains("observation column 1 (v)"), "{shifted}");
    let rescaled = of([0.06, 0.0, 0.0], [0.06, 1.2, 2.4]);
    assert!(rescaled.contains("actions whose deviation is 0.5"), "{rescaled}");
    let standardised = of([0.01, 0.0, 0.0], [1.0, 0.99, 4.8]);
    assert!(standardised.contains("standardised observations"), "{standardised}");
}

#[test]
fn the_sample_knows_beginnings_middles_and_ends() {
    let opened = Opened::new(Source::default(), Arc::new(dataset()));
    for most in [4 * EPISODES, 20 * EPISODES] {
        let batch = sample(&opened, most);
        let thirds = |k: usize| batch.step.iter().filter(|t| **t * 3 / STEPS_EACH == k).count();
        // A stretch of a third begins anywhere: its steps are in the middle half of the time, and at either end a quarter.
        let least = batch.len() / 6;
        assert!((0..3).all(|k| thirds(k) >= least), "{:?} of {}", (0..3).map(thirds).collect::<Vec<_>>(), batch.len());
    }
}
