//! An untrained model of what was asked of `DreamerV3`.

use rand::Rng;

use super::{Cell, Dense, Dreamer, Norm, Reward, Stack, Start, TwoHot};
use crate::data::episode::TransitionBatch;
use crate::world::fit::{FitOptions, Form, Widths};
use crate::world::latent::{self, CONTEXT, UNIMIX, heads};
use crate::world::net::activation::Activation;
use crate::world::net::init;

/// Bins that a reward is told by.
const BINS: usize = 255;
/// Added to the mean square of a norm.
const EPS: f32 = 1e-4;
/// The non-linearity of all networks.
const ACTIVATION: Activation = Activation::Silu;

/// An untrained model for data like `train`, scaled by it, in the form that `options` ask for; layers as [`rssm::fresh`] has them,
/// and last layers of rewards and ends of zeros.
///
/// [`rssm::fresh`]: crate::world::rssm::fresh
///
/// # Errors
/// A sentence where the units are no whole blocks.
pub fn fresh(train: &TransitionBatch, options: &FitOptions, rng: &mut impl Rng) -> Result<Dreamer, String> {
    let (d, a, width, form) = (train.obs_dim, train.action_space.encoded_dim(), options.hidden, options.form);
    let Widths { units, groups, classes } = options.widths.unwrap_or_else(|| Widths::beside(width));
    form.check(units)?;
    let (latents, layers) = (groups * classes, options.layers.max(1));
    let state = units + latents;
    let mut make = Maker { form, rng };
    let encoder = make.hidden(d, &vec![width; layers])?;
    let posterior = make.to(units + width, &[width], latents, 1.0)?;
    let cell = match form.blocks {
        0 => Cell::Normed {
            input: make.hidden(latents + a, &[width])?,
            gates: Stack::new(vec![make.dense((units + width, 3 * units), 1, 1.0, true, Activation::Identity)])?,
        },
        blocks => Cell::Blocks {
            units: make.hidden(units, &[width])?,
            latents: make.hidden(latents, &[width])?,
            action: make.hidden(a, &[width])?,
            gates: Stack::new(vec![
                make.dense((units + blocks * 3 * width, units), blocks, 1.0, true, ACTIVATION),
                make.dense((units, 3 * units), blocks, 1.0, false, Activation::Identity),
            ])?,
        },
    };
    let prior = make.to(units, &[width], latents, 1.0)?;
    let decoder = make.to(state, &vec![width; layers], d, 1.0)?;
    let reward = make.to(state, &[width], if form.two_hot { BINS } else { 1 }, 0.0)?;
    let goes_on = make.to(state, &[width], 1, 0.0)?;
    let heads = heads::fresh(options.members, (state + a, layers, width, d), ACTIVATION, rng);
    Dreamer {
        action_dim: a,
        classes,
        scale: Some(latent::scale(train)),
        context: CONTEXT,
        unimix: UNIMIX,
        bounded_actions: false,
        symlog_in: true,
        symlog_out: true,
        certain: 1.0,
        start: Start::Zeros,
        encoder,
        posterior,
        cell,
        prior,
        decoder,
        reward: if form.two_hot {
            Reward::TwoHot(TwoHot { logits: reward, stretched_last: true })
        } else {
            Reward::Symlog(reward)
        },
        goes_on,
        heads,
    }
    .checked()
}

struct Maker<'r, R> {
    form: Form,
    rng: &'r mut R,
}

impl<R: Rng> Maker<'_, R> {
    /// One layer of `blocks`, with weights as [`init::mlp`] draws them.
    fn dense(
        &mut self,
        (inputs, outputs): (usize, usize),
        blocks: usize,
        gain: f32,
        norm: bool,
        activation: Activation,
    ) -> Dense {
        // A block is as a perceptron of its own.
        let net = init::mlp(blocks, &[inputs / blocks, outputs / blocks], activation, gain, self.rng);
        let layer = net.layers.into_iter().next();
        let (weight, bias) = layer.map_or_else(|| (Vec::new(), Vec::new()), |l| (l.weight, l.bias));
        let norm =
            if norm && self.form.rms_norm { Norm::Rms { scale: vec![1.0; outputs], eps: EPS } } else { Norm::None };
        Dense { inputs, outputs, blocks, weight, bias, norm, activation }
    }

    /// Hidden layers of the given widths.
    fn hidden(&mut self, inputs: usize, widths: &[usize]) -> Result<Stack, String> {
        Stack::new(self.layers(inputs, widths))
    }

    /// Hidden layers, then a linear one to `outputs` whose weights are scaled by `last`.
    fn to(&mut self, inputs: usize, widths: &[usize], outputs: usize, last: f32) -> Result<Stack, String> {
        let mut layers = self.layers(inputs, widths);
        let before = widths.last().copied().unwrap_or(inputs);
        layers.push(self.dense((before, outputs), 1, last, false, Activation::Identity));
        Stack::new(layers)
    }

    fn layers(&mut self, inputs: usize, widths: &[usize]) -> Vec<Dense> {
        let from = std::iter::once(inputs).chain(widths.iter().copied());
        from.zip(widths).map(|(i, o)| self.dense((i, *o), 1, 1.0, true, ACTIVATION)).collect()
    }
}
