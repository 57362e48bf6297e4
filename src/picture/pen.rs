//! What is drawn on a [`Canvas`] besides areas: lines, dots, frames and words.

use super::canvas::{Canvas, Point};
use super::cells::Rgb;
use super::font::{ADVANCE, EM, Font};

/// Corners that a dot is drawn with.
const CORNERS: u8 = 16;

/// A line between two points with round ends.
pub fn line(canvas: &mut Canvas, (a, b): (Point, Point), width: f32, (ink, alpha): (Rgb, f32)) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let long = dx.hypot(dy);
    let half = width / 2.0;
    if !long.is_finite() {
        return;
    }
    let mut outlines = vec![around(a, half), around(b, half)];
    if long > 1e-3 {
        let (nx, ny) = (dy / long * half, -dx / long * half);
        outlines.push(vec![(a.0 + nx, a.1 + ny), (b.0 + nx, b.1 + ny), (b.0 - nx, b.1 - ny), (a.0 - nx, a.1 - ny)]);
    }
    canvas.tint(&outlines, ink, alpha);
}

/// A full circle.
pub fn disc(canvas: &mut Canvas, centre: Point, radius: f32, ink: Rgb) {
    canvas.fill(&[around(centre, radius)], ink);
}

/// A full square on its corner.
pub fn diamond(canvas: &mut Canvas, (x, y): Point, radius: f32, ink: Rgb) {
    canvas.fill(&[vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]], ink);
}

/// A full rectangle between two corners.
pub fn block(canvas: &mut Canvas, (a, b): (Point, Point), (ink, alpha): (Rgb, f32)) {
    canvas.tint(&[vec![a, (b.0, a.1), b, (a.0, b.1)]], ink, alpha);
}

/// The edge of a rectangle between two corners, inside of it.
pub fn frame(canvas: &mut Canvas, (a, b): (Point, Point), width: f32, ink: (Rgb, f32)) {
    let (low, right) = (b.1 - width, b.0 - width);
    for edge in [(a, (b.0, a.1 + width)), ((a.0, low), b)] {
        block(canvas, edge, ink);
    }
    for edge in [((a.0, a.1 + width), (a.0 + width, low)), ((right, a.1 + width), (b.0, low))] {
        block(canvas, edge, ink);
    }
}

/// Width of a text in letters of this size.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * ADVANCE / EM
}

/// Bold words whose base line begins at a point; letters that the font does not have are left out.
pub fn words(canvas: &mut Canvas, font: &Font, (left, base): Point, size: f32, (text, ink): (&str, Rgb)) {
    for (i, letter) in text.chars().enumerate() {
        let x = left + i as f32 * size * ADVANCE / EM;
        let outlines = font.scaled(letter, true, (size / EM, size / EM)).unwrap_or_default();
        let moved = |outline: &Vec<Point>| outline.iter().map(|p| (p.0 + x, p.1 + base)).collect();
        canvas.fill(&outlines.iter().map(moved).collect::<Vec<_>>(), ink);
    }
}

/// The corners of a circle.
pub fn around((x, y): Point, radius: f32) -> Vec<Point> {
    let corner = |i: u8| {
        let (sin, cos) = (std::f32::consts::TAU * f32::from(i) / f32::from(CORNERS)).sin_cos();
        (x + radius * cos, y + radius * sin)
    };
    (0..CORNERS).map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(draw: impl FnOnce(&mut Canvas)) -> Vec<u8> {
        let mut canvas = Canvas::new((8, 6), [0; 3]);
        draw(&mut canvas);
        canvas.pixels.iter().map(|p| p[0]).collect()
    }

    #[test]
    fn a_line_covers_its_width_and_its_ends_are_no_holes() {
        let got = painted(|c| line(c, ((2.0, 3.0), (6.0, 3.0)), 2.0, ([200; 3], 1.0)));
        for y in [2, 3] {
            assert_eq!(&got[y * 8 + 2..y * 8 + 6], [200; 4], "row {y}: {got:?}");
        }
        assert!(got[2 * 8 + 1] > 50 && got[2 * 8 + 6] > 50, "round ends: {got:?}");
        assert!(got[8..16].iter().all(|v| *v == 0) && got[4 * 8..5 * 8].iter().all(|v| *v == 0));
        let turned = painted(|c| line(c, ((6.0, 3.0), (2.0, 3.0)), 2.0, ([200; 3], 1.0)));
        assert!(got.iter().zip(&turned).all(|(a, b)| a.abs_diff(*b) <= 2), "whichever way it runs");
    }

    #[test]
    fn a_frame_is_an_edge_and_nothing_more() {
        let got = painted(|c| frame(c, ((1.0, 1.0), (7.0, 5.0)), 1.0, ([200; 3], 1.0)));
        let row = |y: usize| got[y * 8..(y + 1) * 8].to_vec();
        assert_eq!((row(0), row(5)), (vec![0; 8], vec![0; 8]));
        assert_eq!((row(1), row(4)), (vec![0, 200, 200, 200, 200, 200, 200, 0], row(1)));
        assert_eq!((row(2), row(3)), (vec![0, 200, 0, 0, 0, 0, 200, 0], row(2)));
    }

    #[test]
    fn a_point_is_a_dot_and_what_is_no_number_is_nothing() {
        let dot = painted(|c| line(c, ((4.0, 3.0), (4.0, 3.0)), 3.0, ([200; 3], 1.0)));
        assert!(dot[2 * 8 + 3] > 150 && dot[0] == 0, "{dot:?}");
        assert_eq!(painted(|c| line(c, ((f32::NAN, 3.0), (4.0, 3.0)), 3.0, ([200; 3], 1.0))), [0; 48]);
    }
}
