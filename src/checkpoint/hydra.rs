//! Configurations of Hydra: nested keys, and interpolations such as `${overrides.learned_rewards}` that were never resolved.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::tensors::read_bounded;
use super::yaml;
use crate::ground::fault::Fault;

/// Longest configuration that is read.
const MAX_TEXT: u64 = 1 << 20;
/// Interpolations that may lead to each other.
const MAX_STEPS: usize = 16;

/// A configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Its file.
    pub path: PathBuf,
    root: Value,
}

impl Config {
    /// Reads the configuration at `path`.
    ///
    /// # Errors
    /// [`Fault`] if the file cannot be read or is no YAML.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let bytes = read_bounded(path, MAX_TEXT)?;
        let text = String::from_utf8_lossy(&bytes);
        let root = yaml::parse(&text).map_err(|e| Fault::at(path, format!("{e}; correct or remove it")))?;
        Ok(Self { path: path.to_path_buf(), root })
    }

    /// True if the key is there, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.find(key, MAX_STEPS).is_some()
    }

    /// The value under `key` (`algorithm.normalize`) with its interpolation followed; nothing where the key is missing.
    ///
    /// # Errors
    /// [`Fault`] naming the key whose interpolation leads nowhere.
    pub fn get(&self, key: &str) -> Result<Option<&Value>, Fault> {
        let Some((first, mut at)) = self.find(key, MAX_STEPS) else {
            return self.lost_above(key).map_or(Ok(None), Err);
        };
        let mut value = first;
        for _ in 0..MAX_STEPS {
            let Some(inner) = interpolation(value) else { return Ok(Some(value)) };
            let Some((next, place)) = self.find(&absolute(&at, inner), MAX_STEPS) else { break };
            (value, at) = (next, place);
        }
        Err(self.lost(key, first))
    }

    /// The complaint about a table on the way to `key` that an interpolation leads away to nowhere.
    fn lost_above(&self, key: &str) -> Option<Fault> {
        let mut ends = key.match_indices('.').map(|(end, _)| &key[..end]);
        ends.find_map(|above| {
            let (value, at) = self.find(above, MAX_STEPS)?;
            let inner = interpolation(value)?;
            self.find(&absolute(&at, inner), MAX_STEPS).is_none().then(|| self.lost(above, value))
        })
    }

    fn lost(&self, key: &str, value: &Value) -> Fault {
        self.error(format!("{key} is {value}, which leads to no value; write the value itself in its place"))
    }

    /// The truth value under `key`.
    ///
    /// # Errors
    /// [`Fault`] naming the key if it is something else.
    pub fn truth(&self, key: &str) -> Result<Option<bool>, Fault> {
        match self.get(key)? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(other) => Err(Fault::at(&self.path, format!("{key} is {other}, true or false is needed"))),
        }
    }

    /// The whole number under `key`, if it is one.
    ///
    /// # Errors
    /// As [`Config::get`].
    pub fn count(&self, key: &str) -> Result<Option<usize>, Fault> {
        Ok(self.get(key)?.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()))
    }

    /// The text under `key`, if it is text.
    ///
    /// # Errors
    /// As [`Config::get`].
    pub fn text(&self, key: &str) -> Result<Option<&str>, Fault> {
        Ok(self.get(key)?.and_then(Value::as_str))
    }

    /// An error about the file.
    pub fn error(&self, problem: impl AsRef<str>) -> Fault {
        Fault::at(&self.path, problem)
    }

    /// The value under `key` and where it is, which another table may hold that stands in the place of one on the way.
    fn find(&self, key: &str, steps: usize) -> Option<(&Value, String)> {
        let parts: Vec<&str> = key.split('.').collect();
        let mut value = &self.root;
        for (i, part) in parts.iter().enumerate() {
            if let Some(inner) = interpolation(value) {
                let place = absolute(&parts[..i].join("."), inner);
                return self.find(&format!("{place}.{}", parts[i..].join(".")), steps.checked_sub(1)?);
            }
            value = match value {
                Value::Object(table) => table.get(*part)?,
                Value::Array(list) => list.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some((value, key.to_owned()))
    }
}

/// What stands within `${…}`, where that is the whole value.
fn interpolation(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix("${")?.strip_suffix('}')
}

/// The key that an interpolation `inner` under the key `from` means: `a.b`, or `.b` beside it, `..b` one level up.
fn absolute(from: &str, inner: &str) -> String {
    let up = inner.chars().take_while(|c| *c == '.').count();
    if up == 0 {
        return inner.to_owned();
    }
    let parts: Vec<&str> = from.split('.').collect();
    let kept = &parts[..parts.len().saturating_sub(up)];
    kept.iter().copied().chain([&inner[up..]]).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config { path: "config.yaml".into(), root: yaml::parse(text).unwrap() }
    }

    #[test]
    fn interpolations_are_followed() {
        let c = config(
            "a:\n  b: ${c.d}\n  e: ${.b}\n  f: ${..c.d}\nc:\n  d: false\n  n: 3\nlost: ${nowhere.x}\nring: ${ring}\nenv: \
             ${oc.env:HOME}\nlist: [x, 'y']\n",
        );
        assert_eq!(
            (c.truth("a.b"), c.truth("a.e"), c.truth("a.f")),
            (Ok(Some(false)), Ok(Some(false)), Ok(Some(false)))
        );
        assert_eq!((c.truth("a.missing"), c.count("c.n"), c.text("list.1")), (Ok(None), Ok(Some(3)), Ok(Some("y"))));
        let table = config("a: ${b}\nb: {c: {d: 1, e: \"${.d}\"}}\nloop: ${loop.x}\n");
        assert_eq!(
            (table.count("a.c.d"), table.count("a.c.e"), table.has("loop.x")),
            (Ok(Some(1)), Ok(Some(1)), false)
        );
        let e = config("algorithm: ${nowhere}\n").truth("algorithm.normalize").unwrap_err().to_string();
        assert!(e.contains("algorithm is \"${nowhere}\""), "{e}");
        for key in ["lost", "ring", "env"] {
            let e = c.get(key).unwrap_err().to_string();
            assert!(e.contains("config.yaml") && e.contains(key) && e.contains("leads to no value"), "{e}");
        }
        assert!(c.truth("c.n").unwrap_err().to_string().contains("c.n is 3, true or false"));
        assert!(c.has("a.b") && !c.has("a.b.c"));
    }
}
