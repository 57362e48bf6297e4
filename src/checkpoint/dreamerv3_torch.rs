//! dreamerv3-torch: `latest.pt` as its training leaves it. Formulas: `networks.py`, `models.py`, `tools.py`.
//!
//! The library keeps the run's settings in no file. Its keys of the observation are in the file's own order: the decoder's heads
//! are made in the order in which the encoder puts its keys side by side.

use std::path::Path;

use super::dreamer::{
    CONTEXT, Keys, Layers, Ledger, NormKind, Place, Style, UNIMIX, chosen, finish, has, inner, taken_as_usual,
};
use super::tensors::Tensors;
use super::{Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::dreamer::{Cell, Dreamer, Reward, Start, TwoHot};
use crate::world::net::activation::Activation;

/// What no other library calls a tensor.
const MARK: &str = "dynamics._cell.layers.GRU_linear.weight";
/// Of all norms, written into the library.
const EPS: f32 = 1e-3;
/// The heads that give the observation.
const HEADS: &str = "heads.decoder._mlp.mean_layer.";

/// The layout.
pub struct DreamerV3Torch;

impl CheckpointFormat for DreamerV3Torch {
    fn name(&self) -> &'static str {
        "dreamerv3-torch"
    }

    fn looks_for(&self) -> &'static str {
        "latest.pt of dreamerv3-torch, trained on vectors"
    }

    fn probe(&self, path: &Path) -> bool {
        has(path, MARK)
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let place = Place::of(chosen(path)?, None)?;
        let (tensors, names) = inner(&place.file, MARK)?;
        let tensors = tensors.finite()?;
        let keys = names.iter().filter_map(|name| name.strip_prefix(HEADS)?.strip_suffix(".weight"));
        let keys: Vec<String> = keys.map(str::to_owned).collect();
        let (model, keys) = model(&tensors, &keys, &place)?;
        let notes = taken_as_usual(
            &place,
            "compressed observations (symlog), SiLU unless `activation` is stated, and a reward of 255 bins",
        );
        finish(model, &keys, true, &place, given, notes)
    }
}

fn model(tensors: &Tensors, keys: &[String], place: &Place) -> Result<(Dreamer, Keys), Fault> {
    if tensors.map.keys().any(|name| name.starts_with("encoder._cnn.")) || keys.is_empty() {
        return Err(tensors.error(
            "this world model sees images; models that see vectors alone are imported (encoder and decoder with cnn_keys of '$^')",
        ));
    }
    let normed = tensors.map.keys().any(|name| name.contains("_norm"));
    let norm = if normed { NormKind::Layer } else { NormKind::None };
    let activation = place.sidecar.activation.unwrap_or(Activation::Silu);
    let ledger = Ledger::default();
    let l = Layers { tensors, ledger: &ledger, style: Style::Torch, activation, norm, eps: EPS, biased: false };
    let perceptron = |at: &str, word: &str| {
        l.all_hidden(|i| (format!("{at}.layers.{word}_linear{i}"), format!("{at}.layers.{word}_norm{i}")))
    };
    let one = |name: &str| l.hidden(&format!("dynamics.{name}.0"), &format!("dynamics.{name}.1"));
    let with = |mut layers: Vec<_>, last| {
        layers.push(last);
        layers
    };
    let prior = l.stack("the prior", vec![one("_img_out_layers")?, l.last("dynamics._imgs_stat_layer")?])?;
    let posterior = l.stack("the posterior", vec![one("_obs_out_layers")?, l.last("dynamics._obs_stat_layer")?])?;
    let latents = prior.outputs();
    let input = l.stack("the layer before the cell", vec![one("_img_in_layers")?])?;
    let action_dim = input.inputs().checked_sub(latents).filter(|a| *a > 0).ok_or_else(|| {
        tensors.error(format!(
            "'dynamics._img_in_layers.0.weight' takes {} inputs, fewer than the {latents} latents and an action: models of continuous \
             latents (dyn_discrete: 0) are not imported",
            input.inputs()
        ))
    })?;
    let gates = Layers { activation: Activation::Identity, ..l };
    let gates = gates.hidden("dynamics._cell.layers.GRU_linear", "dynamics._cell.layers.GRU_norm")?;
    let units = gates.outputs / 3;
    // The library's gates take the input first, then the units; its heads the latents first.
    let before = gates.inputs.saturating_sub(units);
    let cell = Cell::Normed { input, gates: l.stack("the cell", vec![gates])?.first_inputs_last(before) };
    let names: Vec<String> = keys.iter().map(|key| format!("{HEADS}{key}")).collect();
    let decoder = with(perceptron("heads.decoder._mlp", "Decoder")?, l.joined(&names)?);
    let reward = with(perceptron("heads.reward", "Reward")?, l.last("heads.reward.mean_layer")?);
    let goes_on = with(perceptron("heads.cont", "Cont")?, l.last("heads.cont.mean_layer")?);
    let widths = |key: &String| l.last(&format!("{HEADS}{key}")).map(|dense| (key.clone(), dense.outputs));
    ledger.note("dynamics.W");
    let start = match tensors.get("dynamics.W") {
        Some(w) => Start::Learned(w.values.iter().map(|v| v.tanh()).collect()),
        None => Start::Zeros,
    };
    let model = Dreamer {
        action_dim,
        classes: place.classes(latents, "dyn_discrete", tensors)?,
        scale: None,
        heads: None,
        context: CONTEXT,
        unimix: UNIMIX as f32,
        bounded_actions: false,
        symlog_in: true,
        symlog_out: true,
        certain: 1.0,
        start,
        encoder: l.stack("the encoder", perceptron("encoder._mlp", "Encoder")?)?,
        posterior,
        cell,
        prior,
        decoder: l.stack("the decoder", decoder)?.first_inputs_last(latents),
        reward: Reward::TwoHot(TwoHot {
            logits: l.stack("the reward", reward)?.first_inputs_last(latents),
            stretched_last: true,
        }),
        goes_on: l.stack("what says whether it goes on", goes_on)?.first_inputs_last(latents),
    };
    let keys = Keys(keys.iter().map(widths).collect::<Result<_, Fault>>()?);
    ledger.all_read(tensors, &["encoder.", "dynamics.", "heads."])?;
    Ok((model.checked().map_err(|e| tensors.error(e))?, keys))
}
