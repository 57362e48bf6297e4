//! Laws that go from room to room.

use crate::env::builtin::scripted::numbers;

/// Middle of a gap along its wall, and how far beyond the wall a gap's waypoints lie.
const GAP: f64 = 1.0;
const BESIDE: f64 = 0.3;
const GOAL: [f64; 2] = [1.5, 1.5];

/// The accelerations of one who goes to the goal through the south-east room.
pub fn by_south_east(obs: &[f32]) -> Vec<f64> {
    towards_goal(numbers(obs), 0)
}

/// The accelerations of one who goes to the goal through the north-west room.
pub fn by_north_west(obs: &[f32]) -> Vec<f64> {
    towards_goal(numbers(obs), 1)
}

/// A PD law to the next waypoint; out of the start's room along `first` (0 east, 1 north).
fn towards_goal([x, y, dx, dy]: [f64; 4], first: usize) -> Vec<f64> {
    let at = [x, y];
    let aim = match (x > 0.0, y > 0.0) {
        (true, true) => GOAL,
        (true, false) => through_gap(at, 1, GAP),
        (false, true) => through_gap(at, 0, GAP),
        (false, false) => through_gap(at, first, -GAP),
    };
    [0, 1].map(|axis| 3.0 * (aim[axis] - at[axis]) - 2.5 * [dx, dy][axis]).to_vec()
}

/// The next waypoint on the way along `axis` through the gap at `gap`: before the wall until the mass is in line with it.
fn through_gap(at: [f64; 2], axis: usize, gap: f64) -> [f64; 2] {
    let in_line = (at[1 - axis] - gap).abs() < 0.15;
    let mut aim = [gap; 2];
    aim[axis] = if in_line { BESIDE } else { -BESIDE };
    aim
}
