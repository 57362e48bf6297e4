//! Which key of a file is what, where its names do not tell: a small TOML file beside the dataset, or named by `--map`. It
//! holds for every layout: columns of a table, arrays of an HDF5 or NumPy file, features of a `LeRobot` dataset.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::ground::fault::Fault;

/// Largest mapping that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Most keys of a line that are written one by one, where a prefix says the same.
const MAX_LISTED: usize = 12;
/// The mapping of every dataset in a folder.
pub(super) const FOLDER_FILE: &str = "oodscope.toml";
/// What a key can be.
pub(super) const ROLES: [&str; 9] =
    ["observation", "action", "next_observation", "reward", "terminated", "truncated", "done", "episode", "step"];

/// One key or several; `obs_*` stands for all that begin so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

/// A mapping as it is written. What it leaves out is found by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    file: PathBuf,
    roles: BTreeMap<String, Names>,
}

impl Mapping {
    /// The mapping at `named`, or the one that lies beside the dataset at `path`, where there is one.
    ///
    /// # Errors
    /// [`Fault`] naming the file, and the key that is no role.
    pub fn of(path: &Path, named: Option<&Path>) -> Result<Option<Self>, Fault> {
        match named {
            Some(file) => read(file).map(Some),
            None => beside(path).map_or(Ok(None), |file| read(&file).map(Some)),
        }
    }

    /// Where it stands.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The keys among `names` that it gives to `role`, in its order; those of a prefix by number, else as they stand.
    ///
    /// # Errors
    /// [`Fault`] naming a key that is not there.
    pub fn several(&self, role: &str, names: &[String]) -> Result<Option<Vec<String>>, Fault> {
        let found = self.roles.get(role).map(|said| expand(said, names)).transpose();
        found.map_err(|e| Fault::at(&self.file, format!("'{role}' {e}")))
    }

    /// The one key among `names` that it gives to `role`.
    ///
    /// # Errors
    /// As [`Mapping::several`]; if it is more than one.
    pub fn one(&self, role: &str, names: &[String]) -> Result<Option<String>, Fault> {
        match self.several(role, names)? {
            Some(keys) if keys.len() > 1 => {
                Err(Fault::at(&self.file, format!("'{role}' names {} columns, one is needed", keys.len())))
            }
            keys => Ok(keys.into_iter().flatten().next()),
        }
    }

    /// What it gives to `role`, as it is written.
    pub fn named(&self, role: &str) -> Vec<String> {
        match self.roles.get(role) {
            Some(Names::One(one)) => vec![one.clone()],
            Some(Names::Many(many)) => many.clone(),
            None => Vec::new(),
        }
    }

    /// Fails if it speaks of a role that the layout `format` does not leave open.
    ///
    /// # Errors
    /// [`Fault`] naming that role and those that are open.
    pub fn only(&self, roles: &[&str], format: &str) -> Result<(), Fault> {
        match self.roles.keys().find(|role| !roles.contains(&role.as_str())) {
            Some(fixed) => {
                let open = roles.join(", ");
                let problem =
                    format!("'{fixed}' cannot be chosen in a {format} dataset, whose layout fixes it; {open} can");
                Err(Fault::at(&self.file, problem))
            }
            None => Ok(()),
        }
    }
}

/// True if a mapping lies beside the dataset at `path`.
pub(super) fn is_beside(path: &Path) -> bool {
    beside(path).is_some()
}

/// Where the mapping of the dataset at `path` is to be written.
pub(super) fn written_to(path: &Path) -> String {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if path.is_dir() { FOLDER_FILE.to_owned() } else { format!("{name}.toml") }
}

/// Asks which of `candidates` has a role, by the lines that a mapping needs: `names` are all keys of the dataset.
pub(super) fn undecided(path: &Path, role: &str, candidates: &[Vec<String>], names: &[String]) -> Fault {
    let lines: Vec<String> = candidates.iter().map(|keys| line(role, keys, names)).collect();
    let file = written_to(path);
    let problem = format!(
        "more than one could be the {role}: decide by a line in {file}, or in a file that --map names: {}",
        lines.join(" or ")
    );
    Fault::at(path, problem)
}

/// The line of a mapping that gives `keys` a role; those of a prefix that no other of `names` has by that, if they are many.
pub(super) fn line(role: &str, keys: &[String], names: &[String]) -> String {
    let quoted = |key: &str| toml::Value::from(key).to_string();
    if let [one] = keys {
        return format!("{role} = {}", quoted(one));
    }
    let prefix = keys[0].trim_end_matches(']').trim_end_matches(|c: char| c.is_ascii_digit());
    let alone = !prefix.is_empty()
        && names.iter().filter(|n| n.starts_with(prefix)).eq(names.iter().filter(|n| keys.contains(n)));
    if keys.len() > MAX_LISTED && alone {
        return format!("{role} = {}", quoted(&format!("{prefix}*")));
    }
    format!("{role} = [{}]", keys.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(", "))
}

fn beside(path: &Path) -> Option<PathBuf> {
    let mut own = path.as_os_str().to_owned();
    own.push(".toml");
    let own = PathBuf::from(own);
    if own.is_file() {
        return Some(own);
    }
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    // A checkpoint's description has the same name, and may lie in the same folder.
    folder.map(|f| f.join(FOLDER_FILE)).filter(|f| f.is_file() && !is_of_a_checkpoint(f))
}

/// True if the file says nothing that only a dataset has: `reward = "last"` is said of a world model.
fn is_of_a_checkpoint(file: &Path) -> bool {
    let table: Option<toml::Table> = text(file).ok().and_then(|text| text.parse().ok());
    table.is_some_and(|table| !ROLES.iter().any(|role| *role != "reward" && table.contains_key(*role)))
}

fn text(file: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|f| f.take(MAX_BYTES).read_to_string(&mut text))
        .map_err(|e| Fault::at(file, format!("cannot be read ({e})")))?;
    Ok(text)
}

fn read(file: &Path) -> Result<Mapping, Fault> {
    let bad = |problem: String| Fault::at(file, problem);
    let wrong = |e: toml::de::Error| bad(format!("is no mapping of columns ({})", e.message()));
    let table: toml::Table = toml::from_str(&text(file)?).map_err(wrong)?;
    if let Some(key) = table.keys().find(|key| !ROLES.contains(&key.as_str())) {
        return Err(bad(format!("'{key}' is no role; the roles are {}", ROLES.join(", "))));
    }
    let roles = table.into_iter().map(|(role, said)| match said.try_into::<Names>() {
        Ok(names) => Ok((role, names)),
        Err(_) => Err(bad(format!("'{role}' must be a name or a list of names"))),
    });
    Ok(Mapping { file: file.to_owned(), roles: roles.collect::<Result<_, _>>()? })
}

fn expand(said: &Names, names: &[String]) -> Result<Vec<String>, String> {
    let said = match said {
        Names::One(one) => std::slice::from_ref(one),
        Names::Many(many) => many,
    };
    let mut out = Vec::new();
    for name in said {
        if names.contains(name) {
            out.push(name.clone());
            continue;
        }
        let found =
            name.strip_suffix('*').map(|prefix| numbered(names, |n| n.strip_prefix(prefix))).unwrap_or_default();
        if found.is_empty() {
            return Err(format!("names column '{name}', which is not there; the columns are {}", names.join(", ")));
        }
        out.extend(found);
    }
    Ok(out)
}

/// Keys of which `rest` leaves something, ordered by that where it is a number everywhere.
fn numbered<'n>(names: &'n [String], rest: impl Fn(&'n str) -> Option<&'n str>) -> Vec<String> {
    let mut found: Vec<(Option<u64>, &String)> =
        names.iter().filter_map(|n| rest(n).map(|r| (r.trim_end_matches(']').parse().ok(), n))).collect();
    if found.iter().all(|f| f.0.is_some()) {
        found.sort_by_key(|f| f.0);
    }
    found.into_iter().map(|f| f.1.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<String> {
        names.iter().map(|&n| n.to_owned()).collect()
    }

    #[test]
    fn a_checkpoints_description_in_the_folder_is_no_mapping() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (data, file) = (dir.path().join("x.hdf5"), dir.path().join(FOLDER_FILE));
        for (text, is) in [("reward = \"last\"\nactivation = \"silu\"", false), ("observation = \"s\"", true)] {
            std::fs::write(&file, text).expect("written");
            assert_eq!(Mapping::of(&data, None).expect("reads").is_some(), is, "{text}");
        }
        std::fs::write(&file, "reward = \"r\"").expect("written");
        let named = Mapping::of(&data, Some(&file)).expect("reads").expect("named");
        assert_eq!(named.one("reward", &keys(&["r"])).expect("there"), Some("r".into()));
    }

    #[test]
    fn what_is_open_is_said_where_a_layout_fixes_the_role() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let file = dir.path().join("m.toml");
        std::fs::write(&file, "episode = \"e\"\nobservation = [\"b_*\", \"a\"]").expect("written");
        let mapping = Mapping::of(dir.path(), Some(&file)).expect("reads").expect("named");
        let text = mapping.only(&["observation", "action"], "minari").expect_err("fixed").to_string();
        assert!(text.contains("'episode' cannot be chosen in a minari dataset") && text.contains("m.toml"), "{text}");
        assert!(mapping.only(&["observation", "episode"], "minari").is_ok());
        let names = keys(&["a", "b_10", "b_9", "c"]);
        assert_eq!(mapping.several("observation", &names).expect("there"), Some(keys(&["b_9", "b_10", "a"])));
        assert_eq!(mapping.several("action", &names).expect("nothing said"), None);
    }
}
