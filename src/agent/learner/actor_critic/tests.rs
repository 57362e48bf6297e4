use super::*;
use crate::agent::learner::head::{Choices, Gaussian, Head};
use crate::agent::policy::LOG_STD;
use crate::agent::policy::SquashedGaussian;
use crate::data::episode::TransitionBatch;
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::stream;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::Layer;

impl ActorCritic {
    /// The actor, where it acts in real numbers.
    fn actor(&self) -> SquashedGaussian {
        SquashedGaussian::known(&*self.policy()).expect("a Gaussian").clone()
    }

    /// A learner that goes on from the networks of this one.
    fn again(&self, options: LearnerOptions) -> Self {
        let (policy, rng) = (self.policy(), &mut stream(99, "weights", 0));
        Self::from_policy(&*policy, self.critic().as_ref(), self.reward_scale, options, rng).expect("trained here")
    }
}

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
        net: Mlp::new(1, Activation::Relu, vec![layer]).expect("one layer"),
        input: Normalizer::identity(2),
        target: Normalizer::identity(2),
        min_logvar: vec![],
        max_logvar: vec![],
        elites: vec![0],
        absolute: Vec::new(),
        seen: Vec::new(),
    }
}

/// Transitions from `obs`.
fn at(obs: &[f32]) -> TransitionBatch {
    TransitionBatch {
        obs: obs.to_vec(),
        action: vec![0.0; obs.len()],
        reward: vec![0.0; obs.len()],
        next_obs: obs.to_vec(),
        ..TransitionBatch::empty(1, 1)
    }
}

fn learner(seed: u64) -> ActorCritic {
    let options =
        LearnerOptions { hidden: 16, batch: 64, rollouts: 64, rollout: 2, gamma: 0.5, ..LearnerOptions::default() };
    let head = Box::new(Gaussian::new(vec![2.0], vec![1.0]));
    ActorCritic::new(&pays_for_action(), head, 1.0, options, &mut stream(seed, "weights", 0))
}

#[test]
fn the_policy_learns_what_the_imagined_world_pays_for() {
    let mut l = learner(0);
    let obs = [-1.0, 0.0, 1.0];
    let rows = at(&obs);
    let starts = Starts { rows: &rows, old: 3, new_share: 0.0, apart: None };
    l.train(&pays_for_action(), &starts, 400, &mut stream(0, "imagination", 0), &Ctx::quiet()).expect("nobody cancels");
    // Actions lie within 1 ± 2: the best is 3, and its discounted sum is 3 / (1 - 0.5) = 6.
    let actions = l.actor().mode(&obs);
    assert!(actions.iter().all(|&a| a > 2.5), "{actions:?}");
    let values = l.value(&obs).unwrap();
    assert!(values.iter().all(|&v| (4.0..8.0).contains(&v)), "{values:?}");
}

/// Critics of `inputs` columns and `outputs` values.
fn critics(inputs: usize, outputs: usize) -> Mlp {
    init::mlp(CRITICS, &[inputs, 16, 16, outputs], Activation::Relu, 1.0, &mut stream(5, "critics", 0))
}

/// As many numbers, near one another, of a sum of products in another order.
fn near(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 2e-6, "{far}: {:?} {:?}", &a[..a.len().min(6)], &b[..b.len().min(6)]);
}

#[test]
fn a_gaussians_gradients_are_autodiffs() {
    let (b, a, d) = (150, 2, 3);
    let head = Gaussian::new(vec![2.0, 0.5], vec![1.0, 0.0]);
    let mut out = init::normal(b * 2 * a, &mut stream(0, "out", 0));
    // Some log deviations beyond their bounds.
    out[a] = LOG_STD.0 - 1.0;
    out[2 * a + a] = LOG_STD.1 + 1.0;
    let features = init::normal(b * d, &mut stream(0, "features", 0));
    let net = critics(d + a, 1);
    let noise = init::normal(b * a, &mut stream(0, "noise", 0));
    let (want, log_prob) = autodiff::gaussian((&out, &noise, &features), a, LOG_STD, &net, 0.2);
    let (got, mean, cost) = head.gradient(&out, &features, &mut FusedMlp::new(&net), 0.2, &mut stream(0, "noise", 0));
    near(&got, &want);
    assert!((mean - log_prob.iter().sum::<f32>() / b as f32).abs() < 1e-4);
    // And the same log-probabilities in what the critics are drawn towards.
    let soft = |alpha| head.soft_value(&out, &features, &mut FusedMlp::new(&net), alpha, &mut stream(0, "noise", 0));
    assert!((cost + soft(0.2).iter().sum::<f32>() / b as f32).abs() < 1e-3, "{cost}");
    let both = soft(0.0).into_iter().zip(soft(0.5)).zip(&log_prob);
    assert!(both.into_iter().all(|((q, soft), l)| (q - 0.5 * l - soft).abs() < 1e-4 * (1.0 + l.abs())));
}

#[test]
fn choices_gradients_are_autodiffs() {
    let (b, k, d) = (150, 3, 2);
    let kind = SpaceKind::Discrete { n: k, start: 4 };
    let head = Choices::new(&Space { kind, ..Space::unnamed("push", 1) }).expect("one choice");
    let out = init::normal(b * k, &mut stream(0, "out", 0));
    let features = init::normal(b * d, &mut stream(0, "features", 0));
    let net = critics(d, k);
    let (want, entropy) = autodiff::choices((&out, &features), k, &net, 0.2);
    let (got, mean, cost) = head.gradient(&out, &features, &mut FusedMlp::new(&net), 0.2, &mut stream(0, "n", 0));
    near(&got, &want);
    assert!((mean + entropy.iter().sum::<f32>() / b as f32).abs() < 1e-5);
    let soft = |alpha| head.soft_value(&out, &features, &mut FusedMlp::new(&net), alpha, &mut stream(0, "n", 0));
    assert!((cost + soft(0.2).iter().sum::<f32>() / b as f32).abs() < 1e-3, "{cost}");
    let both = soft(0.0).into_iter().zip(soft(0.5)).zip(&entropy);
    assert!(both.into_iter().all(|((q, soft), h)| (q + 0.5 * h - soft).abs() < 1e-5));
    let drawn = head.draw(&out, &mut stream(0, "draws", 0));
    assert!(drawn.iter().all(|v| (4.0..=6.0).contains(v)) && drawn.contains(&4.0) && drawn.contains(&6.0));
    let mut seen = Vec::new();
    head.seen(&[4.0, 6.0, 9.0], &mut seen);
    assert_eq!(seen, [0.0, 2.0, 2.0]);
}

#[test]
fn the_most_paying_choice_is_learned_where_the_world_goes_on_and_where_it_ends() {
    // inputs (obs, one-hot of three) -> (Δobs, reward), and one more that says "ended" for the third.
    let weight = vec![0.0, 0.0, 0.0, 0.0, 1.0, -9.0, 0.0, 0.0, -9.0, 0.0, 1.2, 9.0];
    let layer = Layer { inputs: 4, outputs: 3, weight, bias: vec![0.0; 3] };
    let model = Ensemble {
        action_dim: 3,
        learned_termination: true,
        net: Mlp::new(1, Activation::Relu, vec![layer]).expect("one layer"),
        input: Normalizer::identity(4),
        ..pays_for_action()
    };
    model.check().expect("fits");
    let space = Space { kind: SpaceKind::Discrete { n: 3, start: 0 }, ..Space::unnamed("push", 1) };
    let head = Box::new(Choices::new(&space).expect("one choice"));
    let options = LearnerOptions { hidden: 16, batch: 64, rollouts: 64, rollout: 2, gamma: 0.9, ..Default::default() };
    let mut l = ActorCritic::new(&model, head, 1.0, options, &mut stream(0, "weights", 0));
    let rows = TransitionBatch { action_space: space.into(), ..at(&[-1.0, 0.0, 1.0]) };
    let starts = Starts { rows: &rows, old: 3, new_share: 0.0, apart: None };
    l.train(&model, &starts, 400, &mut stream(0, "imagination", 0), &Ctx::quiet()).expect("nobody cancels");
    let policy = l.policy();
    let mut states: Vec<_> = (0..3).map(|i| policy.begin(stream(0, "act", i))).collect();
    let actions = policy.act(&[-1.0, 0.0, 1.0], &mut states, crate::agent::policy::Acting::Greedy);
    // The third pays 1.2 once; the first pays 1 for ever.
    assert_eq!(actions.stored(), [0.0; 3]);
}

#[test]
fn a_doubtful_model_pays_less() {
    let model = Ensemble {
        deterministic: false,
        net: Mlp::new(
            1,
            Activation::Relu,
            vec![Layer { inputs: 2, outputs: 4, weight: vec![0.0; 8], bias: vec![0.0, 1.0, 0.0, 0.0] }],
        )
        .expect("one layer"),
        min_logvar: vec![-40.0; 2],
        max_logvar: vec![40.0; 2],
        ..pays_for_action()
    };
    let reward = |penalty| {
        let options = LearnerOptions { hidden: 4, penalty, ..LearnerOptions::default() };
        let head = Box::new(Gaussian::new(vec![1.0], vec![0.0]));
        let mut l = ActorCritic::new(&model, head, 1.0, options, &mut stream(0, "weights", 0));
        let rows = at(&[0.0]);
        let starts = Starts { rows: &rows, old: 1, new_share: 0.0, apart: None };
        l.imagine(&model, &starts.with_context(1), &mut stream(0, "imagination", 0));
        let mut batch = Batch::default();
        l.imagined.draw(1, &mut batch, &mut stream(0, "draw", 0));
        batch.reward[0]
    };
    // Two deviations of 1: a norm of √2.
    assert!((reward(0.0) - 1.0).abs() < 1e-6 && (reward(0.5) - (1.0 - 0.5 * 2.0f32.sqrt())).abs() < 1e-6);
}

#[test]
fn real_transitions_take_their_share() {
    let l = learner(6);
    let rows = TransitionBatch { action: vec![3.0, -1.0], terminated: vec![true, true], ..at(&[7.0, 8.0]) };
    let starts = Starts { rows: &rows, old: 2, new_share: 0.0, apart: None }.with_context(1);
    let batch = l.batch(16, &starts, &mut stream(0, "batch", 0));
    assert_eq!(batch.len(), 16, "nothing is imagined yet");
    assert!(batch.obs.iter().all(|o| [7.0, 8.0].contains(o)) && batch.alive.iter().all(|a| *a < 0.5));
    assert!(batch.action.iter().all(|a| [1.0, -1.0].contains(a)), "within 1 ± 2, squashed");
}

#[test]
fn going_on_from_saved_networks_acts_the_same() {
    let l = learner(2);
    let again = l.again(LearnerOptions::default());
    let obs = [-0.5, 2.0];
    assert_eq!(l.actor().mode(&obs), again.actor().mode(&obs));
    assert_eq!(l.value(&obs), again.value(&obs));
}

#[test]
fn a_learner_that_is_restored_learns_on_as_if_nothing_had_been() {
    let (model, rows) = (pays_for_action(), at(&[-1.0, 0.0, 1.0]));
    let starts = Starts { rows: &rows, old: 3, new_share: 0.0, apart: None };
    let train = |l: &mut ActorCritic, part| {
        l.train(&model, &starts, 20, &mut stream(0, "imagination", part), &Ctx::quiet()).unwrap();
    };
    let mut l = learner(4);
    train(&mut l, 0);
    let options = l.options.clone();
    let mut again = l.again(options.clone());
    again.restore(&l.state()).unwrap();
    let mut fresh = l.again(options);
    for learner in [&mut l, &mut again, &mut fresh] {
        train(learner, 1);
    }
    assert_eq!((l.actor(), l.critics()), (again.actor(), again.critics()));
    assert_ne!(l.actor(), fresh.actor(), "what the optimisers keep matters");
    assert!(again.restore(&Blocks::new()).unwrap_err().contains("missing"));
}

#[test]
fn the_ring_forgets_the_oldest_and_starts_mix_old_and_new() {
    let options = LearnerOptions { hidden: 16, capacity: 100, rollouts: 90, rollout: 3, ..LearnerOptions::default() };
    let mut l = learner(3).again(options);
    let rows = at(&[1.0, 2.0]);
    let starts = Starts { rows: &rows, old: 1, new_share: 0.5, apart: None };
    l.imagine(&pays_for_action(), &starts.with_context(1), &mut stream(0, "ring", 0));
    assert_eq!(l.imagined.len(), 100);
    let mut batch = Batch::default();
    l.imagined.draw(400, &mut batch, &mut stream(0, "draw", 0));
    assert!(batch.obs.contains(&1.0) && batch.obs.contains(&2.0));
    assert!(batch.action.iter().all(|a| (-1.0..=1.0).contains(a)) && batch.alive.iter().all(|a| *a > 0.5));
    l.imagined.clear();
    assert!(l.imagined.is_empty());
}
