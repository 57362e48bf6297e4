//! The letters that pictures of pixels are drawn with: outlines of the fonts that the program carries (`assets/fonts`).

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::canvas::Point;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansMono.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/DejaVuSansMono-Bold.ttf");
const SANS: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");
const SANS_BOLD: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-Bold.ttf");

/// Height of small letters in the font's units, and in pixels: a whole number keeps their upper edges sharp.
const SMALL: (f32, f32) = (1120.0, 11.0);
/// Width of every letter of the screen's font in its units.
pub const ADVANCE: f32 = 1233.0;
/// The font's size in its units.
pub const EM: f32 = 2048.0;
/// Straight pieces that a curve is drawn with.
const PIECES: u8 = 6;

/// Both weights.
pub struct Font {
    regular: Option<Face<'static>>,
    bold: Option<Face<'static>>,
}

impl Font {
    /// Those of the screen: every letter as wide as the others.
    pub fn own() -> Self {
        Self { regular: Face::parse(REGULAR, 0).ok(), bold: Face::parse(BOLD, 0).ok() }
    }

    /// Those of figures: every letter as wide as it is.
    pub fn sans() -> Self {
        Self { regular: Face::parse(SANS, 0).ok(), bold: Face::parse(SANS_BOLD, 0).ok() }
    }

    fn glyph(&self, letter: char, bold: bool) -> Option<(&Face<'static>, GlyphId)> {
        let face = if bold { &self.bold } else { &self.regular }.as_ref()?;
        face.glyph_index(letter).filter(|glyph| *glyph != GlyphId(0)).map(|glyph| (face, glyph))
    }

    /// Width of a letter in the font's units; none where the font has no such letter.
    pub fn advance(&self, letter: char, bold: bool) -> Option<f32> {
        let (face, glyph) = self.glyph(letter, bold)?;
        face.glyph_hor_advance(glyph).map(f32::from)
    }

    /// The outlines of a letter `width` pixels wide, around the left end of its base line; none where the font has no such
    /// letter.
    pub fn outlines(&self, letter: char, bold: bool, width: f32) -> Option<Vec<Vec<Point>>> {
        self.scaled(letter, bold, (width / ADVANCE, SMALL.1 / SMALL.0))
    }

    /// [`Self::outlines`] with so many pixels to a unit of the font across and up.
    pub fn scaled(&self, letter: char, bold: bool, scale: (f32, f32)) -> Option<Vec<Vec<Point>>> {
        let (face, glyph) = self.glyph(letter, bold)?;
        let mut pen = Pen { scale, ..Pen::default() };
        // A blank has no outline.
        let _ = face.outline_glyph(glyph, &mut pen);
        Some(pen.outlines)
    }
}

/// Draws curves as straight pieces, with y downwards.
#[derive(Default)]
struct Pen {
    scale: (f32, f32),
    outlines: Vec<Vec<Point>>,
    at: Point,
}

impl Pen {
    fn go(&mut self, (x, y): Point) {
        let (sx, sy) = self.scale;
        if let Some(outline) = self.outlines.last_mut() {
            outline.push((x * sx, -y * sy));
        }
        self.at = (x, y);
    }

    /// Along a curve of which `at` answers the point at a share of the way.
    fn curve(&mut self, at: impl Fn(f32) -> Point) {
        for i in 1..=PIECES {
            self.go(at(f32::from(i) / f32::from(PIECES)));
        }
    }
}

/// The point at share `t` of the way between two.
fn between(a: Point, b: Point, t: f32) -> Point {
    (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.outlines.push(Vec::new());
        self.go((x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.go((x, y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, (x1, y1), (x, y));
        self.curve(|t| between(between(a, b, t), between(b, c, t), t));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, (x1, y1), (x2, y2), (x, y));
        self.curve(|t| {
            let (p, q, r) = (between(a, b, t), between(b, c, t), between(c, d, t));
            between(between(p, q, t), between(q, r, t), t)
        });
    }

    fn close(&mut self) {}
}
