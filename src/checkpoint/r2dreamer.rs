//! r2dreamer: `latest.pt` beside `.hydra/config.yaml`, `DreamerV3` of 2024 in PyTorch. Formulas: `rssm.py`, `networks.py`,
//! `distributions.py`. Its usual loss trains no decoder: what such a model imagines cannot be seen.

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
const MARK: &str = "rssm._deter_net._dyn_in0.0.weight";
/// Of all norms, written into the library.
const EPS: f32 = 1e-4;

/// The layout.
pub struct R2Dreamer;

impl CheckpointFormat for R2Dreamer {
    fn name(&self) -> &'static str {
        "r2dreamer"
    }

    fn looks_for(&self) -> &'static str {
        "latest.pt of r2dreamer, trained on vectors with rep_loss=dreamer"
    }

    fn probe(&self, path: &Path) -> bool {
        has(path, MARK)
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let place = Place::of(chosen(path)?, Some("model.rssm"))?;
        let (tensors, _) = inner(&place.file, MARK)?;
        let model = model(&tensors.finite()?, &place)?;
        let mut notes = taken_as_usual(&place, "compressed observations (symlog) and SiLU");
        notes.push(
            "the library keeps no keys of its observation apart: the dataset's columns have to be those that the environment gave, in \
             its order"
                .into(),
        );
        finish(model, &Keys(Vec::new()), true, &place, given, notes)
    }
}

fn model(tensors: &Tensors, place: &Place) -> Result<Dreamer, Fault> {
    let some = |part: &str| tensors.map.keys().any(|name| name.starts_with(part));
    if !some("decoder.") {
        return Err(tensors.error(
            "this world model was trained without a decoder, so what it imagines is no observation; train it with \
             model.rep_loss=dreamer",
        ));
    }
    if some("decoder._cnn.") || some("encoder.encoders.1.") || !some("decoder._mlp.") {
        return Err(tensors.error(
            "this world model sees images; models that see vectors alone are imported (encoder and decoder with cnn_keys of '$^')",
        ));
    }
    let ledger = Ledger::default();
    let layers = |key: &str| -> Result<Layers<'_>, Fault> {
        let activation = place.activation(&format!("model.{key}.act"), Activation::parse)?;
        Ok(Layers {
            tensors,
            ledger: &ledger,
            style: Style::Torch,
            activation,
            norm: NormKind::Rms,
            eps: EPS,
            biased: true,
        })
    };
    let l = layers("rssm")?;
    let perceptron = |at: &str, word: &str, key: &str| {
        layers(key)?.all_hidden(|i| (format!("{at}.layers.{word}_linear{i}"), format!("{at}.layers.{word}_norm{i}")))
    };
    let head = |at: &str, word: &str, key: &str| {
        let mut all = perceptron(&format!("{at}.mlp"), word, key)?;
        all.push(l.last(&format!("{at}.last"))?);
        l.stack(at, all)
    };
    let latent = |net: &str| {
        let mut all = l.all_hidden(|i| (format!("rssm._{net}.{net}_{i}"), format!("rssm._{net}.{net}_n_{i}")))?;
        all.push(l.last(&format!("rssm._{net}.{net}_logit"))?);
        l.stack(net, all)
    };
    let cell = cell(&l)?;
    let prior = latent("img_net")?;
    let latents = prior.outputs();
    let symlog_in = place.truth("model.encoder.mlp.symlog_inputs", true)?;
    let out = place.text("model.decoder.mlp_dist.name")?.unwrap_or("symlog_mse");
    if !["symlog_mse", "mse"].contains(&out) {
        return Err(
            tensors.error(format!("the configuration's model.decoder.mlp_dist.name is '{out}', which is not imported"))
        );
    }
    let action_dim = if let Cell::Blocks { action, .. } = &cell { action.inputs() } else { 0 };
    let model = Dreamer {
        action_dim,
        classes: place.classes(latents, "model.rssm.discrete", tensors)?,
        scale: None,
        heads: None,
        context: CONTEXT,
        unimix: place.number("model.rssm.unimix_ratio", UNIMIX)? as f32,
        bounded_actions: true,
        symlog_in,
        symlog_out: out == "symlog_mse",
        certain: 1.0,
        start: Start::Zeros,
        encoder: l.stack("the encoder", perceptron("encoder.encoders.0", "mlp_encoder", "encoder.mlp")?)?,
        posterior: latent("obs_net")?,
        cell,
        prior,
        decoder: head("decoder._mlp", "mlp_decoder", "decoder.mlp")?.first_inputs_last(latents),
        reward: Reward::TwoHot(TwoHot {
            logits: head("reward", "reward", "reward")?.first_inputs_last(latents),
            stretched_last: false,
        }),
        goes_on: head("cont", "cont", "cont")?.first_inputs_last(latents),
    };
    ledger.all_read(tensors, &["encoder.", "rssm.", "decoder.", "reward.", "cont."])?;
    model.checked().map_err(|e| tensors.error(e))
}

fn cell(l: &Layers<'_>) -> Result<Cell, Fault> {
    let net = "rssm._deter_net";
    let one = |name: &str| l.stack(name, vec![l.hidden(&format!("{net}.{name}.0"), &format!("{net}.{name}.1"))?]);
    let mut gates = Vec::new();
    while l.tensors.get(&format!("{net}._dyn_hid.dyn_hid_{}.weight", gates.len())).is_some() {
        let i = gates.len();
        let map = l.blocks(&format!("{net}._dyn_hid.dyn_hid_{i}"))?;
        gates.push(l.followed(map, &format!("{net}._dyn_hid.norm_{i}"))?);
    }
    gates.push(l.blocks(&format!("{net}._dyn_gru"))?);
    Ok(Cell::Blocks {
        units: one("_dyn_in0")?,
        latents: one("_dyn_in1")?,
        action: one("_dyn_in2")?,
        gates: l.stack("the cell", gates)?,
    })
}
