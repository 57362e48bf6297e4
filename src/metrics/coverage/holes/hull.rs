//! Which empty cells of a grid lie within the convex hull of its occupied ones.

/// A point of the grid, in halves of a cell.
type Point = (i64, i64);

/// True for the cells without data whose four corners lie within the convex hull of the occupied cells' centres, of a
/// grid of `w` columns. The hull of the centres lies within that of the data but for half a cell: a cell that is named
/// is within reach.
pub fn empty_within(counts: &[u32], w: usize) -> Vec<bool> {
    let centre = |c: usize| ((2 * (c % w) + 1) as i64, (2 * (c / w) + 1) as i64);
    // Cells are taken in the order of their columns, as the walk along the hull needs it.
    let h = counts.len() / w.max(1);
    let by_column = (0..w).flat_map(|x| (0..h).map(move |y| y * w + x));
    let hull = convex(&by_column.filter(|&c| counts[c] > 0).map(centre).collect::<Vec<_>>());
    let corners = |c: usize| {
        let (x, y) = centre(c);
        [(x - 1, y - 1), (x + 1, y - 1), (x - 1, y + 1), (x + 1, y + 1)]
    };
    (0..counts.len()).map(|c| counts[c] == 0 && corners(c).iter().all(|&p| inside(&hull, p))).collect()
}

/// Twice the area of the triangle, positive for a turn to the left.
fn turn(a: Point, b: Point, c: Point) -> i64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// Corners of the convex hull, to the left around (Andrew's monotone chain), of points in ascending order.
fn convex(points: &[Point]) -> Vec<Point> {
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for p in points {
            while chain.len() > 1 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

fn inside(hull: &[Point], p: Point) -> bool {
    hull.len() > 2 && (0..hull.len()).all(|i| turn(hull[i], hull[(i + 1) % hull.len()], p) >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_within_and_a_corner_is_not() {
        let rows = ["..#....", ".###...", "#.#.#..", ".###...", "..#....", "......."];
        let counts: Vec<u32> = rows.iter().flat_map(|r| r.bytes().map(|b| u32::from(b == b'#'))).collect();
        let within = empty_within(&counts, 7);
        assert_eq!((0..counts.len()).filter(|&c| within[c]).collect::<Vec<_>>(), [15, 17]);
        assert!(!empty_within(&[1, 0, 0, 1], 2).contains(&true), "a line has no inside");
        assert!(!empty_within(&[0; 4], 2).contains(&true));
    }

    /// scipy 1.17: `ConvexHull` of these points has the corners (0,0), (6,0), (7,3), (2,6).
    #[test]
    fn corners_of_a_hull() {
        let hull = convex(&[(0, 0), (1, 2), (2, 3), (2, 6), (3, 0), (4, 3), (6, 0), (7, 3)]);
        assert_eq!(hull, [(0, 0), (6, 0), (7, 3), (2, 6)]);
    }
}
