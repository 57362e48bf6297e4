//! PNG files of 8 bits a colour, as its specification (third edition) has them.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::cells::Rgb;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The file of `pixels`, row after row of `width`.
///
/// # Errors
/// A sentence where there is nothing to show or it cannot be packed.
pub fn encode(width: usize, pixels: &[Rgb]) -> Result<Vec<u8>, String> {
    packed(width, pixels, Compression::best(), None)
}

/// [`encode`] for paper: with so many pixels to an inch, so that it has a size there.
///
/// # Errors
/// As there.
pub fn printed(width: usize, pixels: &[Rgb], per_inch: f64) -> Result<Vec<u8>, String> {
    packed(width, pixels, Compression::best(), Some(per_inch))
}

/// [`encode`] in a moment, in a few more bytes.
///
/// # Errors
/// As there.
pub fn quick(width: usize, pixels: &[Rgb]) -> Result<Vec<u8>, String> {
    packed(width, pixels, Compression::fast(), None)
}

fn packed(width: usize, pixels: &[Rgb], compression: Compression, per_inch: Option<f64>) -> Result<Vec<u8>, String> {
    let height = pixels.len() / width.max(1);
    let side = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0).ok_or("there is nothing to show");
    let mut header = [side(width)?.to_be_bytes(), side(height)?.to_be_bytes()].concat();
    // 8 bits; red, green, blue; the one way of packing, the one of filtering; not interlaced.
    header.extend([8, 2, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), compression);
    let mut above = vec![0; 3 * width];
    for row in pixels.chunks_exact(width) {
        let row = row.concat();
        packed.write_all(&filtered(&row, &above)).map_err(|e| e.to_string())?;
        above = row;
    }
    let packed = packed.finish().map_err(|e| e.to_string())?;
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &header)?;
    if let Some(per_inch) = per_inch {
        // The same across and down, to a metre.
        let each = ((per_inch / 0.0254).round() as u32).to_be_bytes();
        chunk(&mut out, *b"pHYs", &[&each[..], &each[..], &[1]].concat())?;
    }
    chunk(&mut out, *b"IDAT", &packed)?;
    chunk(&mut out, *b"IEND", &[])?;
    Ok(out)
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) -> Result<(), String> {
    let length = u32::try_from(data.len()).map_err(|_| "the picture is too large")?;
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(data);
    for part in [&length.to_be_bytes()[..], &name, data, &sum.sum().to_be_bytes()] {
        out.extend_from_slice(part);
    }
    Ok(())
}

/// The row as differences from what is beside or above, by the filter with the least of them, behind its number.
fn filtered(row: &[u8], above: &[u8]) -> Vec<u8> {
    let by = |number: u8| {
        let mut out = vec![number];
        out.extend((0..row.len()).map(|i| {
            let back = |from: &[u8]| if i < 3 { 0 } else { from[i - 3] };
            row[i].wrapping_sub(foretold(number, back(row), above[i], back(above)))
        }));
        out
    };
    let weight = |line: &Vec<u8>| line[1..].iter().map(|d| u64::from(d.min(&d.wrapping_neg()).to_owned())).sum::<u64>();
    (0..5).map(by).min_by_key(weight).unwrap_or_default()
}

/// What the pixels to the left, above and to the upper left foretell.
fn foretold(filter: u8, left: u8, up: u8, corner: u8) -> u8 {
    match filter {
        1 => left,
        2 => up,
        3 => u16::midpoint(left.into(), up.into()) as u8,
        4 => {
            let [a, b, c] = [left, up, corner].map(i32::from);
            let far = |v: i32| (a + b - c - v).abs();
            if far(a) <= far(b) && far(a) <= far(c) {
                left
            } else if far(b) <= far(c) {
                up
            } else {
                corner
            }
        }
        _ => 0,
    }
}
