//! Bytes by name in one file: what a learner goes on from beside the networks. A safetensors file, so that other programs can
//! look into it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::tensors::read_bounded;
use crate::ground::fault::Fault;
use crate::ground::save;

/// Longest file that is read.
const MAX_FILE: u64 = 4 << 30;

/// Writes `blocks` to the new file `path`, inside a folder that is being made.
///
/// # Errors
/// [`Fault`] if it cannot be written.
pub fn write(path: &Path, blocks: &BTreeMap<String, Vec<u8>>) -> Result<(), Fault> {
    let views = blocks.iter().map(|(name, bytes)| Ok((name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes)?)));
    let views: Result<Vec<_>, safetensors::SafeTensorError> = views.collect();
    let file = views.and_then(|views| serialize(views, None)).map_err(|e| Fault::at(path, e.to_string()))?;
    save::plain(path, |f| f.write_all(&file).map_err(|e| e.to_string()))
}

/// The blocks of a file that [`write`] wrote.
///
/// # Errors
/// [`Fault`] if it is none.
pub fn read(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let bytes = read_bounded(path, MAX_FILE)?;
    let file =
        SafeTensors::deserialize(&bytes).map_err(|e| Fault::at(path, format!("not a safetensors file ({e})")))?;
    Ok(file.iter().map(|(name, view)| (name.to_owned(), view.data().to_vec())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks");
        for blocks in [BTreeMap::new(), BTreeMap::from([("a".into(), vec![1, 2, 3]), ("b.c".into(), Vec::new())])] {
            write(&path, &blocks).unwrap();
            assert_eq!(read(&path).unwrap(), blocks);
            std::fs::remove_file(&path).unwrap();
        }
        std::fs::write(&path, b"nothing").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not a safetensors file"));
    }
}
