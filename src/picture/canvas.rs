//! A picture of pixels, and areas filled on it with smooth edges.

use super::cells::Rgb;

/// A corner, in pixels from the upper left.
pub type Point = (f32, f32);

/// Pixels.
pub struct Canvas {
    /// Pixels across.
    pub width: usize,
    /// Row after row.
    pub pixels: Vec<Rgb>,
}

impl Canvas {
    /// All of one colour.
    pub fn new((width, height): (usize, usize), colour: Rgb) -> Self {
        Self { width, pixels: vec![colour; width * height] }
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    /// Fills what lies within closed outlines. Outlines that run the other way round are holes.
    pub fn fill(&mut self, outlines: &[Vec<Point>], ink: Rgb) {
        self.tint(outlines, ink, 1.0);
    }

    /// [`Self::fill`] with ink that hides a share `alpha` of what is below.
    pub fn tint(&mut self, outlines: &[Vec<Point>], ink: Rgb, alpha: f32) {
        let points = || outlines.iter().flatten().filter(|p| p.0.is_finite() && p.1.is_finite());
        let low = |of: fn(&Point) -> f32| points().map(of).fold(f32::INFINITY, f32::min).floor();
        let high = |of: fn(&Point) -> f32| points().map(of).fold(f32::NEG_INFINITY, f32::max).ceil();
        let (left, top) = (low(|p| p.0), low(|p| p.1));
        if !left.is_finite() {
            return;
        }
        let (wide, high) = ((high(|p| p.0) - left) as usize, (high(|p| p.1) - top) as usize);
        let mut cover = Cover::new(wide, high);
        for outline in outlines {
            let moved = |p: &Point| (p.0 - left, p.1 - top);
            for (a, b) in outline.iter().zip(outline.iter().cycle().skip(1)) {
                cover.edge(moved(a), moved(b));
            }
        }
        self.blend(&cover, (left as i64, top as i64), (ink, alpha));
    }

    /// Mixes `ink` into the pixels as far as they are covered; what lies outside is left out.
    fn blend(&mut self, cover: &Cover, (left, top): (i64, i64), (ink, alpha): (Rgb, f32)) {
        let height = self.height();
        for (dy, row) in cover.rows().enumerate() {
            let Some(y) = usize::try_from(top + dy as i64).ok().filter(|y| *y < height) else { continue };
            for (dx, share) in row.enumerate() {
                let Some(x) = usize::try_from(left + dx as i64).ok().filter(|x| *x < self.width) else { continue };
                let pixel = &mut self.pixels[y * self.width + x];
                for (old, new) in pixel.iter_mut().zip(ink) {
                    *old = (f32::from(*old) + (f32::from(new) - f32::from(*old)) * share * alpha).round() as u8;
                }
            }
        }
    }
}

/// How much of every pixel lies within outlines: what each edge adds to the pixels on its right, summed along the row.
struct Cover {
    width: usize,
    sums: Vec<f32>,
}

impl Cover {
    fn new(width: usize, height: usize) -> Self {
        // Room for what the last edge of a row adds behind it.
        let width = width + 2;
        Self { width, sums: vec![0.0; width * height] }
    }

    /// An edge from `a` to `b`, both inside.
    fn edge(&mut self, a: Point, b: Point) {
        let (sign, a, b) = if a.1 <= b.1 { (1.0, a, b) } else { (-1.0, b, a) };
        if b.1 - a.1 < 1e-6 {
            return;
        }
        let slope = (b.0 - a.0) / (b.1 - a.1);
        let last = self.sums.len() / self.width;
        for y in a.1 as usize..(b.1.ceil() as usize).min(last) {
            let (from, to) = (a.1.max(y as f32), b.1.min(y as f32 + 1.0));
            let (x0, x1) = (a.0 + (from - a.1) * slope, a.0 + (to - a.1) * slope);
            self.part(y, x0.min(x1), x0.max(x1), sign * (to - from));
        }
    }

    /// A part of an edge within row `y`, from column `x0` to `x1`, that covers `amount` of what lies on its right.
    fn part(&mut self, y: usize, x0: f32, x1: f32, amount: f32) {
        let row = &mut self.sums[y * self.width..(y + 1) * self.width];
        let (first, last) = (x0.max(0.0) as usize, (x1.max(0.0) as usize).min(self.width - 2));
        let first = first.min(last);
        if first == last {
            let right = f32::midpoint(x0, x1) - first as f32;
            row[first] += amount * (1.0 - right);
            row[first + 1] += amount * right;
            return;
        }
        // In every pixel on the way a share of the part, of which the mean column counts.
        for (x, at) in (first..=last).map(|x| (x, x as f32)) {
            let (from, to) = (x0.max(at), x1.min(at + 1.0));
            let here = amount * (to - from) / (x1 - x0);
            let right = f32::midpoint(from, to) - at;
            row[x] += here * (1.0 - right);
            row[x + 1] += here * right;
        }
    }

    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = f32> + '_> + '_ {
        self.sums.chunks(self.width).map(|row| {
            row.iter().scan(0.0, |sum, more| {
                *sum += more;
                Some(f32::abs(*sum).min(1.0))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(outline: &[Point]) -> Vec<u8> {
        let mut canvas = Canvas::new((4, 3), [0; 3]);
        canvas.fill(&[outline.to_vec()], [200, 100, 0]);
        assert!(canvas.pixels.iter().all(|p| p[0].abs_diff(2 * p[1]) <= 1 && p[2] == 0));
        canvas.pixels.iter().map(|p| p[0]).collect()
    }

    #[test]
    fn a_rectangle_covers_its_share_of_each_pixel() {
        let got = painted(&[(0.5, 1.0), (3.0, 1.0), (3.0, 2.5), (0.5, 2.5)]);
        assert_eq!(got, [0, 0, 0, 0, 100, 200, 200, 0, 50, 100, 100, 0]);
    }

    #[test]
    fn a_slanted_edge_covers_what_geometry_says() {
        // Under the line from the lower left to the upper right corner of 4 × 2 pixels.
        let got = painted(&[(0.0, 2.0), (4.0, 0.0), (4.0, 2.0)]);
        assert_eq!(got, [0, 0, 50, 150, 50, 150, 200, 200, 0, 0, 0, 0]);
        let turned = painted(&[(4.0, 2.0), (4.0, 0.0), (0.0, 2.0)]);
        assert_eq!(got, turned, "whichever way it runs");
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let got = painted(&[(-5.0, -5.0), (1.0, -5.0), (1.0, 50.0), (-5.0, 50.0)]);
        assert_eq!(got, [200, 0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0]);
        assert_eq!(painted(&[]), [0; 12]);
        assert_eq!(painted(&[(f32::NAN, 0.0)]), [0; 12]);
    }
}
