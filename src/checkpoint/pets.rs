//! PETS in PyTorch (handful-of-trials-pytorch and its copies): `lin{i}_w` [E, in, out], `lin{i}_b` [E, 1, out], swish, with
//! `inputs_mu` and `inputs_sigma` of `[obs, action]` and the bounds of the log-variance inside; no reward. Sources: its
//! `config/*.py` (`PtModel`) and `MPC.py`.
//!
//! What the network sees of an observation and what its outputs are is code of the environment (`obs_preproc`, `targ_proc`), which
//! no file tells. Of networks with the widths of the library's four environments it is known, and told; where it is an angle's sine
//! and cosine, the file's own moments have to bear it out: their squares add up to 1. Of others it has to be stated. In use a
//! member's draw is taken (TS∞); here the mean over all members, or one member's mean.

use std::path::Path;

use super::dynamics::{self, Layout, Network};
use super::layers;
use super::mbpo::{gaussian, member_layer};
use super::reading::{Basis, Item, RewardColumn, Target};
use super::rssmlite::names;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, read_tensors, the_file};
use super::tensors::{Tensor, Tensors};
use super::unwrap::unwrap;
use super::{About, Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::ensemble::Seen;
use crate::world::net::activation::Activation;
use crate::world::net::normalizer::Normalizer;

/// Tensors that no other library has together.
const KNOWN_BY: [&str; 4] = ["lin0_w", "lin0_b", "inputs_mu", "inputs_sigma"];

/// An environment of the library, by the network's inputs and targets.
struct Environment {
    name: &'static str,
    widths: (usize, usize),
    /// What its network sees of the observation.
    seen: fn() -> Vec<Seen>,
    /// The same in words.
    sight: &'static str,
    /// Columns that are predicted as they are.
    no_delta: &'static [usize],
}

const ENVIRONMENTS: [Environment; 4] = [
    Environment {
        name: "cartpole",
        widths: (6, 4),
        seen: Seen::pets_cartpole,
        sight: "sine and cosine of the angle in column 1, then the other columns",
        no_delta: &[],
    },
    Environment {
        name: "halfcheetah",
        widths: (24, 18),
        seen: Seen::pets_halfcheetah,
        sight: "all but the velocity in column 0, which is predicted as it is, with sine and cosine of the angle in column 2",
        no_delta: &[0],
    },
    Environment { name: "reacher", widths: (24, 17), seen: Vec::new, sight: "the observation as it is", no_delta: &[] },
    Environment { name: "pusher", widths: (27, 20), seen: Vec::new, sight: "the observation as it is", no_delta: &[] },
];

/// The layout.
pub struct Pets;

impl CheckpointFormat for Pets {
    fn name(&self) -> &'static str {
        "PETS in PyTorch"
    }

    fn looks_for(&self) -> &'static str {
        "lin0_w, lin1_w, … with inputs_mu and inputs_sigma of handful-of-trials-pytorch"
    }

    fn probe(&self, path: &Path) -> bool {
        let bare = |name: &str| name.rsplit('.').next().map(str::to_owned);
        file_of(path).is_some_and(|file| {
            let names: Vec<String> = names(&file).iter().filter_map(|name| bare(name)).collect();
            KNOWN_BY.iter().all(|known| names.iter().any(|name| name == known))
        })
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = the_file(path)?;
        let sidecar = Sidecar::read(file.parent().unwrap_or(Path::new(".")))?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        let tensors = unwrap(&read_tensors(&file)?, &mut about)?.finite()?;
        let (network, columns) = network(&tensors, &mut about)?;
        let environment = environment((columns, network.target.mean.len()), &network.input, &sidecar, &tensors)?;
        let mut layout = Layout::library(Item::new(Activation::Silu, Basis::Implied));
        layout.reading.reward = Item::new(RewardColumn::None, Basis::Implied);
        let basis = if environment.is_some() { Basis::Implied } else { Basis::Assumed };
        layout.reading.target = Item::new(Target::Delta, basis);
        if let Some(environment) = environment {
            about.notes.push(format!(
                "of the widths of the library's {}: the network sees {}, and predicts the change (preprocess in oodscope.toml states \
                 something else)",
                environment.name, environment.sight
            ));
            (layout.seen, layout.no_delta) = ((environment.seen)(), environment.no_delta.to_vec());
        }
        let stated = Sidecar { learned_rewards: Some(false), ..sidecar.clone() };
        let model = dynamics::world_model(network, &layout, &stated, given, &tensors, &mut about)?;
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// The layers and the scale of their inputs, and how many columns they take.
fn network(tensors: &Tensors, about: &mut About) -> Result<(Network, usize), Fault> {
    let layers = (0..).take_while(|i| tensors.get(&format!("lin{i}_w")).is_some());
    let list =
        layers.map(|i| member_layer(tensors, &format!("lin{i}"), ["_w", "_b"])).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        tensors.need("lin0_w")?;
    }
    let bound = |name: &str| tensors.need(name).map(|t| t.values.clone());
    let (mut network, columns) = gaussian(list, bound("min_logvar")?, bound("max_logvar")?, tensors)?;
    let wide = |t: &Tensor| t.values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let (mu, sigma) = (wide(tensors.need("inputs_mu")?), wide(tensors.need("inputs_sigma")?));
    if sigma.iter().all(|s| *s == 0.0) {
        return Err(tensors.error("inputs_sigma is 0 in every column: the model was saved before it was trained"));
    }
    network.input = layers::normalizer(&mu, &sigma, columns, about)
        .map_err(|e| tensors.error(format!("inputs_mu and inputs_sigma: {e}")))?;
    Ok((network, columns))
}

/// The library's environment of these widths; nothing where it is stated what the network sees.
fn environment(
    (inputs, targets): (usize, usize),
    input: &Normalizer,
    sidecar: &Sidecar,
    tensors: &Tensors,
) -> Result<Option<&'static Environment>, Fault> {
    if sidecar.stated.preprocess.is_some() {
        return Ok(None);
    }
    let known = ENVIRONMENTS.iter().find(|e| e.widths == (inputs, targets) && borne_out(&(e.seen)(), input));
    known.map(Some).ok_or_else(|| {
        tensors.error(format!(
            "what a network of {inputs} inputs and {targets} targets sees of an observation and what it predicts is in the code of \
             its environment (obs_preproc, targ_proc); write preprocess = \"none\", or what it sees column by column, such as \
             [\"sin 1\", \"cos 1\", \"0\", \"2\"], and target = \"delta\" (or \"absolute\") into oodscope.toml beside it"
        ))
    })
}

/// True where the mean squares of every sine and cosine of one angle add up to 1, as they do over any data.
fn borne_out(seen: &[Seen], input: &Normalizer) -> bool {
    let square = |i: usize| f64::from(input.mean[i]).powi(2) + f64::from(input.std[i]).powi(2);
    let sum = |column: usize| -> f64 {
        let angle = |s: &Seen| *s == Seen::Sin(column) || *s == Seen::Cos(column);
        seen.iter().enumerate().filter(|(_, s)| angle(s)).map(|(i, _)| square(i)).sum()
    };
    seen.iter().all(|s| matches!(s, Seen::Column(_)) || (sum(s.column()) - 1.0).abs() < 0.01)
}
