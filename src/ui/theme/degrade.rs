//! Fewer colours.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::{Depth, Palette};

/// Rewrites every 24-bit colour for `depth`. Grounds become the terminal's own below 256 colours, and a selected row
/// is reversed so that it still shows.
pub fn colors(buf: &mut Buffer, depth: Depth, palette: &Palette) {
    for cell in &mut buf.content {
        if depth <= Depth::Sixteen && cell.bg == palette.select {
            cell.modifier |= Modifier::REVERSED;
        }
        match depth {
            Depth::True => {}
            Depth::Indexed => {
                cell.fg = indexed(cell.fg);
                cell.bg = indexed(cell.bg);
            }
            Depth::Sixteen => {
                let plain = [palette.text, palette.bright, palette.calm].contains(&cell.fg);
                cell.fg = if plain { Color::Reset } else { sixteen(cell.fg) };
                cell.bg = Color::Reset;
            }
            Depth::Mono => {
                if cell.fg == palette.alarm || cell.fg == palette.accent {
                    cell.modifier |= Modifier::BOLD;
                }
                cell.fg = Color::Reset;
                cell.bg = Color::Reset;
            }
        }
    }
}

/// The nearest of xterm's 6 × 6 × 6 cube and its greys.
fn indexed(c: Color) -> Color {
    let Color::Rgb(r, g, b) = c else { return c };
    let value = |i: u8| LEVELS[usize::from(i)];
    let [cr, cg, cb] = [r, g, b].map(level);
    let grey = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3).saturating_sub(3) / 10;
    let grey = grey.min(23) as u8;
    let cube = distance((r, g, b), (value(cr), value(cg), value(cb)));
    let shade = 8 + 10 * grey;
    if distance((r, g, b), (shade, shade, shade)) < cube {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * cr + 6 * cg + cb)
    }
}

/// Levels of the cube's colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of the levels, the lower of two: every cell of every picture asks twice.
fn level(v: u8) -> u8 {
    match v {
        0..=47 => 0,
        48..=115 => 1,
        _ => (v - 36) / 40,
    }
}

/// The nearest of the sixteen, as xterm shows them.
fn sixteen(c: Color) -> Color {
    let Color::Rgb(r, g, b) = c else { return c };
    NAMES.iter().min_by_key(|(_, at)| distance((r, g, b), *at)).map_or(Color::Reset, |(name, _)| *name)
}

const NAMES: [(Color, (u8, u8, u8)); 12] = [
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 92, 92)),
    (Color::LightBlue, (92, 150, 255)),
    (Color::LightYellow, (255, 190, 80)),
    (Color::LightMagenta, (240, 130, 230)),
    (Color::LightGreen, (100, 220, 140)),
];

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let d = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    d(a.0, b.0) + d(a.1, b.1) + d(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn no_colour_is_left_where_none_is_wanted_and_the_selection_still_shows() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        let palette = &super::super::palette::DARK;
        buf.content[0].set_bg(palette.select).set_fg(palette.text);
        buf.content[1].set_fg(palette.alarm);
        colors(&mut buf, Depth::Mono, palette);
        assert!(buf.content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
        assert!(buf.content[0].modifier.contains(Modifier::REVERSED));
        assert!(buf.content[1].modifier.contains(Modifier::BOLD));
    }

    #[test]
    fn the_cube_and_the_greys_are_met_exactly() {
        for v in 0..=u8::MAX {
            let nearest =
                LEVELS.iter().position(|l| l.abs_diff(v) == LEVELS.map(|l| l.abs_diff(v)).into_iter().min().unwrap());
            assert_eq!(Some(usize::from(level(v))), nearest, "{v}");
        }
        assert_eq!(indexed(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(indexed(Color::Rgb(128, 128, 128)), Color::Indexed(244));
        assert_eq!(sixteen(Color::Rgb(255, 80, 90)), Color::LightRed);
    }
}
