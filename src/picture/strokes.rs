//! Characters that are shapes: blocks, shades, frames and braille dots, in a cell of [`WIDE`] × [`HIGH`].

/// Width of a cell: a half unit is the finest step, so that every eighth is a whole number.
pub const WIDE: i32 = 24;
/// Height of a cell.
pub const HIGH: i32 = 48;

/// Middle of a cell.
const MID: (i32, i32) = (WIDE / 2, HIGH / 2);
/// Thickness of a light line; a heavy one has twice as much.
const LIGHT: i32 = 4;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
}

/// What a character looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Full areas.
    Blocks(Vec<Rect>),
    /// The whole cell in so many quarters of the ink.
    Shade(u8),
    /// Lines: straight ones, and outlines of bent ones.
    Lines(Vec<Rect>, Vec<Vec<(f32, f32)>>),
    /// Centres of dots.
    Dots(Vec<(i32, i32)>),
}

/// The shape of a character; none for letters and signs.
pub fn shape(c: char) -> Option<Shape> {
    match c {
        '\u{2580}'..='\u{259f}' => Some(block(c)),
        '\u{2800}'..='\u{28ff}' => Some(Shape::Dots(dots(c as u32 - 0x2800))),
        '╌' | '╍' => Some(dashes(2, c == '╍', false)),
        '╎' | '╏' => Some(dashes(2, c == '╏', true)),
        '┄' | '┅' => Some(dashes(3, c == '┅', false)),
        '┆' | '┇' => Some(dashes(3, c == '┇', true)),
        '┈' | '┉' => Some(dashes(4, c == '┉', false)),
        '┊' | '┋' => Some(dashes(4, c == '┋', true)),
        '╭' => Some(bend(1, 1)),
        '╮' => Some(bend(-1, 1)),
        '╯' => Some(bend(-1, -1)),
        '╰' => Some(bend(1, -1)),
        '\u{2500}'..='\u{257f}' => arms(c).map(|weights| Shape::Lines(lines(weights), Vec::new())),
        _ => None,
    }
}

fn block(c: char) -> Shape {
    let rect = |x, y, w, h| Shape::Blocks(vec![Rect { x, y, w, h }]);
    let code = c as i32;
    match c {
        '▀' => rect(0, 0, WIDE, HIGH / 2),
        '▁'..='█' => {
            let h = HIGH / 8 * (code - 0x2580);
            rect(0, HIGH - h, WIDE, h)
        }
        '▉'..='▏' => rect(0, 0, WIDE / 8 * (0x2590 - code), HIGH),
        '▐' => rect(WIDE / 2, 0, WIDE / 2, HIGH),
        '░'..='▓' => Shape::Shade((code - 0x2590) as u8),
        '▔' => rect(0, 0, WIDE, HIGH / 8),
        '▕' => rect(WIDE - WIDE / 8, 0, WIDE / 8, HIGH),
        _ => {
            // Bits: upper left, upper right, lower left, lower right.
            const QUARTERS: [u8; 10] = [0b0100, 0b1000, 0b0001, 0b1101, 0b1001, 0b0111, 0b1011, 0b0010, 0b0110, 0b1110];
            let bits = QUARTERS[(code - 0x2596).clamp(0, 9) as usize];
            let quarter = |i: i32| Rect { x: i % 2 * MID.0, y: i / 2 * MID.1, w: MID.0, h: MID.1 };
            Shape::Blocks((0..4).filter(|i| bits >> i & 1 == 1).map(quarter).collect())
        }
    }
}

/// Centres of the dots of a braille pattern: evenly apart also across cells.
fn dots(bits: u32) -> Vec<(i32, i32)> {
    const PLACES: [(i32, i32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let is_set = |(i, _): &(usize, &(i32, i32))| bits >> i & 1 == 1;
    let centre = |(_, (x, y)): (usize, &(i32, i32))| (WIDE / 4 * (2 * x + 1), HIGH / 8 * (2 * y + 1));
    PLACES.iter().enumerate().filter(is_set).map(centre).collect()
}

fn dashes(n: i32, heavy: bool, upright: bool) -> Shape {
    let thick = if heavy { 2 * LIGHT } else { LIGHT };
    let step = if upright { HIGH / n } else { WIDE / n };
    let long = step * 5 / 8;
    let dash = |i: i32| {
        let at = i * step + (step - long) / 2;
        if upright {
            Rect { x: MID.0 - thick / 2, y: at, w: thick, h: long }
        } else {
            Rect { x: at, y: MID.1 - thick / 2, w: long, h: thick }
        }
    };
    Shape::Lines((0..n).map(dash).collect(), Vec::new())
}

/// A round corner between the arms to the right (1) or left (-1) and down (1) or up (-1).
fn bend(right: i32, down: i32) -> Shape {
    const STEPS: i32 = 8;
    let (radius, half) = (MID.0 as f32, LIGHT as f32 / 2.0);
    let centre = ((MID.0 + right * MID.0) as f32, (MID.1 + down * MID.0) as f32);
    let arc = |radius: f32, i: i32| {
        let (sin, cos) = (std::f32::consts::FRAC_PI_2 * i as f32 / STEPS as f32).sin_cos();
        (centre.0 - right as f32 * radius * cos, centre.1 - down as f32 * radius * sin)
    };
    let outer = (0..=STEPS).map(|i| arc(radius + half, i));
    let inner = (0..=STEPS).rev().map(|i| arc(radius - half, i));
    let rest = MID.1 - MID.0;
    let straight = Rect { x: MID.0 - LIGHT / 2, y: if down > 0 { HIGH - rest } else { 0 }, w: LIGHT, h: rest };
    Shape::Lines(vec![straight], vec![outer.chain(inner).collect()])
}

/// Weights (0 none, 1 light, 2 heavy) of the arms to the left, right, up and down; none for double lines.
fn arms(c: char) -> Option<[i32; 4]> {
    /// From U+250C on.
    const CORNERS: &[u8] = b"0101 0201 0102 0202 1001 2001 1002 2002 0110 0210 0120 0220 1010 2010 1020 2020 \
        0111 0211 0121 0112 0122 0221 0212 0222 1011 2011 1021 1012 1022 2021 2012 2022 \
        1101 2101 1201 2201 1102 2102 1202 2202 1110 2110 1210 2210 1120 2120 1220 2220 \
        1111 2111 1211 2211 1121 1112 1122 2121 1221 2112 1212 2221 2212 2122 1222 2222";
    /// From U+2574 on.
    const HALVES: &[u8] = b"1000 0010 0100 0001 2000 0020 0200 0002 1200 0012 2100 0021";
    let (table, first) = match c {
        '─' => return Some([1, 1, 0, 0]),
        '━' => return Some([2, 2, 0, 0]),
        '│' => return Some([0, 0, 1, 1]),
        '┃' => return Some([0, 0, 2, 2]),
        '┌'..='╋' => (CORNERS, 0x250c),
        '╴'..='╿' => (HALVES, 0x2574),
        _ => return None,
    };
    let weights = table.split(|b| *b == b' ').nth((c as u32 - first) as usize)?;
    let weights: Vec<i32> = weights.iter().map(|b| i32::from(b - b'0')).collect();
    weights.try_into().ok()
}

fn lines([left, right, up, down]: [i32; 4]) -> Vec<Rect> {
    // An arm reaches to the far side of what it meets, so that corners are full.
    let (level, upright) = (LIGHT * left.max(right), LIGHT * up.max(down));
    let (over, beside) = (upright / 2, level / 2);
    let arms = [
        (left, Rect { x: 0, y: 0, w: MID.0 + over, h: 0 }),
        (right, Rect { x: MID.0 - over, y: 0, w: WIDE - MID.0 + over, h: 0 }),
        (up, Rect { x: 0, y: 0, w: 0, h: MID.1 + beside }),
        (down, Rect { x: 0, y: MID.1 - beside, w: 0, h: HIGH - MID.1 + beside }),
    ];
    let thick = |(weight, arm): (i32, Rect)| {
        let t = LIGHT * weight;
        if arm.h == 0 { Rect { y: MID.1 - t / 2, h: t, ..arm } } else { Rect { x: MID.0 - t / 2, w: t, ..arm } }
    };
    arms.into_iter().filter(|(weight, _)| *weight > 0).map(thick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(c: char) -> Vec<(i32, i32, i32, i32)> {
        let rects = match shape(c) {
            Some(Shape::Blocks(rects) | Shape::Lines(rects, _)) => rects,
            other => panic!("{c}: {other:?}"),
        };
        rects.iter().map(|r| (r.x, r.y, r.w, r.h)).collect()
    }

    #[test]
    fn blocks_fill_their_eighths() {
        assert_eq!(blocks('█'), [(0, 0, 24, 48)]);
        assert_eq!((blocks('▀'), blocks('▄')), (vec![(0, 0, 24, 24)], vec![(0, 24, 24, 24)]));
        assert_eq!((blocks('▌'), blocks('▐')), (vec![(0, 0, 12, 48)], vec![(12, 0, 12, 48)]));
        assert_eq!((blocks('▁'), blocks('▏')), (vec![(0, 42, 24, 6)], vec![(0, 0, 3, 48)]));
        assert_eq!((blocks('▇'), blocks('▉')), (vec![(0, 6, 24, 42)], vec![(0, 0, 21, 48)]));
        assert_eq!((blocks('▚'), blocks('▖')), (vec![(0, 0, 12, 24), (12, 24, 12, 24)], vec![(0, 24, 12, 24)]));
        assert_eq!(blocks('▟'), [(12, 0, 12, 24), (0, 24, 12, 24), (12, 24, 12, 24)]);
        assert_eq!((shape('░'), shape('▓')), (Some(Shape::Shade(1)), Some(Shape::Shade(3))));
    }

    #[test]
    fn frames_meet_at_the_edges_of_cells() {
        assert_eq!(blocks('─'), [(0, 22, 12, 4), (12, 22, 12, 4)]);
        assert_eq!(blocks('┃'), [(8, 0, 8, 24), (8, 24, 8, 24)]);
        assert_eq!(blocks('┌'), [(10, 22, 14, 4), (10, 22, 4, 26)]);
        assert_eq!(blocks('╴'), [(0, 22, 12, 4)]);
        assert_eq!((arms('╋'), arms('┼'), arms('├')), (Some([2; 4]), Some([1; 4]), Some([0, 1, 1, 1])));
        assert_eq!((arms('╿'), arms('═')), (Some([0, 0, 2, 1]), None));
        let Some(Shape::Lines(straight, bent)) = shape('╭') else { panic!("a bend") };
        assert_eq!((straight[0].x, straight[0].y, straight[0].h), (10, 36, 12));
        let (end, start) = (bent[0][8], bent[0][0]);
        assert!((start.0 - 10.0).abs() < 1e-3 && (start.1 - 36.0).abs() < 1e-3, "{start:?}");
        assert!((end.0 - 24.0).abs() < 1e-3 && (end.1 - 22.0).abs() < 1e-3, "{end:?}");
    }

    #[test]
    fn dots_are_evenly_apart_and_letters_are_no_shapes() {
        assert_eq!(shape('⢀'), Some(Shape::Dots(vec![(18, 42)])));
        assert_eq!(shape('⠉'), Some(Shape::Dots(vec![(6, 6), (18, 6)])));
        assert_eq!(dots(0xff).len(), 8);
        assert!("aθ■●▲…─═".chars().filter(|c| *c != '─').all(|c| shape(c).is_none()));
    }

    /// Every character of the two blocks that has arms is in its row of the tables.
    #[test]
    fn the_tables_are_whole() {
        for c in ('┌'..='╋').chain('╴'..='╿') {
            assert!(arms(c).is_some_and(|a| a.iter().all(|w| *w <= 2) && a.iter().any(|w| *w > 0)), "{c}");
        }
    }
}
