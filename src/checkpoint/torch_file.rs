//! Files of `torch.save`: a zip archive with a pickle and one entry per storage (torch 1.6 and later), or the older
//! stream of pickles followed by the storages.

mod source;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use source::Source;

use super::pickle::{Leaf, Pickle, TensorRef, Value};
use super::tensors::{Tensor, Tensors};
use crate::ground::fault::Fault;

/// A file whose pickle was read and whose numbers were not.
pub struct TorchFile {
    path: PathBuf,
    pickle: Pickle,
    source: Source,
    /// Bytes of the file.
    len: u64,
}

/// True if `path` begins as such a file does: as a zip archive that is no other format, or with torch's magic number.
pub fn looks_like(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|f| f.take(16).read_to_end(&mut head));
    read.is_ok() && (head.starts_with(b"PK\x03\x04") || head.starts_with(source::LEGACY_MAGIC))
}

/// Reads the pickle of `path`.
///
/// # Errors
/// [`Fault`] for what is no torch file, for limits that are passed, and for pickles that ask for code.
pub fn open(path: &Path) -> Result<TorchFile, Fault> {
    let bad = |problem: String| Fault::at(path, problem);
    let len = std::fs::metadata(path).map_err(|e| Fault::io(path, "reading", &e))?.len();
    let (pickle, source) = Source::open(path).map_err(bad)?;
    Ok(TorchFile { path: path.to_path_buf(), pickle, source, len })
}

/// Reads the pickle of such a file that lies within `path`.
///
/// # Errors
/// As [`open`].
pub fn open_within(path: &Path, bytes: Vec<u8>) -> Result<TorchFile, Fault> {
    let len = bytes.len() as u64;
    let stream = Box::new(std::io::Cursor::new(bytes));
    let (pickle, source) = Source::of(stream).map_err(|problem| Fault::at(path, problem))?;
    Ok(TorchFile { path: path.to_path_buf(), pickle, source, len })
}

impl TorchFile {
    /// Entry `key` of the dictionary that the file is, and the pickle to look into it with.
    pub fn entry(&self, key: &str) -> (Option<&Value>, &Pickle) {
        (self.pickle.get(self.pickle.root, key), &self.pickle)
    }

    /// Name, shape and dtype of every tensor, in file order.
    ///
    /// # Errors
    /// [`Fault`] if the pickle is nested without end.
    pub fn entries(&self) -> Result<Vec<(String, Vec<usize>, String)>, Fault> {
        let leaves = leaves(&self.path, &self.pickle)?;
        Ok(leaves
            .into_iter()
            .map(|(name, leaf)| match leaf {
                Leaf::Tensor(t) => (name, t.shape.iter().map(|&d| d as usize).collect(), t.storage.dtype.name()),
                Leaf::Array(a) => (name, a.shape.clone(), "numpy".into()),
            })
            .collect())
    }

    /// Reads every tensor; shared storages are read once.
    ///
    /// # Errors
    /// [`Fault`] naming a tensor whose storage is missing, short, or passed by its strides.
    pub fn tensors(self) -> Result<Tensors, Fault> {
        let Self { path, pickle, mut source, len } = self;
        let bad = |problem: String| Fault::at(&path, problem);
        let mut map = BTreeMap::new();
        let mut by_storage: BTreeMap<&str, Vec<(&String, &TensorRef)>> = BTreeMap::new();
        // Views may repeat a number (stride 0, shared storages), but not without end.
        let mut budget = len.saturating_mul(2) + (1 << 20);
        let leaves = leaves(&path, &pickle)?;
        for (name, leaf) in &leaves {
            match leaf {
                Leaf::Array(a) => {
                    let values = a.values.iter().map(|&v| v as f32).collect();
                    map.insert(name.clone(), Tensor { shape: a.shape.clone(), values });
                }
                Leaf::Tensor(t) => {
                    let count = t.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
                    let left = count.and_then(|n| budget.checked_sub(n));
                    budget = left.ok_or_else(|| {
                        bad(format!("tensor '{name}' of shape {:?} is larger than the file could hold", t.shape))
                    })?;
                    by_storage.entry(&t.storage.key).or_default().push((name, t));
                }
            }
        }
        for (key, tensors) in by_storage {
            let first = tensors[0].0;
            let bytes = source.storage(key).map_err(|e| bad(format!("{e} (needed by tensor '{first}')")))?;
            for (name, t) in tensors {
                let values = gather(&bytes, t, source.big_endian())
                    .map_err(|e| bad(format!("tensor '{name}' of shape {:?}: {e}", t.shape)))?;
                map.insert(name.clone(), Tensor { shape: t.shape.iter().map(|&d| d as usize).collect(), values });
            }
        }
        Ok(Tensors { path, map })
    }
}

/// All arrays of the pickle; their names are printable.
fn leaves<'p>(path: &Path, pickle: &'p Pickle) -> Result<Vec<(String, Leaf<'p>)>, Fault> {
    let leaves = pickle.leaves().map_err(|e| Fault::at(path, e))?;
    match leaves.iter().find(|(name, _)| name.chars().any(char::is_control)) {
        None => Ok(leaves),
        Some((name, _)) => {
            Err(Fault::at(path, format!("the name of tensor '{}' holds control characters", name.escape_debug())))
        }
    }
}

/// The numbers of one tensor in row-major order.
fn gather(storage: &[u8], t: &TensorRef, big_endian: bool) -> Result<Vec<f32>, String> {
    let size = t.storage.dtype.size();
    let holds = (storage.len() / size) as u64;
    if t.shape.contains(&0) {
        return Ok(Vec::new());
    }
    let last = t.shape.iter().zip(&t.stride).try_fold(t.offset, |at, (d, s)| at.checked_add((d - 1).checked_mul(*s)?));
    if last.is_none_or(|last| last >= holds) {
        return Err(format!(
            "storage '{}' holds {holds} numbers, the tensor reaches number {}",
            t.storage.key,
            last.map_or("beyond counting".into(), |l| (l + 1).to_string())
        ));
    }
    let count: u64 = t.shape.iter().product();
    let mut values = Vec::with_capacity(count as usize);
    let mut index = vec![0u64; t.shape.len()];
    let mut at = t.offset;
    for _ in 0..count {
        let bytes = &storage[at as usize * size..];
        values.push(t.storage.dtype.read(bytes, big_endian).ok_or("the storage is too short")? as f32);
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            // Wrapping: a single step along an axis of length 1 may have any stride, and is taken back at once.
            at = at.wrapping_add(t.stride[axis]);
            if index[axis] < t.shape[axis] {
                break;
            }
            at = at.wrapping_sub(t.stride[axis].wrapping_mul(t.shape[axis]));
            index[axis] = 0;
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
