//! What stands between an actor's network and its actions: a squashed Gaussian over real numbers, a softmax over choices. Each
//! knows the soft values and gradients of its SAC.

mod choices;
mod gaussian;

pub use choices::Choices;
pub use gaussian::Gaussian;

use crate::agent::policy::Policy;
use crate::data::space::Space;
use crate::ground::seed::Stream;
use crate::world::net::fused::FusedMlp;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

/// The actor's side of SAC for one kind of action. Outputs of the actor are [B, O]; features are normalised, [B, D].
pub trait Head: Send {
    /// The space of the actions.
    fn space(&self) -> &Space;

    /// Outputs O of the actor.
    fn outputs(&self) -> usize;

    /// Columns of an action as the critics see it.
    fn columns(&self) -> usize;

    /// Inputs and outputs of a critic of `features` columns.
    fn critic(&self, features: usize) -> (usize, usize);

    /// Actions drawn for outputs `out`, as the environment takes them, row after row.
    fn draw(&self, out: &[f32], rng: &mut Stream) -> Vec<f32>;

    /// Adds to `into` what the critics see of one action, as it is stored.
    fn seen(&self, stored: &[f32], into: &mut Vec<f32>);

    /// Of actions as the critics see them: the critics' inputs, and which of a row's outputs is the action's value.
    fn judged(&self, features: &[f32], seen: &[f32]) -> (Vec<f32>, Vec<usize>);

    /// [B] min Q − α log π, in expectation or at a drawn action.
    fn soft_value(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        rng: &mut Stream,
    ) -> Vec<f32>;

    /// The gradient of the mean of α log π − min Q with respect to the outputs `out` [B, O], the mean of log π, and that mean itself.
    fn gradient(
        &self,
        out: &[f32],
        features: &[f32],
        critics: &mut FusedMlp,
        alpha: f32,
        rng: &mut Stream,
    ) -> (Vec<f32>, f32, f32);

    /// Actions drawn for outputs `out`: as the environment takes them, row after row, and as [`Head::score`] wants them.
    fn decide(&self, out: &[f32], rng: &mut Stream) -> (Vec<f32>, Vec<f32>);

    /// Of actions that were [decided](Head::decide), for outputs `out` [B, O]: log π and what [`Reinforced`] says, of the sum over rows of
    /// `gain` · log π(a) + `spread` · H(π), both [B]. The actions are constants, whoever they were drawn by (REINFORCE: Williams 1992).
    fn score(&self, out: &[f32], decided: &[f32], gain: &[f32], spread: &[f32]) -> Reinforced;

    /// Usual weight of the entropy beside λ-returns in units of their range.
    fn entropy(&self) -> f32;

    /// The entropy that the temperature holds.
    fn target_entropy(&self) -> f32;

    /// The policy of an actor `net`.
    fn policy(&self, net: Mlp, input: Normalizer) -> Box<dyn Policy>;
}

/// What drawn actions say of the outputs that they were drawn for.
pub struct Reinforced {
    /// [B, O] the gradient with respect to the outputs.
    pub gradient: Vec<f32>,
    /// [B] log π of the actions.
    pub log_prob: Vec<f32>,
    /// [B] the entropy, or where it has no closed form −log π, which is it in expectation.
    pub entropy: Vec<f32>,
}

/// [B, K] the smallest over members of `values` [E, B, K].
fn least(values: &[f32], rows: usize) -> Vec<f32> {
    let (first, others) = values.split_at(rows.min(values.len()));
    let mut least = first.to_vec();
    for member in others.chunks_exact(rows.max(1)) {
        least.iter_mut().zip(member).for_each(|(l, v)| *l = l.min(*v));
    }
    least
}
