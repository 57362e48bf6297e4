//! Layers as Dreamer has them: linear, whole or in blocks, then a norm, then an activation.

use rayon::prelude::*;

use crate::world::net::activation::Activation;
use crate::world::net::matmul::matmul;

/// Rows that one task takes through all layers.
const TILE: usize = 128;

/// What follows a linear map, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Norm {
    /// Nothing.
    None,
    /// To mean 0 and deviation 1, then scaled and shifted (Ba et al. 2016).
    Layer {
        /// [outputs].
        scale: Vec<f32>,
        /// [outputs].
        shift: Vec<f32>,
        /// Added to the variance.
        eps: f32,
    },
    /// To root mean square 1, then scaled (Zhang and Sennrich 2019).
    Rms {
        /// [outputs].
        scale: Vec<f32>,
        /// Added to the mean square.
        eps: f32,
    },
}

/// A linear map with what follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Columns in.
    pub inputs: usize,
    /// Columns out.
    pub outputs: usize,
    /// Blocks G, each of which takes its own columns to its own; 1 for a plain map.
    pub blocks: usize,
    /// [G, inputs / G, outputs / G].
    pub weight: Vec<f32>,
    /// [outputs].
    pub bias: Vec<f32>,
    /// What follows.
    pub norm: Norm,
    /// What follows that.
    pub activation: Activation,
}

/// Layers that follow on each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    layers: Vec<Dense>,
}

impl Norm {
    fn apply(&self, rows: &mut [f32], width: usize) {
        for row in rows.chunks_exact_mut(width) {
            let mean_of = |f: &dyn Fn(f64) -> f64| row.iter().map(|v| f(f64::from(*v))).sum::<f64>() / width as f64;
            match self {
                Self::None => return,
                Self::Layer { scale, shift, eps } => {
                    let mean = mean_of(&|v| v);
                    let by = 1.0 / (mean_of(&|v| (v - mean).powi(2)) + f64::from(*eps)).sqrt();
                    let (mean, by) = (mean as f32, by as f32);
                    for ((v, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
                        *v = (*v - mean) * by * scale + shift;
                    }
                }
                Self::Rms { scale, eps } => {
                    let by = 1.0 / (mean_of(&|v| v * v) + f64::from(*eps)).sqrt();
                    row.iter_mut().zip(scale).for_each(|(v, scale)| *v *= by as f32 * scale);
                }
            }
        }
    }

    /// Whether it has one number a column.
    fn fits(&self, width: usize) -> bool {
        match self {
            Self::None => true,
            Self::Layer { scale, shift, .. } => scale.len() == width && shift.len() == width,
            Self::Rms { scale, .. } => scale.len() == width,
        }
    }
}

impl Dense {
    fn sound(&self) -> bool {
        let (g, i, o) = (self.blocks, self.inputs, self.outputs);
        let whole = g > 0 && i > 0 && o > 0 && i.is_multiple_of(g) && o.is_multiple_of(g);
        whole && (i / g).checked_mul(o) == Some(self.weight.len()) && self.bias.len() == o && self.norm.fits(o)
    }

    /// [rows, outputs] of `x` [rows, inputs].
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let mut out = self.bias.repeat(rows);
        if self.blocks == 1 {
            matmul(&mut out, x, &self.weight, (rows, self.inputs, self.outputs), true);
        } else {
            let (i, o) = (self.inputs / self.blocks, self.outputs / self.blocks);
            let mut part = vec![0.0; rows * o];
            for (g, weight) in self.weight.chunks_exact(i * o).enumerate() {
                let own: Vec<f32> =
                    x.chunks_exact(self.inputs).flat_map(|row| &row[g * i..(g + 1) * i]).copied().collect();
                matmul(&mut part, &own, weight, (rows, i, o), false);
                for (row, part) in out.chunks_exact_mut(self.outputs).zip(part.chunks_exact(o)) {
                    row[g * o..(g + 1) * o].iter_mut().zip(part).for_each(|(v, p)| *v += p);
                }
            }
        }
        self.norm.apply(&mut out, self.outputs);
        self.activation.apply(&mut out);
        out
    }
}

impl Stack {
    /// Checks that the layers are whole and follow on each other.
    ///
    /// # Errors
    /// A sentence naming the layer that does not fit.
    pub fn new(layers: Vec<Dense>) -> Result<Self, String> {
        if layers.is_empty() {
            return Err("no layer at all".into());
        }
        for (i, l) in layers.iter().enumerate() {
            if !l.sound() {
                return Err(format!(
                    "layer {i} of {} inputs, {} outputs and {} blocks is not whole",
                    l.inputs, l.outputs, l.blocks
                ));
            }
        }
        match layers.windows(2).position(|w| w[0].outputs != w[1].inputs) {
            None => Ok(Self { layers }),
            Some(i) => Err(format!(
                "layer {} takes {} inputs, layer {i} before it gives {}",
                i + 1,
                layers[i + 1].inputs,
                layers[i].outputs
            )),
        }
    }

    /// In order from input to output.
    pub fn layers(&self) -> &[Dense] {
        &self.layers
    }

    /// Weights, biases, and scales and shifts of norms.
    pub fn parameters(&self) -> usize {
        let of_norm = |l: &Dense| match &l.norm {
            Norm::None => 0,
            Norm::Layer { .. } => 2 * l.outputs,
            Norm::Rms { .. } => l.outputs,
        };
        self.layers.iter().map(|l| l.weight.len() + l.bias.len() + of_norm(l)).sum()
    }

    /// The same, to be changed in their numbers alone.
    pub(super) fn layers_mut(&mut self) -> &mut [Dense] {
        &mut self.layers
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Columns out.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Blocks of the last layer.
    pub fn blocks(&self) -> usize {
        self.layers[self.layers.len() - 1].blocks
    }

    /// Blocks of the first layer.
    pub fn first_blocks(&self) -> usize {
        self.layers[0].blocks
    }

    /// [B, outputs] of the rows `x` [B, inputs].
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len() / self.inputs() * self.outputs()];
        let tiles = out.par_chunks_mut(TILE * self.outputs()).zip(x.par_chunks(TILE * self.inputs()));
        tiles.for_each(|(out, x)| {
            let mut current = self.layers[0].forward(x);
            self.layers[1..].iter().for_each(|layer| current = layer.forward(&current));
            out.copy_from_slice(&current);
        });
        out
    }

    /// Moves the first `by` inputs behind the others, for networks that were trained on them in another order. Nothing where
    /// the first layer is in blocks or has fewer.
    #[must_use]
    pub fn first_inputs_last(mut self, by: usize) -> Self {
        let first = &mut self.layers[0];
        if first.blocks == 1 && by <= first.inputs {
            first.weight.rotate_left(by * first.outputs);
        }
        self
    }

    /// Takes input `order[i]` of the first layer as input `i`, and likewise with the last layer's outputs if `outputs`; nothing
    /// where that is no order of all of them.
    #[must_use]
    pub fn reordered(mut self, order: &[usize], outputs: bool) -> Self {
        let at = if outputs { self.layers.len() - 1 } else { 0 };
        let layer = &mut self.layers[at];
        let width = if outputs { layer.outputs } else { layer.inputs };
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if layer.blocks != 1 || !sorted.into_iter().eq(0..width) {
            return self;
        }
        let o = layer.outputs;
        if outputs {
            layer.bias = order.iter().map(|c| layer.bias[*c]).collect();
            layer.weight = layer.weight.chunks_exact(o).flat_map(|row| order.iter().map(|c| row[*c])).collect();
        } else {
            layer.weight = order.iter().flat_map(|r| &layer.weight[r * o..(r + 1) * o]).copied().collect();
        }
        self
    }
}
