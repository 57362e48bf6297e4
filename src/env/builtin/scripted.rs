//! What scripted behaviours have in common: laws that err, random actions, and turns of several behaviours.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::Behaviour;
use crate::data::space::{Space, SpaceKind};
use crate::ground::seed::Stream;

/// A closed-loop control law: the action that it wants after an observation, in the environment's units.
pub type Law = fn(&[f32]) -> Vec<f64>;

/// The first `N` numbers of an observation; 0 for those that are not there.
pub fn numbers<const N: usize>(obs: &[f32]) -> [f64; N] {
    std::array::from_fn(|d| f64::from(obs.get(d).copied().unwrap_or(0.0)))
}

/// Follows a law and errs: Gaussian noise on each number of an action, another choice now and then.
#[derive(Debug, Clone)]
pub struct Noisy {
    law: Law,
    space: Space,
    noise: f64,
}

impl Noisy {
    /// `noise` is the standard deviation in half-widths of an action's bounds, or the chance of a choice drawn uniformly.
    pub fn new(law: Law, space: Space, noise: f64) -> Self {
        Self { law, space, noise }
    }
}

impl Behaviour for Noisy {
    fn act(&mut self, obs: &[f32], rng: &mut Stream) -> Vec<f32> {
        let wanted = (self.law)(obs);
        if self.space.is_discrete() {
            let slips = rng.random_bool(self.noise.clamp(0.0, 1.0));
            return if slips {
                uniform(&self.space, rng)
            } else {
                wanted.iter().map(|&choice| choice as f32).collect()
            };
        }
        let erring = |(d, wanted): (usize, f64)| {
            let noise: f64 = StandardNormal.sample(rng);
            let (low, high) = bounds(&self.space, d);
            (wanted + self.noise * 0.5 * (high - low) * noise).clamp(low, high) as f32
        };
        wanted.into_iter().enumerate().map(erring).collect()
    }
}

/// Uniform actions of a space, each held for some steps.
#[derive(Debug, Clone)]
pub struct HeldRandom {
    space: Space,
    hold: usize,
    left: usize,
    action: Vec<f32>,
}

impl HeldRandom {
    /// Draws anew every `hold` steps.
    pub fn new(space: Space, hold: usize) -> Self {
        Self { space, hold: hold.max(1), left: 0, action: Vec::new() }
    }
}

impl Behaviour for HeldRandom {
    fn begin(&mut self, _: &mut Stream) {
        self.left = 0;
    }

    fn act(&mut self, _: &[f32], rng: &mut Stream) -> Vec<f32> {
        if self.left == 0 {
            self.action = uniform(&self.space, rng);
            self.left = self.hold;
        }
        self.left -= 1;
        self.action.clone()
    }
}

/// One of several behaviours, drawn anew for every episode with equal chances.
pub struct Mixed {
    each: Vec<Box<dyn Behaviour>>,
    now: usize,
}

impl Mixed {
    /// A third each of random actions of `space`, random ones held for `hold` steps, and `law` with much `noise`.
    pub fn thirds(space: &Space, hold: usize, law: Law, noise: f64) -> Self {
        let random = |hold| Box::new(HeldRandom::new(space.clone(), hold));
        Self { each: vec![random(1), random(hold), Box::new(Noisy::new(law, space.clone(), noise))], now: 0 }
    }
}

impl Behaviour for Mixed {
    fn begin(&mut self, rng: &mut Stream) {
        self.now = rng.random_range(0..self.each.len());
        self.each[self.now].begin(rng);
    }

    fn act(&mut self, obs: &[f32], rng: &mut Stream) -> Vec<f32> {
        self.each[self.now].act(obs, rng)
    }
}

/// An action of `space` as stored, each as likely.
fn uniform(space: &Space, rng: &mut Stream) -> Vec<f32> {
    if let SpaceKind::Discrete { n, start } = space.kind {
        return vec![(start + rng.random_range(0..n.max(1)) as i64) as f32];
    }
    let number = |d| {
        let (low, high) = bounds(space, d);
        rng.random_range(low..=high) as f32
    };
    (0..space.dim()).map(number).collect()
}

/// Bounds of dimension `d`; of an action that states none, those of one that was scaled.
fn bounds(space: &Space, d: usize) -> (f64, f64) {
    let (low, high) = space.bounds(d).unwrap_or((-1.0, 1.0));
    (low.into(), high.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::seed::stream;

    fn space(kind: SpaceKind, dim: usize) -> Space {
        Space { kind, ..Space::unnamed("a", dim) }
    }

    #[test]
    fn random_actions_fill_their_space_and_are_held() {
        let mut rng = stream(3, "t", 0);
        let two = space(SpaceKind::Box { low: vec![-2.0, 0.0], high: vec![2.0, 0.5] }, 2);
        let mut held = HeldRandom::new(two, 8);
        held.begin(&mut rng);
        let actions: Vec<Vec<f32>> = (0..800).map(|_| held.act(&[], &mut rng)).collect();
        assert!(actions.chunks(8).all(|c| c.iter().all(|a| *a == c[0])) && actions[0] != actions[8]);
        assert!(actions.iter().all(|a| a[0].abs() <= 2.0 && (0.0..=0.5).contains(&a[1])));
        assert!(actions.iter().any(|a| a[0] < -1.5) && actions.iter().any(|a| a[1] > 0.4));
        let mut choices = HeldRandom::new(space(SpaceKind::Discrete { n: 3, start: 5 }, 1), 1);
        let mut drawn: Vec<i64> = (0..100).map(|_| choices.act(&[], &mut rng)[0] as i64).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, [5, 6, 7]);
    }

    #[test]
    fn a_law_errs_as_much_as_it_is_told_to() {
        let mut rng = stream(4, "t", 0);
        let choice = space(SpaceKind::Discrete { n: 2, start: 0 }, 1);
        let mut slips = |noise| {
            let mut noisy = Noisy::new(|_| vec![1.0], choice.clone(), noise);
            (0..1000).filter(|_| noisy.act(&[], &mut rng)[0] < 0.5).count()
        };
        assert!(slips(0.0) == 0 && (50..150).contains(&slips(0.2)), "half of the slips are what was wanted");
        let torque = space(SpaceKind::Box { low: vec![-2.0], high: vec![2.0] }, 1);
        let mut noisy = Noisy::new(|obs| vec![f64::from(obs[0])], torque, 0.05);
        let spread = (0..1000).map(|_| noisy.act(&[0.5], &mut rng)[0] - 0.5).map(|e| e * e).sum::<f32>() / 1000.0;
        assert!((spread.sqrt() - 0.1).abs() < 0.01, "{spread}");
        assert!((0..100).all(|_| noisy.act(&[9.0], &mut rng)[0] <= 2.0));
    }
}
