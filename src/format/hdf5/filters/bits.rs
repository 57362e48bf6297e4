//! Shuffled bytes and bits put back; the Bitshuffle filter. Layout read in `bitshuffle/src/bshuf_h5filter.c`.

use hdf5_reader::messages::filter_pipeline::FilterDescription;

use super::{MAX_CHUNK_BYTES, four, zstd};

/// Bytes of a block where the file does not say how many elements it has, and what that is a multiple of.
const TARGET_BLOCK_BYTES: usize = 8192;
const MULTIPLE: usize = 8;

/// Bytes of elements of `width`, stored as all first bytes, all second bytes, …; what fills no element stays at the end.
pub(super) fn bytes_back(data: &[u8], width: usize) -> Vec<u8> {
    let n = data.len() / width;
    let mut out = data.to_vec();
    for (j, bytes) in data.chunks_exact(n.max(1)).take(width).enumerate() {
        bytes.iter().enumerate().for_each(|(i, &byte)| out[i * width + j] = byte);
    }
    out
}

/// Bits of elements of `width` bytes, stored as all first bits, all second bits, …; there are a multiple of eight elements,
/// and what fills none stays at the end.
pub(super) fn bits_back(data: &[u8], width: usize) -> Vec<u8> {
    let n = data.len() / width;
    let mut out = data.to_vec();
    out[..n * width].fill(0);
    let rows = data.chunks_exact((n / 8).max(1)).take(8 * width);
    for (row, bits) in rows.enumerate().filter(|_| n >= 8) {
        let (byte, bit) = (row / 8, row % 8);
        for (eight, &set) in bits.iter().enumerate() {
            for i in 0..8 {
                out[(8 * eight + i) * width + byte] |= (set >> i & 1) << bit;
            }
        }
    }
    out
}

/// A chunk of the Bitshuffle filter; nothing if it is damaged. Client values: two of the version, bytes of an element,
/// elements of a block, codec.
pub(super) fn inflate(filter: &FilterDescription, data: &[u8]) -> Option<Vec<u8>> {
    let value = |i: usize| filter.client_data.get(i).copied().unwrap_or(0);
    let width = value(2) as usize;
    if width == 0 {
        return None;
    }
    let usual = (TARGET_BLOCK_BYTES / width / MULTIPLE * MULTIPLE).max(128);
    let codec = value(4);
    if codec == 0 {
        let elements = if value(3) == 0 { usual } else { value(3) as usize };
        return blocks(data.len(), elements, width, data, |rest, size| {
            let (block, after) = rest.split_at_checked(size)?;
            Some((block.to_vec(), after))
        });
    }
    let size = u64::from_be_bytes(data.first_chunk::<8>().copied()?);
    let size = usize::try_from(size).ok().filter(|&size| size <= MAX_CHUNK_BYTES)?;
    let elements = u32::from_be_bytes(four(data, 8)?) as usize / width;
    blocks(size, elements, width, data.get(12..)?, |rest, size| {
        let length = u32::from_be_bytes(four(rest, 0)?) as usize;
        let (block, after) = rest.get(4..)?.split_at_checked(length)?;
        let block = match codec {
            2 => lz4_flex::block::decompress(block, size).ok(),
            3 => zstd(block, size),
            _ => None,
        };
        Some((block.filter(|b| b.len() == size)?, after))
    })
}

/// `size` bytes in blocks of `elements` elements, each taken off the front of `rest` by `take`; the last elements, fewer than
/// eight, are stored as they are.
fn blocks(
    size: usize,
    elements: usize,
    width: usize,
    mut rest: &[u8],
    take: impl Fn(&[u8], usize) -> Option<(Vec<u8>, &[u8])>,
) -> Option<Vec<u8>> {
    if elements == 0 || !elements.is_multiple_of(MULTIPLE) {
        return None;
    }
    let shuffled = size / width / MULTIPLE * MULTIPLE * width;
    let mut out = Vec::new();
    while out.len() < shuffled {
        let (block, after) = take(rest, (shuffled - out.len()).min(elements.checked_mul(width)?))?;
        out.extend(bits_back(&block, width));
        rest = after;
    }
    out.extend(rest.get(..size - shuffled)?);
    Some(out)
}
