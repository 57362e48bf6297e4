//! A training step of an [`Rssm`] by hand: the loss of `latent::autodiff`, forward and back through time over memory that is
//! allocated once. An autodiff library spends most of a step on the many small tensors of the cell.
//!
//! What is needed of every step alike (encoder, prior, decoder, reward and end) goes through all steps at once; the cell and the
//! posterior go step by step, two shares of the rows side by side. Sums run in one order whatever the number of threads.

mod lane;
mod simplex;

use rand::RngExt;
use rayon::prelude::*;

use super::Rssm;
use super::cell::GruCell;
use crate::ground::seed::Stream;
use crate::world::latent::beside;
use crate::world::latent::learned::{CLIP, Losses, REPRESENTATION, SHARP, Taken, Trainer};
use crate::world::latent::stretches::Stretches;
use crate::world::net::fused::FusedMlp;
use crate::world::net::fused::adam::Scale;
use crate::world::net::fused::tape::{Called, Tape};
use lane::{Chain, Lane};
use simplex::{Divergence, pulled_back, shares};

/// Shares of the rows that go side by side.
const LANES: usize = 2;

/// The networks of a model with Adam's moments and the memory of a step.
#[derive(Debug)]
pub struct FusedRssm {
    encoder: FusedMlp,
    prior: FusedMlp,
    decoder: FusedMlp,
    reward: FusedMlp,
    goes_on: FusedMlp,
    chain: Chain,
    lanes: Vec<Lane>,
    /// Rows and steps that `lanes` are laid out for.
    laid_out: (usize, usize),
    time: i32,
}

/// Which rows of every step are a lane's.
struct Share {
    first: usize,
    rows: usize,
    /// Rows of a step in all.
    all: usize,
}

impl Share {
    /// The lane's rows of `all` [steps, B, width].
    fn of(&self, all: &[f32], width: usize) -> Vec<f32> {
        let steps = all.chunks_exact(self.all * width);
        steps.flat_map(|step| &step[self.first * width..(self.first + self.rows) * width]).copied().collect()
    }

    /// Puts the lane's rows where they are in `all`.
    fn put(&self, rows: &[f32], all: &mut [f32], width: usize) {
        let steps = all.chunks_exact_mut(self.all * width).zip(rows.chunks_exact(self.rows * width));
        steps.for_each(|(step, rows)| {
            step[self.first * width..(self.first + self.rows) * width].copy_from_slice(rows);
        });
    }
}

impl FusedRssm {
    /// Takes the weights of `model`; Adam starts afresh.
    pub fn new(model: &Rssm) -> Self {
        Self {
            encoder: FusedMlp::new(&model.encoder),
            prior: FusedMlp::new(&model.prior),
            decoder: FusedMlp::new(&model.decoder),
            reward: FusedMlp::new(&model.reward),
            goes_on: FusedMlp::new(&model.goes_on),
            chain: Chain {
                posterior: Called::new(&model.posterior),
                input: Called::new(&model.input),
                of_input: Called::new(model.cell.of_input()),
                of_units: Called::new(model.cell.of_units()),
                activation: model.input.activation,
                classes: model.classes,
            },
            lanes: Vec::new(),
            laid_out: (0, 0),
            time: 0,
        }
    }

    /// The shares of `rows`, a lane each.
    fn split(rows: usize) -> impl Iterator<Item = Share> {
        let each = rows.div_ceil(LANES).max(1);
        (0..rows).step_by(each).map(move |first| Share { first, rows: each.min(rows - first), all: rows })
    }

    fn lay_out(&mut self, batch: &Stretches) {
        if self.laid_out != (batch.rows, batch.steps) {
            self.laid_out = (batch.rows, batch.steps);
            self.lanes = Self::split(batch.rows).map(|s| Lane::new(&self.chain, s.rows, batch.steps)).collect();
        }
    }

    /// Units, latents and the posterior's shares of every step: [(L + 1)·B, H], [(L + 1)·B, Z] twice.
    fn filter(&mut self, batch: &Stretches, rng: &mut Stream) -> [Vec<f32>; 3] {
        let (h, z, w) = (self.chain.units(), self.chain.latents(), self.chain.embedding());
        let (n, groups) = ((batch.steps + 1) * batch.rows, z / self.chain.classes);
        let embedded = self.encoder.forward(&batch.obs);
        let chance: Vec<f32> = (0..n * groups).map(|_| rng.random()).collect();
        let chain = &self.chain;
        let shares: Vec<Share> = Self::split(batch.rows).collect();
        self.lanes.par_iter_mut().zip(&shares).for_each(|(lane, share)| {
            let actions = share.of(&batch.actions, chain.action());
            lane.forward(chain, &share.of(&embedded, w), &actions, &share.of(&chance, groups));
        });
        let mut out = [vec![0.0; n * h], vec![0.0; n * z], vec![0.0; n * z]];
        for (lane, share) in self.lanes.iter().zip(&shares) {
            share.put(&lane.units, &mut out[0], h);
            share.put(&lane.latents, &mut out[1], z);
            share.put(&lane.shares, &mut out[2], z);
        }
        out
    }

    /// What the heads lose on `features`, and the gradient with respect to these.
    fn told(&mut self, batch: &Stretches, features: &[f32]) -> (Losses, Vec<f32>) {
        let (n, after) = ((batch.steps + 1) * batch.rows, batch.steps * batch.rows);
        let arrived = &features[features.len() / (batch.steps + 1)..];
        let sharp = 2.0 * SHARP;
        let square = |net: &mut FusedMlp, x: &[f32], target: &[f32], count: usize| {
            let mut error = net.forward(x);
            error.iter_mut().zip(target).for_each(|(v, target)| *v -= target);
            let lost = error.iter().map(|e| 0.5 * f64::from(*e).powi(2)).sum::<f64>() / count as f64;
            for e in &mut error {
                *e *= sharp / count as f32;
            }
            net.backward(&error);
            lost
        };
        let reconstruction = square(&mut self.decoder, features, &batch.obs, n);
        let reward = square(&mut self.reward, arrived, &batch.rewards, after);
        let mut logit = self.goes_on.forward(arrived);
        let mut goes_on = 0.0;
        for (v, label) in logit.iter_mut().zip(&batch.goes_on) {
            let z = f64::from(*v);
            goes_on += z.max(0.0) + (-z.abs()).exp().ln_1p() - f64::from(*label) * z;
            *v = ((1.0 / (1.0 + (-z).exp()) - f64::from(*label)) / after as f64) as f32;
        }
        self.goes_on.backward(&logit);
        let mut gradient = self.decoder.input_gradient();
        let first = gradient.len() - arrived.len();
        for net in [&self.reward, &self.goes_on] {
            gradient[first..].iter_mut().zip(net.input_gradient()).for_each(|(all, own)| *all += own);
        }
        (Losses { reconstruction, reward, goes_on: goes_on / after as f64, divergence: f64::NAN }, gradient)
    }

    /// Loss and gradients of a batch, and a step of Adam with step size `rate`.
    fn descend(&mut self, batch: &Stretches, rng: &mut Stream, rate: f64) -> Taken {
        self.lay_out(batch);
        let (b, h, z, classes) = (batch.rows, self.chain.units(), self.chain.latents(), self.chain.classes);
        let [units, latents, own] = self.filter(batch, rng);
        let features = beside(&[(&units, h), (&latents, z)]);
        let (mut lost, gradient) = self.told(batch, &features);
        // After the first observation nothing was foretold yet.
        let arrived = &units[b * h..];
        let mut prior = self.prior.forward(arrived);
        shares(&mut prior, classes);
        let mut apart = Divergence::of(&own[b * z..], &prior, classes, z);
        pulled_back(&mut apart.of_prior, &prior, classes);
        self.prior.backward(&apart.of_prior);
        lost.divergence = apart.nats;
        let [mut of_units, mut of_latents] = [(0, h), (h, z)].map(|(first, width)| {
            gradient.chunks_exact(h + z).flat_map(|row| &row[first..first + width]).copied().collect::<Vec<f32>>()
        });
        of_units[b * h..].iter_mut().zip(self.prior.input_gradient()).for_each(|(all, own)| *all += own);
        let rest = of_latents[b * z..].iter_mut().zip(&apart.of_posterior);
        rest.for_each(|(all, own)| *all += REPRESENTATION * own);
        self.encoder_back(batch, &of_units, &of_latents);
        self.update(batch, (&features, arrived), rate);
        let told = f64::from(2.0 * SHARP) * (lost.reconstruction + lost.reward) + lost.goes_on;
        let loss = told + (1.0 + f64::from(REPRESENTATION)) * apart.costs;
        Taken { loss, lost, bins: false, features }
    }

    /// Back through the steps, lane by lane, to the encoder.
    fn encoder_back(&mut self, batch: &Stretches, units: &[f32], latents: &[f32]) {
        let (h, z, w) = (self.chain.units(), self.chain.latents(), self.chain.embedding());
        let chain = &self.chain;
        let shares: Vec<Share> = Self::split(batch.rows).collect();
        let parts: Vec<Vec<f32>> = self
            .lanes
            .par_iter_mut()
            .zip(&shares)
            .map(|(lane, share)| lane.backward(chain, &mut share.of(units, h), &mut share.of(latents, z)))
            .collect();
        let mut embedded = vec![0.0; (batch.steps + 1) * batch.rows * w];
        for (part, share) in parts.iter().zip(&shares) {
            share.put(part, &mut embedded, w);
        }
        self.encoder.backward(&embedded);
    }

    /// A step of Adam of every network, all side by side: a cell's is one product, which one thread takes. `features`
    /// [(L + 1)·B, H + Z] and the units [L·B, H] are what the heads and the prior saw.
    fn update(&mut self, batch: &Stretches, (features, arrived): (&[f32], &[f32]), rate: f64) {
        self.time += 1;
        let scale = Scale::new(self.time, rate);
        let later = &features[features.len() / (batch.steps + 1)..];
        let Self { encoder, prior, decoder, reward, goes_on, chain, lanes, .. } = self;
        let Chain { posterior, input, of_input, of_units, .. } = chain;
        let lanes = &*lanes;
        let step = |net: &mut Called, of: fn(&Lane) -> (&Tape, &[f32])| {
            net.descend(&lanes.iter().map(of).collect::<Vec<_>>(), scale, CLIP);
        };
        rayon::scope(|side_by_side| {
            side_by_side.spawn(|_| step(of_input, |lane| (&lane.of_input, &lane.given)));
            side_by_side.spawn(|_| step(of_units, |lane| (&lane.of_units, lane.units_before())));
            side_by_side.spawn(|_| step(posterior, |lane| (&lane.posterior, &lane.seen)));
            side_by_side.spawn(|_| step(input, |lane| (&lane.input, &lane.taken)));
            side_by_side.spawn(|_| decoder.descend_within(features, rate, CLIP));
            side_by_side.spawn(|_| prior.descend_within(arrived, rate, CLIP));
            side_by_side.spawn(|_| reward.descend_within(later, rate, CLIP));
            side_by_side.spawn(|_| goes_on.descend_within(later, rate, CLIP));
            side_by_side.spawn(|_| encoder.descend_within(&batch.obs, rate, CLIP));
        });
    }
}

#[cfg(test)]
impl FusedRssm {
    /// Gradients of the last step, network by network in the order in which burn visits them: weights, then biases.
    pub fn gradients(&self) -> Vec<Vec<f32>> {
        let Chain { posterior, input, of_input, of_units, .. } = &self.chain;
        let (before, after) = ([posterior, input, of_input, of_units], [&self.decoder, &self.reward, &self.goes_on]);
        let all = std::iter::once(self.encoder.gradients()).chain(before.map(Called::gradients));
        let all = all.chain([self.prior.gradients()]).chain(after.map(FusedMlp::gradients));
        let sorted = |found: Vec<Vec<f32>>| {
            let (weights, biases): (Vec<_>, Vec<_>) = found.into_iter().enumerate().partition(|(i, _)| i % 2 == 0);
            weights.into_iter().chain(biases).map(|(_, gradient)| gradient)
        };
        all.flat_map(sorted).collect()
    }
}

impl Trainer<Rssm> for FusedRssm {
    fn step(&mut self, batch: &Stretches, rng: &mut Stream, rate: f64) -> Taken {
        self.descend(batch, rng, rate)
    }

    fn write(&self, model: &mut Rssm) {
        model.encoder = self.encoder.to_mlp();
        model.posterior = self.chain.posterior.to_mlp();
        model.input = self.chain.input.to_mlp();
        model.cell = GruCell::of(self.chain.of_input.to_mlp(), self.chain.of_units.to_mlp());
        model.prior = self.prior.to_mlp();
        model.decoder = self.decoder.to_mlp();
        model.reward = self.reward.to_mlp();
        model.goes_on = self.goes_on.to_mlp();
    }
}
