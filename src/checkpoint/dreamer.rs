//! What the readers of the Dreamer family share: where world models over vectors lie, what is said beside them, and how the
//! columns of a dataset become their observation. What a library keeps in no file is taken from its configuration beside the
//! weights, or asked for.

use std::path::{Path, PathBuf};

use super::hydra::Config;
use super::sidecar::Sidecar;
use super::state_dict;
use super::tensors::Tensors;
use super::{About, Checkpoint, Given, torch_file};
use crate::data::space::SpaceKind;
use crate::ground::fault::Fault;
use crate::world::dreamer::Dreamer;
use crate::world::net::activation::Activation;

mod keys;
mod layers;

pub use keys::Keys;
pub use layers::{Layers, Ledger, NormKind, Style};

/// Observations that are filtered before it imagines: as many as dreamerv3-torch filters before it shows what it imagines.
pub const CONTEXT: usize = 5;
/// Share of a class's probability that is spread evenly, where a run was not told otherwise.
pub const UNIMIX: f64 = 0.01;
/// Parts of names that compilers and wrappers add.
const WRAPPERS: [&str; 2] = ["_orig_mod", "_forward_module"];

/// A file and what lies beside it.
pub struct Place {
    pub file: PathBuf,
    pub sidecar: Sidecar,
    pub config: Option<Config>,
}

impl Place {
    /// Looks around `file`; a configuration is one that has `key`: beside the file or up to two folders above.
    pub fn of(file: PathBuf, key: Option<&str>) -> Result<Self, Fault> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        let sidecar = Sidecar::read(&folder)?;
        let config = key.map_or(Ok(None), |key| config(&folder, key))?;
        Ok(Self { file, sidecar, config })
    }

    /// The classes of a group of `latents`: as said beside the file, else by the configuration's `key`.
    pub fn classes(&self, latents: usize, key: &str, tensors: &Tensors) -> Result<usize, Fault> {
        let configured = self.config.as_ref().map_or(Ok(None), |config| config.count(key))?;
        let Some(classes) = self.sidecar.classes.or(configured) else {
            let word = key.rsplit('.').next().unwrap_or(key);
            return Err(tensors.error(format!(
                "its {latents} latents are groups of classes, and nothing says how many classes a group has; lay the run's \
                 config.yaml beside it, or write `classes = N` ({word} of the run's configuration; its groups are 32 unless that \
                 was changed, so {} is usual) into oodscope.toml beside it",
                (latents / 32).max(1)
            )));
        };
        if classes == 0 || !latents.is_multiple_of(classes) {
            return Err(tensors.error(format!("{latents} latents are no whole groups of {classes} classes")));
        }
        Ok(classes)
    }

    /// The number under `key` of the configuration, else `usual`.
    pub fn number(&self, key: &str, usual: f64) -> Result<f64, Fault> {
        let Some(config) = &self.config else { return Ok(usual) };
        match config.get(key)? {
            None => Ok(usual),
            Some(value) => value
                .as_f64()
                .filter(|v| v.is_finite() && *v >= 0.0)
                .ok_or_else(|| config.error(format!("{key} is {value}, a number of 0 or more is needed"))),
        }
    }

    /// The truth value under `key` of the configuration, else `usual`.
    pub fn truth(&self, key: &str, usual: bool) -> Result<bool, Fault> {
        self.config.as_ref().map_or(Ok(None), |config| config.truth(key)).map(|said| said.unwrap_or(usual))
    }

    /// The text under `key` of the configuration.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Fault> {
        self.config.as_ref().map_or(Ok(None), |config| config.text(key))
    }

    /// The activation: as said beside the file, else by the configuration's `key`, else SiLU, which all of them use.
    pub fn activation(&self, key: &str, named: impl Fn(&str) -> Option<Activation>) -> Result<Activation, Fault> {
        if let Some(said) = self.sidecar.activation {
            return Ok(said);
        }
        let (Some(name), Some(config)) = (self.text(key)?, &self.config) else { return Ok(Activation::Silu) };
        named(name).ok_or_else(|| config.error(format!("{key} is '{name}', an activation that is not known here")))
    }
}

/// The configuration near `folder` that has `key`.
fn config(folder: &Path, key: &str) -> Result<Option<Config>, Fault> {
    for up in [".", "..", "../.."] {
        for name in ["config.yaml", ".hydra/config.yaml"] {
            let path = if up == "." { folder.join(name) } else { folder.join(up).join(name) };
            if !path.is_file() {
                continue;
            }
            match Config::read(&path) {
                Ok(config) if config.has(key) => return Ok(Some(config)),
                // What lies further up may be of anything else.
                Err(fault) if up == "." => return Err(fault),
                _ => {}
            }
        }
    }
    Ok(None)
}

/// The torch file that `path` is, or that its folder holds.
fn torch_of(path: &Path) -> Option<PathBuf> {
    let latest = path.join("latest.pt");
    let file = if latest.is_file() { latest } else { state_dict::file_of(path)? };
    torch_file::looks_like(&file).then_some(file)
}

/// True if a tensor of the torch file of `path` has a name that ends in `mark`.
pub fn has(path: &Path, mark: &str) -> bool {
    let names = torch_of(path).map(|file| torch_file::open(&file).and_then(|torch| torch.entries()));
    matches!(names, Some(Ok(names)) if names.iter().any(|(name, ..)| unwrapped(name).ends_with(mark)))
}

/// The torch file of `path`, whose folder must leave no choice.
pub fn chosen(path: &Path) -> Result<PathBuf, Fault> {
    let file = torch_of(path).unwrap_or_else(|| path.to_path_buf());
    let sure = path.is_file() || file.file_name().is_some_and(|name| name == "latest.pt");
    if sure || state_dict::only_file(path).is_some() {
        return Ok(file);
    }
    Err(Fault::at(path, "several files of tensors; name the one that is meant"))
}

/// The tensors of the torch file `file` beside the one whose name ends in `mark`, without what comes before it; and their names
/// in the order of the file.
pub fn inner(file: &Path, mark: &str) -> Result<(Tensors, Vec<String>), Fault> {
    let torch = torch_file::open(file)?;
    let names: Vec<String> = torch.entries()?.iter().map(|(name, ..)| unwrapped(name)).collect();
    // The same network may be there by several names, of which its own is the shortest.
    let prefix = names.iter().filter_map(|name| name.strip_suffix(mark)).min_by_key(|prefix| prefix.len());
    let prefix = prefix.unwrap_or_default().to_owned();
    let whole = torch.tensors()?;
    let map = whole
        .map
        .into_iter()
        .filter_map(|(name, tensor)| Some((unwrapped(&name).strip_prefix(&prefix)?.to_owned(), tensor)));
    let tensors = Tensors { path: whole.path, map: map.collect() };
    Ok((tensors, names.iter().filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned())).collect()))
}

/// A name without what compilers and wrappers add.
fn unwrapped(name: &str) -> String {
    name.split('.').filter(|part| !WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
}

/// The checkpoint that `model` is, whose observation is `keys`; `scaled` where its library scales actions to [-1, 1].
pub fn finish(
    model: Dreamer,
    keys: &Keys,
    scaled: bool,
    place: &Place,
    given: &Given<'_>,
    notes: Vec<String>,
) -> Result<Checkpoint, Fault> {
    let mut about = About { file: Some(place.file.clone()), notes, ..About::default() };
    let model = keys.arrange(model, place, given, &mut about)?;
    about.notes.push(format!(
        "a recurrent state-space model of {} units and {} groups of {} classes; the likeliest classes are taken, where the library \
         draws, and it is told where it is by the {CONTEXT} observations before it imagines",
        model.units(),
        model.latents() / model.classes,
        model.classes
    ));
    about.notes.push(
        "the actor of the file acts on what the model alone knows and was not read; name another policy with --policy, or recorded \
         episodes with --rollouts"
            .into(),
    );
    about.warnings.extend(given.data.filter(|_| scaled).and_then(|data| unscaled(&data.action_space.kind)));
    place.sidecar.describe(&mut about);
    Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
}

/// Says where the bounds of a dataset's actions are not those that the library scales all actions to.
fn unscaled(kind: &SpaceKind) -> Option<String> {
    let SpaceKind::Box { low, high } = kind else { return None };
    let odd = |(low, high): &(&f32, &f32)| {
        low.is_finite() && high.is_finite() && ((**low + 1.0).abs() > 1e-3 || (**high - 1.0).abs() > 1e-3)
    };
    let (low, high) = low.iter().zip(high).find(odd)?;
    Some(format!(
        "the library of the world model gives it actions scaled to [-1, 1]; the dataset's are within [{low}, {high}] and reach it \
         as they are: record a dataset of the scaled actions"
    ))
}

/// What a note says of settings that nothing beside the file states.
pub fn taken_as_usual(place: &Place, what: &str) -> Vec<String> {
    let unsaid = place.config.is_none().then(|| {
        format!("no configuration of the run lies beside the file: {what} are taken as the library has them unless told otherwise")
    });
    unsaid.into_iter().collect()
}
