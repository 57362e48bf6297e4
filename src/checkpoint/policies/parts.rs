//! Layers of policies out of named tensors.

use crate::checkpoint::layers::{self, Named, linear};
use crate::checkpoint::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::{Layer, Mlp};

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

/// The network of these layers.
///
/// # Errors
/// [`Fault`] naming a layer that does not follow on the one before.
pub fn mlp(tensors: &Tensors, activation: Activation, list: Vec<Named>) -> Result<Mlp, Fault> {
    layers::chain(tensors, &list)?;
    Mlp::new(1, activation, list.into_iter().map(|named| named.layer).collect()).map_err(|e| tensors.error(e))
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
