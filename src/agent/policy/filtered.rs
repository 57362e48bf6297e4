//! A policy that acts on what a world model makes of everything that it saw in an episode.

use std::any::Any;

use rand::RngExt;

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space};
use crate::ground::seed::{Stream, keyed};
use crate::world::world_model::{ImaginedState, WorldModel};

/// An actor in the imagination of a model that remembers ([`WorldModel::observe`]): the model follows the episode, observation by
/// observation and action by action, and the actor sees its features.
#[derive(Debug, Clone)]
pub struct Filtered {
    model: Box<dyn WorldModel>,
    actor: Box<dyn Policy>,
}

/// Where an episode is.
struct Followed {
    /// What the model makes of it, and the action that was taken there, as it is stored.
    here: Option<(ImaginedState, Vec<f32>)>,
    /// The actor's own state.
    actor: PolicyState,
}

impl Filtered {
    /// `actor` as a policy over observations: behind `model` where it acts on the features of a model that remembers.
    pub fn around(model: &dyn WorldModel, actor: Box<dyn Policy>) -> Box<dyn Policy> {
        let dims = model.dims();
        if !model.remembers() || actor.features() != Some(dims.feature) || Self::known(&*actor).is_some() {
            return actor;
        }
        Box::new(Self { model: model.boxed(), actor })
    }

    /// The policy that `policy` is, if it is one of these.
    pub fn known(policy: &dyn Policy) -> Option<&Self> {
        policy.as_any().downcast_ref()
    }

    /// What follows the episode.
    pub fn model(&self) -> &dyn WorldModel {
        &*self.model
    }

    /// What learns of `policy`: the actor behind a model, else the policy itself.
    pub fn actor_of(policy: &dyn Policy) -> &dyn Policy {
        Self::known(policy).map_or(policy, |filtered| &*filtered.actor)
    }
}

/// [T, F] features of `model` along an episode of observations [T, D] and the actions between them.
///
/// Nothing of a model that remembers nothing.
pub fn followed(model: &dyn WorldModel, obs: &[f32], actions: &Actions<'_>) -> Option<Vec<f32>> {
    let (d, mut out) = (model.dims().obs, Vec::new());
    let mut here: Option<ImaginedState> = None;
    for (t, row) in obs.chunks_exact(d).enumerate() {
        let taken = t.checked_sub(1).map(|before| Actions::new(actions.space(), actions.stored_at(before)));
        let state = model.observe(here.as_ref().zip(taken.as_ref()), row)?;
        out.extend_from_slice(model.features(&state));
        here = Some(state);
    }
    Some(out)
}

impl Policy for Filtered {
    fn kind(&self) -> &'static str {
        "filtered"
    }

    fn features(&self) -> Option<usize> {
        Some(self.model.dims().obs)
    }

    fn action_space(&self) -> &Space {
        self.actor.action_space()
    }

    fn begin(&self, mut rng: Stream) -> PolicyState {
        let actor = self.actor.begin(keyed(rng.random(), 0));
        PolicyState { rng, memory: Box::new(Followed { here: None, actor }) }
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        let (d, space) = (self.model.dims().obs, self.actor.action_space());
        let mut seen = Vec::with_capacity(states.len() * self.model.dims().feature);
        let mut inner = Vec::with_capacity(states.len());
        let mut here = Vec::with_capacity(states.len());
        for (row, state) in features.chunks_exact(d).zip(&mut *states) {
            let known = std::mem::replace(&mut state.memory, Box::new(())).downcast::<Followed>().ok();
            let (before, actor) = match known {
                Some(followed) => (followed.here, followed.actor),
                None => (None, self.actor.begin(keyed(state.rng.random(), 0))),
            };
            let taken = before.as_ref().map(|(_, action)| Actions::new(space, &action[..]));
            let now = self.model.observe(before.as_ref().map(|(state, _)| state).zip(taken.as_ref()), row);
            seen.extend_from_slice(now.as_ref().map_or(&[], |now| self.model.features(now)));
            here.push(now);
            inner.push(actor);
        }
        let actions = self.actor.act(&seen, &mut inner, acting);
        for (i, ((state, actor), now)) in states.iter_mut().zip(inner).zip(here).enumerate() {
            let here = now.map(|now| (now, actions.stored_at(i).to_vec()));
            state.memory = Box::new(Followed { here, actor });
        }
        actions
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        Self::known(other).is_some_and(|other| self.model.same(&*other.model) && self.actor.same(&*other.actor))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::policy::SquashedGaussian;
    use crate::data::episode::TransitionBatch;
    use crate::ground::seed::stream;
    use crate::world::fit::FitOptions;
    use crate::world::net::init;
    use crate::world::net::mlp::Activation;
    use crate::world::net::normalizer::Normalizer;
    use crate::world::{ensemble, rssm};

    fn data() -> TransitionBatch {
        let value = |i: usize| (i as f32 * 1.7).cos();
        TransitionBatch {
            obs: (0..20).map(value).collect(),
            action: (0..10).map(value).collect(),
            reward: vec![0.0; 10],
            next_obs: (2..22).map(value).collect(),
            ..TransitionBatch::empty(2, 1)
        }
    }

    /// Matrices of another height are multiplied in another order: single precision, sums of some ten terms of size 1.
    fn near(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    /// Episodes that are acted side by side do not know of each other, and the actor sees what following each of them gives.
    #[test]
    fn every_episode_is_followed_apart() {
        let (mut rng, options) = (stream(0, "t", 0), FitOptions { hidden: 8, layers: 1, ..FitOptions::default() });
        let model = rssm::fresh(&data(), &options, &mut rng);
        let (f, space) = (model.dims().feature, Space::unnamed("action", 1));
        let net = init::mlp(1, &[f, 6, 2], Activation::Relu, 1.0, &mut rng);
        let actor = SquashedGaussian::new(net, Normalizer::identity(f), vec![1.0], vec![0.0]);
        let policy = Filtered::around(&model, Box::new(actor.clone()));
        assert_eq!((policy.kind(), policy.features()), ("filtered", Some(2)));
        assert!(policy.same(&*policy.boxed()) && !policy.same(&actor));
        assert_eq!(Filtered::around(&model, policy.boxed()).kind(), "filtered");
        let obs = |e: usize, t: usize| [(e as f32 * 3.1 + t as f32).sin() * 2.0, (e as f32 - t as f32).cos()];
        let mut states: Vec<PolicyState> = (0..3).map(|e| policy.begin(stream(0, "t", e))).collect();
        let mut taken: Vec<Vec<f32>> = vec![Vec::new(); 3];
        for t in 0..4 {
            let rows: Vec<f32> = (0..3).flat_map(|e| obs(e, t)).collect();
            let actions = policy.act(&rows, &mut states, Acting::Greedy);
            (0..3).for_each(|e| taken[e].extend_from_slice(actions.stored_at(e)));
        }
        for (e, taken) in taken.iter().enumerate() {
            let rows: Vec<f32> = (0..4).flat_map(|t| obs(e, t)).collect();
            let seen = followed(&model, &rows, &Actions::new(&space, &taken[..3])).unwrap();
            let mut own: Vec<PolicyState> = (0..4).map(|t| actor.begin(stream(0, "t", t))).collect();
            let want = actor.act(&seen, &mut own, Acting::Greedy);
            assert!(near(want.stored(), taken), "episode {e}: {:?} {taken:?}", want.stored());
        }
    }

    #[test]
    fn what_remembers_nothing_needs_no_follower() {
        let (mut rng, options) = (stream(0, "t", 0), FitOptions { hidden: 8, layers: 1, ..FitOptions::default() });
        let model = ensemble::fresh(&data(), &options, &mut rng);
        let net = init::mlp(1, &[2, 6, 2], Activation::Relu, 1.0, &mut rng);
        let actor = SquashedGaussian::new(net, Normalizer::identity(2), vec![1.0], vec![0.0]);
        assert_eq!(Filtered::around(&model, Box::new(actor)).kind(), "squashed-gaussian");
        assert!(followed(&model, &[0.0; 4], &Actions::new(&Space::unnamed("action", 1), vec![0.0])).is_none());
    }
}
