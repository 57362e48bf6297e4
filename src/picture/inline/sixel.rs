//! DEC's sixels: bands of six rows, in each of them one line a colour.

use std::collections::{BTreeMap, HashMap};

use crate::picture::canvas::Canvas;
use crate::picture::cells::Rgb;

/// Most colours that terminals know at once.
pub const COLOURS: usize = 256;
/// Rows of a band.
const BAND: usize = 6;

/// Sends a picture in at most [`COLOURS`] colours.
pub fn show(picture: &Canvas) -> Vec<u8> {
    let (width, height) = (picture.width, picture.height());
    let (palette, numbers) = reduced(&picture.pixels);
    // A pixel is as wide as it is high, what has no colour stays as it is.
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}").into_bytes();
    for (i, [r, g, b]) in palette.iter().enumerate() {
        out.extend_from_slice(format!("#{i};2;{r};{g};{b}").as_bytes());
    }
    for band in numbers.chunks(BAND * width.max(1)) {
        let mut lines: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (i, colour) in band.iter().enumerate() {
            lines.entry(*colour).or_insert_with(|| vec![0; width])[i % width] |= 1 << (i / width);
        }
        for (i, (colour, sixels)) in lines.iter().enumerate() {
            if i > 0 {
                out.push(b'$');
            }
            out.extend_from_slice(format!("#{colour}").as_bytes());
            line(sixels, &mut out);
        }
        out.push(b'-');
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// The pixels of one colour in a band, six bits a column; columns that are alike are told by their number.
fn line(sixels: &[u8], out: &mut Vec<u8>) {
    let mut runs: Vec<&[u8]> = sixels.chunk_by(|a, b| a == b).collect();
    if runs.last().is_some_and(|run| run[0] == 0) {
        runs.pop();
    }
    for run in runs {
        let sign = b'?' + run[0];
        if run.len() > 3 {
            out.extend_from_slice(format!("!{}", run.len()).as_bytes());
            out.push(sign);
        } else {
            out.extend(std::iter::repeat_n(sign, run.len()));
        }
    }
}

/// The colours in percent, and the number of each pixel's. Of more colours than there may be, those that most pixels have stay,
/// and every other pixel takes the one that is nearest.
fn reduced(pixels: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let percent = |p: &Rgb| p.map(|v| ((u32::from(v) * 100 + 127) / 255) as u8);
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    for p in pixels {
        *counts.entry(percent(p)).or_default() += 1;
    }
    let mut by_count: Vec<(Rgb, usize)> = counts.into_iter().collect();
    by_count.sort_unstable_by_key(|(colour, n)| (usize::MAX - n, scattered(*colour), *colour));
    let palette: Vec<Rgb> = by_count.iter().take(COLOURS).map(|(colour, _)| *colour).collect();
    let far = |a: &Rgb, b: &Rgb| a.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(*y)).pow(2)).sum::<u32>();
    let nearest = |colour: &Rgb| (0..palette.len()).min_by_key(|i| far(&palette[*i], colour)).unwrap_or(0) as u8;
    let numbers: HashMap<Rgb, u8> = by_count.iter().map(|(colour, _)| (*colour, nearest(colour))).collect();
    let numbers = pixels.iter().map(|p| numbers.get(&percent(p)).copied().unwrap_or(0)).collect();
    (palette, numbers)
}

/// A number by which colours lie in no order: of many that are as frequent, those that stay are from all over.
fn scattered([r, g, b]: Rgb) -> u32 {
    u32::from_be_bytes([0, r, g, b]).wrapping_mul(2_654_435_761)
}
