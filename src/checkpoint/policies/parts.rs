//! Layers of policies out of named tensors.

use super::bounds::Bounds;
use crate::agent::policy::{Categorical, Network, Normalised, Output, Policy, Spread, SquashedGaussian, Statistics};
use crate::checkpoint::layers::{self, Named, linear};
use crate::checkpoint::tensors::Tensors;
use crate::data::space::{Space, SpaceKind};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::{Layer, Mlp};
use crate::world::net::normalizer::Normalizer;

/// The linear layers `prefix{i}.weight`, `prefix{i}.bias` of a `Sequential`, in the order of their numbers.
///
/// # Errors
/// [`Fault`] naming a tensor that is of no linear layer: the network would not be what it was.
pub fn sequential(tensors: &Tensors, prefix: &str) -> Result<Vec<Named>, Fault> {
    let mut numbers = Vec::new();
    for name in tensors.map.keys().filter_map(|key| key.strip_prefix(prefix)) {
        match name.split_once('.').map(|(number, rest)| (number.parse::<usize>(), rest)) {
            Some((Ok(number), "weight")) => numbers.push(number),
            Some((Ok(_), "bias")) => {}
            _ => return Err(tensors.error(format!("tensor '{prefix}{name}' is of no plain layer, which is not read"))),
        }
    }
    numbers.sort_unstable();
    numbers.iter().map(|number| linear(tensors, &format!("{prefix}{number}"))).collect()
}

/// The linear layers of these names, in this order.
///
/// # Errors
/// [`Fault`] naming what is missing.
pub fn named(tensors: &Tensors, names: &[&str]) -> Result<Vec<Named>, Fault> {
    names.iter().map(|name| linear(tensors, name)).collect()
}

/// One layer with the outputs of `mean` and then those of `log_std`, which take the same inputs.
///
/// # Errors
/// [`Fault`] if they do not.
pub fn beside(tensors: &Tensors, mean: Named, log_std: &Named) -> Result<Named, Fault> {
    let (a, b) = (&mean.layer, &log_std.layer);
    if a.outputs == 0 {
        return Err(tensors.error(format!("tensor '{}.weight' is empty", mean.name)));
    }
    if (a.inputs, a.outputs) != (b.inputs, b.outputs) {
        return Err(tensors.error(format!(
            "'{}' has {} inputs and {} outputs, '{}' has {} and {}",
            mean.name, a.inputs, a.outputs, log_std.name, b.inputs, b.outputs
        )));
    }
    let rows = a.weight.chunks(a.outputs).zip(b.weight.chunks(b.outputs));
    let layer = Layer {
        inputs: a.inputs,
        outputs: 2 * a.outputs,
        weight: rows.flat_map(|(x, y)| [x, y].concat()).collect(),
        bias: [&a.bias[..], &b.bias[..]].concat(),
    };
    Ok(Named { layer, ..mean })
}

/// The network of these layers, of as many members as they have.
///
/// # Errors
/// [`Fault`] naming a layer that does not follow on the one before.
pub fn mlp(tensors: &Tensors, activation: Activation, list: Vec<Named>) -> Result<Mlp, Fault> {
    layers::chain(tensors, &list)?;
    let members = list.first().map_or(1, |first| first.members);
    Mlp::new(members, activation, list.into_iter().map(|named| named.layer).collect()).map_err(|e| tensors.error(e))
}

/// Says that tensors under `prefix` make the policy one that is not read, if there are any.
///
/// # Errors
/// [`Fault`] naming the first of them and what it makes the policy.
pub fn none_under(tensors: &Tensors, prefix: &str, what: &str) -> Result<(), Fault> {
    match tensors.map.keys().find(|key| key.contains(prefix)) {
        None => Ok(()),
        Some(key) => Err(tensors.error(format!("tensor '{key}' makes it {what}, which is not read"))),
    }
}

/// A squashed Gaussian of `net` (means, then log deviations) between bounds.
///
/// # Errors
/// [`Fault`] if they do not fit, or nothing can be stretched to them.
pub fn gaussian(tensors: &Tensors, net: Mlp, (low, high): Bounds) -> Result<SquashedGaussian, Fault> {
    let spread = Spread::OfState(f32::NEG_INFINITY, f32::INFINITY);
    Network::check(&net, Output::Tanh, &spread, (&low, &high)).map_err(|e| tensors.error(e))?;
    let scale = low.iter().zip(&high).map(|(l, h)| (h - l) / 2.0).collect();
    let bias = low.iter().zip(&high).map(|(l, h)| f32::midpoint(*l, *h)).collect();
    let columns = net.inputs();
    Ok(SquashedGaussian::new(net, Normalizer::identity(columns), scale, bias))
}

/// The space of `n` choices, counted from 0 as argmax does.
pub fn choices(n: usize) -> Space {
    Space { kind: SpaceKind::Discrete { n, start: 0 }, ..Space::unnamed("action", 1) }
}

/// A network between bounds as a policy.
///
/// # Errors
/// [`Fault`] if they do not fit.
pub fn network(
    tensors: &Tensors,
    net: Mlp,
    output: Output,
    spread: Spread,
    bounds: Bounds,
) -> Result<Box<dyn Policy>, Fault> {
    let policy = Network::new(net, output, spread, bounds).map_err(|e| tensors.error(e))?;
    Ok(Box::new(policy))
}

/// A network of one logit a choice as a policy.
///
/// # Errors
/// [`Fault`] if it has no outputs.
pub fn categorical(tensors: &Tensors, net: Mlp) -> Result<Box<dyn Policy>, Fault> {
    let (columns, n) = (net.inputs(), net.outputs());
    let policy = Categorical::new(net, Normalizer::identity(columns), choices(n)).map_err(|e| tensors.error(e))?;
    Ok(Box::new(policy))
}

/// `policy` behind `statistics`, where there are some. Those of a squashed Gaussian that clip nothing become its own, so that it
/// can be trained on.
///
/// # Errors
/// [`Fault`] if they are of other columns.
pub fn normalised(
    tensors: &Tensors,
    policy: Box<dyn Policy>,
    statistics: Option<Statistics>,
) -> Result<Box<dyn Policy>, Fault> {
    let Some(statistics) = statistics else { return Ok(policy) };
    let single = |v: &[f64]| v.iter().map(|x| *x as f32).collect();
    let input = Normalizer { mean: single(&statistics.mean), std: single(&statistics.std) };
    let open = statistics.clip.is_none();
    let checked = Normalised::new(statistics, policy).map_err(|e| tensors.error(e))?;
    match SquashedGaussian::known(checked.inner()).filter(|_| open && input.std.iter().all(|s| *s > 0.0)) {
        Some(gaussian) => Ok(Box::new(gaussian.clone().with_input(input))),
        None => Ok(Box::new(checked)),
    }
}
