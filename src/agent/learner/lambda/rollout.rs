//! Rollouts that the actor imagines, as columns for the networks.

use crate::agent::learner::head::Head;
use crate::agent::learner::pay::{Pay, Unfamiliar};
use crate::data::space::Actions;
use crate::ground::seed::Stream;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;
use crate::world::world_model::{Feedback, ImaginedState, WorldModel};

/// B rollouts of H steps, step by step.
#[derive(Debug, Default)]
pub struct Rollout {
    /// Rollouts B.
    pub rows: usize,
    /// [H + 1, B, F] what actor and critic see.
    pub features: Vec<f32>,
    /// [H, B] rows of what was [decided](Head::decide).
    pub decided: Vec<f32>,
    /// [H, B] in the critic's units.
    pub reward: Vec<f32>,
    /// [H, B] the discount of what follows: γ times the chance that the episode goes on.
    pub discount: Vec<f32>,
}

impl Rollout {
    /// Goes `horizon` steps on from `state` as the actor draws; rewards are multiplied, and what follows is discounted, by the two
    /// `scales`. Nothing where something is no number.
    pub fn imagine(
        model: &dyn WorldModel,
        mut state: ImaginedState,
        horizon: usize,
        (head, net, input): (&dyn Head, &Mlp, &Normalizer),
        (pay, unfamiliar): (&Pay<'_>, &mut Unfamiliar),
        scales: (f32, f32),
        rng: &mut Stream,
    ) -> Option<Self> {
        let mut out = Self { features: input.apply(model.features(&state)), ..Self::default() };
        out.rows = out.features.len() / net.inputs();
        for _ in 0..horizon {
            let here = &out.features[out.features.len() - out.rows * net.inputs()..];
            let (stored, decided) = head.decide(&net.forward(here), rng);
            let step = model.step(&mut state, &Actions::new(head.space(), stored), Feedback::Sampled(rng));
            let paid = pay.of(model, &step, &state.obs, unfamiliar);
            out.decided.extend(decided);
            out.reward.extend(paid.into_iter().map(|r| r * scales.0));
            let goes_on = |i: usize| 1.0 - step.terminated.as_ref().map_or(0.0, |t| t[i].clamp(0.0, 1.0));
            out.discount.extend((0..out.rows).map(|i| scales.1 * goes_on(i)));
            out.features.extend(input.apply(model.features(&state)));
        }
        let finite = out.reward.iter().chain(&out.discount).chain(&out.features).all(|v| v.is_finite());
        (finite && out.rows > 0).then_some(out)
    }
}
