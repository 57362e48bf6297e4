//! Recurrent layers of torch's `GRU` and `LSTM` from named tensors.

use super::Given;
use super::reading::Asked;
use super::rssmlite::linear;
use super::sidecar::Sidecar;
use super::tensors::Tensors;
use crate::ground::fault::Fault;
use crate::world::recurrent_net::{LstmCell, Memory};
use crate::world::rssm::GruCell;

/// Refuses what says how a plain ensemble is read, where the layout leaves nothing open: it must not be passed over in silence.
///
/// # Errors
/// [`Fault`] naming what is to be left away.
pub fn nothing_to_ask(tensors: &Tensors, sidecar: &Sidecar, given: &Given<'_>) -> Result<(), Fault> {
    if given.asked != Asked::default() {
        return Err(tensors.error(
            "its layout says how it is read; leave --model-activation, --model-target, --model-reward and --model-input away",
        ));
    }
    let stated = [
        ("activation", sidecar.activation.is_some()),
        ("target", sidecar.target.is_some()),
        ("reward", sidecar.reward.is_some()),
        ("input", sidecar.input.is_some()),
        ("elites", sidecar.elites.is_some()),
        ("observations", sidecar.observations.is_some()),
    ];
    match stated.iter().find(|(_, is)| *is) {
        Some((key, _)) => Err(tensors
            .error(format!("its layout says how it is read; take '{key}' out of the file that states it beside it"))),
        None => Ok(()),
    }
}

/// The layers under `prefix`: `weight_ih_l{k}`, `weight_hh_l{k}` and their biases; three gates are a `GRU`'s, four an `LSTM`'s.
///
/// # Errors
/// [`Fault`] naming a tensor that is missing, or that such a network does not have.
pub fn memory(tensors: &Tensors, prefix: &str) -> Result<Memory, Fault> {
    let first = tensors.need(&format!("{prefix}.weight_hh_l0"))?;
    let [gates, units] = first.shape[..] else {
        return Err(
            tensors.error(format!("tensor '{prefix}.weight_hh_l0' has shape {:?}, two axes are needed", first.shape))
        );
    };
    let other =
        |name: &&String| name.starts_with(prefix) && (name.ends_with("_reverse") || name.contains(".weight_hr_"));
    if let Some(name) = tensors.map.keys().find(other) {
        return Err(tensors.error(format!(
            "tensor '{name}' is of a recurrent network that reads backwards or projects its units, which is not read"
        )));
    }
    let (gru, lstm) = (units.checked_mul(3) == Some(gates), units.checked_mul(4) == Some(gates));
    if gates == 0 || !(gru || lstm) {
        return Err(tensors.error(format!(
            "tensor '{prefix}.weight_hh_l0' has {gates} gates for {units} units, three (GRU) or four (LSTM) a unit are read"
        )));
    }
    let layers = (0..).take_while(|k| tensors.get(&format!("{prefix}.weight_ih_l{k}")).is_some());
    let parts = layers.map(|k| {
        let part =
            |of: &str| linear(tensors, &format!("{prefix}.weight_{of}_l{k}"), &format!("{prefix}.bias_{of}_l{k}"));
        Ok((part("ih")?, part("hh")?))
    });
    let parts = parts.collect::<Result<Vec<_>, Fault>>()?;
    let cells = parts.into_iter();
    let memory = if gru {
        cells.map(|(ih, hh)| GruCell::new(ih, hh)).collect::<Result<_, _>>().map(Memory::Gru)
    } else {
        cells.map(|(ih, hh)| LstmCell::new(ih, hh)).collect::<Result<_, _>>().map(Memory::Lstm)
    };
    memory.map_err(|e| tensors.error(format!("'{prefix}': {e}")))
}
