//! Where a torch file keeps its pickle and its storages.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use zip::CompressionMethod;
use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use crate::checkpoint::pickle::{self, Leaf, Pickle};

/// How torch before 1.6 begins a file: a pickle of its magic number.
pub const LEGACY_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Longest pickle: the state of a thousand tensors takes 0.2 MB.
const MAX_PICKLE: u64 = 16 << 20;
/// Most bytes that compressed entries may unpack to; torch itself compresses nothing.
const MAX_INFLATED: u64 = 256 << 20;
/// Largest file of the old format, which is read as a whole.
const MAX_LEGACY: u64 = 1 << 30;

/// A file, or the bytes of one that lies in another.
pub trait Stream: Read + Seek + Send {}

impl<T: Read + Seek + Send> Stream for T {}

/// The storages of one file.
pub enum Source {
    /// Entries of a zip archive, read when asked for.
    Zip {
        /// The archive.
        archive: ZipArchive<Box<dyn Stream>>,
        /// Folder of all entries.
        prefix: String,
        /// Most significant byte first.
        big_endian: bool,
        /// What compressed entries may still unpack to.
        inflate_left: u64,
    },
    /// The bytes of an old file, and which of them belong to which storage.
    Legacy {
        /// The file.
        bytes: Vec<u8>,
        /// Parts of it by the storage's key.
        storages: BTreeMap<String, std::ops::Range<usize>>,
    },
}

impl Source {
    /// Reads the pickle.
    pub fn open(path: &Path) -> Result<(Pickle, Self), String> {
        Self::of(Box::new(File::open(path).map_err(|e| format!("reading failed: {e}"))?))
    }

    /// Reads the pickle of a file that is open.
    pub fn of(mut file: Box<dyn Stream>) -> Result<(Pickle, Self), String> {
        let mut head = [0; LEGACY_MAGIC.len()];
        let got = file.read(&mut head).map_err(|e| format!("reading failed: {e}"))?;
        if head[..got] == *LEGACY_MAGIC {
            return open_legacy(file);
        }
        open_zip(file)
    }

    /// The bytes of the storage called `key`.
    pub fn storage(&mut self, key: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Zip { archive, prefix, inflate_left, .. } => {
                let name = format!("{prefix}/data/{key}");
                read_entry(archive, &name, u64::MAX, inflate_left)?.ok_or_else(|| {
                    format!("the archive has no entry 'data/{key}'; the file is incomplete, copy or save it again")
                })
            }
            Self::Legacy { bytes, storages } => {
                let range = storages.get(key).ok_or_else(|| format!("the file has no storage '{key}'"))?;
                Ok(bytes[range.clone()].to_vec())
            }
        }
    }

    /// Most significant byte first.
    pub fn big_endian(&self) -> bool {
        matches!(self, Self::Zip { big_endian: true, .. })
    }
}

fn open_zip(file: Box<dyn Stream>) -> Result<(Pickle, Source), String> {
    // torch writes no bytes before the archive, but always zip64 end records, which a search for such bytes mistakes for some
    // where the directory's second entry begins 76 bytes after its first (a stem of 21 characters).
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive = ZipArchive::with_config(config, file)
        .map_err(|e| format!("not a file of torch.save, or cut short ({e}); copy or save it again"))?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .map(std::borrow::Cow::into_owned)
        .find(|n| n.split_once('/').is_some_and(|(_, rest)| rest == "data.pkl"))
        .ok_or_else(|| without_pickle(&archive))?;
    let prefix = name.trim_end_matches("/data.pkl").to_owned();
    let mut inflate_left = MAX_INFLATED;
    let bytes = read_entry(&mut archive, &name, MAX_PICKLE, &mut inflate_left)?.ok_or("data.pkl vanished")?;
    let scripted = archive.file_names().flatten().any(|n| n.contains("/code/__torch__"));
    if scripted {
        return Err("a TorchScript program (torch.jit.save), which is not imported; save the numbers instead, with \
                    torch.save(model.state_dict(), path)"
            .into());
    }
    let (pickle, _) = pickle::load(&bytes)?;
    let order = read_entry(&mut archive, &format!("{prefix}/byteorder"), 64, &mut inflate_left)?;
    let big_endian = order.is_some_and(|o| o.starts_with(b"big"));
    Ok((pickle, Source::Zip { archive, prefix, big_endian, inflate_left }))
}

/// What a zip archive that `torch.save` did not write may be.
fn without_pickle(archive: &ZipArchive<Box<dyn Stream>>) -> String {
    let holds = |name: &str| archive.file_names().flatten().any(|n| n == name);
    if holds("policy.pth") {
        return "a policy of Stable-Baselines3 and no world model; give it to --policy".into();
    }
    if holds("config.json") && holds("model.weights.h5") {
        return "a Keras model, which is not imported; save its weights as a state_dict of a plain perceptron".into();
    }
    "a zip archive without data.pkl, not a file of torch.save".into()
}

/// The entry called `name`, if there is one. What it claims to unpack to is checked before, what it does unpack to while
/// it is read.
fn read_entry(
    archive: &mut ZipArchive<Box<dyn Stream>>,
    name: &str,
    limit: u64,
    inflate_left: &mut u64,
) -> Result<Option<Vec<u8>>, String> {
    let short = name.split_once('/').map_or(name, |(_, rest)| rest);
    let entry = match archive.by_name(name) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(e) => return Err(format!("entry '{short}' cannot be read: {e}")),
    };
    let stored = entry.compression() == CompressionMethod::Stored;
    let limit = if stored { limit } else { limit.min(*inflate_left) };
    if entry.size() > limit || (stored && entry.compressed_size() != entry.size()) {
        return Err(format!(
            "entry '{short}' claims to unpack to {} bytes, the limit is {limit}; a file of torch.save is not compressed",
            entry.size()
        ));
    }
    let mut bytes = Vec::new();
    entry
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| format!("entry '{short}' cannot be read: {e}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("entry '{short}' unpacks to more than the limit of {limit} bytes"));
    }
    if !stored {
        *inflate_left -= bytes.len() as u64;
    }
    Ok(Some(bytes))
}

/// Magic number, protocol version, machine, the object, the keys of the storages; then every storage with its length.
fn open_legacy(file: Box<dyn Stream>) -> Result<(Pickle, Source), String> {
    use std::io::SeekFrom;
    let mut file = file;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(|e| format!("reading failed: {e}"))?;
    file.take(MAX_LEGACY + 1).read_to_end(&mut bytes).map_err(|e| format!("reading failed: {e}"))?;
    if bytes.len() as u64 > MAX_LEGACY {
        return Err(format!("a file of torch before 1.6 of more than {MAX_LEGACY} bytes; save it with a newer torch"));
    }
    let mut at = LEGACY_MAGIC.len();
    let mut next = |what: &str| -> Result<Pickle, String> {
        let (pickle, used) =
            pickle::load(&bytes[at..]).map_err(|e| format!("{what} of a file of torch before 1.6: {e}"))?;
        at += used;
        Ok(pickle)
    };
    next("the version")?;
    next("the description")?;
    let object = next("the object")?;
    let keys = next("the list of storages")?;
    let pickle::Value::List(keys_in_order) = keys.value(keys.root) else {
        return Err("a file of torch before 1.6 without its list of storages".into());
    };
    let dtypes: BTreeMap<String, usize> = object
        .leaves()?
        .into_iter()
        .filter_map(|(_, leaf)| match leaf {
            Leaf::Tensor(t) => Some((t.storage.key.clone(), t.storage.dtype.size())),
            Leaf::Array(_) => None,
        })
        .collect();
    let mut storages = BTreeMap::new();
    for id in keys_in_order {
        let pickle::Value::Str(key) = keys.value(*id) else { return Err("a storage without a name".into()) };
        let cut = || format!("storage '{key}' is cut short; copy or save the file again");
        let size = *dtypes.get(key).ok_or_else(|| format!("storage '{key}' belongs to no tensor"))?;
        let (head, _) = bytes[at..].split_first_chunk::<8>().ok_or_else(cut)?;
        let len = usize::try_from(u64::from_le_bytes(*head)).ok().and_then(|n| n.checked_mul(size)).ok_or_else(cut)?;
        let end = (at + 8).checked_add(len).filter(|end| *end <= bytes.len()).ok_or_else(cut)?;
        storages.insert(key.clone(), at + 8..end);
        at = end;
    }
    Ok((object, Source::Legacy { bytes, storages }))
}
