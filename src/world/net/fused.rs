//! Perceptrons in training by hand: forward, backward and Adam over memory that is allocated once. An autodiff library spends
//! most of a small network's step on its many small tensors.

pub(crate) mod activate;
pub(crate) mod adam;
pub(crate) mod tape;
pub(crate) mod tile;

use rayon::prelude::*;

use super::matmul::matmul_bt;
use super::mlp::{Activation, Mlp};
use super::normalizer::Normalizer;
use adam::Scale;
use tile::{Part, Tile};

/// Rows that one task takes through the network. A constant, so that sums run in one order on every machine.
pub(crate) const TILE: usize = 128;

/// E perceptrons of one shape with Adam's moments and the memory of a step.
///
/// The same batches give the same weights whatever the number of threads.
#[derive(Debug, Clone)]
pub struct FusedMlp {
    members: usize,
    layers: usize,
    activation: Activation,
    /// [E, layers], a member's layers side by side.
    parts: Vec<Part>,
    time: i32,
    /// Rows a member that `tiles` is laid out for.
    batch: usize,
    /// [E, tiles of a member].
    tiles: Vec<Tile>,
}

impl FusedMlp {
    /// Takes the weights of `net`; Adam starts afresh.
    pub fn new(net: &Mlp) -> Self {
        Self {
            members: net.members,
            layers: net.layers.len(),
            activation: net.activation,
            parts: tile::parts(net),
            time: 0,
            batch: 0,
            tiles: Vec::new(),
        }
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.parts[0].inputs
    }

    /// Columns out.
    pub fn outputs(&self) -> usize {
        self.parts[self.layers - 1].outputs
    }

    /// Pushes the same rows `x` [B, in] through every member: [E, B, out].
    ///
    /// # Panics
    /// If `x` does not hold whole rows.
    pub fn forward(&mut self, x: &[f32]) -> Vec<f32> {
        let (inputs, width, layers, activation) = (self.inputs(), self.outputs(), self.layers, self.activation);
        let batch = x.len() / inputs;
        assert_eq!(x.len(), batch * inputs, "x is [B, in]");
        if batch == 0 {
            return Vec::new();
        }
        self.lay_out(batch);
        let (parts, tiles) = (&self.parts, batch.div_ceil(TILE));
        let mut out = vec![0.0; self.members * batch * width];
        let outs = out.chunks_mut(batch * width).flat_map(|member| member.chunks_mut(TILE * width)).collect::<Vec<_>>();
        self.tiles.par_iter_mut().zip(outs).enumerate().with_max_len(1).for_each(|(i, (tile, out))| {
            let (e, first) = (i / tiles, i % tiles * TILE);
            let rows = &x[first * inputs..(first + tile.rows()) * inputs];
            tile.forward(rows, &parts[e * layers..(e + 1) * layers], activation);
            out.copy_from_slice(tile.out());
        });
        out
    }

    /// Brings the loss's gradient with respect to what [`FusedMlp::forward`] answered, [E, B, out], back to every layer.
    ///
    /// # Panics
    /// If it is not as long as that.
    pub fn backward(&mut self, gradient: &[f32]) {
        let (batch, width, layers) = (self.batch, self.outputs(), self.layers);
        assert_eq!(gradient.len(), self.members * batch * width, "the gradient is [E, B, out]");
        let (parts, tiles) = (&self.parts, batch.div_ceil(TILE).max(1));
        self.tiles.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, tile)| {
            let (e, first) = (i / tiles, i % tiles * TILE);
            let at = (e * batch + first) * width;
            let rows = tile.rows() * width;
            tile.out_mut().copy_from_slice(&gradient[at..at + rows]);
            tile.backward(&parts[e * layers..(e + 1) * layers]);
        });
    }

    /// After [`FusedMlp::backward`]: the gradient with respect to the inputs, summed over members: [B, in].
    pub fn input_gradient(&self) -> Vec<f32> {
        let (inputs, tiles) = (self.inputs(), self.batch.div_ceil(TILE).max(1));
        let mut out = vec![0.0; self.batch * inputs];
        out.par_chunks_mut(TILE * inputs).enumerate().for_each(|(t, out)| {
            for e in 0..self.members {
                let (part, tile) = (&self.parts[e * self.layers], &self.tiles[e * tiles + t]);
                let shape = (tile.rows(), part.outputs, part.inputs);
                matmul_bt(out, tile.first_delta(), &part.weight.value, shape, e > 0);
            }
        });
        out
    }

    /// After [`FusedMlp::backward`]: one step of Adam with step size `rate`; `x` is what went forward.
    pub fn descend(&mut self, x: &[f32], rate: f64) {
        self.descend_within(x, rate, f32::INFINITY);
    }

    /// [`FusedMlp::descend`] with no gradient of a layer's weights or biases longer than `longest`.
    pub fn descend_within(&mut self, x: &[f32], rate: f64, longest: f32) {
        self.time += 1;
        let scale = Scale::new(self.time, rate);
        let (inputs, tiles, all) = (self.inputs(), self.batch.div_ceil(TILE), &self.tiles);
        let rows = |_, start, rows| &x[start * inputs..(start + rows) * inputs];
        tile::descend((&mut self.parts, self.layers), tiles, |e, t| &all[e * tiles + t], rows, (scale, longest));
    }

    /// Gradients of the last step, weights and biases by turns.
    #[cfg(test)]
    pub fn gradients(&self) -> Vec<Vec<f32>> {
        self.parts.iter().flat_map(|p| [p.weight.grad.clone(), p.bias.grad.clone()]).collect()
    }

    /// Moves the weights a share `tau` of the way to those of `other` (Polyak averaging).
    ///
    /// # Panics
    /// If it is of another shape.
    pub fn toward(&mut self, other: &Self, tau: f32) {
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            for (mine, theirs) in [(&mut mine.weight, &theirs.weight), (&mut mine.bias, &theirs.bias)] {
                assert_eq!(mine.value.len(), theirs.value.len(), "both are of one shape");
                mine.value.iter_mut().zip(&theirs.value).for_each(|(m, t)| *m += tau * (t - *m));
            }
        }
    }

    /// Multiplies every output by `factor`.
    pub fn scale_outputs(&mut self, factor: f32) {
        for part in self.parts.iter_mut().skip(self.layers - 1).step_by(self.layers) {
            part.weight.value.iter_mut().chain(&mut part.bias.value).for_each(|v| *v *= factor);
        }
    }

    /// Makes inputs that are normalised by `to` do what those normalised by `from` did; both are of the first inputs.
    pub fn move_inputs(&mut self, from: &Normalizer, to: &Normalizer) {
        for part in self.parts.iter_mut().step_by(self.layers) {
            let weights = part.weight.value.chunks_exact_mut(part.outputs);
            for (c, row) in weights.take(from.mean.len()).enumerate() {
                let (ratio, shift) = (to.std[c] / from.std[c], (to.mean[c] - from.mean[c]) / from.std[c]);
                for (w, bias) in row.iter_mut().zip(&mut part.bias.value) {
                    *bias += *w * shift;
                    *w *= ratio;
                }
            }
        }
    }

    /// The weights as they are.
    pub fn to_mlp(&self) -> Mlp {
        tile::gathered(&self.parts, self.layers, self.activation)
    }

    /// Adam's moments: how many steps were taken, then of every layer of every member those of weights and biases.
    pub fn moments(&self) -> Vec<f32> {
        let of = |p: &Part| [p.weight.moments(), p.bias.moments()].concat();
        // A count beyond 2²⁴ is one where the corrections are gone.
        std::iter::once(self.time as f32).chain(self.parts.iter().flat_map(of)).collect()
    }

    /// Goes on with the [`FusedMlp::moments`] of a network of this shape.
    ///
    /// # Errors
    /// A sentence where they are of another.
    pub fn with_moments(mut self, moments: &[f32]) -> Result<Self, String> {
        let needed: usize = self.parts.iter().map(|p| 2 * (p.weight.value.len() + p.bias.value.len())).sum();
        let (Some((time, mut rest)), true) = (moments.split_first(), moments.len() == needed + 1) else {
            return Err(format!("{} numbers of an optimiser that keeps {}", moments.len(), needed + 1));
        };
        self.time = *time as i32;
        for param in self.parts.iter_mut().flat_map(|p| [&mut p.weight, &mut p.bias]) {
            let (mine, others) = rest.split_at(2 * param.value.len());
            param.set_moments(mine);
            rest = others;
        }
        Ok(self)
    }

    /// Gives every member memory for `batch` rows, unless it has it already.
    fn lay_out(&mut self, batch: usize) {
        if self.batch != batch {
            self.batch = batch;
            self.tiles = tile::laid_out(&self.parts, self.layers, batch);
        }
    }
}

#[cfg(test)]
mod tests;
