//! Where the mass can't go.

/// Half the side of the square that the rooms fill, in m.
pub const HALF_SIDE: f64 = 2.0;
/// Half the thickness of the walls between rooms. Like every edge a multiple of 1/16, so that a mass that touches a wall
/// still does once its position was rounded to float32.
const HALF_WALL: f64 = 0.0625;
/// Middles of the gaps along each wall, on either side of the crossing.
const GAP: f64 = 1.0;
/// Half the width of a gap.
const HALF_GAP: f64 = 0.25;

/// Whether no wall holds the place.
pub fn are_free([x, y]: [f64; 2]) -> bool {
    let inside = x.abs() <= HALF_SIDE && y.abs() <= HALF_SIDE;
    inside && !(is_within(x) && bars(y)) && !(is_within(y) && bars(x))
}

/// Where a mass at `at` comes to when it moves by `by` along `axis`, and whether something stopped it. The whole way counts
/// and not only its end, so no speed goes through a wall.
pub fn moved(at: [f64; 2], axis: usize, by: f64) -> (f64, bool) {
    let (from, across) = (at[axis], at[1 - axis]);
    let to = from + by;
    // The wall across the way, and the sides of the gap that the mass may be in.
    let (near, far, beside) = (GAP - HALF_GAP, GAP + HALF_GAP, is_within(across));
    let solid = [
        (-HALF_WALL, HALF_WALL, bars(across)),
        (-near, near, beside),
        (far, HALF_SIDE, beside),
        (-HALF_SIDE, -far, beside),
    ];
    let mut stop = to.clamp(-HALF_SIDE, HALF_SIDE);
    for (low, high, _) in solid.into_iter().filter(|part| part.2) {
        if from <= low && stop > low {
            stop = low;
        } else if from >= high && stop < high {
            stop = high;
        }
    }
    (stop, stop.to_bits() != to.to_bits())
}

/// Whether a coordinate lies strictly within the wall across it.
fn is_within(across: f64) -> bool {
    across.abs() < HALF_WALL
}

/// Whether a wall is solid at a coordinate along it; not where a gap's side begins, so that one can slide along that.
fn bars(along: f64) -> bool {
    (along.abs() - GAP).abs() > HALF_GAP
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn walls_stop_and_gaps_let_through() {
        assert_eq!(moved([-0.5, -0.5], 0, 9.0), (-HALF_WALL, true));
        assert_eq!(moved([0.5, 0.5], 0, -9.0), (HALF_WALL, true));
        assert_eq!(moved([-0.5, -1.0], 0, 1.0), (0.5, false));
        assert_eq!(moved([0.0, -1.0], 1, 0.5), (-0.75, true), "the side of a gap");
        assert_eq!(moved([0.0, -1.0], 1, -9.0), (-1.25, true), "its other side");
        assert_eq!(moved([1.9, 1.9], 1, 1.0), (HALF_SIDE, true));
        assert_eq!(moved([-HALF_WALL, 0.5], 0, -0.1), (-HALF_WALL - 0.1, false), "away from a wall that it leans on");
    }

    /// Whatever the mass does, and after every rounding, it is somewhere where it can be.
    #[test]
    fn nothing_tunnels() {
        let mut rng = crate::ground::seed::stream(1, "t", 0);
        let mut at = [-1.5, -1.5];
        let mut rooms = [false; 4];
        for _ in 0..100_000 {
            let axis = rng.random_range(0..2);
            let before = at;
            at[axis] = moved(at, axis, rng.random_range(-0.3..0.3)).0;
            assert!(are_free(at) && are_free(at.map(|v| f64::from(v as f32))), "{before:?} to {at:?}");
            let crosses = before[axis] * at[axis] < 0.0;
            assert!(!crosses || !bars(at[1 - axis]), "{before:?} to {at:?}");
            rooms[usize::from(at[0] > 0.0) + 2 * usize::from(at[1] > 0.0)] = true;
        }
        assert_eq!(rooms, [true; 4]);
    }
}
