//! SAC's temperature α, which holds the policy's entropy near a target.

use crate::world::net::fused::adam::{Param, Scale};

/// log α with its optimiser.
#[derive(Debug, Clone)]
pub(super) struct Temperature {
    log_alpha: Param,
    time: i32,
}

impl Temperature {
    pub fn new(log_alpha: f32) -> Self {
        Self { log_alpha: Param::new(&[log_alpha]), time: 0 }
    }

    pub fn alpha(&self) -> f32 {
        self.log_alpha.value[0].exp()
    }

    /// Rewards, and with them values, are `factor` times what they were.
    pub fn scale(&mut self, factor: f32) {
        self.log_alpha.value[0] += factor.ln();
    }

    /// Down −log α (log π + target), where `gap` is the mean of the bracket.
    pub fn step(&mut self, gap: f32, rate: f64) {
        self.time += 1;
        self.log_alpha.grad[0] = -gap;
        self.log_alpha.update(Scale::new(self.time, rate));
    }

    /// log α, the number of steps and the moments.
    pub fn state(&self) -> Vec<f32> {
        [&[self.log_alpha.value[0], self.time as f32][..], &self.log_alpha.moments()].concat()
    }

    /// That of [`Temperature::state`].
    pub fn of(state: &[f32]) -> Option<Self> {
        let [log_alpha, time, first, second] = *state else { return None };
        let mut of = Self { time: time as i32, ..Self::new(log_alpha) };
        of.log_alpha.set_moments(&[first, second]);
        Some(of)
    }
}
