//! The colours of figures on dark paper: every colour that is drawn on white has its counterpart.

use plotters::style::RGBColor;

use super::cells::{self, STEPS};
use super::palette::{BARS, COLOURS, FAINT, GREY, GRID, INK, NOTHING, PAPER};

const PAIRS: [(RGBColor, RGBColor); 15] = [
    (PAPER, RGBColor(0x16, 0x1a, 0x20)),
    (INK, RGBColor(0xe3, 0xe7, 0xec)),
    (GREY, RGBColor(0x9a, 0xa4, 0xb0)),
    (GRID, RGBColor(0x2b, 0x31, 0x39)),
    (FAINT, RGBColor(0x20, 0x25, 0x2c)),
    (NOTHING, RGBColor(0x35, 0x3c, 0x45)),
    (BARS, RGBColor(0x5c, 0x9f, 0xd6)),
    (COLOURS[0], RGBColor(0x4f, 0xa8, 0xe0)),
    (COLOURS[1], RGBColor(0xff, 0x8a, 0x3d)),
    (COLOURS[2], RGBColor(0x2f, 0xc9, 0x9a)),
    (COLOURS[3], RGBColor(0xe5, 0x9a, 0xc4)),
    (COLOURS[4], RGBColor(0xf2, 0xb6, 0x32)),
    (COLOURS[5], RGBColor(0x8f, 0xd0, 0xf5)),
    (COLOURS[6], RGBColor(0xc4, 0xca, 0xd1)),
    (COLOURS[7], RGBColor(0xd6, 0xc9, 0x4a)),
];

/// Every colour of a figure as it is written in SVG, on white and on dark paper.
pub fn colours() -> Vec<(String, String)> {
    let steps = (0..=STEPS).map(|i| (cells::colour(i), heat(f64::from(i) / f64::from(STEPS))));
    let mut out: Vec<(String, String)> = Vec::new();
    for (light, dark) in PAIRS.into_iter().chain(steps) {
        let light = hex(light);
        if !out.iter().any(|known| known.0 == light) {
            out.push((light, hex(dark)));
        }
    }
    out
}

/// A figure drawn on white paper, on dark paper.
pub fn darken(svg: &str) -> String {
    let colours = colours();
    let mut parts = svg.split("=\"#");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out += "=\"";
        let known = colours.iter().find(|(light, _)| part.starts_with(&light[1..]));
        if let Some((dark, rest)) = known.and_then(|(light, dark)| part.get(light.len() - 1..).map(|rest| (dark, rest)))
        {
            out += dark;
            out += rest;
        } else {
            out.push('#');
            out += part;
        }
    }
    out
}

/// A colour as it is written in SVG.
pub fn hex(c: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2)
}

/// The colour of a map at a share of its scale: from near the paper's to light.
fn heat(share: f64) -> RGBColor {
    const STOPS: [[f64; 3]; 6] = [
        [28.0, 46.0, 68.0],
        [26.0, 74.0, 120.0],
        [32.0, 107.0, 168.0],
        [74.0, 150.0, 208.0],
        [144.0, 198.0, 236.0],
        [228.0, 244.0, 255.0],
    ];
    let at = share.clamp(0.0, 1.0) * 5.0;
    let below = (at as usize).min(4);
    let mix =
        |c: usize| (STOPS[below][c] + (STOPS[below + 1][c] - STOPS[below][c]) * (at - below as f64)).round() as u8;
    RGBColor(mix(0), mix(1), mix(2))
}
