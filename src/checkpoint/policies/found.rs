//! A file of tensors that may be a policy, and one that is being read.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::bounds::{Bounds, bounds};
use super::table::Stated;
use super::{PolicyGiven, parts};
use crate::checkpoint::layers::Named;
use crate::checkpoint::state_dict::{is_safetensors, only_file, read_tensors};
use crate::checkpoint::tensors::Tensors;
use crate::checkpoint::{About, safetensors_file, torch_file};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;

/// Names of the policy in a folder of several files, the surest first.
const NAMES: [&str; 8] = [
    "policy.pth",
    "policy.pt",
    "actor.safetensors",
    "actor.pt",
    "actor.pth",
    "sac.pth",
    "model/policy.pth",
    "checkpoint/policy.pth",
];
/// Beginning of a file that is looked at.
const HEAD: u64 = 4096;
/// What wrappers put into names.
const WRAPPERS: [&str; 2] = ["_orig_mod.", "module."];

/// What lies at a path that may be a policy.
pub struct Found<'p> {
    /// The path.
    pub path: &'p Path,
    /// The file of tensors: the path, or the one in the folder.
    pub file: Option<PathBuf>,
    /// Names of its tensors; empty where it holds none.
    names: Vec<String>,
}

impl<'p> Found<'p> {
    /// Looks at `path`; of a file of tensors, the names alone are read.
    pub fn at(path: &'p Path) -> Self {
        let file = if path.is_file() {
            Some(path.to_path_buf())
        } else {
            NAMES.iter().map(|n| path.join(n)).find(|f| f.is_file()).or_else(|| only_file(path))
        };
        let names = file.as_deref().map(names).unwrap_or_default();
        Self { path, file, names }
    }

    /// The file, if a tensor is called each of these but for a prefix that all share.
    pub fn with(&self, all: &[&str]) -> Option<PathBuf> {
        let has = |part: &&str| self.names.iter().any(|name| name.starts_with(*part));
        all.iter().all(has).then(|| self.file.clone()).flatten()
    }

    /// The file, if it begins as a pickle does and not as an old file of `torch.save`, and its beginning holds one of `words`:
    /// the path, whatever it is called, or the only file of that ending in the folder.
    pub fn pickle(&self, ending: &str, words: &[&[u8]]) -> Option<PathBuf> {
        let named = |f: &Path| f.extension().is_some_and(|e| e == ending);
        let file = if self.path.is_dir() {
            let entries = std::fs::read_dir(self.path).ok()?.flatten().map(|e| e.path());
            let mut files: Vec<PathBuf> = entries.filter(|f| f.is_file() && named(f)).collect();
            if files.len() == 1 { files.pop() } else { None }
        } else {
            self.path.is_file().then(|| self.path.to_path_buf())
        }?;
        let mut head = Vec::new();
        File::open(&file).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
        let holds = words.iter().any(|word| head.windows(word.len()).any(|w| w == *word));
        (head.first() == Some(&0x80) && holds && !torch_file::looks_like(&file)).then_some(file)
    }

    /// True if the file holds tensors.
    pub fn holds_tensors(&self) -> bool {
        !self.names.is_empty()
    }
}

fn names(file: &Path) -> Vec<String> {
    let entries = if is_safetensors(file) {
        safetensors_file::entries(file).map(|list| list.into_iter().map(|e| e.name).collect())
    } else if torch_file::looks_like(file) {
        let list = torch_file::open(file).and_then(|f| f.entries());
        list.map(|list| list.into_iter().map(|(name, ..)| name).collect::<Vec<_>>())
    } else {
        return Vec::new();
    };
    entries.unwrap_or_default().iter().map(|name| unwrapped(name)).collect()
}

fn unwrapped(name: &str) -> String {
    WRAPPERS.iter().fold(name.to_owned(), |name, wrapper| {
        if name.starts_with(wrapper) || name.contains(&format!(".{wrapper}")) {
            name.replace(wrapper, "")
        } else {
            name
        }
    })
}

/// A policy of tensors that is being read.
pub struct Read<'r> {
    /// Its tensors.
    pub tensors: Tensors,
    /// What is stated beside it.
    pub stated: Stated,
    /// What else is known.
    pub given: &'r PolicyGiven<'r>,
    /// What the user is told.
    pub about: &'r mut About,
}

impl<'r> Read<'r> {
    /// Reads `file`; of several parts, the one under the first of `prefixes` that is there (an empty one is always there).
    ///
    /// # Errors
    /// [`Fault`] if it is damaged or its numbers are not finite.
    pub fn open(
        file: &Path,
        prefixes: &[&str],
        given: &'r PolicyGiven<'r>,
        about: &'r mut About,
    ) -> Result<Self, Fault> {
        let Tensors { path, map } = read_tensors(file)?;
        // The optimiser's numbers are none of the policy.
        let own = map.into_iter().filter(|(name, _)| !name.starts_with("optim"));
        let all = Tensors { path, map: own.map(|(name, t)| (unwrapped(&name), t)).collect() };
        let parts = prefixes.iter().map(|prefix| all.under(prefix)).find(|part| !part.map.is_empty());
        let tensors = parts.unwrap_or(all).finite()?;
        Ok(Self { tensors, stated: Stated::beside(file)?, given, about })
    }

    /// True if a tensor's name begins so.
    pub fn has(&self, prefix: &str) -> bool {
        self.tensors.map.keys().any(|key| key.starts_with(prefix))
    }

    /// The network of these layers with the activation that is stated, or the one that the layout always has.
    ///
    /// # Errors
    /// [`Fault`] naming a layer that does not fit.
    pub fn network(&self, list: Vec<Named>, implied: Activation) -> Result<Mlp, Fault> {
        parts::mlp(&self.tensors, self.stated.activation.unwrap_or(implied), list)
    }

    /// Bounds of `a` actions that the file does not hold.
    ///
    /// # Errors
    /// [`Fault`] that asks for them.
    pub fn bounds(&self, a: usize) -> Result<Bounds, Fault> {
        bounds(&self.tensors, a, None, &self.stated, self.given)
    }
}
