//! Arrays of a row a step in HDF5 files, NumPy archives and folders of NumPy arrays, whatever they are called: what is there,
//! which of it is what, and reading rows of several side by side.

use std::path::Path;
use std::sync::Arc;

use super::hdf5::{Hdf5, MAX_WIDTH};
use super::npz::{self, Npz};
use crate::data::space::{Space, SpaceKind};
use crate::ground::fault::Fault;

mod choose;
mod store;

pub(super) use choose::{Chosen, Usual, ask, familiar};
pub(super) use store::{Pieces, Store};

/// Most arrays that are listed: more are episodes in groups of their own.
const MAX_ARRAYS: usize = 4096;
/// Deepest nesting that is listed.
const MAX_DEPTH: usize = 6;

/// Where arrays lie.
#[derive(Clone)]
pub(super) enum Source {
    /// An HDF5 file.
    Hdf5(Arc<Hdf5>),
    /// NumPy archives: one, or one `.npy` file an array.
    Npz(Vec<Arc<Npz>>),
}

/// One array, as its header describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// Its name below the group that was listed.
    pub key: String,
    pub rows: usize,
    /// Values a row.
    pub width: usize,
    /// All sizes, for messages: `2000 x 4`.
    pub shape: String,
    /// Why it is not read as numbers ("images", "strings"), where it is not.
    pub refusal: Option<String>,
    /// The stored type, where one column of whole numbers may hold choices.
    pub choices: Option<String>,
}

impl Listed {
    fn refused(key: &str, refusal: impl Into<String>) -> Self {
        let (key, shape) = (key.to_owned(), String::new());
        Self { key, rows: 0, width: 0, shape, refusal: Some(refusal.into()), choices: None }
    }

    /// True for an array of numbers with something in it.
    pub fn is_usable(&self) -> bool {
        self.refusal.is_none()
    }

    /// The array and why it is not read, for a rule.
    fn told(&self, rows: Option<usize>) -> String {
        match (&self.refusal, rows) {
            (Some(why), _) => format!("{} ({why})", self.key),
            (None, Some(rows)) if rows != self.rows => format!("{} ({})", self.key, self.shape),
            (None, _) => self.key.clone(),
        }
    }
}

impl Source {
    /// The arrays below `group` ("" for all), by name; at most [`MAX_ARRAYS`].
    pub fn list(&self, group: &str) -> Vec<Listed> {
        let mut found = Vec::new();
        match self {
            Self::Hdf5(file) => walk(file, group, "", 0, &mut found),
            Self::Npz(files) => {
                for file in files {
                    let keys = file.keys().take(MAX_ARRAYS);
                    found.extend(keys.map(|key| numpy(file, key)));
                }
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found
    }

    /// Names of what lies in `group`, of which nothing is opened.
    pub fn names(&self, group: &str) -> Vec<String> {
        match self {
            Self::Hdf5(file) if group.is_empty() => file.names(),
            Self::Hdf5(file) => file.members(group),
            Self::Npz(files) => {
                let keys = files.iter().flat_map(|file| file.keys());
                keys.map(|key| key.split('/').next().unwrap_or(key).to_owned()).collect()
            }
        }
    }

    /// All numbers of the small array `key`, whose sizes must be whole.
    ///
    /// # Errors
    /// If it is not there, or holds anything but whole numbers of at least 0.
    pub fn counts(&self, key: &str) -> Result<Vec<usize>, Fault> {
        let values = match self {
            Self::Hdf5(file) => file.column(key)?.scalar()?.f64(&|_| Ok(()))?,
            Self::Npz(files) => self::file_of(files, key)?.column(key)?.f64(&|_| Ok(()))?,
        };
        let whole = |v: &f64| *v >= 0.0 && *v < 9e15 && v.fract() == 0.0;
        match values.iter().position(|v| !whole(v)) {
            Some(at) => {
                let problem = format!("has {} in row {at}, numbers of rows are needed; it is damaged", values[at]);
                Err(self.bad(key, problem))
            }
            None => Ok(values.into_iter().map(|v| v as usize).collect()),
        }
    }

    /// An error about `key`.
    pub fn bad(&self, key: &str, problem: impl std::fmt::Display) -> Fault {
        match self {
            Self::Hdf5(file) => file.bad(key, problem),
            Self::Npz(files) => match self::file_of(files, key).ok().or(files.first()) {
                Some(file) => file.bad(key, problem),
                None => Fault::at(Path::new(key), problem.to_string()),
            },
        }
    }
}

/// The archive that has `key`.
fn file_of<'f>(files: &'f [Arc<Npz>], key: &str) -> Result<&'f Arc<Npz>, Fault> {
    let found = files.iter().find(|file| file.contains(key)).or(files.first());
    found.ok_or_else(|| Fault::at(Path::new(key), "is missing"))
}

/// Adds the arrays of `group` below the group `root`.
fn walk(file: &Hdf5, root: &str, group: &str, depth: usize, found: &mut Vec<Listed>) {
    let join = |a: &str, b: &str| if a.is_empty() { b.to_owned() } else { format!("{a}/{b}") };
    let place = if group.is_empty() { root.to_owned() } else { join(root, group) };
    let mut names = if place.is_empty() { file.names() } else { file.members(&place) };
    names.sort();
    names.dedup();
    for name in names {
        if found.len() >= MAX_ARRAYS {
            return;
        }
        // Such a name does not lead back to what it names.
        if name.is_empty() || name.contains('/') {
            continue;
        }
        let (key, at) = (join(group, &name), join(&place, &name));
        if !file.is_group(&at) {
            found.push(hdf5(file, &key, &at));
        } else if depth + 1 < MAX_DEPTH {
            walk(file, root, &key, depth + 1, found);
        } else {
            found.push(Listed::refused(&key, "a group"));
        }
    }
}

fn hdf5(file: &Hdf5, key: &str, at: &str) -> Listed {
    if let Some(what) = file.not_numbers(at) {
        return Listed::refused(key, what);
    }
    let Ok(column) = file.column(at) else { return Listed::refused(key, "no array of a row a step") };
    let (rows, width) = (column.rows(), column.width());
    let refusal = match () {
        () if column.is_image() => Some(format!("images of {}", column.inner_text())),
        () if width == 0 => Some("no columns".to_owned()),
        () if width > MAX_WIDTH => Some(format!("{width} values a row")),
        () => None,
    };
    let mut shape = vec![rows.to_string()];
    shape.extend(column.inner_shape().iter().map(u64::to_string));
    Listed { key: key.to_owned(), rows, width, shape: shape.join(" x "), refusal, choices: column.choices() }
}

fn numpy(file: &Npz, key: &str) -> Listed {
    let Ok(column) = file.array(key) else { return Listed::refused(key, "damaged") };
    let (rows, width) = (column.rows(), column.width());
    let refusal = match column.unusable() {
        Some(why) => Some(why),
        None if column.is_image() => Some(format!("images, {}", column.shape())),
        None if width == 0 => Some("empty".to_owned()),
        None => None,
    };
    Listed { key: key.to_owned(), rows, width, shape: column.shape(), refusal, choices: column.choices() }
}

/// Arrays whose rows are read side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wide(pub Vec<Listed>);

impl Wide {
    /// Values a row of all of them together.
    pub fn width(&self) -> usize {
        self.0.iter().map(|array| array.width).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of the arrays.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|array| array.key.as_str())
    }

    /// The columns: `prefix[0]`, … of a single array, else by the names of the arrays.
    pub fn space(&self, prefix: &str) -> Space {
        let [_] = self.0.as_slice() else {
            let top = self.top();
            let short = |key: &'_ str| -> String { key.strip_prefix(&top).unwrap_or(key).to_owned() };
            let names = self.0.iter().flat_map(|array| npz::names_of(&short(&array.key), array.width)).collect();
            return Space { names, kind: SpaceKind::Unknown };
        };
        Space::unnamed(prefix, self.width())
    }

    /// The group that all of them lie in, with the slash behind it.
    fn top(&self) -> String {
        let first = self.0.first().map_or("", |array| array.key.as_str());
        let mut tops = first.rmatch_indices('/').map(|(at, _)| &first[..=at]);
        tops.find(|top| self.keys().all(|key| key.starts_with(top))).unwrap_or_default().to_owned()
    }

    /// The stored type of actions that may be choices.
    pub fn choices(&self) -> Option<String> {
        if let [one] = self.0.as_slice() { one.choices.clone() } else { None }
    }

    /// The names for a rule.
    pub fn told(&self) -> String {
        self.keys().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
pub(super) mod tests;
