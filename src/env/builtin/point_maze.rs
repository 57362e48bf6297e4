//! `oodscope/PointMaze-FourRooms-v0`: steer a point mass through four rooms to a goal in the far one. A toy for coverage:
//! there are two ways, and data that takes one of them leaves a whole room unseen.
//!
//! ```text
//!  2 ┌───────┬───────┐
//!    │  NW       NE *│   * the goal, at (1.5, 1.5)
//!    │       │       │   s where the mass starts, about (-1.5, -1.5)
//!    ├──   ──┼──   ──┤   gaps in the middle of each wall
//!    │       │       │
//!    │s SW       SE  │
//! -2 └───────┴───────┘
//!    -2              2   metres
//! ```

use super::scripted::{HeldRandom, Mixed, Noisy};
use super::{Builtin, Script, between};
use crate::data::space::{Space, SpaceKind};
use crate::env::single::{Environment, Step};
use crate::env::spec::EnvSpec;
use crate::ground::seed::Stream;

mod routes;
mod walls;

use routes::{by_north_west, by_south_east};

const ID: &str = "oodscope/PointMaze-FourRooms-v0";

/// The environment with who can act in it.
pub const BUILTIN: Builtin = Builtin {
    id: ID,
    make: || Box::new(PointMaze::default()),
    behaviours: &[
        Script {
            name: "narrow",
            about: "goes through the south-east room with a little noise; never sees the north-west room",
            make: || Box::new(Noisy::new(by_south_east, push(), 0.1)),
        },
        Script {
            name: "mixed",
            about: "random pushes, held pushes and the way through the south-east with much noise, by turns",
            make: || Box::new(Mixed::thirds(&push(), 10, by_south_east, 1.0)),
        },
        Script {
            name: "detour",
            about: "goes through the north-west room with a little noise",
            make: || Box::new(Noisy::new(by_north_west, push(), 0.1)),
        },
        Script { name: "random", about: "uniform pushes", make: || Box::new(HeldRandom::new(push(), 1)) },
    ],
};

const DT: f64 = 0.1;
/// Acceleration of the action 1, in m/s².
const MAX_ACCELERATION: f64 = 1.0;
/// In m/s, along each axis.
const MAX_SPEED: f64 = 1.0;

/// State: position (m) and velocity (m/s) along x and y.
#[derive(Debug, Clone)]
pub struct PointMaze {
    at: [f64; 2],
    velocity: [f64; 2],
    /// Middle of the square that starts are drawn from, and half its side (m); reset options `start_x`, `start_y`,
    /// `start_spread`.
    start: ([f64; 2], f64),
    /// Middle of the goal and its radius (m); reset options `goal_x`, `goal_y`, `goal_radius`.
    goal: ([f64; 2], f64),
}

impl Default for PointMaze {
    fn default() -> Self {
        Self { at: [-1.5; 2], velocity: [0.0; 2], start: ([-1.5; 2], 0.25), goal: ([1.5; 2], 0.25) }
    }
}

impl PointMaze {
    fn obs(&self) -> Vec<f32> {
        self.at.iter().chain(&self.velocity).map(|&v| v as f32).collect()
    }
}

/// The actions: accelerations in m/s².
fn push() -> Space {
    let names = ["push x", "push y"].map(String::from).to_vec();
    Space { names, kind: SpaceKind::Box { low: vec![-1.0; 2], high: vec![1.0; 2] } }
}

impl Environment for PointMaze {
    fn spec(&self) -> EnvSpec {
        let names = ["x", "y", "dx/dt", "dy/dt"].map(String::from).to_vec();
        let most = [walls::HALF_SIDE, walls::HALF_SIDE, MAX_SPEED, MAX_SPEED].map(|v| v as f32);
        let kind = SpaceKind::Box { low: most.map(|v| -v).to_vec(), high: most.to_vec() };
        let spec = EnvSpec::new(ID, 300, Space { names, kind }, push());
        EnvSpec { reward_threshold: Some(0.95), ..spec }
    }

    fn set_option(&mut self, name: &str, value: f64) -> bool {
        match name {
            "start_x" => self.start.0[0] = value,
            "start_y" => self.start.0[1] = value,
            "start_spread" => self.start.1 = value,
            "goal_x" => self.goal.0[0] = value,
            "goal_y" => self.goal.0[1] = value,
            "goal_radius" => self.goal.1 = value,
            _ => return false,
        }
        true
    }

    fn reset(&mut self, rng: &mut Stream) -> Vec<f32> {
        let (middle, spread) = self.start;
        // A start asked for within a wall is drawn anew while there is hope; a mass within a wall can leave it.
        for _ in 0..100 {
            self.at = middle.map(|v| between(v - spread, v + spread, rng));
            if walls::are_free(self.at) {
                break;
            }
        }
        self.velocity = [0.0; 2];
        self.obs()
    }

    fn set_state(&mut self, state: &[f64]) -> Vec<f32> {
        if let [x, y, dx, dy, ..] = *state {
            (self.at, self.velocity) = ([x, y], [dx, dy]);
        }
        self.obs()
    }

    fn state(&self) -> Vec<f64> {
        [self.at, self.velocity].concat()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        // One axis after the other: what a wall stops along one slides on along the other.
        for axis in 0..2 {
            let push = f64::from(action.get(axis).copied().unwrap_or(0.0).clamp(-1.0, 1.0)) * MAX_ACCELERATION;
            let speed = (self.velocity[axis] + DT * push).clamp(-MAX_SPEED, MAX_SPEED);
            let (at, stopped) = walls::moved(self.at, axis, DT * speed);
            self.at[axis] = at;
            self.velocity[axis] = if stopped { 0.0 } else { speed };
        }
        let ([x, y], radius) = self.goal;
        // Sparse, so that a return is a rate of success; it never tells a learner the way, which is what data are for.
        let terminated = (self.at[0] - x).hypot(self.at[1] - y) <= radius;
        Step { obs: self.obs(), reward: f64::from(u8::from(terminated)), terminated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::tests::{mean_return, observations};

    #[test]
    fn both_ways_reach_the_goal_and_random_pushes_do_not() {
        let mean = |script| mean_return(&BUILTIN, script, 60);
        let (narrow, mixed, random) = (mean("narrow"), mean("mixed"), mean("random"));
        assert!(narrow >= 0.95 && mean("detour") >= 0.95, "narrow {narrow}");
        assert!(random < 0.1 && mixed < 0.7 && mixed > 0.15, "mixed {mixed}, random {random}");
    }

    #[test]
    fn narrow_data_leave_a_room_unseen_that_the_detour_sees() {
        // What was seen of each room, south-west first, then south-east, north-west and north-east.
        let rooms = |script| {
            let all = observations(&BUILTIN, script, 20);
            let sees = |(east, north): (f32, f32)| all.iter().any(|o| o[0] * east > 0.1 && o[1] * north > 0.1);
            [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)].map(sees)
        };
        assert_eq!(rooms("narrow"), [true, true, false, true]);
        assert_eq!(rooms("detour"), [true, false, true, true]);
    }

    #[test]
    fn starts_and_goals_are_where_options_say() {
        let mut env = PointMaze::default();
        let options = [("start_x", 1.5), ("start_y", -1.0), ("start_spread", 0.0), ("goal_x", 1.5), ("goal_y", -1.0)];
        assert!(options.iter().all(|(name, value)| env.set_option(name, *value)) && !env.set_option("mass", 1.0));
        assert_eq!(env.reset(&mut crate::ground::seed::stream(1, "t", 0)), [1.5, -1.0, 0.0, 0.0]);
        let step = env.step(&[0.0, 0.0]);
        assert_eq!((step.terminated, step.reward.to_bits()), (true, 1.0f64.to_bits()));
    }
}
