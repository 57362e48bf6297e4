//! World models of TD-MPC (Hansen et al. 2022): `{model, model_target}`, plain perceptrons with ELU. Formulas:
//! `src/algorithm/tdmpc.py`, `helper.py`. Everything is in the shapes.

use std::path::Path;

use super::layers::linear;
use super::rssmlite::names;
use super::sidecar::Sidecar;
use super::state_dict::{file_of, read_tensors};
use super::tdmpc2::{UNREAD_POLICY, tasks};
use super::tensors::Tensors;
use super::{About, Checkpoint, CheckpointFormat, Given};
use crate::ground::fault::Fault;
use crate::world::net::normalizer::Normalizer;
use crate::world::tdmpc::chain::{After, Block, Chain};
use crate::world::tdmpc::{Reader, RewardIs, TdMpc};

/// Tensors that no other library has together.
const KNOWN_BY: [&str; 4] = ["_encoder.0.weight", "_dynamics.2.weight", "_reward.4.weight", "_Q1.0.weight"];
/// The same of a model of images, whose encoder begins with a convolution.
const IMAGES: [&str; 4] = ["_encoder.1.weight", "_dynamics.2.weight", "_reward.4.weight", "_Q1.0.weight"];

/// The layout.
pub struct TdMpc1;

impl CheckpointFormat for TdMpc1 {
    fn name(&self) -> &'static str {
        "TD-MPC"
    }

    fn looks_for(&self) -> &'static str {
        "the state_dict of TD-MPC's TOLD, or the file of its agent"
    }

    fn probe(&self, path: &Path) -> bool {
        file_of(path).is_some_and(|file| {
            let names = names(&file);
            let has = |all: &[&str]| all.iter().all(|known| names.iter().any(|name| name.ends_with(known)));
            has(&KNOWN_BY) || has(&IMAGES)
        })
    }

    fn load(&self, path: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
        let file = file_of(path).unwrap_or_else(|| path.to_path_buf());
        let sidecar = Sidecar::read(file.parent().unwrap_or(Path::new(".")))?;
        let whole = read_tensors(&file)?;
        let found = whole.map.keys().filter_map(|name| name.strip_suffix(KNOWN_BY[1]));
        let prefix = found.min_by_key(|prefix| prefix.contains("target")).unwrap_or_default().to_owned();
        let mut tensors = whole.under(&prefix);
        tensors.map.retain(|name, _| ["_encoder.", "_dynamics.", "_reward."].iter().any(|part| name.starts_with(part)));
        let tensors = tensors.finite()?;
        if tensors.get("_encoder.0.weight").is_none() {
            return Err(tensors.error(
                "a world model that reads images ('_encoder.1' is a convolution), which is not imported: give one that was trained \
                 on states",
            ));
        }
        let model = model(&tensors)?;
        let mut about = About { file: Some(file.clone()), ..About::default() };
        about.notes.push(format!(
            "a world model without a decoder: it imagines in a latent space of {} units, and is held against encoded observations \
             there",
            model.dynamics.outputs()
        ));
        about.notes.push(UNREAD_POLICY.into());
        about.warnings.extend(tasks::beyond(given));
        sidecar.describe(&mut about);
        Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
    }
}

/// The linear layers `name.0`, `name.2`, … up to `last`, with ELU between them.
fn chain(tensors: &Tensors, name: &str, last: usize) -> Result<Chain, Fault> {
    let block = |i: usize| -> Result<Block, Fault> {
        let layer = linear(tensors, &format!("{name}.{i}"))?.layer;
        let after = if i == last { After::Nothing } else { After::Elu };
        Block::new(layer, None, after).map_err(|e| tensors.error(format!("'{name}.{i}': {e}")))
    };
    if let Some(more) = tensors.map.keys().find(|k| k.starts_with(&format!("{name}.{}.", last + 2))) {
        return Err(tensors.error(format!("'{more}' is a layer more than TD-MPC's networks have")));
    }
    let blocks = (0..=last).step_by(2).map(block).collect::<Result<_, _>>()?;
    Chain::new(blocks).map_err(|e| tensors.error(format!("'{name}': {e}")))
}

fn model(tensors: &Tensors) -> Result<TdMpc, Fault> {
    let (encoder, dynamics) = (chain(tensors, "_encoder", 2)?, chain(tensors, "_dynamics", 4)?);
    let obs_dim = encoder.inputs();
    let Some(action_dim) = dynamics.inputs().checked_sub(encoder.outputs()).filter(|n| *n > 0) else {
        return Err(tensors.error("'_dynamics.0.weight' has no columns for an action beside those for the latents"));
    };
    let model = TdMpc {
        obs_dim,
        readers: vec![Reader { columns: 0..obs_dim, scale: Normalizer::identity(obs_dim), net: encoder }],
        task: Vec::new(),
        action_scale: Normalizer::identity(action_dim),
        dynamics,
        reward: chain(tensors, "_reward", 4)?,
        reward_is: RewardIs::Plain,
        ends: None,
    };
    model.checked().map_err(|e| tensors.error(e))
}
