//! Layers from named tensors, with every shape checked and named.

use crate::ground::fault::Fault;

use super::About;
use super::tensors::Tensors;
use crate::world::net::mlp::Layer;
use crate::world::net::normalizer::Normalizer;

/// Deviations below are rounding of a column that stood still.
const TINY: f64 = 1e-5;

/// A layer, how many members it has and what its tensors are called.
pub struct Named {
    /// Name without `.weight`.
    pub name: String,
    /// Members E.
    pub members: usize,
    /// The numbers.
    pub layer: Layer,
}

/// `name.weight` [E, in, out] and `name.bias` [E, 1, out]: an ensemble's layer; or one of torch's `Linear`, which an ensemble
/// of a single member is made of.
///
/// # Errors
/// [`Fault`] naming the tensor.
pub fn member_layer(tensors: &Tensors, name: &str) -> Result<Named, Fault> {
    let weight = tensors.need(&format!("{name}.weight"))?;
    if weight.shape.len() == 2 {
        return linear(tensors, name);
    }
    let [members, inputs, outputs] = weight.shape[..] else {
        return Err(tensors.error(format!(
            "tensor '{name}.weight' has shape {:?}, an ensemble's layer has [members, in, out]",
            weight.shape
        )));
    };
    let bias = tensors.shaped(&format!("{name}.bias"), &[members, 1, outputs])?;
    let layer = Layer { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() };
    Ok(Named { name: name.to_owned(), members, layer })
}

/// `name.weight` [out, in] and `name.bias` [out] of torch's `Linear`: one member.
///
/// # Errors
/// [`Fault`] naming the tensor.
pub fn linear(tensors: &Tensors, name: &str) -> Result<Named, Fault> {
    let weight = tensors.need(&format!("{name}.weight"))?;
    let [outputs, inputs] = weight.shape[..] else {
        return Err(
            tensors.error(format!("tensor '{name}.weight' has shape {:?}, a linear layer has [out, in]", weight.shape))
        );
    };
    let bias = tensors.shaped(&format!("{name}.bias"), &[outputs])?;
    let transposed = (0..inputs * outputs).map(|i| weight.values[(i % outputs) * inputs + i / outputs]).collect();
    let layer = Layer { inputs, outputs, weight: transposed, bias: bias.values.clone() };
    Ok(Named { name: name.to_owned(), members: 1, layer })
}

/// Layers of equal shapes, one of each of `parts`, as one layer of all their members.
///
/// # Errors
/// [`Fault`] naming a tensor whose shape is not that of the first member's.
pub fn stacked(tensors: &Tensors, parts: Vec<Named>) -> Result<Named, Fault> {
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return Err(tensors.error("an ensemble without members")) };
    for part in parts {
        let (a, b) = (&mut all.layer, part.layer);
        if (a.inputs, a.outputs) != (b.inputs, b.outputs) {
            return Err(tensors.error(format!(
                "tensor '{}.weight' of {} inputs and {} outputs is not of the shape of '{}.weight'",
                part.name, b.inputs, b.outputs, all.name
            )));
        }
        a.weight.extend(b.weight);
        a.bias.extend(b.bias);
        all.members += part.members;
    }
    Ok(all)
}

/// Checks that every layer takes what the one before gives, that none is empty, and that all have the same members.
///
/// # Errors
/// [`Fault`] naming the tensor and both numbers.
pub fn chain(tensors: &Tensors, layers: &[Named]) -> Result<(), Fault> {
    for l in layers {
        if l.layer.inputs == 0 || l.layer.outputs == 0 || l.members == 0 {
            return Err(tensors.error(format!("tensor '{}.weight' is empty", l.name)));
        }
    }
    for pair in layers.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if a.layer.outputs != b.layer.inputs {
            return Err(tensors.error(format!(
                "tensor '{}.weight' takes {} inputs, '{}.weight' before it gives {}",
                b.name, b.layer.inputs, a.name, a.layer.outputs
            )));
        }
        if a.members != b.members {
            return Err(tensors.error(format!(
                "tensor '{}.weight' has {} members, '{}.weight' has {}",
                b.name, b.members, a.name, a.members
            )));
        }
    }
    Ok(())
}

/// Numbers of members: none negative, none broken. Whether there are so many members is checked with the whole model.
///
/// # Errors
/// [`Fault`] about the file of `tensors`.
pub fn elites(tensors: &Tensors, values: &[f64]) -> Result<Vec<usize>, Fault> {
    if values.iter().any(|e| !(0.0..1e6).contains(e) || e.fract() != 0.0) {
        return Err(tensors.error(format!("elite members {values:?} are no numbers of members")));
    }
    Ok(values.iter().map(|e| *e as usize).collect())
}

/// Shift and scale of `columns`, checked; a deviation of zero becomes one, as the libraries do, and is told.
///
/// # Errors
/// A sentence if the lengths differ or a number is not finite.
pub fn normalizer(mean: &[f64], std: &[f64], columns: usize, about: &mut About) -> Result<Normalizer, String> {
    for (name, values) in [("mean", mean), ("std", std)] {
        if values.len() != columns {
            return Err(format!("'{name}' has {} columns, the network's input has {columns}", values.len()));
        }
        if values.iter().any(|v| !(*v as f32).is_finite()) {
            return Err(format!("'{name}' holds NaN or infinite numbers"));
        }
    }
    let zero: Vec<String> = (0..columns).filter(|&c| std[c] as f32 == 0.0).map(|c| c.to_string()).collect();
    if !zero.is_empty() {
        about
            .notes
            .push(format!("columns {} did not vary in training: their deviation of 0 is read as 1", zero.join(", ")));
    }
    let tiny: Vec<String> = (0..columns)
        .filter(|&c| std[c] as f32 != 0.0 && std[c].abs() < TINY)
        .map(|c| format!("column {c} ({:e})", std[c]))
        .collect();
    if !tiny.is_empty() {
        about.warnings.push(format!(
            "the normaliser divides by next to nothing in {} of the network's input: it did not vary in training, and the \
             slightest change of it is a huge input",
            tiny.join(", ")
        ));
    }
    let std = std.iter().map(|&s| if s as f32 == 0.0 { 1.0 } else { s as f32 }).collect();
    Ok(Normalizer { mean: mean.iter().map(|&m| m as f32).collect(), std })
}
