//! sheeprl's `DreamerV3`: `version_0/checkpoint/ckpt_<step>_<rank>.ckpt`, with `version_0/config.yaml`. Formulas:
//! `algos/dreamer_v3/agent.py`, `models/models.py`, `utils/distribution.py`.

use std::path::Path;

use super::dreamer::{
    CONTEXT, Keys, Layers, Ledger, NormKind, Place, Style, UNIMIX, chosen, finish, has, inner, taken_as_usual,
};
use super::tensors::Tensors;
use super::{Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::dreamer::{Cell, Dense, Dreamer, Reward, Stack, Start, TwoHot};
use crate::world::net::activation::Activation;

/// What no other library calls a tensor.
const MARK: &str = "rssm.recurrent_model.rnn.linear.weight";
/// Where the configuration speaks of the world model.
const MODEL: &str = "algo.world_model";
/// Of the norms, unless the configuration says otherwise.
const EPS: f64 = 1e-3;
/// The heads that give the observation.
const HEADS: &str = "observation_model.mlp_decoder.heads";

/// The layout.
pub struct SheepRl;

impl CheckpointFormat for SheepRl {
    fn name(&self) -> &'static str {
        "sheeprl"
    }

    fn looks_for(&self) -> &'static str {
        "ckpt_<step>_<rank>.ckpt of sheeprl's DreamerV3, trained on vectors"
    }

    fn probe(&self, path: &Path) -> bool {
        has(path, MARK)
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let place = Place::of(chosen(path)?, Some("algo.world_model.discrete_size"))?;
        let (tensors, _) = inner(&place.file, MARK)?;
        let reader = Reader { tensors: &tensors.finite()?, place: &place, ledger: Ledger::default() };
        let model = reader.model()?;
        let (keys, model) = reader.keys(model)?;
        let mut notes = taken_as_usual(
            &place,
            "SiLU, an epsilon of 0.001 in every norm, and a hundredth of all draws spread evenly",
        );
        if place.truth("env.clip_rewards", false)? {
            notes.push("the run was trained on tanh of the rewards (clip_rewards), and so it predicts them".into());
        }
        finish(model, &keys, false, &place, given, notes)
    }
}

/// The tensors of a file and what is said of them.
struct Reader<'t> {
    tensors: &'t Tensors,
    place: &'t Place,
    ledger: Ledger,
}

impl Reader<'_> {
    /// Reads the layers of the part that the configuration calls `part`, whose norm is under `norm` there.
    fn layers(&self, part: &str, norm: &str, normed: bool) -> Result<Layers<'_>, Fault> {
        // The layer before the cell is made with the library's default, whatever the configuration says.
        let activation = match part {
            "recurrent_model" => Activation::Silu,
            _ => self.place.activation(&format!("{MODEL}.{part}.dense_act"), Activation::parse)?,
        };
        Ok(Layers {
            tensors: self.tensors,
            ledger: &self.ledger,
            style: Style::Torch,
            activation,
            norm: if normed { NormKind::Layer } else { NormKind::None },
            eps: self.place.number(&format!("{MODEL}.{part}.{norm}.kw.eps"), EPS)? as f32,
            // Without a norm the library gives its layers a bias.
            biased: !normed,
        })
    }

    /// The perceptron at `at`, a map, a norm and an activation at a time, and with `last` a last map after them.
    fn perceptron(&self, part: &str, norm: &str, at: &str, last: bool) -> Result<Vec<Dense>, Fault> {
        let there = |k: usize| self.tensors.get(&format!("{at}.{k}.weight")).is_some_and(|t| t.shape.len() == 2);
        let highest = (0..=3 * 64).step_by(3).filter(|k| there(*k)).max();
        let highest = highest.ok_or_else(|| self.tensors.error(format!("no tensor '{at}.0.weight'")))?;
        let hidden = if last { highest / 3 } else { highest / 3 + 1 };
        let normed = self.tensors.get(&format!("{at}.1.weight")).is_some();
        let l = self.layers(part, norm, normed)?;
        let names = (0..hidden).map(|i| (format!("{at}.{}", 3 * i), format!("{at}.{}", 3 * i + 1)));
        let mut layers = names.map(|(map, norm)| l.hidden(&map, &norm)).collect::<Result<Vec<_>, _>>()?;
        if last {
            layers.push(l.last(&format!("{at}.{highest}"))?);
        }
        Ok(layers)
    }

    fn stack(&self, what: &str, layers: Vec<Dense>) -> Result<Stack, Fault> {
        Stack::new(layers).map_err(|e| self.tensors.error(format!("{what}: {e}")))
    }

    fn model(&self) -> Result<Dreamer, Fault> {
        let Self { tensors, place, ledger } = self;
        if tensors.map.keys().any(|name| name.starts_with("encoder.cnn_encoder.")) {
            return Err(tensors.error(
                "this world model sees images; models that see vectors alone are imported (cnn_keys.encoder=[] in sheeprl)",
            ));
        }
        let start = tensors.get("rssm.initial_recurrent_state").ok_or_else(|| {
            tensors.error("no tensor 'rssm.initial_recurrent_state': a Dreamer before DreamerV3, or an old sheeprl, which is not imported")
        })?;
        ledger.note("rssm.initial_recurrent_state");
        let net = |part: &str, at: &str| self.perceptron(part, "layer_norm", &format!("{at}._model"), true);
        let input = self.perceptron("recurrent_model", "layer_norm", "rssm.recurrent_model.mlp._model", false)?;
        let rnn = "rssm.recurrent_model.rnn";
        let normed = tensors.get(&format!("{rnn}.layer_norm.weight")).is_some();
        let l = self.layers("recurrent_model", "layer_norm", normed)?;
        let l = Layers { activation: Activation::Identity, biased: false, ..l };
        let gates = l.hidden(&format!("{rnn}.linear"), &format!("{rnn}.layer_norm"))?;
        let prior = self.stack("the prior", net("transition_model", "rssm.transition_model")?)?;
        let latents = prior.outputs();
        let input = self.stack("the layer before the cell", input)?;
        let decoder = "observation_model.mlp_decoder.model._model";
        let mut decoder = self.perceptron("observation_model", "mlp_layer_norm", decoder, false)?;
        decoder.push(l.joined(&self.heads()?)?);
        let reward = self.stack("the reward", net("reward_model", "reward_model")?)?;
        let goes_on = self.stack("what says whether it goes on", net("discount_model", "continue_model")?)?;
        let encoder = self.perceptron("encoder", "mlp_layer_norm", "encoder.mlp_encoder.model._model", false)?;
        let model = Dreamer {
            action_dim: input.inputs().saturating_sub(latents),
            classes: place.classes(latents, "algo.world_model.discrete_size", tensors)?,
            scale: None,
            heads: None,
            context: CONTEXT,
            unimix: place.number("algo.unimix", UNIMIX)? as f32,
            bounded_actions: false,
            symlog_in: true,
            symlog_out: true,
            certain: 1.0,
            start: Start::Learned(start.values.iter().map(|v| v.tanh()).collect()),
            encoder: self.stack("the encoder", encoder)?,
            posterior: self.stack("the posterior", net("representation_model", "rssm.representation_model")?)?,
            // Units come first in the library's cell, latents first in its heads.
            cell: Cell::Normed { input, gates: self.stack("the cell", vec![gates])? },
            prior,
            decoder: self.stack("the decoder", decoder)?.first_inputs_last(latents),
            reward: Reward::TwoHot(TwoHot { logits: reward.first_inputs_last(latents), stretched_last: true }),
            goes_on: goes_on.first_inputs_last(latents),
        };
        ledger.all_read(tensors, &["encoder.", "rssm.", "observation_model.", "reward_model.", "continue_model."])?;
        model.checked().map_err(|e| tensors.error(e))
    }

    /// Names of the heads, in the decoder's order of the keys.
    fn heads(&self) -> Result<Vec<String>, Fault> {
        let there = |i: &usize| self.tensors.get(&format!("{HEADS}.{i}.weight")).is_some();
        let count = self.tensors.map.keys().filter(|n| n.starts_with(HEADS) && n.ends_with(".weight")).count();
        if count == 0 || !(0..count).all(|i| there(&i)) {
            return Err(self.tensors.error(format!("the heads '{HEADS}.0', … are not all there")));
        }
        Ok((0..count).map(|i| format!("{HEADS}.{i}")).collect())
    }

    /// The keys in the encoder's order, and `model` giving the observation in that.
    fn keys(&self, model: Dreamer) -> Result<(Keys, Dreamer), Fault> {
        let names = self.heads()?;
        let outputs =
            |name: &String| Ok(self.tensors.need(&format!("{name}.weight"))?.shape.first().copied().unwrap_or(0));
        let widths = names.iter().map(outputs).collect::<Result<Vec<usize>, Fault>>()?;
        let (seen, given) = (self.listed("encoder")?, self.listed("decoder")?);
        let (Some(seen), Some(given)) = (seen, given) else {
            if let [width] = widths[..] {
                return Ok((Keys(vec![("state".into(), width)]), model));
            }
            let said = self.place.sidecar.obs_keys.clone().filter(|keys| keys.len() == widths.len());
            let keys = said.ok_or_else(|| {
                self.tensors.error(format!(
                    "its observation is {} keys of {widths:?} columns side by side, and nothing says which: lay the run's config.yaml \
                     beside it, or write obs_keys = [their names in the order of algo.mlp_keys.encoder] into oodscope.toml beside \
                     it, which has to be the order of the dataset's columns too",
                    widths.len()
                ))
            })?;
            return Ok((Keys(keys.into_iter().zip(widths).collect()), model));
        };
        let given = Keys(given.into_iter().zip(widths.iter().copied()).collect());
        let order = given.columns(&seen).map_err(|_| {
            self.tensors.error(format!(
                "the decoder gives {} keys, {:?}, the encoder takes {seen:?}: an observation that is not decoded whole cannot be \
                 imagined",
                widths.len(),
                given.names()
            ))
        })?;
        let width = |key: &String| given.0.iter().find(|(own, _)| own == key).map_or(0, |(_, width)| *width);
        let keys = Keys(seen.iter().map(|key| (key.clone(), width(key))).collect());
        Ok((keys, Dreamer { decoder: model.decoder.clone().reordered(&order, true), ..model }))
    }

    /// The keys that the configuration lists for `part`.
    fn listed(&self, part: &str) -> Result<Option<Vec<String>>, Fault> {
        let Some(config) = &self.place.config else { return Ok(None) };
        let list = config.get(&format!("algo.mlp_keys.{part}"))?.and_then(|v| v.as_array());
        Ok(list.and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect()))
    }
}
