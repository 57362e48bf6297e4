use std::io::Read as _;

use super::{dashed, png};
use crate::export::card;
use crate::export::tests::everything;

/// Width, height and the pixels of a picture of ours, whose rows are not filtered back: only what is the same in every way of
/// filtering is looked at.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]);
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    (number(16), number(20))
}

/// The pixels, by the five filters of the format's specification.
fn pixels(png: &[u8]) -> Vec<Vec<[u8; 3]>> {
    let (width, height) = size(png);
    let start = png.windows(4).position(|w| w == b"IDAT").unwrap();
    let long = u32::from_be_bytes([png[start - 4], png[start - 3], png[start - 2], png[start - 1]]) as usize;
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(&png[start + 4..start + 4 + long]).read_to_end(&mut bytes).unwrap();
    let wide = width as usize * 3;
    let mut above = vec![0u8; wide];
    let mut out = Vec::new();
    for row in bytes.chunks_exact(wide + 1) {
        let mut line = vec![0u8; wide];
        for i in 0..wide {
            let (left, up, corner) = if i < 3 { (0, above[i], 0) } else { (line[i - 3], above[i], above[i - 3]) };
            let paeth = {
                let p = i16::from(left) + i16::from(up) - i16::from(corner);
                let far = |v: u8| (p - i16::from(v)).abs();
                if far(left) <= far(up) && far(left) <= far(corner) {
                    left
                } else if far(up) <= far(corner) {
                    up
                } else {
                    corner
                }
            };
            let mean = u16::midpoint(u16::from(left), u16::from(up)) as u8;
            line[i] = row[i + 1].wrapping_add([0, left, up, mean, paeth][row[0] as usize]);
        }
        out.push(line.chunks(3).map(|p| [p[0], p[1], p[2]]).collect());
        above = line;
    }
    assert_eq!(out.len(), height as usize);
    out
}

#[test]
fn every_figure_is_a_picture_of_its_size() {
    let report = everything();
    for card in card::cards(&report) {
        let Some(drawn) = card::draw(&card, 420.0, 9.0, Some(&card.title)).unwrap() else { continue };
        let picture = png(&drawn.svg, 2.0).unwrap();
        assert_eq!(size(&picture).0, 840, "{}", card.id);
        assert_eq!(picture, png(&drawn.svg, 2.0).unwrap());
        // 144 to an inch are 5669 to a metre.
        assert!(picture.windows(13).any(|w| w == [&b"pHYs"[..], &[0, 0, 22, 37, 0, 0, 22, 37, 1]].concat()));
        let rows = pixels(&picture);
        let ink = rows.iter().flatten().filter(|p| p[0] < 80 && p[0] == p[1] && p[1] == p[2]).count();
        assert!(ink > 500, "words and axes of {}: {ink}", card.id);
        assert_eq!(rows[0][0], [255; 3]);
    }
}

#[test]
fn shapes_lie_where_the_file_says() {
    let svg = "<svg viewBox=\"0 0 10 10\">\n<g>\n<rect x=\"0\" y=\"0\" width=\"1000\" height=\"1000\" fill=\"#FFFFFF\" stroke=\"none\"/>\n\
        <rect x=\"100\" y=\"200\" width=\"300\" height=\"100\" fill=\"#FF0000\" stroke=\"none\"/>\n\
        <path fill=\"#00FF00\" d=\"M500 500h200v100h-200zM600 500h200v100h-200z\"/>\n\
        <path opacity=\"0.5\" fill=\"none\" stroke=\"#000000\" stroke-width=\"200\" stroke-linecap=\"round\" d=\"M250 850h1\"/>\n\
        <line stroke=\"#0000FF\" stroke-width=\"100\" x1=\"0\" y1=\"50\" x2=\"1000\" y2=\"50\"/>\n</g>\n</svg>\n";
    let rows = pixels(&png(svg, 1.0).unwrap());
    let red = |x: usize, y: usize| rows[y][x] == [255, 0, 0];
    assert!(red(1, 2) && red(3, 2) && !red(0, 2) && !red(4, 2) && !red(1, 1) && !red(1, 3));
    // Where two of one colour overlap they are one.
    assert!((5..8).all(|x| rows[5][x] == [0, 255, 0]) && rows[5][8] == [255; 3]);
    assert!((0..10).all(|x| rows[0][x] == [0, 0, 255]));
    assert!(rows[8][2].iter().all(|v| (126..=200).contains(v)), "half of the ink: {:?}", rows[8][2]);
    for bad in ["", "<svg viewBox=\"0 0 NaN 1\">", "<svg viewBox=\"0 0 1e9 1\">"] {
        assert!(png(bad, 1.0).is_err(), "{bad}");
    }
}

#[test]
fn dashes_leave_gaps_around_corners() {
    let points = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
    assert_eq!(dashed(&points, &[]), [points.to_vec()]);
    let pieces = dashed(&points, &[6.0, 2.0]);
    assert_eq!(pieces[0], [(0.0, 0.0), (6.0, 0.0)]);
    assert_eq!(pieces[1], [(8.0, 0.0), (10.0, 0.0), (10.0, 4.0)]);
    assert_eq!(pieces[2], [(10.0, 6.0), (10.0, 10.0)]);
}
