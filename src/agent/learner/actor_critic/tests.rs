use super::*;
use crate::data::episode::TransitionBatch;
use crate::ground::seed::stream;
use crate::world::ensemble::Ensemble;
use crate::world::net::mlp::Layer;
use crate::world::net::network::values;

impl ActorCritic {
    /// Value of states under the critics: the mean of the smaller one at the actor's own action.
    fn value(&self, obs: &[f32]) -> Vec<f32> {
        let (d, a) = (self.imagined.feature_dim, self.scale.len());
        let actor = self.actor();
        let actions = actor.mode(obs);
        let x = self.input.apply(obs);
        let mut rows = Vec::new();
        for (row, action) in x.chunks_exact(d).zip(actions.chunks_exact(a)) {
            rows.extend_from_slice(row);
            rows.extend(action.iter().enumerate().map(|(c, v)| (v - self.bias[c]) / self.scale[c]));
        }
        let q = self.critics().forward(&rows);
        let n = rows.len() / (d + a);
        (0..n).map(|i| q[i].min(q[n + i]) / self.reward_scale).collect()
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
    ActorCritic::new(&pays_for_action(), (vec![2.0], vec![1.0]), 1.0, options, &mut stream(seed, "weights", 0))
}

#[test]
fn the_policy_learns_what_the_imagined_world_pays_for() {
    let mut l = learner(0);
    let obs = [-1.0, 0.0, 1.0];
    let rows = at(&obs);
    let starts = Starts { rows: &rows, old: 3, new_share: 0.0 };
    l.train(&pays_for_action(), &starts, 400, &mut stream(0, "imagination", 0), &Ctx::quiet()).expect("nobody cancels");
    // Actions lie within 1 ± 2: the best is 3, and its discounted sum is 3 / (1 - 0.5) = 6.
    let actions = l.actor().mode(&obs);
    assert!(actions.iter().all(|&a| a > 2.5), "{actions:?}");
    let values = l.value(&obs);
    assert!(values.iter().all(|&v| (4.0..8.0).contains(&v)), "{values:?}");
}

#[test]
fn log_probabilities_are_those_of_a_squashed_gaussian() {
    let l = learner(1);
    let obs = tensor(vec![0.3; 50], [1, 50, 1], &l.device);
    let (action, log_prob) = l.act(&l.actor, obs, &mut stream(1, "noise", 0));
    let out = l.actor().net.forward(&[0.3]);
    let (mean, std) = (f64::from(out[0]), f64::from(out[1].clamp(l.log_std.0, l.log_std.1)).exp());
    for (a, lp) in values(action).iter().zip(values(log_prob)) {
        let a = f64::from(*a);
        let z = (a.atanh() - mean) / std;
        let want = -0.5 * z * z - std.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln() - (1.0 - a * a).ln();
        // atanh of an f32 action near ±1 amplifies its rounding.
        assert!((f64::from(lp) - want).abs() < 1e-3, "{lp} {want}");
    }
}

#[test]
fn going_on_from_saved_networks_acts_the_same() {
    let l = learner(2);
    let again = ActorCritic::from_networks(l.actor(), &l.critic().unwrap(), l.reward_scale, LearnerOptions::default());
    let obs = [-0.5, 2.0];
    assert_eq!(l.actor().mode(&obs), again.actor().mode(&obs));
    assert_eq!(l.value(&obs), again.value(&obs));
}

#[test]
fn a_learner_that_is_restored_learns_on_as_if_nothing_had_been() {
    let (model, rows) = (pays_for_action(), at(&[-1.0, 0.0, 1.0]));
    let starts = Starts { rows: &rows, old: 3, new_share: 0.0 };
    let train = |l: &mut ActorCritic, part| {
        l.train(&model, &starts, 20, &mut stream(0, "imagination", part), &Ctx::quiet()).unwrap();
    };
    let mut l = learner(4);
    train(&mut l, 0);
    let options = l.options.clone();
    let mut again = ActorCritic::from_networks(l.actor(), &l.critics(), l.reward_scale, options.clone());
    again.restore(&l.state()).unwrap();
    let mut fresh = ActorCritic::from_networks(l.actor(), &l.critics(), l.reward_scale, options);
    for learner in [&mut l, &mut again, &mut fresh] {
        train(learner, 1);
    }
    assert_eq!((l.actor(), l.critics()), (again.actor(), again.critics()));
    assert_ne!(l.actor(), fresh.actor(), "what the optimisers keep matters");
    assert!(again.restore(&Blocks::new()).unwrap_err().contains("missing"));
}

#[test]
fn the_ring_forgets_the_oldest_and_starts_mix_old_and_new() {
    let mut ring = Imagined::new(1, 1, 100);
    let model = pays_for_action();
    let actor = learner(3).actor();
    let rows = at(&[1.0, 2.0]);
    let starts = Starts { rows: &rows, old: 1, new_share: 0.5 };
    ring.extend(&model, &actor, &starts, 90, 3, &mut stream(0, "ring", 0));
    assert_eq!(ring.len(), 100);
    let batch = ring.gather(&(0..100).collect::<Vec<_>>());
    assert!(batch.obs.contains(&1.0) && batch.obs.contains(&2.0));
    assert!(
        batch.action.iter().all(|a| (-1.0..=1.0).contains(a))
            && batch.alive.iter().all(|a| a.to_bits() == 1.0f32.to_bits())
    );
    ring.clear();
    assert!(ring.is_empty());
}
