//! Blosc's own codec: runs of literal bytes and references to what was already written. Layout read in
//! `c-blosc/blosc/blosclz.c`.

/// Longest distance of the short form; the long form counts from there.
const MAX_DISTANCE: usize = 8191;

/// `data` inflated to exactly `size` bytes; nothing if it is damaged.
pub(super) fn inflate(data: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::with_capacity(size);
    let mut rest = data.iter().copied();
    let mut control = usize::from(rest.next()? & 31);
    loop {
        if control < 32 {
            for _ in 0..=control {
                out.push(rest.next()?);
            }
        } else {
            reference(control, &mut rest, &mut out, size)?;
        }
        if out.len() > size {
            return None;
        }
        match rest.next() {
            Some(next) => control = usize::from(next),
            None => return (out.len() == size).then_some(out),
        }
    }
}

/// Appends what a reference names.
fn reference(control: usize, rest: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>, size: usize) -> Option<()> {
    let (mut len, mut back) = ((control >> 5) - 1, (control & 31) << 8);
    if len == 6 {
        loop {
            let more = rest.next()?;
            len += usize::from(more);
            if more != u8::MAX || len > size {
                break;
            }
        }
    }
    len += 3;
    let low = rest.next()?;
    back += usize::from(low);
    if low == u8::MAX && control & 31 == 31 {
        back = (usize::from(rest.next()?) << 8) + usize::from(rest.next()?) + MAX_DISTANCE;
    }
    let start = out.len().checked_sub(back + 1)?;
    if out.len() + len > size {
        return None;
    }
    // The run may overlap what it writes, so it is copied byte by byte.
    for i in start..start + len {
        let byte = *out.get(i)?;
        out.push(byte);
    }
    Some(())
}
