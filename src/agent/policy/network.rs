//! Policies over real numbers as other libraries train them.

use std::any::Any;

use rand_distr::{Distribution, StandardNormal};

use super::{Acting, Policy, PolicyState};
use crate::data::space::{Actions, Space, SpaceKind};
use crate::world::net::mlp::Mlp;

/// How the mean μ of the network and noise become an action between the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// `tanh(μ + noise)`, stretched to the bounds.
    Tanh,
    /// `tanh(μ) + noise`, stretched to the bounds and clipped there.
    TanhMean,
    /// `μ + noise`, clipped to the bounds; unbounded dimensions stay as they are.
    Clip,
}

/// The noise of sampled actions.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// None: the policy is deterministic.
    None,
    /// Normal, of one deviation a dimension: [A].
    Fixed(Vec<f32>),
    /// Normal; the network's second half of outputs is the log deviation, within these bounds.
    OfState(f32, f32),
    /// Normal; the network's second half of outputs, through `tanh`, runs between these bounds of the log deviation.
    OfStateTanh(f32, f32),
    /// The last hidden layer times a matrix that is drawn once an episode with these deviations: [hidden, A] (gSDE).
    OfEpisode(Vec<f32>),
}

impl Spread {
    /// True if half of the network's outputs are log deviations.
    fn is_of_state(&self) -> bool {
        matches!(self, Self::OfState(..) | Self::OfStateTanh(..))
    }
}

/// A network whose outputs are means of actions.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    net: Mlp,
    output: Output,
    spread: Spread,
    /// Means are clipped to this magnitude before anything else.
    most: f32,
    low: Vec<f32>,
    high: Vec<f32>,
    space: Space,
}

impl Network {
    /// A policy of `net` (one member) with actions between `low` and `high`.
    ///
    /// # Errors
    /// A sentence where the network does not have as many outputs, or `tanh` would be stretched to bounds that are infinite.
    pub fn new(net: Mlp, output: Output, spread: Spread, (low, high): (Vec<f32>, Vec<f32>)) -> Result<Self, String> {
        Self::check(&net, output, &spread, (&low, &high))?;
        let kind = SpaceKind::Box { low: low.clone(), high: high.clone() };
        let space = Space { kind, ..Space::unnamed("action", low.len()) };
        Ok(Self { net, output, spread, most: f32::INFINITY, low, high, space })
    }

    /// Whether a policy can be made of these.
    ///
    /// # Errors
    /// Those of [`Network::new`].
    pub fn check(net: &Mlp, output: Output, spread: &Spread, (low, high): (&[f32], &[f32])) -> Result<(), String> {
        let (a, hidden) = (low.len(), net.hidden_units());
        if net.members != 1 {
            return Err(format!("an ensemble of {} networks, of which none alone is the policy", net.members));
        }
        let outputs = if spread.is_of_state() { 2 * a } else { a };
        let spread_fits = match spread {
            Spread::Fixed(std) => std.len() == a,
            Spread::OfEpisode(std) => hidden.is_some_and(|h| std.len() == h * a),
            Spread::None | Spread::OfState(..) | Spread::OfStateTanh(..) => true,
        };
        if a == 0 || high.len() != a || net.outputs() != outputs || !spread_fits {
            return Err(format!("a policy of {} outputs does not fit actions of {a} dimensions", net.outputs()));
        }
        let ordered = low.iter().zip(high).all(|(l, h)| l <= h);
        let finite = low.iter().chain(high).all(|b| b.is_finite());
        if !ordered || (output != Output::Clip && !finite) {
            return Err(format!("actions between {low:?} and {high:?} are none that a policy can be stretched to"));
        }
        Ok(())
    }

    /// The same with means clipped to the magnitude `most` before they are squashed.
    pub fn with_most(self, most: f32) -> Self {
        Self { most, ..self }
    }

    /// Noise [B, A] on the means `out` of `features`.
    fn noise(&self, features: &[f32], out: &[f32], states: &mut [PolicyState]) -> Vec<f32> {
        let a = self.low.len();
        let normal = |state: &mut PolicyState| -> f32 { StandardNormal.sample(&mut state.rng) };
        let width = self.net.outputs();
        match &self.spread {
            Spread::None => vec![0.0; states.len() * a],
            Spread::Fixed(std) => {
                states.iter_mut().flat_map(|s| std.iter().map(|d| d * normal(s)).collect::<Vec<_>>()).collect()
            }
            &(Spread::OfState(low, high) | Spread::OfStateTanh(low, high)) => {
                let squashed = matches!(self.spread, Spread::OfStateTanh(..));
                let log_std =
                    |l: f32| if squashed { low + 0.5 * (high - low) * (l.tanh() + 1.0) } else { l.clamp(low, high) };
                let rows = out.chunks_exact(width).zip(states);
                let each = |(row, s): (&[f32], &mut PolicyState)| {
                    row[a..].iter().map(|l| log_std(*l).exp() * normal(s)).collect::<Vec<_>>()
                };
                rows.flat_map(each).collect()
            }
            Spread::OfEpisode(std) => {
                let hidden = self.net.hidden(0, features).unwrap_or_default();
                let units = std.len() / a;
                let mut noise = vec![0.0; states.len() * a];
                for ((row, hidden), state) in noise.chunks_exact_mut(a).zip(hidden.chunks_exact(units)).zip(states) {
                    if !state.memory.is::<Vec<f32>>() {
                        let drawn: Vec<f32> = std.iter().map(|d| d * normal(state)).collect();
                        state.memory = Box::new(drawn);
                    }
                    let Some(matrix) = state.memory.downcast_ref::<Vec<f32>>() else { continue };
                    for (h, weights) in hidden.iter().zip(matrix.chunks_exact(a)) {
                        row.iter_mut().zip(weights).for_each(|(n, w)| *n += h * w);
                    }
                }
                noise
            }
        }
    }

    fn squash(&self, mean: f32, noise: f32, d: usize) -> f32 {
        let (low, high) = (self.low[d], self.high[d]);
        let stretch = |x: f32| low + 0.5 * (x + 1.0) * (high - low);
        let mean = mean.clamp(-self.most, self.most);
        match self.output {
            Output::Tanh => stretch((mean + noise).tanh()),
            Output::TanhMean => stretch(mean.tanh() + noise).clamp(low, high),
            Output::Clip => (mean + noise).clamp(low, high),
        }
    }
}

impl Policy for Network {
    fn kind(&self) -> &'static str {
        "network"
    }

    fn features(&self) -> Option<usize> {
        Some(self.net.inputs())
    }

    fn action_space(&self) -> &Space {
        &self.space
    }

    fn act(&self, features: &[f32], states: &mut [PolicyState], acting: Acting) -> Actions<'_> {
        let (a, width) = (self.low.len(), self.net.outputs());
        let out = self.net.forward(features);
        let noise = match acting {
            Acting::Greedy => vec![0.0; out.len() / width * a],
            Acting::Sampled => self.noise(features, &out, states),
        };
        let rows = out.chunks_exact(width).zip(noise.chunks_exact(a));
        let each =
            |(row, noise): (&[f32], &[f32])| (0..a).map(|d| self.squash(row[d], noise[d], d)).collect::<Vec<_>>();
        Actions::new(&self.space, rows.flat_map(each).collect::<Vec<f32>>())
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn Policy) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests;
