//! `DreamerV3` as its authors train it: `ckpt/<time>-<step>/agent.pkl`, a pickle of parameters by name, with the run's
//! `config.yaml` two folders above. Formulas: `dreamerv3/rssm.py`, `dreamerv3/agent.py`, `embodied/jax/{nets,heads,outs}.py`.
//!
//! The library computes in bfloat16; here it is single precision.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::dreamer::{CONTEXT, Keys, Layers, Ledger, NormKind, Place, Style, UNIMIX, finish, taken_as_usual};
use super::pickle::{self, Leaf};
use super::tensors::{Tensor, Tensors, read_bounded};
use super::{Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::dreamer::{Cell, Dreamer, Reward, Stack, Start, TwoHot};
use crate::world::net::activation::Activation;

/// The file of the agent.
const FILE: &str = "agent.pkl";
/// Longest such file that is read.
const MAX_FILE: u64 = 4 << 30;
/// As much of a file as is looked at to recognise it.
const HEAD: u64 = 1 << 20;
/// Of the norms, where their name says nothing else.
const EPS: f32 = 1e-4;
/// What the names of the parameters begin with.
const PARTS: [&str; 7] = ["dyn/", "enc/", "dec/", "rew/", "con/", "pol/", "opt/"];
/// The heads that give the observation.
const HEADS: &str = "dec/vec/";

/// The layout.
pub struct DreamerV3;

impl CheckpointFormat for DreamerV3 {
    fn name(&self) -> &'static str {
        "DreamerV3"
    }

    fn looks_for(&self) -> &'static str {
        "agent.pkl of danijar/dreamerv3, trained on vectors"
    }

    fn probe(&self, path: &Path) -> bool {
        let Some(file) = file_of(path) else { return false };
        let mut head = Vec::new();
        let read = File::open(file).and_then(|f| f.take(HEAD).read_to_end(&mut head));
        let holds = |word: &str| head.windows(word.len()).any(|w| w == word.as_bytes());
        read.is_ok() && head.first() == Some(&0x80) && holds("params") && PARTS.iter().any(|part| holds(part))
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let place = Place::of(file_of(path).unwrap_or_else(|| path.to_path_buf()), Some("agent.dyn"))?;
        let tensors = parameters(&place.file)?;
        let (model, keys) = Reader { tensors: &tensors, place: &place, ledger: Ledger::default() }.model()?;
        let mut notes = taken_as_usual(
            &place,
            "SiLU, root-mean-square norms, compressed observations (symlog) and ends that hold a discount of horizon 333",
        );
        notes.push("the library computes in bfloat16, and here it is single precision".into());
        finish(model, &keys, true, &place, given, notes)
    }
}

/// `agent.pkl`, where `path` is it, its folder, the folder of all checkpoints or the run's.
fn file_of(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let newest = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("latest")).ok()?;
        // The name of a folder in this one, and nothing that leads elsewhere.
        Some(folder.join(Path::new(text.trim()).file_name()?).join(FILE))
    };
    let places = [Some(path.join(FILE)), newest(path), newest(&path.join("ckpt"))];
    places.into_iter().flatten().find(|file| file.is_file())
}

/// The parameters of the world model.
fn parameters(file: &Path) -> Result<Tensors, Fault> {
    let bytes = read_bounded(file, MAX_FILE)?;
    let bad = |e: String| Fault::at(file, e);
    let (pickle, _) = pickle::load(&bytes).map_err(bad)?;
    drop(bytes);
    let mut map = BTreeMap::new();
    for (name, leaf) in pickle.leaves().map_err(bad)? {
        let Some(name) = name.strip_prefix("params.") else { continue };
        // The optimiser's moments are under names of the same endings.
        if let (Leaf::Array(array), true) = (leaf, PARTS[..5].iter().any(|part| name.starts_with(part))) {
            let values = array.values.iter().map(|v| *v as f32).collect();
            map.insert(name.to_owned(), Tensor { shape: array.shape.clone(), values });
        }
    }
    if map.keys().any(|name| name.chars().any(char::is_control)) {
        return Err(bad("the name of a parameter holds control characters".into()));
    }
    Tensors { path: file.to_path_buf(), map }.finite()
}

/// The parameters and what is said of them.
struct Reader<'t> {
    tensors: &'t Tensors,
    place: &'t Place,
    ledger: Ledger,
}

impl Reader<'_> {
    /// Reads the layers of the module that the configuration has under `key`, and whose parameters begin with `module`.
    fn layers(&self, key: &str, module: &str) -> Result<Layers<'_>, Fault> {
        let said = self.place.text(&format!("{key}.norm"))?.unwrap_or_default();
        let shifts = self.tensors.map.keys().any(|name| name.starts_with(module) && name.ends_with("/shift"));
        let kind = match said {
            "none" => NormKind::None,
            _ if shifts || said.starts_with("layer") => NormKind::Layer,
            _ => NormKind::Rms,
        };
        let eps =
            said.split_once("1em").and_then(|(_, digits)| digits.parse::<i32>().ok()).map_or(EPS, |n| 10f32.powi(-n));
        Ok(Layers {
            tensors: self.tensors,
            ledger: &self.ledger,
            style: Style::Jax,
            activation: self.place.activation(&format!("{key}.act"), of_jax)?,
            norm: kind,
            eps,
            biased: true,
        })
    }

    /// A perceptron of nets.MLP at `at`, then the map `last`.
    fn head(&self, key: &str, at: &str, last: &str) -> Result<Stack, Fault> {
        let l = self.layers(key, at)?;
        let mut all = l.all_hidden(|i| (format!("{at}/linear{i}"), format!("{at}/norm{i}")))?;
        all.push(l.last(last)?);
        l.stack(at, all)
    }

    fn model(&self) -> Result<(Dreamer, Keys), Fault> {
        let Self { tensors, place, ledger } = self;
        self.vectors_alone()?;
        let l = self.layers("agent.dyn.rssm", "dyn/")?;
        let latent = |hidden: &str, last: &str| {
            let mut all = l.all_hidden(|i| (format!("dyn/{hidden}{i}"), format!("dyn/{hidden}{i}norm")))?;
            all.push(l.last(&format!("dyn/{last}"))?);
            l.stack(hidden, all)
        };
        let cell = self.cell(&l)?;
        let action_dim = if let Cell::Blocks { action, .. } = &cell { action.inputs() } else { 0 };
        let prior = latent("prior", "priorlogit")?;
        let latents = prior.outputs();
        let e = self.layers("agent.enc.simple", "enc/")?;
        let encoder = e.stack("the encoder", e.all_hidden(|i| (format!("enc/mlp{i}"), format!("enc/mlp{i}norm")))?)?;
        let names = self.heads()?;
        let d = self.layers("agent.dec.simple", "dec/")?;
        let mut decoder = d.all_hidden(|i| (format!("dec/mlp/linear{i}"), format!("dec/mlp/norm{i}")))?;
        decoder.push(d.joined(&names.iter().map(|key| format!("{HEADS}{key}/pred")).collect::<Vec<_>>())?);
        let output = place.text("agent.rewhead.output")?.unwrap_or("symexp_twohot");
        if output != "symexp_twohot" {
            return Err(
                tensors.error(format!("the configuration's agent.rewhead.output is '{output}', which is not imported"))
            );
        }
        let horizon = place.number("agent.horizon", 333.0)?.max(1.0);
        // The head learns the discount along with the end.
        let certain = if place.truth("agent.contdisc", true)? { 1.0 - 1.0 / horizon } else { 1.0 };
        let model = Dreamer {
            action_dim,
            classes: place.classes(latents, "agent.dyn.rssm.classes", tensors)?,
            scale: None,
            heads: None,
            context: CONTEXT,
            unimix: place.number("agent.dyn.rssm.unimix", UNIMIX)? as f32,
            bounded_actions: true,
            symlog_in: place.truth("agent.enc.simple.symlog", true)?,
            symlog_out: place.truth("agent.dec.simple.symlog", true)?,
            certain: if certain > 0.0 { certain as f32 } else { 1.0 },
            start: Start::Zeros,
            encoder,
            posterior: latent("obs", "obslogit")?,
            cell,
            prior,
            // Its decoder takes the latents first, its other heads the units.
            decoder: d.stack("the decoder", decoder)?.first_inputs_last(latents),
            reward: Reward::TwoHot(TwoHot {
                logits: self.head("agent.rewhead", "rew/mlp", "rew/head/logits")?,
                stretched_last: false,
            }),
            goes_on: self.head("agent.conhead", "con/mlp", "con/head/logit")?,
        };
        let width = |key: &String| {
            let bias = tensors.need(&format!("{HEADS}{key}/pred/bias"))?;
            Ok((key.clone(), bias.values.len()))
        };
        let keys = Keys(names.iter().map(width).collect::<Result<_, Fault>>()?);
        ledger.all_read(tensors, &PARTS[..5])?;
        Ok((model.checked().map_err(|e| tensors.error(e))?, keys))
    }

    fn cell(&self, l: &Layers<'_>) -> Result<Cell, Fault> {
        let one = |name: &str| l.stack(name, vec![l.hidden(&format!("dyn/{name}"), &format!("dyn/{name}norm"))?]);
        let mut gates = Vec::new();
        while self.tensors.get(&format!("dyn/dynhid{}/kernel", gates.len())).is_some() {
            let name = format!("dyn/dynhid{}", gates.len());
            gates.push(l.followed(l.blocks(&name)?, &format!("{name}norm"))?);
        }
        gates.push(l.blocks("dyn/dyngru")?);
        Ok(Cell::Blocks {
            units: one("dynin0")?,
            latents: one("dynin1")?,
            action: one("dynin2")?,
            gates: l.stack("the cell", gates)?,
        })
    }

    /// Refuses what is seen or decoded as anything but numbers.
    fn vectors_alone(&self) -> Result<(), Fault> {
        let some = |part: &str| self.tensors.map.keys().any(|name| name.starts_with(part));
        if some("enc/cnn") || some("dec/conv") || some("dec/imgout") {
            return Err(self.tensors.error(
                "this world model sees images; models that see vectors alone are imported (env.dmc.image: False, and the like)",
            ));
        }
        let choice = self.tensors.map.keys().find(|name| name.starts_with(HEADS) && name.ends_with("/logits/kernel"));
        choice.map_or(Ok(()), |name| {
            Err(self.tensors.error(format!(
                "'{name}' gives a choice, which is not imported; observations have to be plain numbers"
            )))
        })
    }

    /// The keys of the observation, sorted as the encoder sorts them.
    fn heads(&self) -> Result<Vec<String>, Fault> {
        let key = |name: &String| Some(name.strip_prefix(HEADS)?.strip_suffix("/pred/kernel")?.to_owned());
        let mut keys: Vec<String> = self.tensors.map.keys().filter_map(key).collect();
        keys.sort();
        if keys.is_empty() {
            return Err(self
                .tensors
                .error(format!("no tensor '{HEADS}<key>/pred/kernel': nothing gives the observation")));
        }
        Ok(keys)
    }
}

/// The activation that jax has by this name; its GELU is the approximation.
fn of_jax(name: &str) -> Option<Activation> {
    match name {
        "none" => Some(Activation::Identity),
        "gelu" => Some(Activation::GeluTanh),
        "silu" | "swish" | "relu" | "tanh" | "elu" | "leaky_relu" => Activation::parse(name),
        _ => None,
    }
}
