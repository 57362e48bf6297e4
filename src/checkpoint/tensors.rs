//! Named tensors, whatever file they came from.

use crate::ground::fault::Fault;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A dense row-major tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Lengths of the axes; empty for a single number.
    pub shape: Vec<usize>,
    /// Product of the shape many values.
    pub values: Vec<f32>,
}

/// All tensors of one file by name, and the file for messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensors {
    /// The file they were read from.
    pub path: PathBuf,
    /// By name; nested dictionaries are joined by dots.
    pub map: BTreeMap<String, Tensor>,
}

impl Tensors {
    /// Refuses NaN and infinities.
    ///
    /// # Errors
    /// Names the tensors.
    pub fn finite(self) -> Result<Self, Fault> {
        let bad: Vec<String> = self
            .map
            .iter()
            .filter_map(|(name, t)| {
                let n = t.values.iter().filter(|v| !v.is_finite()).count();
                (n > 0).then(|| format!("'{name}' ({n} of {})", t.values.len()))
            })
            .collect();
        if bad.is_empty() {
            return Ok(self);
        }
        Err(self.error(format!(
            "numbers that are NaN or infinite in {}; training diverged before this checkpoint was saved, take an earlier one",
            some_of(&bad)
        )))
    }

    /// The tensors whose name begins with `prefix`, without it.
    pub fn under(&self, prefix: &str) -> Self {
        let map = self.map.iter().filter_map(|(k, t)| Some((k.strip_prefix(prefix)?.to_owned(), t.clone()))).collect();
        Self { path: self.path.clone(), map }
    }

    /// The tensor called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.map.get(name)
    }

    /// The tensor called `name`.
    ///
    /// # Errors
    /// Names the missing tensor and some that are there.
    pub fn need(&self, name: &str) -> Result<&Tensor, Fault> {
        self.map.get(name).ok_or_else(|| {
            let names: Vec<String> = self.map.keys().cloned().collect();
            self.error(format!("no tensor '{name}'; the file has {}", some_of(&names)))
        })
    }

    /// The tensor called `name`, whose shape must be `shape`.
    ///
    /// # Errors
    /// Names the tensor and both shapes.
    pub fn shaped(&self, name: &str, shape: &[usize]) -> Result<&Tensor, Fault> {
        let t = self.need(name)?;
        if t.shape == shape {
            return Ok(t);
        }
        Err(self.error(format!("tensor '{name}' has shape {:?}, {shape:?} is needed", t.shape)))
    }

    /// An error about the file.
    pub fn error(&self, problem: impl AsRef<str>) -> Fault {
        Fault::at(&self.path, problem)
    }
}

/// The first eight of `names` and how many more there are.
pub(super) fn some_of(names: &[String]) -> String {
    match names {
        [] => "no tensor at all".into(),
        _ if names.len() <= 8 => names.join(", "),
        _ => format!("{} and {} more", names[..8].join(", "), names.len() - 8),
    }
}

/// Reads a whole file that must not be longer than `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Fault> {
    use std::io::Read;
    let doing = |e: &std::io::Error| Fault::io(path, "reading", e);
    let file = std::fs::File::open(path).map_err(|e| doing(&e))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| doing(&e))?;
    if bytes.len() as u64 > limit {
        return Err(Fault::at(path, format!("longer than {limit} bytes, which is the limit for such a file")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tensor_is_named_with_what_is_there() {
        let one = Tensor { shape: vec![1], values: vec![f32::NAN] };
        let t = Tensors { path: "m.pt".into(), map: [("a.weight".to_owned(), one)].into() };
        assert_eq!(t.need("a.bias").unwrap_err().to_string(), "m.pt: no tensor 'a.bias'; the file has a.weight");
        assert!(t.shaped("a.weight", &[2]).unwrap_err().to_string().contains("shape [1], [2] is needed"));
        assert!(t.clone().finite().unwrap_err().to_string().contains("'a.weight' (1 of 1)"));
        assert!(t.under("a.").get("weight").is_some());
    }
}
