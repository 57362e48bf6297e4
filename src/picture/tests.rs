//! A screen as text, SVG and PNG.

use std::io::Read;

use super::cells::{Cell, Cells, Rgb};
use super::scene::{COLUMN, ROW, Scene};
use super::{raster, svg};

const PAPER: Rgb = [10, 20, 30];
const INK: Rgb = [200, 210, 220];
const RED: Rgb = [250, 0, 0];

fn cells(lines: &[&str]) -> Cells {
    let width = lines.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    let cell =
        |c: char| Cell { symbol: c.to_string(), columns: 1, ink: INK, ground: PAPER, bold: false, underlined: false };
    let cells = lines.iter().flat_map(|l| l.chars().chain(std::iter::repeat(' ')).take(width).map(cell));
    Cells { width, cells: cells.collect(), ground: PAPER }
}

/// The pixels of a PNG file, read as its specification has it.
fn decoded(png: &[u8]) -> (usize, usize, Vec<Rgb>) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let (mut at, mut packed, mut size) = (8, Vec::new(), (0, 0));
    while at < png.len() {
        let word = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        let (length, name) = (word(at) as usize, &png[at + 4..at + 8]);
        let data = &png[at + 8..at + 8 + length];
        let mut sum = flate2::Crc::new();
        sum.update(&png[at + 4..at + 8 + length]);
        assert_eq!(sum.sum(), word(at + 8 + length), "the sum of {name:?}");
        match name {
            b"IHDR" => {
                size = (word(at + 8) as usize, word(at + 12) as usize);
                assert_eq!(&data[8..], [8, 2, 0, 0, 0]);
            }
            b"IDAT" => packed.extend_from_slice(data),
            other => assert_eq!(other, b"IEND"),
        }
        at += 12 + length;
    }
    let mut raw = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut raw).unwrap();
    let stride = 3 * size.0;
    assert_eq!(raw.len(), (stride + 1) * size.1);
    let mut bytes: Vec<u8> = Vec::new();
    for y in 0..size.1 {
        let line = &raw[y * (stride + 1)..(y + 1) * (stride + 1)];
        for i in 0..stride {
            let back = |there: bool, by: usize| if there { i32::from(bytes[bytes.len() - by]) } else { 0 };
            let (a, b) = (back(i >= 3, 3), back(y > 0, stride));
            let c = back(i >= 3 && y > 0, stride + 3);
            let near = [a, b, c].into_iter().min_by_key(|v| (a + b - c - v).abs()).unwrap();
            let guess = [0, a, b, a.midpoint(b), near][usize::from(line[0])];
            bytes.push(line[1 + i].wrapping_add(guess as u8));
        }
    }
    (size.0, size.1, bytes.chunks(3).map(|p| [p[0], p[1], p[2]]).collect())
}

#[test]
fn the_text_has_no_blanks_at_its_ends() {
    let mut screen = cells(&["a  b ", "     ", "界 ░"]);
    (screen.cells[10].columns, screen.cells[11].columns) = (2, 0);
    assert_eq!(screen.text(), "a  b\n\n界░\n");
}

#[test]
fn a_picture_has_the_colours_of_the_screen() {
    let mut screen = cells(&["▀ █ ░", "│⣿H  ", "     "]);
    screen.cells[2].ink = RED;
    (screen.cells[14].ground, screen.cells[13].underlined) = (RED, true);
    let (png, missing) = raster::png(&Scene::of(&screen)).expect("a picture");
    let (width, height, pixels) = decoded(&png);
    assert_eq!((width, height, missing), (5 * COLUMN, 3 * ROW, Vec::new()));
    let at = |x: f64, y: f64| pixels[(y * ROW as f64) as usize * width + (x * COLUMN as f64) as usize];
    // Halves, full blocks, shades, grounds.
    assert_eq!((at(0.5, 0.2), at(0.5, 0.7), at(1.5, 0.5)), (INK, PAPER, PAPER));
    assert_eq!((at(2.0, 0.0), at(2.95, 0.95), at(3.1, 0.5)), (RED, RED, PAPER));
    assert_eq!((at(4.5, 0.5), at(4.1, 2.5)), ([58, 68, 78], RED));
    // A line in the middle of its cell, dots where they belong, a letter that is neither full nor empty, a line below.
    assert_eq!((at(0.5, 1.5), at(0.2, 1.5), at(0.8, 1.5)), (INK, PAPER, PAPER));
    assert_eq!((at(1.25, 1.125), at(1.75, 1.875), at(1.5, 1.25)), (INK, INK, PAPER));
    let letter: Vec<Rgb> = (0..COLUMN).map(|x| at(2.0 + (x as f64 + 0.5) / COLUMN as f64, 1.45)).collect();
    assert!(letter.contains(&INK) && letter.contains(&PAPER), "{letter:?}");
    let low: Vec<Rgb> = (0..ROW).map(|y| at(3.5, 2.0 + (y as f64 + 0.5) / ROW as f64)).collect();
    assert!(low.contains(&INK) && low[..ROW / 2].iter().all(|p| *p == PAPER), "{low:?}");
}

#[test]
fn what_the_font_does_not_have_is_a_box_and_said() {
    let (_, missing) = raster::png(&Scene::of(&cells(&["a界é界θ̇ẋ"]))).expect("a picture");
    assert_eq!(missing, ['界']);
}

#[test]
fn nothing_is_no_picture() {
    assert!(raster::png(&Scene::of(&cells(&[]))).is_err());
}

#[test]
fn words_stay_words_where_they_are() {
    let mut screen = cells(&["a <b> & c  ‚d’", "│ ▲ up ──"]);
    screen.cells[6].bold = true;
    let text = svg::write(&Scene::of(&screen));
    let svg = roxmltree::Document::parse(&text).expect("an SVG file");
    let words: Vec<(&str, f64, f64)> = svg
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .map(|n| {
            let number = |name: &str| n.attribute(name).and_then(|v| v.parse().ok()).unwrap_or(f64::NAN);
            (n.text().unwrap_or_default(), number("x"), number("textLength"))
        })
        .collect();
    let want = [("a <b>", 0, 5), ("&", 6, 1), ("c", 8, 1), ("‚d’", 11, 3), ("▲", 2, 1), ("up", 4, 2)];
    let units = |n: usize| (n * COLUMN) as f64;
    assert_eq!(words, want.map(|(text, x, long)| (text, units(x), units(long))));
    assert_eq!(text.matches("font-weight=\"bold\"").count(), 1);
}

#[test]
fn shapes_that_touch_are_one() {
    let scene = Scene::of(&cells(&["████", "████", "▄▄ ▄", "────"]));
    let of = |rects: &std::collections::BTreeMap<Rgb, Vec<super::strokes::Rect>>| {
        rects.values().flatten().map(|r| (r.x, r.y, r.w, r.h)).collect::<Vec<_>>()
    };
    assert_eq!(of(&scene.blocks), [(0, 0, 96, 96), (0, 120, 48, 24), (72, 120, 24, 24)]);
    assert_eq!(of(&scene.lines), [(0, 166, 96, 4)]);
    assert!(scene.runs.is_empty() && scene.grounds.is_empty());
}
