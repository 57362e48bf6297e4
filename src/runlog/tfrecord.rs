//! Framing of `TensorFlow`'s record files: length, masked CRC-32C of it, bytes, masked CRC-32C of them.

/// Bytes before and after those of a record.
const HEAD: usize = 12;
const FOOT: usize = 4;

/// Reversed polynomial of CRC-32C (Castagnoli).
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// What TensorFlow adds to a rotated checksum, so that the checksum of a checksum is none.
const MASK: u32 = 0xa282_ead8;

/// `TABLES[k][b]`: checksum of the byte b followed by k zeros ("slicing by eight", Kounavis and Berry 2005).
const TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut all = [[0u32; 256]; 8];
    let mut b = 0;
    while b < 256 {
        let mut crc = b as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        all[0][b] = crc;
        b += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut b = 0;
        while b < 256 {
            let before = all[k - 1][b];
            all[k][b] = before >> 8 ^ all[0][(before & 0xff) as usize];
            b += 1;
        }
        k += 1;
    }
    all
}

/// The masked CRC-32C of `bytes`.
pub fn masked(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        crc = 0;
        let mut k = 0;
        while k < 8 {
            crc ^= TABLES[7 - k][(word >> (8 * k) & 0xff) as usize];
            k += 1;
        }
    }
    for byte in rest {
        crc = crc >> 8 ^ TABLES[0][usize::from(crc as u8 ^ byte)];
    }
    (!crc).rotate_right(15).wrapping_add(MASK)
}

/// `bytes` as a record.
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(HEAD + bytes.len() + FOOT);
    record.extend(length);
    record.extend(masked(&length).to_le_bytes());
    record.extend(bytes);
    record.extend(masked(bytes).to_le_bytes());
    record
}

/// What stands at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'b> {
    /// A whole record: its bytes, and how many it takes with its frame.
    Record(&'b [u8], usize),
    /// The beginning of one that takes so many bytes, as far as is known.
    Half(u64),
    /// No record: a checksum is not that of what it stands for.
    Damaged,
}

/// The record at the beginning of `bytes`.
pub fn next(bytes: &[u8]) -> Next<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return Next::Half(HEAD as u64) };
    let [a, b, c, d, e, f, g, h, crc @ ..] = *head;
    let length = [a, b, c, d, e, f, g, h];
    if u32::from_le_bytes(crc) != masked(&length) {
        return Next::Damaged;
    }
    let length = u64::from_le_bytes(length);
    let whole = length.saturating_add((HEAD + FOOT) as u64);
    let foot = usize::try_from(length).ok().and_then(|n| Some((n, rest.get(n..)?.first_chunk::<FOOT>()?)));
    let Some((n, crc)) = foot else { return Next::Half(whole) };
    if u32::from_le_bytes(*crc) == masked(&rest[..n]) {
        Next::Record(&rest[..n], HEAD + n + FOOT)
    } else {
        Next::Damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, appendix B.4: 32 bytes of zeros have the checksum 0x8a9136aa, 32 of ones 0x62a8ab43, the digits 1 to 9
    /// 0xe3069283.
    #[test]
    fn the_checksum_is_castagnolis() {
        let unmasked = |bytes: &[u8]| masked(bytes).wrapping_sub(MASK).rotate_left(15);
        assert_eq!(unmasked(&[0; 32]), 0x8a91_36aa);
        assert_eq!(unmasked(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(unmasked(b"123456789"), 0xe306_9283);
        assert_eq!(unmasked(b""), 0);
    }

    #[test]
    fn a_record_is_read_whole_or_waited_for_and_a_changed_byte_is_seen() {
        let record = framed(b"scalars");
        assert_eq!(next(&[&record[..], b"more"].concat()), Next::Record(b"scalars", record.len()));
        for cut in 0..record.len() {
            let known = if cut < HEAD { HEAD } else { record.len() };
            assert_eq!(next(&record[..cut]), Next::Half(known as u64), "{cut}");
        }
        for at in 0..record.len() {
            let mut other = record.clone();
            other[at] ^= 0x10;
            assert_eq!(next(&other), Next::Damaged, "{at}");
        }
    }
}
