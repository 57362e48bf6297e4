//! One-step heads beside a recurrent model, whose spread is what the model does not know (`Plan2Explore`: Sekar et al. 2020).
//!
//! K perceptrons take the model's features and the action to the next observation, each from weights of its own and on a bootstrap
//! of the data of its own. They say how sure a prediction is and not what it is: member e of a [`Prediction`] is what the model
//! itself decodes, moved by head e minus the mean of all heads. So the members' mean is the model's own prediction whatever the
//! heads are, as it would be without any, and their spread is the heads'. The heads have no latents: imagination goes on along the
//! model's whichever member is asked for, a member's observation is only shown, and the spread at a step is of that step alone.

use rand::Rng;

use super::{beside, symexp};
use crate::world::net::init;
use crate::world::net::mlp::{Activation, Mlp};
use crate::world::world_model::Prediction;

/// What the model itself says of B rows, raw units.
pub struct Own<'s> {
    /// [B, D] observations that actions were taken at.
    pub obs: &'s [f32],
    /// [B, D] observations that they lead to.
    pub next_obs: &'s [f32],
    /// [B] rewards that go with these.
    pub reward: &'s [f32],
    /// [B] probabilities that episodes end there.
    pub terminated: &'s [f32],
}

/// `count` heads of `layers` hidden layers of `width` units that take `inputs` columns to `outputs`; nothing of fewer than two,
/// which have no spread.
pub fn fresh(
    count: usize,
    (inputs, layers, width, outputs): (usize, usize, usize, usize),
    activation: Activation,
    rng: &mut impl Rng,
) -> Option<Mlp> {
    let sizes: Vec<usize> =
        std::iter::once(inputs).chain(std::iter::repeat_n(width, layers)).chain(std::iter::once(outputs)).collect();
    (count > 1).then(|| init::mlp(count, &sizes, activation, 1.0, rng))
}

/// The prediction whose members are `own` moved by what `heads` say of features [B, F] and actions [B, A], or `own` alone; `std`
/// [D] as [`moves`] has it.
pub fn prediction(
    own: &Own<'_>,
    heads: Option<&Mlp>,
    (features, actions): (&[f32], &[f32]),
    std: &[f32],
) -> Prediction {
    let rows = own.reward.len();
    let moves = heads.map(|heads| {
        let columns = |all: &[f32]| all.len() / rows.max(1);
        moves(heads, &beside(&[(features, columns(features)), (actions, columns(actions))]), std)
    });
    let members = heads.map_or(1, |heads| heads.members);
    let moved = |values: &[f32]| match &moves {
        None => values.to_vec(),
        Some(moves) => moves.iter().zip(values.iter().cycle()).map(|(by, own)| own + by).collect(),
    };
    let change: Vec<f32> = own.next_obs.iter().zip(own.obs).map(|(next, now)| next - now).collect();
    Prediction {
        members,
        rows,
        obs_dim: std.len(),
        next_obs: moved(own.next_obs),
        delta: moved(&change),
        reward: Some(own.reward.repeat(members)),
        logvar: None,
        terminated: Some(own.terminated.repeat(members)),
    }
}

/// [K, B, D] how far what each of `heads` says of `input` [B, features and action] is from the mean of what all say, in raw units;
/// `std` [D] is what one unit of theirs stands for before it was compressed.
pub fn moves(heads: &Mlp, input: &[f32], std: &[f32]) -> Vec<f32> {
    let mut out = heads.forward(input);
    let each = out.len() / heads.members;
    for (v, std) in out.iter_mut().zip(std.iter().cycle()) {
        *v = symexp(*v) * std;
    }
    for i in 0..each {
        let mean = (0..heads.members).map(|e| f64::from(out[e * each + i])).sum::<f64>() / heads.members as f64;
        (0..heads.members).for_each(|e| out[e * each + i] = (f64::from(out[e * each + i]) - mean) as f32);
    }
    out
}

/// [B, D] the observations that imagination shows after a step: the model's `own`, or those of the `member` that is asked for.
pub fn shown(own: Vec<f32>, prediction: &Prediction, member: Option<usize>) -> Vec<f32> {
    member.map_or(own, |member| prediction.mean_next_obs(&[member]))
}
