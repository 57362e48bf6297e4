//! Text packed with gzip: unpacked once into a temporary file, of which any lines can then be read.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tempfile::NamedTempFile;

use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::task::Ctx;

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Text is not packed more tightly than this many times; a small file may be, up to so many bytes.
const MOST_TIMES: u64 = 100;
const SMALL: u64 = 256 << 20;
/// Bytes that are unpacked between two reports.
const PIECE: usize = 1 << 20;

/// True if the file begins as gzip does.
pub(super) fn is_packed(path: &Path) -> bool {
    let mut magic = [0; 2];
    File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && magic == MAGIC
}

/// The first bytes of the text, at most `most`.
pub(in super::super) fn first_bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (mut head, file) = (Vec::new(), File::open(path)?);
    if is_packed(path) {
        MultiGzDecoder::new(file).take(most).read_to_end(&mut head)?;
    } else {
        file.take(most).read_to_end(&mut head)?;
    }
    Ok(head)
}

/// The text, in a file that is removed when it is dropped.
///
/// # Errors
/// If the file is damaged, unpacks to more than text can, or there is no room for it.
pub(super) fn unpack(path: &Path, cx: &Ctx) -> Result<NamedTempFile, Fault> {
    let cx = cx.phase("unpacking the table");
    let damaged = |e: &io::Error| {
        Fault::at(path, format!("cannot be unpacked ({e}): the file is damaged or cut off, copy it again"))
    };
    let file = File::open(path).map_err(|e| damaged(&e))?;
    let packed = file.metadata().map_err(|e| damaged(&e))?.len();
    let most = packed.saturating_mul(MOST_TIMES).max(SMALL);
    let mut text = MultiGzDecoder::new(io::BufReader::new(file));
    let mut out = NamedTempFile::new().map_err(|e| Fault::io(&std::env::temp_dir(), "unpacking a table into", &e))?;
    let (mut some, mut done) = (vec![0; PIECE], 0u64);
    loop {
        cx.step(done, done.max(packed))?;
        let n = text.read(&mut some).map_err(|e| damaged(&e))?;
        if n == 0 {
            break;
        }
        done += n as u64;
        if done > most {
            let problem =
                format!("unpacks to more than {}; unpack it yourself (gunzip -k) and name the table", Bytes(most));
            return Err(Fault::at(path, problem));
        }
        out.write_all(&some[..n]).map_err(|e| Fault::io(out.path(), "unpacking a table into", &e))?;
    }
    out.flush().map_err(|e| Fault::io(out.path(), "unpacking a table into", &e))?;
    Ok(out)
}
