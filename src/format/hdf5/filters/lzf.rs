//! The LZF filter, which h5py can write: runs of literal bytes and references to what was already written.

use hdf5_reader::messages::filter_pipeline::FilterDescription;

use super::MAX_CHUNK_BYTES;

/// Inflates one chunk. The third client value is the chunk's size as h5py wrote it.
pub(super) fn inflate(filter: &FilterDescription, data: &[u8]) -> Option<Vec<u8>> {
    let limit = filter.client_data.get(2).map_or(MAX_CHUNK_BYTES, |&n| (n as usize).min(MAX_CHUNK_BYTES));
    inflated(data, limit)
}

/// `data` inflated, or nothing if it is damaged or longer than `limit`.
fn inflated(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(limit.min(data.len().saturating_mul(4)));
    let mut rest = data.iter().copied();
    while let Some(control) = rest.next() {
        let control = usize::from(control);
        if control < 32 {
            for _ in 0..=control {
                out.push(rest.next()?);
            }
        } else {
            let mut len = control >> 5;
            if len == 7 {
                len += usize::from(rest.next()?);
            }
            let back = ((control & 31) << 8) + usize::from(rest.next()?) + 1;
            let start = out.len().checked_sub(back)?;
            // The run may overlap what it writes, so it is copied byte by byte.
            for i in start..start + len + 2 {
                let byte = *out.get(i)?;
                out.push(byte);
            }
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_overlapping_references_are_inflated() {
        // "ab", then 2 + 4 bytes from two back.
        assert_eq!(inflated(&[1, b'a', b'b', 4 << 5, 1], 64).as_deref(), Some(&b"abababab"[..]));
        // The long form of the length.
        assert_eq!(inflated(&[0, b'x', 7 << 5, 3, 0], 64).as_deref(), Some(&b"xxxxxxxxxxxxx"[..]));
    }

    #[test]
    fn damaged_streams_and_bombs_are_refused() {
        assert_eq!(inflated(&[5, b'a'], 64), None, "literals cut off");
        assert_eq!(inflated(&[1 << 5, 0], 64), None, "a reference before the start");
        assert_eq!(inflated(&[0, b'x', 7 << 5, 255, 0], 64), None, "longer than the limit");
        assert_eq!(inflated(&[0, b'x', 1 << 5], 64), None, "reference cut off");
    }
}
