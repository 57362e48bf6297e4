//! Chunks of Blosc 1: blocks of one codec, whose bytes or bits are shuffled. Layout read in `c-blosc/README_CHUNK_FORMAT.rst`
//! and `blosc/blosc.c`.

use super::{MAX_CHUNK_BYTES, bits, blosclz, four, zlib, zstd};

/// Bytes before the places of the blocks.
const HEADER: usize = 16;
/// Wider elements, and blocks of fewer of them, are not split.
const MAX_SPLITS: usize = 16;
const MIN_ELEMENTS: usize = 128;
/// Bits of the flags.
const BYTES_SHUFFLED: u8 = 1;
const COPIED: u8 = 2;
const BITS_SHUFFLED: u8 = 4;
const NOT_SPLIT: u8 = 16;

/// What the first bytes of a chunk say.
struct Chunk<'d> {
    data: &'d [u8],
    flags: u8,
    /// Bytes of an element.
    width: usize,
    /// Bytes of the chunk and of a block when inflated.
    size: usize,
    block: usize,
}

/// The chunk inflated; nothing if it is damaged.
pub(super) fn inflate(data: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| four(data, at).map(|b| u32::from_le_bytes(b) as usize);
    let (&flags, &width) = (data.get(2)?, data.get(3)?);
    let chunk = Chunk { data, flags, width: usize::from(width).max(1), size: number(4)?, block: number(8)? };
    if chunk.size > MAX_CHUNK_BYTES {
        return None;
    }
    if flags & COPIED != 0 {
        return data.get(HEADER..HEADER.checked_add(chunk.size)?).map(<[u8]>::to_vec);
    }
    if chunk.size > 0 && chunk.block == 0 {
        return None;
    }
    let blocks = chunk.size.div_ceil(chunk.block.max(1));
    // Every block has its place in the chunk.
    data.get(..HEADER.checked_add(blocks.checked_mul(4)?)?)?;
    let mut out = Vec::new();
    for i in 0..blocks {
        let left = chunk.size - i * chunk.block;
        out.extend(chunk.block(number(HEADER + 4 * i)?, left)?);
    }
    Some(out)
}

impl Chunk<'_> {
    /// The block at `at`, of which `left` bytes are left of the chunk.
    fn block(&self, mut at: usize, left: usize) -> Option<Vec<u8>> {
        let (size, partial) = (left.min(self.block), left < self.block);
        let whole =
            self.flags & NOT_SPLIT != 0 || partial || self.width > MAX_SPLITS || self.block / self.width < MIN_ELEMENTS;
        let splits = if whole { 1 } else { self.width };
        let part = size / splits;
        let mut out = Vec::new();
        for _ in 0..splits {
            let length = u32::from_le_bytes(four(self.data, at)?) as usize;
            at += 4;
            let data = self.data.get(at..at.checked_add(length)?)?;
            // What does not shrink is stored as it is.
            out.extend(if length == part { data.to_vec() } else { self.decode(data, part)? });
            at += length;
        }
        if out.len() != size {
            return None;
        }
        Some(match self.flags {
            f if f & BYTES_SHUFFLED != 0 && self.width > 1 => bits::bytes_back(&out, self.width),
            f if f & BITS_SHUFFLED != 0 && (size / self.width).is_multiple_of(8) => bits::bits_back(&out, self.width),
            _ => out,
        })
    }

    fn decode(&self, data: &[u8], size: usize) -> Option<Vec<u8>> {
        match self.flags >> 5 {
            0 => blosclz::inflate(data, size),
            1 => lz4_flex::block::decompress(data, size).ok(),
            2 => {
                let claimed = snap::raw::decompress_len(data).ok()?;
                (claimed <= size).then(|| snap::raw::Decoder::new().decompress_vec(data).ok())?
            }
            3 => zlib(data, size),
            4 => zstd(data, size),
            _ => None,
        }
        .filter(|out| out.len() == size)
    }
}
