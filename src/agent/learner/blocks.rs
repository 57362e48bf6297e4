//! Numbers as [`Blocks`] and back.

use super::Blocks;
use crate::world::net::mlp::Mlp;

/// Numbers as bytes.
pub(super) fn raw(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// The numbers called `name`.
///
/// # Errors
/// A sentence where there are none.
pub(super) fn floats(state: &Blocks, name: &str) -> Result<Vec<f32>, String> {
    let bytes = state.get(name).ok_or_else(|| format!("'{name}' is missing"))?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

/// Adds the weights of `net` as blocks that begin with `name`.
pub(super) fn save_net(name: &str, net: &Mlp, into: &mut Blocks) {
    for (i, layer) in net.layers.iter().enumerate() {
        into.insert(format!("{name}.{i}.weight"), raw(&layer.weight));
        into.insert(format!("{name}.{i}.bias"), raw(&layer.bias));
    }
}

/// `net` with the weights that [`save_net`] wrote.
///
/// # Errors
/// A sentence where one is missing or of another shape.
pub(super) fn restored_net(name: &str, mut net: Mlp, state: &Blocks) -> Result<Mlp, String> {
    for (i, layer) in net.layers.iter_mut().enumerate() {
        for (part, values) in [("weight", &mut layer.weight), ("bias", &mut layer.bias)] {
            let (name, len) = (format!("{name}.{i}.{part}"), values.len());
            *values = Some(floats(state, &name)?)
                .filter(|v| v.len() == len)
                .ok_or_else(|| format!("'{name}' is not of {len} numbers"))?;
        }
    }
    Ok(net)
}
