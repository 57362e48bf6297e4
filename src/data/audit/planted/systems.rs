//! Systems that faults are planted in.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::data::audit::{Audit, audit};
use crate::data::dataset::{Dataset, Origin, Parts};
use crate::data::episode::EpisodeSpan;
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::keyed;
use crate::ground::task::Ctx;

/// A pendulum (cos, sin, speed; one torque) and three coupled oscillators (positions, speeds; two forces).
pub const NAMES: [&str; 2] = ["pendulum", "oscillators"];
/// Episodes and steps of each.
pub const EPISODES: usize = 200;
pub const STEPS: usize = 20;

/// A dataset that can still be spoiled.
pub struct Made {
    pub parts: Parts,
    pub names: Vec<String>,
    pub actions: Vec<String>,
    pub origin: Origin,
}

/// How a state is drawn, moved and observed.
trait System {
    fn reset(&mut self, rng: &mut impl RngExt);
    fn step(&mut self, rng: &mut impl RngExt) -> Vec<f32>;
    fn observe(&self) -> Vec<f32>;
}

struct Pendulum {
    angle: f64,
    speed: f64,
}

impl System for Pendulum {
    fn reset(&mut self, rng: &mut impl RngExt) {
        (self.angle, self.speed) = (rng.random_range(-3.0..3.0), rng.random_range(-4.0..4.0));
    }

    fn step(&mut self, rng: &mut impl RngExt) -> Vec<f32> {
        let push = rng.random_range(-2.0..2.0f64);
        self.speed = (self.speed + (15.0 * self.angle.sin() + 3.0 * push) * 0.05).clamp(-8.0, 8.0);
        self.angle += self.speed * 0.05;
        vec![push as f32]
    }

    fn observe(&self) -> Vec<f32> {
        [self.angle.cos(), self.angle.sin(), self.speed].map(|v| v as f32).to_vec()
    }
}

struct Oscillators {
    x: [f64; 3],
    v: [f64; 3],
}

impl System for Oscillators {
    fn reset(&mut self, rng: &mut impl RngExt) {
        self.x = std::array::from_fn(|_| rng.random_range(-1.5..1.5));
        self.v = std::array::from_fn(|_| rng.random_range(-1.5..1.5));
    }

    fn step(&mut self, rng: &mut impl RngExt) -> Vec<f32> {
        let force: [f64; 2] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
        for i in 0..3 {
            let pull = self.x[(i + 1) % 3] + self.x[(i + 2) % 3] - 3.0 * self.x[i];
            let push = if i < 2 { force[i] } else { 0.0 };
            let noise: f64 = StandardNormal.sample(rng);
            self.v[i] += 0.05 * (pull + 2.0 * push - 0.2 * self.v[i]) + 0.01 * noise;
        }
        (0..3).for_each(|i| self.x[i] += 0.05 * self.v[i]);
        force.map(|v| v as f32).to_vec()
    }

    fn observe(&self) -> Vec<f32> {
        self.x.iter().chain(&self.v).map(|&v| v as f32).collect()
    }
}

/// Episodes of `system`; of the steps a share `resets` leads to a state drawn anew, and before a share `goes_on` of the
/// episodes none is drawn. Answers how many of the two there are.
pub fn make(system: &str, seed: u64, resets: f64, goes_on: f64) -> (Made, usize) {
    match system {
        "pendulum" => run(Pendulum { angle: 0.0, speed: 0.0 }, (3, 1), seed, (resets, goes_on)),
        _ => run(Oscillators { x: [0.0; 3], v: [0.0; 3] }, (6, 2), seed, (resets, goes_on)),
    }
}

pub fn sound(system: &str, seed: u64) -> Made {
    make(system, seed, 0.0, 0.0).0
}

fn run(mut system: impl System, (d, a): (usize, usize), seed: u64, (resets, goes_on): (f64, f64)) -> (Made, usize) {
    let (mut rng, mut parts, mut planted) = (keyed(seed, 7), Parts::default(), 0);
    for id in 0..EPISODES {
        let goes = id > 0 && rng.random_range(0.0..1.0) < goes_on;
        planted += usize::from(goes);
        if !goes {
            system.reset(&mut rng);
        }
        // Where the state goes on, the last observation would be the next episode's first.
        let rows = STEPS + usize::from(goes_on == 0.0);
        parts.spans.push(EpisodeSpan {
            id: id as u64,
            first_step: parts.rewards.len(),
            steps: STEPS,
            first_obs: parts.obs.len() / d,
            obs_rows: rows,
            terminated: false,
            truncated: true,
        });
        for t in 0..=STEPS {
            if t < rows {
                parts.obs.extend(system.observe());
            }
            if t == STEPS {
                break;
            }
            parts.actions.extend(system.step(&mut rng));
            parts.rewards.push(rng.random_range(-1.0..0.0));
            if t + 1 < STEPS && rng.random_range(0.0..1.0) < resets {
                system.reset(&mut rng);
                planted += 1;
            }
        }
    }
    let name = |what: &str, n: usize| (0..n).map(|i| format!("{what}[{i}]")).collect();
    (Made { parts, names: name("obs", d), actions: name("action", a), origin: Origin::default() }, planted)
}

impl Made {
    pub fn dims(&self) -> usize {
        self.names.len()
    }

    pub fn rows(&self) -> usize {
        self.parts.obs.len() / self.dims()
    }

    /// Another dimension: of episode, row within it and row of the file.
    pub fn add(&mut self, name: &str, mut value: impl FnMut(usize, usize) -> f32) {
        let (d, mut obs) = (self.dims(), Vec::new());
        for (i, span) in self.parts.spans.iter().enumerate() {
            for t in 0..span.obs_rows {
                let row = span.first_obs + t;
                obs.extend_from_slice(&self.parts.obs[row * d..(row + 1) * d]);
                obs.push(value(i, t));
            }
        }
        self.parts.obs = obs;
        self.names.push(name.into());
    }

    pub fn audit(self) -> Audit {
        let space = |names: Vec<String>| Space { names, kind: SpaceKind::Unknown };
        let data = Dataset::from_parts(self.origin, space(self.names), space(self.actions), self.parts).unwrap();
        audit(&data, &Ctx::quiet()).unwrap()
    }
}
