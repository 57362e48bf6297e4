//! An environment in which every action is held for some steps, as many learners act (`DreamerV3`: 2 in the control suite).

use super::spec::EnvSpec;
use super::vector::{StepBatch, VectorEnv};
use crate::data::space::Actions;
use crate::ground::fault::Fault;

/// An environment whose step is `times` steps of another, with their rewards summed; an episode that ends among them ends there.
pub struct Repeated {
    inner: Box<dyn VectorEnv>,
    spec: EnvSpec,
    times: usize,
}

impl Repeated {
    /// `inner` with every action held for `times` steps.
    pub fn new(inner: Box<dyn VectorEnv>, times: usize) -> Self {
        let times = times.max(1);
        let limit = inner.spec().max_episode_steps.map(|most| most.div_ceil(times));
        let spec = EnvSpec { max_episode_steps: limit, ..inner.spec().clone() };
        Self { inner, spec, times }
    }
}

impl VectorEnv for Repeated {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn copies(&self) -> usize {
        self.inner.copies()
    }

    fn reset(&mut self, copies: &[usize], seeds: &[u64]) -> Result<Vec<f32>, Fault> {
        self.inner.reset(copies, seeds)
    }

    fn announce(&mut self, seeds: &[u64]) {
        self.inner.announce(seeds);
    }

    fn step(&mut self, copies: &[usize], actions: &Actions<'_>) -> Result<StepBatch, Fault> {
        let mut all = self.inner.step(copies, actions)?;
        let d = self.spec.obs_space.dim();
        for _ in 1..self.times {
            let goes_on = |i: &usize| !all.terminated[*i] && !all.truncated[*i];
            let rows: Vec<usize> = (0..copies.len()).filter(goes_on).collect();
            if rows.is_empty() {
                break;
            }
            let stored: Vec<f32> = rows.iter().flat_map(|&row| actions.stored_at(row)).copied().collect();
            let live: Vec<usize> = rows.iter().map(|&row| copies[row]).collect();
            let step = self.inner.step(&live, &Actions::new(actions.space(), stored))?;
            for (i, &row) in rows.iter().enumerate() {
                all.obs[row * d..(row + 1) * d].copy_from_slice(&step.obs[i * d..(i + 1) * d]);
                all.reward[row] += step.reward[i];
                (all.terminated[row], all.truncated[row]) = (step.terminated[i], step.truncated[i]);
            }
        }
        Ok(all)
    }

    fn rest(&mut self, copies: &[usize]) -> Result<(), Fault> {
        self.inner.rest(copies)
    }

    fn recover(&mut self, fault: Fault) -> Result<(), Fault> {
        self.inner.recover(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::make;

    #[test]
    fn a_step_is_some_steps_of_the_other() {
        let cart_pole = || make("CartPole-v1", 2, &[]).unwrap().unwrap();
        let (mut plain, mut held) = (cart_pole(), Repeated::new(cart_pole(), 4));
        assert_eq!(held.spec().max_episode_steps, Some(125));
        let space = plain.spec().action_space.clone();
        plain.reset(&[0, 1], &[3, 4]).unwrap();
        held.reset(&[0, 1], &[3, 4]).unwrap();
        // The first copy is pushed one way until it falls, the other both ways by turns.
        for t in 0..4 {
            let actions = Actions::new(&space, vec![1.0, (t % 2) as f32]);
            let step = held.step(&[0, 1], &actions).unwrap();
            let mut wanted = StepBatch::default();
            let mut pay = [0.0; 2];
            let mut over = [false; 2];
            for _ in 0..4 {
                for copy in 0..2 {
                    if over[copy] {
                        continue;
                    }
                    let one = plain.step(&[copy], &Actions::new(&space, vec![actions.stored()[copy]])).unwrap();
                    pay[copy] += one.reward[0];
                    over[copy] = one.terminated[0] || one.truncated[0];
                    wanted.obs.resize(8, 0.0);
                    wanted.obs[copy * 4..(copy + 1) * 4].copy_from_slice(&one.obs);
                }
            }
            assert_eq!((step.obs, step.reward, step.terminated.clone()), (wanted.obs, pay.to_vec(), over.to_vec()));
            if step.terminated[0] {
                return;
            }
        }
        panic!("a pole that is pushed one way falls");
    }
}
