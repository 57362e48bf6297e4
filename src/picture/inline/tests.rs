use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::*;
use crate::picture::cells::Rgb;

/// Waves of many colours, so that it packs into several chunks.
fn noisy(width: usize, height: usize) -> Canvas {
    let pixel = |i: usize| {
        let v = (i as u32).wrapping_mul(2_654_435_761);
        [(v >> 8) as u8, (v >> 16) as u8, (v >> 24) as u8]
    };
    Canvas { width, pixels: (0..width * height).map(pixel).collect() }
}

/// Four colours in fields that are no whole number of bands high.
fn plain(width: usize, height: usize) -> Canvas {
    let colours: [Rgb; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
    let at = |i: usize| colours[usize::from(i % width >= width / 2) + 2 * usize::from(i / width >= height / 3)];
    Canvas { width, pixels: (0..width * height).map(at).collect() }
}

fn decoded(letters: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let bits: Vec<u8> = letters.bytes().filter(|c| *c != b'=').map(value).collect();
    let bytes = bits.chunks(4).flat_map(|four| {
        let all = four.iter().enumerate().fold(0u32, |all, (i, v)| all | u32::from(*v) << (18 - 6 * i));
        all.to_be_bytes()[1..four.len()].to_vec()
    });
    bytes.collect()
}

/// The keys and the letters of every escape sequence of kitty's.
fn chunks(bytes: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(bytes).expect("letters");
    let parts = text.split("\x1b\\").filter(|part| !part.is_empty());
    let part = |part: &str| {
        let inner = part.strip_prefix("\x1b_G").expect("a command of kitty's");
        let (keys, letters) = inner.split_once(';').unwrap_or((inner, ""));
        (keys.to_string(), letters.to_string())
    };
    parts.map(part).collect()
}

#[test]
fn kitty_gets_the_pixels_in_chunks_of_which_only_the_last_ends_them() {
    let picture = noisy(60, 40);
    let sent = chunks(&Protocol::Kitty.show(&picture, (10, 5), 7).expect("packed"));
    assert!(sent.len() > 1, "{} chunks", sent.len());
    let (last, before) = sent.split_last().expect("chunks");
    assert!(before.iter().all(|(keys, letters)| keys.ends_with("m=1") && letters.len() == kitty::CHUNK));
    assert!(last.0.ends_with("m=0") && (1..=kitty::CHUNK).contains(&last.1.len()));
    for key in ["a=T", "f=24", "o=z", "s=60", "v=40", "c=10", "r=5", "i=7", "q=2", "C=1"] {
        assert!(sent[0].0.split(',').any(|k| k == key), "{key} in {}", sent[0].0);
    }
    assert_eq!(sent[1].0, "q=2,m=1", "the others carry nothing else");
    let packed = decoded(&sent.iter().map(|(_, letters)| letters.as_str()).collect::<String>());
    let mut raw = Vec::new();
    ZlibDecoder::new(&packed[..]).read_to_end(&mut raw).expect("unpacked");
    assert_eq!(raw, picture.pixels.as_flattened());
    assert_eq!(Protocol::Kitty.delete(7), b"\x1b_Ga=d,d=I,i=7,q=2\x1b\\");
}

#[test]
fn iterm2_gets_a_png_of_the_size_that_it_is_told() {
    let sent = Protocol::Iterm2.show(&plain(31, 17), (4, 2), 1).expect("packed");
    let text = String::from_utf8(sent).expect("letters");
    let inner = text.strip_prefix("\x1b]1337;File=").and_then(|t| t.strip_suffix('\x07')).expect("one sequence");
    let (about, letters) = inner.split_once(':').expect("a file");
    let file = decoded(letters);
    assert!(about.contains(&format!("size={};width=4;height=2", file.len())), "{about}");
    assert!(file.starts_with(b"\x89PNG\r\n\x1a\n"));
    let side = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (31, 17));
}

/// What a terminal makes of sixels: the colours it was told of, and a number of one for every pixel.
fn drawn(bytes: &[u8], width: usize, height: usize) -> (Vec<Rgb>, Vec<Option<usize>>) {
    let text = std::str::from_utf8(bytes).expect("letters");
    let inner = text.strip_prefix("\x1bP0;1;0q").and_then(|t| t.strip_suffix("\x1b\\")).expect("one sequence");
    let mut rest = inner.strip_prefix(&format!("\"1;1;{width};{height}")).expect("its size");
    let mut palette: Vec<Rgb> = Vec::new();
    let mut pixels = vec![None; width * height];
    let (mut x, mut top, mut colour) = (0, 0, 0);
    let numbers = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(text.len());
        (text[..end].split(';').filter_map(|n| n.parse::<usize>().ok()).collect::<Vec<_>>(), end)
    };
    while let Some(sign) = rest.chars().next() {
        rest = &rest[1..];
        let mut times = 1;
        let mut sixel = Some(sign);
        match sign {
            '#' => {
                let (n, end) = numbers(rest);
                rest = &rest[end..];
                if let [number, 2, r, g, b] = n[..] {
                    assert_eq!(number, palette.len(), "in their order");
                    palette.push([r as u8, g as u8, b as u8]);
                }
                (colour, sixel) = (n[0], None);
            }
            '!' => {
                let (n, end) = numbers(rest);
                (times, sixel) = (n[0], rest[end..].chars().next());
                rest = &rest[end + 1..];
            }
            '$' => (x, sixel) = (0, None),
            '-' => (x, top, sixel) = (0, top + 6, None),
            _ => {}
        }
        let Some(bits) = sixel.map(|c| c as u32 - 63) else { continue };
        for column in x..x + times {
            for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                pixels[(top + row) * width + column] = Some(colour);
            }
        }
        x += times;
    }
    (palette, pixels)
}

#[test]
fn sixels_of_few_colours_are_the_picture_and_of_many_come_near() {
    let picture = plain(23, 14);
    let (palette, pixels) = drawn(&Protocol::Sixel.show(&picture, (3, 1), 1).expect("written"), 23, 14);
    assert_eq!(palette.len(), 4);
    let percent = |p: &Rgb| p.map(|v| (f64::from(v) / 2.55).round() as u8);
    for (pixel, number) in picture.pixels.iter().zip(&pixels) {
        assert_eq!(percent(pixel), palette[number.expect("every pixel has a colour")]);
    }
    let many = noisy(40, 33);
    let (palette, pixels) = drawn(&Protocol::Sixel.show(&many, (5, 2), 1).expect("written"), 40, 33);
    assert_eq!(palette.len(), sixel::COLOURS);
    let off = |(pixel, number): (&Rgb, &Option<usize>)| {
        let (a, b) = (percent(pixel), palette[number.expect("every pixel has a colour")]);
        a.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(y))).sum::<u32>()
    };
    let mean = f64::from(many.pixels.iter().zip(&pixels).map(off).sum::<u32>()) / many.pixels.len() as f64;
    assert!(mean < 30.0, "{mean} percent in three colours");
}

#[test]
fn names_round_trip_and_large_pictures_are_halved_where_the_terminal_scales() {
    for protocol in Protocol::ALL {
        assert_eq!(Protocol::named(protocol.name()), Some(protocol));
    }
    assert_eq!(Protocol::named("pixels"), None);
    assert_eq!(Protocol::Kitty.pixels((100, 30), (8, 16)), (800, 480));
    assert_eq!(Protocol::Kitty.pixels((200, 60), (20, 40)), (1333, 800));
    assert_eq!(Protocol::Sixel.pixels((200, 60), (20, 40)), (4000, 2400));
}
