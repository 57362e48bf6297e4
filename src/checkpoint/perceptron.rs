//! A perceptron, or an ensemble of them, from a state dictionary that names layers as it pleases.

use std::collections::{BTreeMap, BTreeSet};

use super::About;
use super::dynamics::{Layout, Network};
use super::layers::{self, Named};
use super::order::{Head, Order, Shape, order, parts};
use super::reading::{Basis, Item, RewardColumn};
use super::tensors::{Tensor, Tensors, some_of};
use crate::ground::fault::Fault;
use crate::world::net::mlp::Layer;
use crate::world::net::normalizer::Normalizer;

/// Names of means and deviations of the inputs and of the targets.
const INPUT: ([&str; 4], [&str; 4]) =
    (["input_mean", "inputs_mu", "input_mu", "x_mean"], ["input_std", "inputs_sigma", "input_sigma", "x_std"]);
const TARGET: ([&str; 4], [&str; 4]) =
    (["target_mean", "output_mean", "targets_mu", "y_mean"], ["target_std", "output_std", "targets_sigma", "y_std"]);
const BOUNDS: [&str; 2] = ["min_logvar", "max_logvar"];

/// The network that `tensors` are, and how it is to be read.
///
/// # Errors
/// [`Fault`] naming what a perceptron does not have, or what does not fit together.
pub fn network(tensors: &Tensors, about: &mut About) -> Result<(Network, Layout), Fault> {
    if tensors.map.is_empty() {
        return Err(tensors.error("the file holds no tensor of a model"));
    }
    let names = layer_names(tensors)?;
    let biased = tensors
        .map
        .keys()
        .any(|key| key.rsplit_once('.').is_some_and(|(_, last)| last == "bias") || key.ends_with("_b"));
    let all = names.iter().map(|name| any_layer(tensors, name, biased)).collect::<Result<Vec<_>, _>>()?;
    let all = joined(tensors, all)?;
    let shapes: Vec<Shape> =
        all.iter().map(|l| Shape { name: l.name.clone(), inputs: l.layer.inputs, outputs: l.layer.outputs }).collect();
    let found = order(&shapes).map_err(|e| tensors.error(e))?;
    let (list, layout) = in_order(all, &found, about);
    layers::chain(tensors, &list)?;
    let Some((inputs, outputs)) = list.first().zip(list.last()).map(|(a, b)| (a.layer.inputs, b.layer.outputs)) else {
        return Err(tensors.error("the file holds no layer"));
    };
    let bound = |name: &str| tensors.get(name).map(|t| t.values.clone()).unwrap_or_default();
    let (min, max) = (bound(BOUNDS[0]), bound(BOUNDS[1]));
    let deterministic = min.is_empty() && max.is_empty();
    let targets = if deterministic { outputs } else { outputs / 2 };
    let network = Network {
        layers: list,
        deterministic,
        input: statistics(tensors, "input", &INPUT, inputs, about)?,
        target: statistics(tensors, "target", &TARGET, targets, about)?,
        min_logvar: min,
        max_logvar: max,
        elites: None,
    };
    Ok((network, layout))
}

/// The layers' names; refuses tensors that a plain perceptron does not have.
fn layer_names(tensors: &Tensors) -> Result<BTreeSet<String>, Fault> {
    let mut names = BTreeSet::new();
    let mut other = Vec::new();
    let statistic = |key: &str| {
        [INPUT.0, INPUT.1, TARGET.0, TARGET.1].iter().any(|list| list.contains(&key)) || BOUNDS.contains(&key)
    };
    for (key, tensor) in &tensors.map {
        let named = key.strip_suffix(".weight").or_else(|| key.strip_suffix("_w"));
        match named {
            Some(name) if matches!(tensor.shape.len(), 2 | 3) => {
                names.insert(name.to_owned());
            }
            _ if statistic(key) => {}
            _ => other.push(key),
        }
    }
    let of_layer =
        |key: &str| key.strip_suffix(".bias").or_else(|| key.strip_suffix("_b")).is_some_and(|n| names.contains(n));
    other.retain(|key| !of_layer(key));
    if names.is_empty() || !other.is_empty() {
        let list: Vec<String> =
            if other.is_empty() { tensors.map.keys().cloned().collect() } else { other.into_iter().cloned().collect() };
        return Err(tensors.error(format!(
            "not the state_dict of a plain perceptron (0.weight, 0.bias, 2.weight, …): {}; leave out what is no layer and no \
             normaliser, or see oodscope inspect",
            some_of(&list)
        )));
    }
    Ok(names)
}

/// A layer of one member or of several; without biases where the file has none at all.
fn any_layer(tensors: &Tensors, name: &str, biased: bool) -> Result<Named, Fault> {
    let either = |kind: &str, short: &str| {
        tensors.get(&format!("{name}.{kind}")).or_else(|| tensors.get(&format!("{name}_{short}")))
    };
    let Some(weight) = either("weight", "w") else { return Err(tensors.error(format!("no tensor '{name}.weight'"))) };
    let bias = either("bias", "b");
    if biased && bias.is_none() {
        return Err(tensors.error(format!("no tensor '{name}.bias', and other layers have theirs")));
    }
    match (&weight.shape[..], bias) {
        (&[outputs, inputs], None) => {
            let layer = Layer {
                inputs,
                outputs,
                weight: transposed(&weight.values, inputs, outputs),
                bias: vec![0.0; outputs],
            };
            Ok(Named { name: name.into(), members: 1, layer })
        }
        (&[outputs, inputs], Some(bias)) if bias.shape == [outputs] => {
            let weight = transposed(&weight.values, inputs, outputs);
            Ok(Named {
                name: name.into(),
                members: 1,
                layer: Layer { inputs, outputs, weight, bias: bias.values.clone() },
            })
        }
        (&[members, a, b], Some(bias)) => member_layer(name, weight, bias, [members, a, b]).ok_or_else(|| {
            tensors.error(format!("'{name}': weights {:?} and biases {:?} do not fit", weight.shape, bias.shape))
        }),
        _ => Err(tensors.error(format!(
            "'{name}': weights {:?} and biases {:?} are not those of a linear layer",
            weight.shape,
            bias.map(|b| b.shape.clone())
        ))),
    }
}

/// A layer of several members: [E, in, out] by custom layers, [E, out, in] by stacked ones; the biases tell which.
fn member_layer(name: &str, weight: &Tensor, bias: &Tensor, [members, a, b]: [usize; 3]) -> Option<Named> {
    let outputs = *bias.shape.last()?;
    if bias.values.len() != members * outputs || bias.shape[0] != members {
        return None;
    }
    // Custom layers keep biases as [E, 1, out] to add them to a batch; stacked ones as [E, out].
    let stacked = bias.shape.len() == 2 && a == outputs && b != outputs;
    let (inputs, values) = match (stacked, b == outputs) {
        (true, _) => {
            let each = weight.values.chunks(a * b).flat_map(|w| transposed(w, b, a)).collect();
            (b, each)
        }
        (false, true) => (a, weight.values.clone()),
        _ => return None,
    };
    Some(Named {
        name: name.into(),
        members,
        layer: Layer { inputs, outputs, weight: values, bias: bias.values.clone() },
    })
}

/// [out, in] as [in, out].
fn transposed(values: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    (0..inputs * outputs).map(|i| values[(i % outputs) * inputs + i / outputs]).collect()
}

/// Equal networks under numbers (`members.0.…`, `members.1.…`) as one of several members.
fn joined(tensors: &Tensors, all: Vec<Named>) -> Result<Vec<Named>, Fault> {
    let mut by_member: BTreeMap<u64, BTreeMap<String, usize>> = BTreeMap::new();
    for (i, layer) in all.iter().enumerate() {
        let (_, numbers) = parts(&layer.name);
        let Some(first) = numbers.first() else { return Ok(all) };
        let rest = layer.name.replacen(&first.to_string(), "#", 1);
        by_member.entry(*first).or_default().insert(rest, i);
    }
    let counted = by_member.keys().copied().eq(0..by_member.len() as u64);
    let sets: Vec<&BTreeMap<String, usize>> = by_member.values().collect();
    let shape = |i: usize| (all[i].layer.inputs, all[i].layer.outputs, all[i].members);
    let equal = sets.iter().all(|s| {
        s.len() >= 2
            && s.len() == sets[0].len()
            && s.iter().zip(sets[0]).all(|(a, b)| a.0 == b.0 && shape(*a.1) == shape(*b.1))
    });
    if sets.len() < 2 || !counted || !equal {
        return Ok(all);
    }
    let names: Vec<(String, Vec<usize>)> =
        sets[0].keys().map(|rest| (rest.clone(), sets.iter().filter_map(|s| s.get(rest).copied()).collect())).collect();
    let mut slots: Vec<Option<Named>> = all.into_iter().map(Some).collect();
    names
        .into_iter()
        .map(|(rest, indices)| {
            let parts = indices.into_iter().filter_map(|i| slots[i].take()).collect();
            layers::stacked(tensors, parts).map(|named| Named { name: rest, ..named })
        })
        .collect()
}

/// The layers in their order, heads side by side in the last one.
fn in_order(all: Vec<Named>, found: &Order, about: &mut About) -> (Vec<Named>, Layout) {
    let mut layout = Layout::unsaid();
    let mut slots: Vec<Option<Named>> = all.into_iter().map(Some).collect();
    let mut list: Vec<Named> = found.trunk.iter().filter_map(|&i| slots[i].take()).collect();
    let heads: Vec<Named> = found.heads.iter().filter_map(|(i, _)| slots[*i].take()).collect();
    if let Some(joint) = side_by_side(heads) {
        list.push(joint);
        let learned = found.heads.iter().any(|(_, h)| *h == Head::Reward);
        let reward = if learned { RewardColumn::Last } else { RewardColumn::None };
        layout.reading.reward = Item::new(reward, Basis::Implied);
        if let Some((_, Head::State(Some(target)))) = found.heads.first() {
            layout.reading.target = Item::new(*target, Basis::Stated);
        }
    }
    if !found.unread.is_empty() {
        about.warnings.push(format!(
            "{} predicts the end of the episode and was not read: imagined rollouts do not end",
            found.unread.join(", ")
        ));
    }
    (list, layout)
}

/// Layers that take the same inputs as one with all their outputs.
fn side_by_side(heads: Vec<Named>) -> Option<Named> {
    heads.into_iter().reduce(|a, b| {
        let (members, inputs) = (a.members, a.layer.inputs);
        let (left, right) = (a.layer.outputs, b.layer.outputs);
        let rows = |x: &[f32], y: &[f32]| {
            x.chunks(left).zip(y.chunks(right)).flat_map(|(x, y)| [x, y].concat()).collect::<Vec<_>>()
        };
        let layer = Layer {
            inputs,
            outputs: left + right,
            weight: rows(&a.layer.weight, &b.layer.weight),
            bias: rows(&a.layer.bias, &b.layer.bias),
        };
        Named { name: format!("{} and {}", a.name, b.name), members, layer }
    })
}

fn statistics(
    tensors: &Tensors,
    of: &str,
    (means, stds): &([&str; 4], [&str; 4]),
    columns: usize,
    about: &mut About,
) -> Result<Normalizer, Fault> {
    let find = |names: &[&str]| names.iter().find_map(|n| tensors.get(n));
    let wide = |t: &Tensor| t.values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    match (find(means), find(stds)) {
        (Some(m), Some(s)) => {
            layers::normalizer(&wide(m), &wide(s), columns, about).map_err(|e| tensors.error(format!("{of}: {e}")))
        }
        (None, None) => {
            about.notes.push(format!("no {of}_mean and {of}_std in the file: the {of} is not normalised"));
            Ok(Normalizer::identity(columns))
        }
        _ => Err(tensors.error(format!("of '{of}_mean' and '{of}_std' only one is in the file"))),
    }
}
