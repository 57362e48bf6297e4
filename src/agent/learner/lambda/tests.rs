use super::*;
use crate::agent::learner::head::{Choices, Gaussian};
use crate::agent::policy::{Acting, LOG_STD};
use crate::data::episode::TransitionBatch;
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::stream;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::Layer;

/// A world that stands still and rewards the action itself: obs' = obs, reward = action.
fn pays_for_action() -> Ensemble {
    // inputs (obs, action) -> (Δobs, reward)
    let layer = Layer { inputs: 2, outputs: 2, weight: vec![0.0, 0.0, 0.0, 1.0], bias: vec![0.0, 0.0] };
    Ensemble {
        obs_dim: 1,
        action_dim: 1,
        learned_reward: true,
        learned_termination: false,
        deterministic: true,
        net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
        input: Normalizer::identity(2),
        target: Normalizer::identity(2),
        min_logvar: vec![],
        max_logvar: vec![],
        elites: vec![0],
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

/// A corridor: the first of two choices goes one to the left and costs nothing, the second one to the right and costs 0.1; who stands
/// at 3 or beyond is paid 1.
fn corridor() -> Ensemble {
    // inputs (obs, left, right); hidden units relu(obs − 2), relu(obs − 3), left, right.
    let first = Layer {
        inputs: 3,
        outputs: 4,
        weight: vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        bias: vec![-2.0, -3.0, 0.0, 0.0],
    };
    let second =
        Layer { inputs: 4, outputs: 2, weight: vec![0.0, 1.0, 0.0, -1.0, -1.0, 0.0, 1.0, -0.1], bias: vec![0.0, 0.0] };
    Ensemble {
        action_dim: 2,
        net: Mlp::new(1, Activation::Relu, vec![first, second]).unwrap(),
        input: Normalizer::identity(3),
        ..pays_for_action()
    }
}

fn choices(n: usize) -> Space {
    Space { kind: SpaceKind::Discrete { n, start: 0 }, ..Space::unnamed("push", 1) }
}

/// Transitions from `obs`.
fn at(obs: &[f32], space: Space) -> TransitionBatch {
    TransitionBatch {
        obs: obs.to_vec(),
        action: vec![0.0; obs.len()],
        reward: vec![0.0; obs.len()],
        next_obs: obs.to_vec(),
        ..TransitionBatch::within(1, space.into())
    }
}

fn options() -> LearnerOptions {
    LearnerOptions { hidden: 16, batch: 128, horizon: 4, gamma: 0.5, learning_rate: 3e-3, ..LearnerOptions::default() }
}

fn learner(seed: u64) -> LambdaActorCritic {
    let head = Box::new(Gaussian::new(vec![2.0], vec![1.0]));
    LambdaActorCritic::new(&pays_for_action(), head, 1.0, options(), &mut stream(seed, "weights", 0))
}

fn train(learner: &mut LambdaActorCritic, model: &Ensemble, rows: &TransitionBatch, steps: usize, part: u64) {
    let starts = Starts { rows, old: rows.len(), new_share: 0.0, apart: None };
    learner.train(model, &starts, steps, &mut stream(0, "imagination", part), &Ctx::quiet()).unwrap();
}

fn acts(learner: &LambdaActorCritic, obs: &[f32]) -> Vec<f32> {
    let policy = learner.policy();
    let mut states: Vec<_> = (0..obs.len()).map(|i| policy.begin(stream(0, "act", i as u64))).collect();
    policy.act(obs, &mut states, Acting::Greedy).stored().to_vec()
}

#[test]
fn real_numbers_learn_what_the_imagined_world_pays_for() {
    let (mut l, obs) = (learner(0), [-1.0, 0.0, 1.0]);
    train(&mut l, &pays_for_action(), &at(&obs, Space::unnamed("action", 1)), 600, 0);
    // Actions lie within 1 ± 2: the best is 3, and its discounted sum is 3 / (1 - 0.5) = 6.
    let actions = acts(&l, &obs);
    assert!(actions.iter().all(|&a| a > 2.5), "{actions:?}");
    let values = l.value(&obs).unwrap();
    assert!(values.iter().all(|&v| (5.0..6.1).contains(&v)), "{values:?}");
}

#[test]
fn a_choice_that_pays_late_is_learned() {
    let model = corridor();
    model.check().unwrap();
    let space = choices(2);
    let head = Box::new(Choices::new(&space).unwrap());
    let options = LearnerOptions { gamma: 0.9, horizon: 8, ..options() };
    let mut l = LambdaActorCritic::new(&model, head, 1.0, options, &mut stream(0, "weights", 0));
    let obs = [-1.0, 0.0, 1.0, 2.0, 3.0];
    train(&mut l, &model, &at(&obs, space), 1200, 0);
    assert_eq!(acts(&l, &obs), [1.0; 5]);
    // From 3 on it is best to go to and fro between 3 and 4, which pays 0.9 and 1: V = 0.9 + 0.9 + 0.81 V. From -1 that comes
    // after four steps of 0.1 each.
    let there = 1.8 / 0.19;
    let late = 0.9f64.powi(4) * there - (1.0 - 0.9f64.powi(4));
    let values = l.value(&obs).unwrap();
    assert!((values[4] - there).abs() < 0.9 && (values[0] - late).abs() < 0.9, "{values:?} {there} {late}");
}

/// What a batch sums to.
type Summed<'f> = dyn Fn(&[f64], &[f32], &[f32], &[f32]) -> f64 + 'f;

/// The gradient of a head against the difference of its sum, in double precision by the definitions.
fn against_differences(head: &dyn Head, out: &[f32], (rows, sum): (usize, &Summed<'_>)) {
    let (_, decided) = head.decide(out, &mut stream(1, "draw", 0));
    let numbers = |s: &str| init::normal(rows, &mut stream(2, s, 0));
    let (gain, spread) = (numbers("gain"), numbers("spread"));
    let got = head.score(out, &decided, &gain, &spread).gradient;
    let wide: Vec<f64> = out.iter().map(|v| f64::from(*v)).collect();
    for i in 0..out.len() {
        let at = |by: f64| {
            let mut moved = wide.clone();
            moved[i] += by;
            sum(&moved, &decided, &gain, &spread)
        };
        let want = (at(1e-5) - at(-1e-5)) / 2e-5;
        // Single precision in terms of size 10.
        assert!((f64::from(got[i]) - want).abs() < 2e-4 * want.abs().max(1.0), "{i}: {} {want}", got[i]);
    }
}

#[test]
fn choices_are_scored_by_the_gradient_of_log_probability_and_entropy() {
    let (b, k) = (40, 3);
    let head = Choices::new(&choices(k)).unwrap();
    let out = init::normal(b * k, &mut stream(0, "out", 0));
    let sum = |out: &[f64], decided: &[f32], gain: &[f32], spread: &[f32]| {
        let of = |i: usize| {
            let row = &out[i * k..(i + 1) * k];
            let all = row.iter().map(|v| v.exp()).sum::<f64>().ln();
            let entropy: f64 = row.iter().map(|v| -(v - all).exp() * (v - all)).sum();
            f64::from(gain[i]) * (row[decided[i] as usize] - all) + f64::from(spread[i]) * entropy
        };
        (0..b).map(of).sum()
    };
    against_differences(&head, &out, (b, &sum));
}

#[test]
fn real_numbers_are_scored_by_the_gradient_of_log_density_and_of_entropy_along_its_path() {
    let (b, a) = (40, 2);
    let head = Gaussian::new(vec![2.0, 0.5], vec![1.0, 0.0]);
    let mut out = init::normal(b * 2 * a, &mut stream(0, "out", 0));
    // Log deviations beyond their bounds have no gradient, in the definition below neither.
    (out[a], out[2 * a + a]) = (LOG_STD.0 - 1.0, LOG_STD.1 + 1.0);
    let first = out.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let bounded = |l: f64| l.clamp(f64::from(LOG_STD.0), f64::from(LOG_STD.1));
    let density = |u: f64, mean: f64, log_std: f64| {
        let eps = (u - mean) / log_std.exp();
        -0.5 * eps * eps - log_std - 0.5 * (2.0 * std::f64::consts::PI).ln() + 2.0 * u.cosh().ln()
    };
    let sum = |out: &[f64], decided: &[f32], gain: &[f32], spread: &[f32]| {
        let mut sum = 0.0;
        for (i, c) in (0..b).flat_map(|i| (0..a).map(move |c| (i, c))) {
            let at = |of: &[f64]| (of[2 * a * i + c], bounded(of[2 * a * i + a + c]));
            let ((mean, log_std), (mean_drawn, log_drawn)) = (at(out), at(&first));
            let u = f64::from(decided[i * a + c]);
            // The same noise through the outputs that are asked about.
            let moved = mean + log_std.exp() * (u - mean_drawn) / log_drawn.exp();
            sum += f64::from(gain[i]) * density(u, mean, log_std);
            sum -= f64::from(spread[i]) * density(moved, mean, log_std);
        }
        sum
    };
    against_differences(&head, &out, (b, &sum));
    let (stored, decided) = head.decide(&out, &mut stream(1, "draw", 0));
    let scored = head.score(&out, &decided, &vec![0.0; b], &vec![0.0; b]);
    let want: f64 = (0..a).map(|c| density(f64::from(decided[2 * a + c]), first[4 * a + c], first[5 * a + c])).sum();
    assert!(
        (f64::from(scored.log_prob[2]) - want).abs() < 1e-4 && (scored.entropy[2] + scored.log_prob[2]).abs() < 1e-6
    );
    assert!(stored.chunks_exact(a).all(|s| (-1.0..=3.0).contains(&s[0]) && s[1].abs() <= 0.5));
}

/// A step moves the critic down its loss and leaves what follows the last step out of it; the actor gains where returns are better
/// than promised.
#[test]
fn rollouts_are_whole_and_weigh_what_may_not_be_reached() {
    // One more output says that the episode ends, at even odds: logit 0.
    let layer = Layer { inputs: 2, outputs: 3, weight: vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0], bias: vec![0.0; 3] };
    let model = Ensemble {
        learned_termination: true,
        net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
        ..pays_for_action()
    };
    let mut l = learner(1);
    let rows = at(&[0.5], Space::unnamed("action", 1));
    let drawn = Starts { rows: &rows, old: 1, new_share: 0.0, apart: None }.with_context(1);
    let mut rng = stream(0, "rollout", 0);
    let origins = Origins::new(&model, &drawn, 32, &mut rng, &Ctx::quiet()).unwrap();
    let rollout = l.imagine(&model, &origins, &mut rng).unwrap();
    assert_eq!((rollout.rows, rollout.reward.len(), rollout.features.len()), (32, 128, 160));
    assert!(rollout.discount.iter().all(|d| (d - 0.25).abs() < 1e-6), "γ 0.5 at even odds");
    assert!(returns::weights(&rollout.discount, 32)[96..].iter().all(|w| (w - 0.25f32.powi(3)).abs() < 1e-7));
    let pays = |(d, r): (&f32, &f32)| ((1.0 + 2.0 * d.tanh()) - r).abs() < 1e-5;
    assert!(rollout.decided.iter().zip(&rollout.reward).all(pays));
    let before = l.value(&[0.5]).unwrap()[0];
    for _ in 0..200 {
        l.step(&rollout);
    }
    let after = l.value(&[0.5]).unwrap()[0];
    let mean = f64::from(rollout.reward.iter().sum::<f32>()) / 128.0;
    assert!(before.abs() < 1e-6 && (after - mean / 0.75).abs() < 0.3 * mean.abs(), "{before} {after} {mean}");
}

#[test]
fn a_learner_that_is_restored_learns_on_as_if_nothing_had_been() {
    let (model, rows) = (pays_for_action(), at(&[-1.0, 0.0, 1.0], Space::unnamed("action", 1)));
    let mut l = learner(4);
    train(&mut l, &model, &rows, 20, 0);
    let again = |l: &LambdaActorCritic| {
        let (policy, critic, rng) = (l.policy(), l.critic(), &mut stream(99, "weights", 0));
        LambdaActorCritic::from_policy(&*policy, critic.as_ref(), 1.0, options(), rng).unwrap()
    };
    let (mut restored, mut fresh) = (again(&l), again(&l));
    restored.restore(&l.state()).unwrap();
    for learner in [&mut l, &mut restored, &mut fresh] {
        train(learner, &model, &rows, 20, 1);
    }
    assert!(l.policy().same(&*restored.policy()) && l.critic() == restored.critic() && l.state() == restored.state());
    assert!(!l.policy().same(&*fresh.policy()), "what the optimisers keep matters");
    assert!(restored.restore(&Blocks::new()).unwrap_err().contains("missing"));
    // Critics of another learner are none of this one's, and the other way round.
    let sac = super::super::ActorCritic::from_policy(
        &*l.policy(),
        l.critic().as_ref(),
        1.0,
        options(),
        &mut stream(0, "w", 0),
    );
    assert_eq!(sac.unwrap().critics().members, super::super::actor_critic::CRITICS);
}
