//! A tile: some rows of one member on their way through the network and back, with memory of its own.

use super::Part;
use super::activate::activate;
use super::likelihood::{Bounds, Columns, Sums, backward};
use crate::world::net::matmul::{matmul, matmul_at, matmul_bt};
use crate::world::net::mlp::Activation;

/// Activations and gradients of `rows` rows, layer by layer.
#[derive(Debug, Default)]
pub(super) struct Tile {
    rows: usize,
    /// Of every layer but the last, [rows, outputs]: what it gives to the next.
    values: Vec<Vec<f32>>,
    /// Of every layer but the last, [rows, outputs]: the activation's derivative.
    slopes: Vec<Vec<f32>>,
    /// Of every layer, [rows, outputs]: the loss's gradient before the activation.
    deltas: Vec<Vec<f32>>,
    pub sums: Sums,
}

/// A tile's rows of a batch: inputs [rows, in], targets [rows, targets] and termination labels [rows].
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice<'a> {
    pub x: &'a [f32],
    pub y: &'a [f32],
    pub ended: &'a [f32],
}

impl Tile {
    /// Memory for `rows` rows through the layers of `parts`.
    pub fn new(rows: usize, parts: &[Part], targets: usize) -> Self {
        let memory = |p: &Part| vec![0.0; rows * p.outputs];
        let inner = &parts[..parts.len() - 1];
        Self {
            rows,
            values: inner.iter().map(memory).collect(),
            slopes: inner.iter().map(memory).collect(),
            deltas: parts.iter().map(memory).collect(),
            sums: Sums { loss: 0.0, min: vec![0.0; targets], max: vec![0.0; targets] },
        }
    }

    /// Pushes the rows through `parts`, takes the loss, and brings its gradient back to every layer's outputs.
    pub fn pass(&mut self, rows: Slice, parts: &[Part], activation: Activation, columns: Columns, bounds: Bounds) {
        let last = parts.len() - 1;
        for (l, part) in parts.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(l);
            let input = before.last().map_or(rows.x, |v| &v[..]);
            let out = if l == last { &mut self.deltas[l] } else { &mut after[0] };
            out.chunks_exact_mut(part.outputs).for_each(|row| row.copy_from_slice(&part.bias.value));
            matmul(out, input, &part.weight.value, (self.rows, part.inputs, part.outputs), true);
            if l < last {
                activate(activation, out, &mut self.slopes[l]);
            }
        }
        backward(&mut self.deltas[last], rows.y, rows.ended, columns, bounds, &mut self.sums);
        for l in (1..parts.len()).rev() {
            let part = &parts[l];
            let (before, after) = self.deltas.split_at_mut(l);
            let delta = &mut before[l - 1];
            matmul_bt(delta, &after[0], &part.weight.value, (self.rows, part.outputs, part.inputs), false);
            delta.iter_mut().zip(&self.slopes[l - 1]).for_each(|(d, s)| *d *= s);
        }
    }

    /// Adds the rows' share to the gradient of layer `l`, whose inputs are `x` if it is the first; starts it anew if
    /// `first`.
    pub fn add_gradient(&self, l: usize, x: &[f32], part: &mut Part, first: bool) {
        let input = if l == 0 { x } else { &self.values[l - 1] };
        let delta = &self.deltas[l];
        matmul_at(&mut part.weight.grad, input, delta, (part.inputs, self.rows, part.outputs), !first);
        if first {
            part.bias.grad.fill(0.0);
        }
        for row in delta.chunks_exact(part.outputs) {
            part.bias.grad.iter_mut().zip(row).for_each(|(g, d)| *g += d);
        }
    }
}
