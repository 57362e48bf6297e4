//! Scripted behaviour policies: what makes the demo datasets, and what a policy is compared with.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::Behaviour;
use crate::ground::seed::Stream;

const MAX_TORQUE: f64 = 2.0;
/// ½ θ̇² + 15 cos θ of a pendulum that stands upright: with θ̈ = 15 sin θ + 3 u it grows by 3 u θ̇.
const UPRIGHT_ENERGY: f64 = 15.0;

/// Swings `Pendulum-v1` up by energy shaping and holds it upright with a PD controller; Gaussian noise on the torque.
///
/// Sources: Åström and Furuta, "Swinging up a pendulum by energy control" (Automatica 2000).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwingUp {
    /// Standard deviation of the noise on the torque.
    pub noise: f64,
}

impl SwingUp {
    /// The torque without noise at `obs` = (cos θ, sin θ, θ̇).
    pub fn torque(obs: &[f32]) -> f64 {
        let [cos, sin, speed] = [0, 1, 2].map(|i| f64::from(obs.get(i).copied().unwrap_or(0.0)));
        let angle = sin.atan2(cos);
        // Where the motor can catch the rod: the PD law saturates outside and energy decides.
        if angle.abs() < 0.6 && (angle + 0.35 * speed).abs() < 0.45 {
            return (-10.0 * angle - 3.0 * speed).clamp(-MAX_TORQUE, MAX_TORQUE);
        }
        let missing = UPRIGHT_ENERGY - (0.5 * speed * speed + 15.0 * cos);
        // At rest at the bottom there is no direction to push in: take one.
        let direction = if speed.abs() < 1e-3 { 1.0 } else { speed.signum() };
        (0.8 * missing * direction).clamp(-MAX_TORQUE, MAX_TORQUE)
    }
}

impl Behaviour for SwingUp {
    fn act(&mut self, obs: &[f32], rng: &mut Stream) -> Vec<f32> {
        let noise: f64 = StandardNormal.sample(rng);
        vec![(Self::torque(obs) + self.noise * noise).clamp(-MAX_TORQUE, MAX_TORQUE) as f32]
    }
}

/// Uniform torques, each held for some steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldRandom {
    hold: usize,
    left: usize,
    torque: f32,
}

impl HeldRandom {
    /// Draws anew every `hold` steps.
    pub fn new(hold: usize) -> Self {
        Self { hold: hold.max(1), left: 0, torque: 0.0 }
    }
}

impl Behaviour for HeldRandom {
    fn begin(&mut self, _: &mut Stream) {
        self.left = 0;
    }

    fn act(&mut self, _: &[f32], rng: &mut Stream) -> Vec<f32> {
        if self.left == 0 {
            self.torque = rng.random_range(-MAX_TORQUE..=MAX_TORQUE) as f32;
            self.left = self.hold;
        }
        self.left -= 1;
        vec![self.torque]
    }
}

/// A third each of random torques, torques held for eight steps, and a noisy swing-up, drawn anew for every episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixed {
    now: Kind,
    random: HeldRandom,
    held: HeldRandom,
    swing_up: SwingUp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Random,
    Held,
    SwingUp,
}

impl Default for Mixed {
    fn default() -> Self {
        Self {
            now: Kind::Random,
            random: HeldRandom::new(1),
            held: HeldRandom::new(8),
            swing_up: SwingUp { noise: 0.7 },
        }
    }
}

impl Behaviour for Mixed {
    fn begin(&mut self, rng: &mut Stream) {
        self.now = [Kind::Random, Kind::Held, Kind::SwingUp][rng.random_range(0..3)];
        self.random.begin(rng);
        self.held.begin(rng);
    }

    fn act(&mut self, obs: &[f32], rng: &mut Stream) -> Vec<f32> {
        match self.now {
            Kind::Random => self.random.act(obs, rng),
            Kind::Held => self.held.act(obs, rng),
            Kind::SwingUp => self.swing_up.act(obs, rng),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::builtin::pendulum::Pendulum;
    use crate::env::single::Environment;
    use crate::ground::seed::stream;

    /// Returns of sixty episodes.
    fn returns(make: impl Fn() -> Box<dyn Behaviour>, seed: u64) -> Vec<f64> {
        let mut rng = stream(seed, "t", 0);
        let episode = |_| {
            let (mut env, mut behaviour) = (Pendulum::default(), make());
            let mut obs = env.reset(&mut rng);
            behaviour.begin(&mut rng);
            let mut sum = 0.0;
            for _ in 0..200 {
                let step = env.step(&behaviour.act(&obs, &mut rng));
                sum += step.reward;
                obs = step.obs;
            }
            sum
        };
        (0..60).map(episode).collect()
    }

    #[test]
    fn the_swing_up_solves_the_task_from_everywhere() {
        let returns = returns(|| Box::new(SwingUp { noise: 0.1 }), 1);
        let worst = returns.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = returns.iter().sum::<f64>() / 60.0;
        // A good policy earns about -150 on average; a random one about -1200.
        assert!(mean > -220.0 && worst > -700.0, "mean {mean}, worst {worst}");
    }

    #[test]
    fn mixed_behaviour_is_neither_expert_nor_random() {
        let mean = returns(|| Box::new(Mixed::default()), 2).iter().sum::<f64>() / 60.0;
        assert!((-1100.0..-400.0).contains(&mean), "{mean}");
    }

    #[test]
    fn torques_stay_in_bounds_and_are_held() {
        let mut rng = stream(3, "t", 0);
        let mut held = HeldRandom::new(8);
        held.begin(&mut rng);
        let torques: Vec<f32> = (0..24).map(|_| held.act(&[1.0, 0.0, 0.0], &mut rng)[0]).collect();
        assert!(torques.chunks(8).all(|c| c.iter().all(|t| t.to_bits() == c[0].to_bits())));
        assert!(torques.iter().all(|t| t.abs() <= 2.0));
        assert!(torques[0].to_bits() != torques[8].to_bits());
    }
}
