//! Colours, dashes and markers that tell curves apart in colour, for the colour-blind and in black and white.

use plotters::style::RGBColor;

/// Okabe and Ito's colours, those that read on white first; their yellow does not and is darker here.
pub const COLOURS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x3c, 0x3c, 0x3c),
    RGBColor(0xa8, 0x98, 0x00),
];

/// Text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Thresholds and what is beside the point.
pub const GREY: RGBColor = RGBColor(0x6e, 0x6e, 0x6e);
/// The grid.
pub const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
/// Lines between those of the grid.
pub const FAINT: RGBColor = RGBColor(0xf2, 0xf2, 0xf2);
/// Cells of a map with nothing to say.
pub const NOTHING: RGBColor = RGBColor(0xe6, 0xe6, 0xe6);
/// The paper.
pub const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// Bars of distributions.
pub const BARS: RGBColor = RGBColor(0x4b, 0x8e, 0xc2);
/// Paths where they are within the data.
pub const INSIDE: RGBColor = RGBColor(0x00, 0x9e, 0x73);
/// What is to be seen first.
pub const STRONG: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// Lengths of dashes and gaps in points, by number; 0 is a line without gaps.
pub const DASHES: [&[f64]; 5] = [&[], &[4.5, 1.8], &[5.0, 1.6, 1.2, 1.6], &[1.4, 1.5], &[2.6, 2.0]];
/// The dashes of thresholds.
pub const THRESHOLD: usize = 4;

/// A marker's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// A full disc.
    Disc,
    /// A full square.
    Square,
    /// A full triangle that points up.
    Up,
    /// A full square on its corner.
    Diamond,
    /// A circle filled with paper.
    Ring,
    /// A full triangle that points down.
    Down,
    /// A diagonal cross.
    Cross,
    /// A square filled with paper.
    Box,
}

const MARKERS: [Marker; 8] =
    [Marker::Disc, Marker::Square, Marker::Up, Marker::Diamond, Marker::Ring, Marker::Down, Marker::Cross, Marker::Box];

/// How a curve and its key in the legend are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Colour of line, band and markers.
    pub colour: RGBColor,
    /// Width of the line; 0 for markers alone.
    pub width: f64,
    /// Number of its dashes in [`DASHES`].
    pub dash: usize,
    /// Marker on some of its points.
    pub marker: Option<Marker>,
}

impl Style {
    /// The style of the curve number `i` among `n`: every one differs from every other in colour, dashes or marker.
    pub fn nth(i: usize, n: usize) -> Self {
        let round = i / COLOURS.len();
        let marker = (n > 3).then(|| MARKERS[(i + round) % MARKERS.len()]);
        Self { colour: COLOURS[i % COLOURS.len()], width: 1.2, dash: (i + round) % 4, marker }
    }
}

/// The colour of the path number `i` over a map: none of them is the map's own.
pub fn over_map(i: usize) -> RGBColor {
    [COLOURS[1], COLOURS[2], COLOURS[3], COLOURS[4], COLOURS[6]][i % 5]
}

/// The colour of a map at a share of its scale: one hue from light to dark.
pub fn heat(share: f64) -> RGBColor {
    const STOPS: [[f64; 3]; 6] = [
        [222.0, 235.0, 247.0],
        [190.0, 215.0, 236.0],
        [133.0, 182.0, 217.0],
        [75.0, 142.0, 194.0],
        [28.0, 96.0, 162.0],
        [8.0, 48.0, 107.0],
    ];
    let at = share.clamp(0.0, 1.0) * 5.0;
    let below = (at as usize).min(4);
    let mix = |c: usize| {
        let (a, b) = (STOPS[below][c], STOPS[below + 1][c]);
        (a + (b - a) * (at - below as f64)).round() as u8
    };
    RGBColor(mix(0), mix(1), mix(2))
}
