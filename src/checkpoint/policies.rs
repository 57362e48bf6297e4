//! Policies as other libraries leave them on disk.
//!
//! A new layout is one file under `policies/` and one line in [`POLICIES`]. Bounds of actions come from the file, from
//! `[policy]` in `oodscope.toml` beside it, or from the dataset's environment; where none of them says, they are asked for.

use std::path::{Path, PathBuf};

use super::{About, Checkpoint, CheckpointFormat};
use crate::agent::policy::Policy;
use crate::data::dataset::Dataset;
use crate::data::space::Space;
use crate::ground::fault::{Fault, printable};
use crate::ground::missing::missing;

mod bare;
mod base64;
mod bounds;
mod cleanrl;
mod corl;
mod d3rlpy;
pub mod d4rl;
mod found;
mod kit;
mod mbrl_sac;
mod parts;
mod rsl_rl;
mod sb3;
mod spaces;
mod standard;
mod table;

use found::{Found, Read};
use table::Stated;

/// What is known beside the file when a policy is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyGiven<'d> {
    /// File of the statistics that observations are normalised by, where it is not found beside the policy.
    pub normalize: Option<&'d Path>,
    /// Actions of the environment that it is to act in.
    pub actions: Option<&'d Space>,
    /// The dataset that it is held against: its mean and deviation, where the policy was trained on standardised observations.
    pub data: Option<&'d Dataset>,
}

/// A layout of policies on disk, recognised by what is inside.
pub trait PolicyFormat: Sync {
    /// Short name ("Stable-Baselines3").
    fn name(&self) -> &'static str;

    /// What it looks for, in a few words.
    fn looks_for(&self) -> &'static str;

    /// The file, where `found` is such a policy. Never fails loudly.
    fn probe(&self, found: &Found<'_>) -> Option<PathBuf>;

    /// True if [`PolicyGiven::normalize`] means something to it.
    fn takes_statistics(&self) -> bool {
        false
    }

    /// Reads the file that [`PolicyFormat::probe`] found.
    ///
    /// # Errors
    /// [`Fault`] naming file, tensor and remedy.
    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault>;
}

/// Every layout, in the order in which they are asked.
pub const POLICIES: &[&dyn PolicyFormat] = &[
    &sb3::Sb3,
    &d3rlpy::D3rlpy,
    &d4rl::D4rl,
    &cleanrl::CleanRl,
    &kit::Kit,
    &corl::Corl,
    &mbrl_sac::MbrlSac,
    &rsl_rl::RslRl,
    &bare::Bare,
];

/// The layout that takes `path` for a policy of its own, and the file that it would read.
pub fn recognised(path: &Path) -> Option<(&'static dyn PolicyFormat, PathBuf)> {
    let found = Found::at(path);
    POLICIES.iter().find_map(|format| Some((*format, format.probe(&found)?)))
}

/// Refuses statistics that were named for the policy at `path`, which takes none.
///
/// # Errors
/// [`Fault`] if some were.
pub fn without_statistics(path: &Path, given: &PolicyGiven<'_>) -> Result<(), Fault> {
    match given.normalize {
        None => Ok(()),
        Some(_) => Err(Fault::at(
            path,
            "--policy-normalize names statistics of Stable-Baselines3, and this is none of its policies; leave it out",
        )),
    }
}

/// Opens the policy at `path`, of any layout or in a checkpoint of oodscope.
///
/// # Errors
/// [`Fault`] if nothing recognises the path, if reading fails, or if bounds are nowhere stated.
pub fn open(path: &Path, given: &PolicyGiven<'_>) -> Result<Checkpoint, Fault> {
    if !path.exists() {
        return Err(missing(path));
    }
    if let Some(normalize) = given.normalize.filter(|file| !file.is_file()) {
        return Err(Fault::at(normalize, "no such file; name the statistics that the policy was trained with"));
    }
    let ours = super::native::Native.probe(path);
    let Some((format, file)) = recognised(path).filter(|_| !ours) else {
        let opened = of_checkpoint(path)?;
        return without_statistics(path, given).map(|()| opened);
    };
    if !format.takes_statistics() {
        without_statistics(path, given)?;
    }
    let mut about = About { format: format.name().into(), file: Some(file.clone()), ..About::default() };
    let policy = format.load(&file, given, &mut about)?;
    about.warnings.iter_mut().chain(&mut about.notes).for_each(|text| *text = printable(text));
    Ok(Checkpoint { policy: Some(policy), about, ..Checkpoint::default() })
}

/// The policy of a checkpoint of our own.
fn of_checkpoint(path: &Path) -> Result<Checkpoint, Fault> {
    match super::CHECKPOINTS.iter().any(|f| f.probe(path)).then(|| super::open(path)) {
        Some(Ok(opened)) if opened.policy.is_some() => return Ok(Checkpoint { world_model: None, ..opened }),
        // Of linear layers alone nobody can say what they are.
        Some(Ok(opened)) if opened.about.format != super::state_dict::StateDict.name() => {
            return Err(Fault::at(path, "holds a world model and no policy; give it to --checkpoint"));
        }
        Some(Err(damaged)) if super::native::Native.probe(path) => return Err(damaged),
        _ => {}
    }
    let names: Vec<&str> = POLICIES.iter().map(|f| f.name()).collect();
    let found = Found::at(path);
    let asks = found.file.as_deref().filter(|_| found.holds_tensors()).and_then(|file| Stated::beside(file).ok());
    let hint = asks.map(|stated| format!("; if it is an actor of linear layers, {}", stated.asks(table::BARE)));
    let hint = hint.unwrap_or_default();
    Err(Fault::at(path, format!("no policy that oodscope knows (looked for: oodscope, {}){hint}", names.join(", "))))
}
