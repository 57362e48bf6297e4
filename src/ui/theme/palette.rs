//! The colours themselves.

use ratatui::style::Color;

/// Colours by meaning.
#[derive(Debug)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color,
    /// Behind header and footer.
    pub raised: Color,
    /// Behind the selected row.
    pub select: Color,
    /// Headings and numbers.
    pub bright: Color,
    /// Words.
    pub text: Color,
    /// Labels, units.
    pub dim: Color,
    /// Rules, grids.
    pub faint: Color,
    /// Focus and keys.
    pub accent: Color,
    /// Good news.
    pub good: Color,
    /// Attention.
    pub warn: Color,
    /// Alarm.
    pub alarm: Color,
    /// A path below its threshold: seen on every colour of the map.
    pub calm: Color,
    /// Curves.
    pub series: [Color; 8],
    /// Maps, from little to much.
    pub ramp: &'static [[u8; 3]],
}

impl Palette {
    /// `a` and `b` mixed: all `a` at 0, all `b` at 1.
    pub fn mix(a: Color, b: Color, t: f64) -> Color {
        mix(a, b, t)
    }
}

const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Light ink on dark ground.
pub const DARK: Palette = Palette {
    ground: rgb(0x0012_141c),
    raised: rgb(0x001c_1f2b),
    select: rgb(0x002b_3350),
    bright: rgb(0x00f2_f4fa),
    text: rgb(0x00c8_cdda),
    dim: rgb(0x0085_8ca0),
    faint: rgb(0x0039_3f52),
    accent: rgb(0x006c_b6ff),
    good: rgb(0x005f_d38d),
    warn: rgb(0x00f5_b04d),
    alarm: rgb(0x00ff_5c6c),
    calm: rgb(0x00e8_eef8),
    series: [
        rgb(0x006c_b6ff),
        rgb(0x00f5_b04d),
        rgb(0x005f_d38d),
        rgb(0x00e4_7bd0),
        rgb(0x00b7_9cff),
        rgb(0x004f_d6d0),
        rgb(0x00ff_8a65),
        rgb(0x00d4_d46a),
    ],
    ramp: &VIRIDIS,
};

/// Dark ink on light ground.
pub const LIGHT: Palette = Palette {
    ground: rgb(0x00fa_faf7),
    raised: rgb(0x00ea_ebe6),
    select: rgb(0x00d3_e2f8),
    bright: rgb(0x0010_1420),
    text: rgb(0x0033_3846),
    dim: rgb(0x006b_7080),
    faint: rgb(0x00c6_c9c4),
    accent: rgb(0x0014_5fc2),
    good: rgb(0x0010_7a3e),
    warn: rgb(0x00a8_5600),
    alarm: rgb(0x00c8_1e35),
    calm: rgb(0x0012_2036),
    series: [
        rgb(0x0014_5fc2),
        rgb(0x00c0_6000),
        rgb(0x0010_7a3e),
        rgb(0x00a3_2a8c),
        rgb(0x005c_3fc4),
        rgb(0x0000_7d85),
        rgb(0x00b8_3a1c),
        rgb(0x006e_6a00),
    ],
    ramp: &PAPER,
};

/// Okabe and Ito's colours on dark ground.
pub const SAFE: Palette = Palette {
    accent: rgb(0x0056_b4e9),
    good: rgb(0x0000_c08b),
    warn: rgb(0x00f0_e442),
    alarm: rgb(0x00ff_7f2a),
    series: [
        rgb(0x0056_b4e9),
        rgb(0x00e6_9f00),
        rgb(0x0000_b98a),
        rgb(0x00cc_79a7),
        rgb(0x00f0_e442),
        rgb(0x00d5_5e00),
        rgb(0x0040_8fd8),
        rgb(0x00dd_dddd),
    ],
    ramp: &CIVIDIS,
    ..DARK
};

/// The lower three quarters of matplotlib's viridis (public domain), at even steps: without its yellow, so that paths in
/// white, amber and red are seen wherever they go.
const VIRIDIS: [[u8; 3]; 8] = [
    [68, 1, 84],
    [72, 40, 120],
    [62, 74, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [84, 197, 104],
];

/// The lower three quarters of cividis (Nuñez, Anderton and Renslow 2018), at even steps.
const CIVIDIS: [[u8; 3]; 7] =
    [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [158, 150, 118]];

/// From pale green to a blue that dark paths still show on: little is near the paper's white, much is deep.
const PAPER: [[u8; 3]; 6] =
    [[216, 234, 196], [176, 220, 168], [124, 202, 160], [82, 180, 160], [58, 156, 160], [52, 132, 158]];

/// The colour at `t` (0 to 1) along even steps.
pub fn along(steps: &[[u8; 3]], t: f64) -> Color {
    let at = t.clamp(0.0, 1.0) * (steps.len() - 1) as f64;
    let i = (at.floor() as usize).min(steps.len() - 2);
    let [a, b] = [steps[i], steps[i + 1]].map(|[r, g, b]| Color::Rgb(r, g, b));
    mix(a, b, at - i as f64)
}

/// `a` and `b` mixed: all `a` at 0, all `b` at 1.
pub fn mix(a: Color, b: Color, t: f64) -> Color {
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
    let (Color::Rgb(ar, ag, ab), Color::Rgb(br, bg, bb)) = (a, b) else { return b };
    let channel = |x: u8, y: u8| (f64::from(x) + (f64::from(y) - f64::from(x)) * t).round() as u8;
    Color::Rgb(channel(ar, br), channel(ag, bg), channel(ab, bb))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2 defines them.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |c: Color| {
            let Color::Rgb(r, g, b) = c else { panic!("palettes are RGB") };
            let part = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn words_and_curves_can_be_read_on_their_ground() {
        for p in [&DARK, &LIGHT, &SAFE] {
            for c in [p.bright, p.text, p.accent, p.good, p.warn, p.alarm, p.dim] {
                assert!(contrast(c, p.ground) >= 4.5, "{c:?} on {:?}: {}", p.ground, contrast(c, p.ground));
            }
            for c in p.series {
                assert!(contrast(c, p.ground) >= 3.0, "{c:?} on {:?}", p.ground);
            }
            assert!(contrast(p.bright, p.select) >= 4.5 && contrast(p.dim, p.raised) >= 3.0);
        }
    }

    #[test]
    fn a_ramp_meets_its_ends() {
        assert_eq!(along(&VIRIDIS, 0.0), Color::Rgb(68, 1, 84));
        assert_eq!(along(&VIRIDIS, 1.0), Color::Rgb(84, 197, 104));
        assert_eq!(along(&VIRIDIS, f64::NAN), along(&VIRIDIS, 0.0));
    }
}
