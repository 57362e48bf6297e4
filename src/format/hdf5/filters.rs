//! Filters of chunks beyond those of the HDF5 library: LZF of h5py, and Zstandard, Blosc and Bitshuffle of hdf5plugin (LZ4
//! comes with the reader). The names of the others, for the message.

use std::io::Read as _;

use hdf5_reader::FilterRegistry;
use hdf5_reader::error::Error;
use hdf5_reader::messages::filter_pipeline::FilterDescription;

mod bits;
mod blosc;
mod blosclz;
mod lzf;

/// Largest chunk that is inflated, the same as for the reader's own filters.
const MAX_CHUNK_BYTES: usize = 256 << 20;

/// Inflates one chunk.
type Inflate = fn(&FilterDescription, &[u8]) -> Option<Vec<u8>>;

/// Number in the HDF Group's list of registered filters, name, and how a chunk is inflated, where it is.
const REGISTERED: [(u16, &str, Option<Inflate>); 14] = [
    (307, "bzip2", None),
    (32000, "LZF", Some(lzf::inflate)),
    (32001, "Blosc", Some(|_, data| blosc::inflate(data))),
    (32004, "LZ4", None),
    (32008, "Bitshuffle", Some(bits::inflate)),
    (32013, "ZFP", None),
    (32014, "FPZIP", None),
    (32015, "Zstandard", Some(|_, data| zstd(data, MAX_CHUNK_BYTES))),
    (32016, "B3D", None),
    (32017, "SZ", None),
    (32018, "FCIDECOMP", None),
    (32024, "SZ3", None),
    (32026, "Blosc2", None),
    (32028, "SPERR", None),
];

/// The reader's filters and these.
pub(super) fn registry() -> FilterRegistry {
    let mut filters = FilterRegistry::new();
    for (id, name, inflate) in REGISTERED {
        if let Some(inflate) = inflate {
            let damaged = move || Error::DecompressionError(format!("the {name} stream is damaged"));
            filters.register(id, Box::new(move |filter, data, _| inflate(filter, data).ok_or_else(damaged)));
        }
    }
    filters
}

/// The name of the filter that `what` speaks of ("filter id 32026"), where it has one.
pub(super) fn named(what: &str) -> Option<&'static str> {
    let id: u16 = what.rsplit_once(' ')?.1.parse().ok()?;
    REGISTERED.iter().find(|(own, _, _)| *own == id).map(|(_, name, _)| *name)
}

/// A Zstandard frame of at most `limit` bytes.
fn zstd(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let frame = zstd::stream::read::Decoder::with_buffer(data).ok()?;
    frame.take(limit as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() <= limit).then_some(out)
}

/// A zlib stream of at most `limit` bytes.
fn zlib(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(data).take(limit as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() <= limit).then_some(out)
}

/// Four bytes at `at`.
fn four(data: &[u8], at: usize) -> Option<[u8; 4]> {
    data.get(at..at.checked_add(4)?)?.try_into().ok()
}

#[cfg(test)]
mod tests;
