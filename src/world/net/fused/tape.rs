//! A perceptron that is called again and again within one step, as a recurrent model calls its own: its gradient is that of all calls.

use std::ops::Range;

use rayon::prelude::*;

use super::activate::activate;
use super::adam::Scale;
use super::tile::{self, Part};
use crate::world::net::matmul::{matmul, matmul_at};
use crate::world::net::mlp::{Activation, Mlp};

/// The weights of one perceptron with Adam's moments.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    activation: Activation,
    parts: Vec<Part>,
    /// Of every layer [outputs, inputs]: its weights transposed, as they are before a step. A product with few rows would spend
    /// more time on laying out the weights anew, at every call, than on multiplying.
    transposed: Vec<Vec<f32>>,
}

/// What some calls left behind: memory for `rows` rows in all, layer by layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape {
    rows: usize,
    /// Of every layer [rows, outputs]: what it gives, after the activation but for the last.
    values: Vec<Vec<f32>>,
    /// Of every layer but the last [rows, outputs]: the activation's derivative.
    slopes: Vec<Vec<f32>>,
    /// Of every layer [rows, outputs]: the loss's gradient before the activation.
    deltas: Vec<Vec<f32>>,
}

impl Called {
    /// Takes the weights of `net`, which has one member; Adam starts afresh.
    pub fn new(net: &Mlp) -> Self {
        debug_assert_eq!(net.members, 1, "one perceptron is called");
        let parts = tile::parts(net);
        let mut transposed: Vec<Vec<f32>> = parts.iter().map(|p| vec![0.0; p.inputs * p.outputs]).collect();
        parts.iter().zip(&mut transposed).for_each(|(part, into)| transpose(part, into));
        Self { activation: net.activation, parts, transposed }
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.parts[0].inputs
    }

    /// Columns out.
    pub fn outputs(&self) -> usize {
        self.parts[self.parts.len() - 1].outputs
    }

    /// Memory for calls with `rows` rows in all.
    pub fn tape(&self, rows: usize) -> Tape {
        let memory = |p: &Part| vec![0.0; rows * p.outputs];
        let inner = &self.parts[..self.parts.len() - 1];
        Tape {
            rows,
            values: self.parts.iter().map(memory).collect(),
            slopes: inner.iter().map(memory).collect(),
            deltas: self.parts.iter().map(memory).collect(),
        }
    }

    /// A call with the rows `x`, which are the rows `at` of all calls: [rows, out].
    pub fn forward<'t>(&self, tape: &'t mut Tape, at: Range<usize>, x: &[f32]) -> &'t [f32] {
        let last = self.parts.len() - 1;
        for (l, part) in self.parts.iter().enumerate() {
            let of = at.start * part.outputs..at.end * part.outputs;
            let (before, after) = tape.values.split_at_mut(l);
            let input = before.last().map_or(x, |v| &v[at.start * part.inputs..at.end * part.inputs]);
            let out = &mut after[0][of.clone()];
            out.chunks_exact_mut(part.outputs).for_each(|row| row.copy_from_slice(&part.bias.value));
            matmul(out, input, &part.weight.value, (at.len(), part.inputs, part.outputs), true);
            if l < last {
                activate(self.activation, out, &mut tape.slopes[l][of]);
            }
        }
        &tape.values[last][at.start * self.outputs()..at.end * self.outputs()]
    }

    /// Brings the gradient with respect to what the call `at` answered back to every layer; adds that with respect to what it was
    /// called with to `into` [rows, in].
    pub fn backward(&self, tape: &mut Tape, at: Range<usize>, gradient: &[f32], into: &mut [f32]) {
        let last = self.parts.len() - 1;
        let of = |part: &Part| at.start * part.outputs..at.end * part.outputs;
        tape.deltas[last][of(&self.parts[last])].copy_from_slice(gradient);
        for l in (1..=last).rev() {
            let (part, below) = (&self.parts[l], &self.parts[l - 1]);
            let (before, after) = tape.deltas.split_at_mut(l);
            let delta = &mut before[l - 1][of(below)];
            matmul(delta, &after[0][of(part)], &self.transposed[l], (at.len(), part.outputs, part.inputs), false);
            delta.iter_mut().zip(&tape.slopes[l - 1][of(below)]).for_each(|(d, s)| *d *= s);
        }
        let first = &self.parts[0];
        matmul(into, &tape.deltas[0][of(first)], &self.transposed[0], (at.len(), first.outputs, first.inputs), true);
    }

    /// After all calls were brought back: one step of Adam on the gradient of all `calls`, each a tape and the rows [rows, in] that
    /// it was called with. No parameter's gradient is longer than `longest`.
    pub fn descend(&mut self, calls: &[(&Tape, &[f32])], scale: Scale, longest: f32) {
        let parts = self.parts.par_iter_mut().zip(&mut self.transposed).enumerate().with_max_len(1);
        parts.for_each(|(l, (part, transposed))| {
            part.bias.grad.fill(0.0);
            for (i, (tape, x)) in calls.iter().enumerate() {
                let input = if l == 0 { x } else { &tape.values[l - 1][..] };
                let delta = &tape.deltas[l];
                matmul_at(&mut part.weight.grad, input, delta, (part.inputs, tape.rows, part.outputs), i > 0);
                for row in delta.chunks_exact(part.outputs) {
                    part.bias.grad.iter_mut().zip(row).for_each(|(g, d)| *g += d);
                }
            }
            for param in [&mut part.weight, &mut part.bias] {
                param.shorten(longest);
                param.update(scale);
            }
            transpose(part, transposed);
        });
    }

    /// The weights as they are.
    pub fn to_mlp(&self) -> Mlp {
        tile::gathered(&self.parts, self.parts.len(), self.activation)
    }

    /// Gradients of the last step, weights and biases by turns.
    #[cfg(test)]
    pub fn gradients(&self) -> Vec<Vec<f32>> {
        self.parts.iter().flat_map(|p| [p.weight.grad.clone(), p.bias.grad.clone()]).collect()
    }
}

/// Side of the squares that weights are transposed by: a cache line.
const SQUARE: usize = 16;

/// Lays the weights of `part` out as [outputs, inputs].
fn transpose(part: &Part, into: &mut [f32]) {
    let (inputs, outputs) = (part.inputs, part.outputs);
    for from in (0..inputs).step_by(SQUARE) {
        let rows = from..inputs.min(from + SQUARE);
        for column in (0..outputs).step_by(SQUARE) {
            for o in column..outputs.min(column + SQUARE) {
                let row = &mut into[o * inputs..(o + 1) * inputs][rows.clone()];
                row.iter_mut().zip(rows.clone()).for_each(|(v, i)| *v = part.weight.value[i * outputs + o]);
            }
        }
    }
}
