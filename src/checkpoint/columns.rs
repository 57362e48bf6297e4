//! Columns of a network that stand in another order than an [`Ensemble`]'s, and the models that other readings of the same
//! numbers give.

use super::reading::{Basis, InputOrder, Item, Reading, RewardColumn, Target};
use crate::world::ensemble::Ensemble;
use crate::world::net::activation::Activation;

/// `model`, whose columns stand as `from` says, with the columns of an [`Ensemble`] that `to` means.
///
/// Both readings must agree on whether there is a reward.
pub fn read_anew(mut model: Ensemble, from: &Reading, to: &Reading) -> Ensemble {
    let (d, a) = (model.obs_dim, model.action_dim);
    let (seen, width) = (model.seen_dim(), model.seen_dim() + a);
    match (from.input.value, to.input.value) {
        // What stood as [obs, action] is [action, obs]: the last columns are those seen of the observation.
        (InputOrder::ObsAction, InputOrder::ActionObs) => turn_inputs(&mut model, |c| (c + a) % width),
        (InputOrder::ActionObs, InputOrder::ObsAction) => turn_inputs(&mut model, |c| (c + seen) % width),
        _ => {}
    }
    match (from.reward.value, to.reward.value) {
        (RewardColumn::Last, RewardColumn::First) => turn_targets(&mut model, |c| (c + 1) % (d + 1)),
        (RewardColumn::First, RewardColumn::Last) => turn_targets(&mut model, |c| (c + d) % (d + 1)),
        _ => {}
    }
    if from.target.value != to.target.value {
        model.absolute = (0..d).filter(|c| !model.absolute.contains(c)).collect();
    }
    model.net.activation = to.activation.value;
    model
}

/// Puts into column `c` of the inputs what was in column `old(c)`.
fn turn_inputs(model: &mut Ensemble, old: impl Fn(usize) -> usize) {
    let members = model.net.members;
    let layer = &mut model.net.layers[0];
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let row = |e: usize, c: usize| (e * inputs + c) * outputs;
    let rows = (0..members).flat_map(|e| (0..inputs).map(move |c| (e, c)));
    layer.weight = rows.flat_map(|(e, c)| layer.weight[row(e, old(c))..][..outputs].to_vec()).collect();
    for values in [&mut model.input.mean, &mut model.input.std] {
        *values = (0..inputs).map(|c| values[old(c)]).collect();
    }
}

/// Puts into column `c` of the targets what was in column `old(c)`.
fn turn_targets(model: &mut Ensemble, old: impl Fn(usize) -> usize) {
    let targets = model.targets();
    // Means, log-variances, and what follows stays.
    let from = |c: usize| match c / targets {
        0 => old(c),
        1 if !model.deterministic => targets + old(c - targets),
        _ => c,
    };
    let last = model.net.layers.len() - 1;
    let layer = &mut model.net.layers[last];
    let width = layer.outputs;
    let turned = |values: &[f32]| values.chunks(width).flat_map(|r| (0..width).map(|c| r[from(c)])).collect::<Vec<_>>();
    (layer.weight, layer.bias) = (turned(&layer.weight), turned(&layer.bias));
    let by_target =
        |values: &[f32]| values.chunks(targets).flat_map(|r| (0..targets).map(|c| r[old(c)])).collect::<Vec<_>>();
    for values in [&mut model.target.mean, &mut model.target.std, &mut model.min_logvar, &mut model.max_logvar] {
        *values = by_target(values);
    }
}

/// The readings that `reading` leaves open, itself apart: every combination of what was assumed.
pub fn open_readings(reading: &Reading) -> Vec<Reading> {
    let activations = choices(reading.activation, &Activation::USUAL);
    let targets = choices(reading.target, &[Target::Delta, Target::Absolute]);
    let rewards = choices(reading.reward, &[RewardColumn::Last, RewardColumn::First]);
    let inputs = choices(reading.input, &[InputOrder::ObsAction, InputOrder::ActionObs]);
    let mut all = Vec::new();
    for &activation in &activations {
        for &target in &targets {
            for &reward in &rewards {
                all.extend(inputs.iter().map(|&input| Reading { activation, target, reward, input }));
            }
        }
    }
    all.retain(|other| other != reading);
    all
}

fn choices<T: Copy + PartialEq>(item: Item<T>, usual: &[T]) -> Vec<Item<T>> {
    if !item.is_open() {
        return vec![item];
    }
    let others = usual.iter().filter(|v| **v != item.value);
    std::iter::once(item).chain(others.map(|v| Item::new(*v, Basis::Assumed))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::net::mlp::{Layer, Mlp};
    use crate::world::net::normalizer::Normalizer;

    fn assumed() -> Reading {
        Reading {
            activation: Item::new(Activation::Relu, Basis::Assumed),
            target: Item::new(Target::Delta, Basis::Assumed),
            reward: Item::new(RewardColumn::Last, Basis::Assumed),
            input: Item::new(InputOrder::ObsAction, Basis::Assumed),
        }
    }

    /// Two members of two observation and one action columns: outputs are the standardised inputs, each times its column,
    /// and log-variances of their own.
    fn model() -> Ensemble {
        let mut weight = Vec::new();
        for e in 0..2 {
            for c in 0..3 {
                weight.extend((0..6).map(|o| if o == c { (e * 10 + c + 1) as f32 } else { 0.0 }));
            }
        }
        let layer = Layer { inputs: 3, outputs: 6, weight, bias: (0..12).map(|i| i as f32 * 0.1).collect() };
        Ensemble {
            obs_dim: 2,
            action_dim: 1,
            learned_reward: true,
            learned_termination: false,
            deterministic: false,
            net: Mlp::new(2, Activation::Relu, vec![layer]).unwrap(),
            input: Normalizer { mean: vec![0.1, 0.2, 0.3], std: vec![1.0, 2.0, 4.0] },
            target: Normalizer { mean: vec![1.0, 2.0, 3.0], std: vec![1.0, 0.5, 0.25] },
            min_logvar: vec![-10.0, -9.0, -8.0],
            max_logvar: vec![10.0, 11.0, 12.0],
            elites: vec![0, 1],
            absolute: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// The same numbers fed and taken apart by hand, column by column.
    #[test]
    fn another_reading_feeds_and_takes_the_columns_otherwise() {
        let to = Reading {
            reward: Item::new(RewardColumn::First, Basis::Asked),
            input: Item::new(InputOrder::ActionObs, Basis::Asked),
            target: Item::new(Target::Absolute, Basis::Asked),
            ..assumed()
        };
        let turned = read_anew(model(), &assumed(), &to);
        assert_eq!(turned.check(), Ok(()));
        let (obs, action) = ([5.0, 7.0], [3.0]);
        let ours = turned.predict(&obs, &action);
        // What the network sees as [obs0, obs1, action] is [action, obs0, obs1], and its outputs are [reward, obs0, obs1].
        let plain = model().predict(&[action[0], obs[0]], &[obs[1]]);
        for e in 0..2 {
            let (out, reward) = (&plain.delta[e * 2..e * 2 + 2], plain.reward.as_ref().unwrap()[e]);
            assert_eq!(ours.reward.as_ref().unwrap()[e].to_bits(), out[0].to_bits());
            assert_eq!(ours.next_obs[e * 2..e * 2 + 2], [out[1], reward]);
            let (a, b) = (&ours.logvar.as_ref().unwrap()[e * 3..], &plain.logvar.as_ref().unwrap()[e * 3..]);
            assert_eq!(
                (a[0].to_bits(), a[1].to_bits(), a[2].to_bits()),
                (b[1].to_bits(), b[2].to_bits(), b[0].to_bits())
            );
        }
        assert_eq!(read_anew(turned, &to, &assumed()), model());
    }

    #[test]
    fn what_is_stated_is_not_open() {
        assert_eq!(open_readings(&assumed()).len(), 6 * 2 * 2 * 2 - 1);
        let half = Reading {
            activation: Item::new(Activation::Gelu, Basis::Stated),
            input: Item::new(InputOrder::ObsAction, Basis::Implied),
            ..assumed()
        };
        let open = open_readings(&half);
        assert_eq!(open.len(), 3);
        assert!(open.iter().all(|r| r.activation == half.activation && r.input == half.input));
    }
}
