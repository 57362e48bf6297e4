//! A tile: some rows of one member on their way through the network and back, with memory of its own.

use rayon::prelude::*;

use super::TILE;
use super::activate::activate;
use super::adam::{Param, Scale};
use crate::world::net::matmul::{matmul, matmul_at, matmul_bt};
use crate::world::net::mlp::{Activation, Layer, Mlp};

/// One layer of one member.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub inputs: usize,
    pub outputs: usize,
    /// [inputs, outputs].
    pub weight: Param,
    /// [outputs].
    pub bias: Param,
}

/// The layers of `net`, [E, layers]: a member's side by side.
pub(crate) fn parts(net: &Mlp) -> Vec<Part> {
    let layers = net.layers.len();
    let part = |e: usize, l: usize| {
        let layer = &net.layers[l];
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let size = inputs * outputs;
        Part {
            inputs,
            outputs,
            weight: Param::new(&layer.weight[e * size..(e + 1) * size]),
            bias: Param::new(&layer.bias[e * outputs..(e + 1) * outputs]),
        }
    };
    (0..net.members * layers).map(|i| part(i / layers, i % layers)).collect()
}

/// The network of `parts`.
pub(crate) fn gathered(parts: &[Part], layers: usize, activation: Activation) -> Mlp {
    let layer = |l: usize| {
        let of = || parts.iter().skip(l).step_by(layers);
        Layer {
            inputs: parts[l].inputs,
            outputs: parts[l].outputs,
            weight: of().flat_map(|p| p.weight.value.iter().copied()).collect(),
            bias: of().flat_map(|p| p.bias.value.iter().copied()).collect(),
        }
    };
    Mlp { members: parts.len() / layers, activation, layers: (0..layers).map(layer).collect() }
}

/// Tiles for `batch` rows of every member of `parts`: [E, tiles of a member].
pub(crate) fn laid_out(parts: &[Part], layers: usize, batch: usize) -> Vec<Tile> {
    let rows = || (0..batch).step_by(TILE).map(|start| TILE.min(batch - start));
    parts.chunks_exact(layers).flat_map(|member| rows().map(|rows| Tile::new(rows, member))).collect()
}

/// Every layer's gradient over the rows of its member's tiles, `tile(e, t)` of `tiles`, and its step of Adam; `x(e, start, rows)` are
/// the rows that went into a tile. No gradient of a layer's weights or biases is longer than `longest`.
pub(crate) fn descend<'t>(
    (parts, layers): (&mut [Part], usize),
    tiles: usize,
    tile: impl Fn(usize, usize) -> &'t Tile + Sync,
    x: impl Fn(usize, usize, usize) -> &'t [f32] + Sync,
    (scale, longest): (Scale, f32),
) {
    parts.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, part)| {
        let (e, l) = (i / layers, i % layers);
        for t in 0..tiles {
            let tile = tile(e, t);
            tile.add_gradient(l, x(e, t * TILE, tile.rows), part, t == 0);
        }
        for param in [&mut part.weight, &mut part.bias] {
            param.shorten(longest);
            param.update(scale);
        }
    });
}

/// Activations and gradients of `rows` rows, layer by layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tile {
    rows: usize,
    /// Of every layer but the last, [rows, outputs]: what it gives to the next.
    values: Vec<Vec<f32>>,
    /// Of every layer but the last, [rows, outputs]: the activation's derivative.
    slopes: Vec<Vec<f32>>,
    /// Of every layer, [rows, outputs]: the loss's gradient before the activation. Of the last, its outputs until the gradient
    /// takes their place.
    deltas: Vec<Vec<f32>>,
}

impl Tile {
    /// Memory for `rows` rows through the layers of `parts`.
    fn new(rows: usize, parts: &[Part]) -> Self {
        let memory = |p: &Part| vec![0.0; rows * p.outputs];
        let inner = &parts[..parts.len() - 1];
        Self {
            rows,
            values: inner.iter().map(memory).collect(),
            slopes: inner.iter().map(memory).collect(),
            deltas: parts.iter().map(memory).collect(),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// [rows, outputs] what came out of the last layer.
    pub fn out(&self) -> &[f32] {
        self.deltas.last().map_or(&[], |out| out)
    }

    /// The same, to be overwritten with the loss's gradient.
    pub fn out_mut(&mut self) -> &mut [f32] {
        self.deltas.last_mut().map_or(&mut [], |out| out)
    }

    /// [rows, outputs] the gradient before the first layer's activation.
    pub fn first_delta(&self) -> &[f32] {
        &self.deltas[0]
    }

    /// Pushes the rows `x` through `parts`.
    pub fn forward(&mut self, x: &[f32], parts: &[Part], activation: Activation) {
        let last = parts.len() - 1;
        for (l, part) in parts.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(l);
            let input = before.last().map_or(x, |v| &v[..]);
            let out = if l == last { &mut self.deltas[l] } else { &mut after[0] };
            out.chunks_exact_mut(part.outputs).for_each(|row| row.copy_from_slice(&part.bias.value));
            matmul(out, input, &part.weight.value, (self.rows, part.inputs, part.outputs), true);
            if l < last {
                activate(activation, out, &mut self.slopes[l]);
            }
        }
    }

    /// Brings the gradient that stands at the outputs back to every layer's.
    pub fn backward(&mut self, parts: &[Part]) {
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
    fn add_gradient(&self, l: usize, x: &[f32], part: &mut Part, first: bool) {
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
