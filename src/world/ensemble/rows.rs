//! Transitions in the model's own units, and the normalisers that make them so.

use crate::data::episode::TransitionBatch;
use crate::ground::stats;
use crate::world::ensemble::{Ensemble, Seen, look};
use crate::world::net::normalizer::Normalizer;

/// Normalisers of `[obs, action]` (the observation as it is `seen`) and of `[Δobs, reward]` (the next value itself in the columns
/// `absolute`) over `batch`, with actions in `width` columns ([`Actions::columns`](crate::data::space::Actions::columns)); constant
/// columns keep a scale of 1.
pub fn normalizers(
    batch: &TransitionBatch,
    width: usize,
    (absolute, seen): (&[usize], &[Seen]),
) -> (Normalizer, Normalizer) {
    let n = batch.len();
    let actions = batch.actions(0..n);
    let actions = actions.columns(width);
    let action = |i: usize| &actions[i * width..(i + 1) * width];
    let input = |i: usize| look(seen, batch.obs_at(i)).chain(action(i).iter().copied()).collect::<Vec<f32>>();
    (moments(n, input), moments(n, |i| target_row(batch, i, absolute)))
}

fn target_row(batch: &TransitionBatch, i: usize, absolute: &[usize]) -> Vec<f32> {
    let next = batch.next_obs_at(i);
    let delta = next.iter().zip(batch.obs_at(i)).map(|(n, o)| n - o);
    let mut row: Vec<f32> = delta.chain(std::iter::once(batch.reward[i])).collect();
    for &c in absolute {
        row[c] = next[c];
    }
    row
}

fn moments(n: usize, row: impl Fn(usize) -> Vec<f32>) -> Normalizer {
    let columns = if n == 0 { 0 } else { row(0).len() };
    let rows: Vec<f32> = (0..n).flat_map(row).collect();
    let (mean, std) = stats::column_mean_std(&rows, columns.max(1));
    let floor = |std: &f64| if *std as f32 > 1e-8 { *std as f32 } else { 1.0 };
    Normalizer {
        mean: mean.iter().map(|&m| m as f32).take(columns).collect(),
        std: std.iter().map(floor).take(columns).collect(),
    }
}

/// Rows that training draws from: inputs and targets in the model's own units.
pub(super) struct Rows {
    pub input: Vec<f32>,
    pub target: Vec<f32>,
    pub terminated: Vec<f32>,
    /// Columns of inputs and of targets.
    pub columns: (usize, usize),
    pub len: usize,
}

/// Drawn rows of E members, B each; its memory is used again for the next draw.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    /// [E, B, in].
    pub x: Vec<f32>,
    /// [E, B, targets].
    pub y: Vec<f32>,
    /// [E, B]: 1 where the episode terminated.
    pub ended: Vec<f32>,
}

impl Rows {
    pub fn new(model: &Ensemble, batch: &TransitionBatch) -> Self {
        let (i, t, a) = (model.seen_dim() + model.action_dim, model.targets(), model.action_dim);
        let actions = batch.actions(0..batch.len());
        let actions = actions.columns(a);
        let (mut input, mut target) = (Vec::with_capacity(batch.len() * i), Vec::with_capacity(batch.len() * t));
        let scaled = |v: f32, n: &Normalizer, c: usize| (v - n.mean[c]) / n.std[c];
        for r in 0..batch.len() {
            let x = look(&model.seen, batch.obs_at(r)).chain(actions[r * a..(r + 1) * a].iter().copied());
            input.extend(x.enumerate().map(|(c, v)| scaled(v, &model.input, c)));
            let row = target_row(batch, r, &model.absolute);
            target.extend(row.iter().take(t).enumerate().map(|(c, &v)| scaled(v, &model.target, c)));
        }
        let terminated = batch.terminated.iter().map(|&t| f32::from(u8::from(t))).collect();
        Self { input, target, terminated, columns: (i, t), len: batch.len() }
    }

    /// Copies `rows` (one list a member, end to end) into dense columns.
    pub fn gather(&self, rows: &[usize], into: &mut Batch) {
        let (i, t) = self.columns;
        let take = |from: &[f32], c: usize, into: &mut Vec<f32>| {
            into.clear();
            for &r in rows {
                into.extend_from_slice(&from[r * c..(r + 1) * c]);
            }
        };
        take(&self.input, i, &mut into.x);
        take(&self.target, t, &mut into.y);
        take(&self.terminated, 1, &mut into.ended);
    }
}

impl Ensemble {
    /// Moves the normalisers to those of `batch` and folds the change into the first and last layer, so that the
    /// function that the network computes stays the same (up to rounding) while new data is well scaled.
    pub fn renormalize(&mut self, batch: &TransitionBatch) {
        let (input, target) = normalizers(batch, self.action_dim, (&self.absolute, &self.seen));
        let members = self.net.members;
        let first = &mut self.net.layers[0];
        for e in 0..members {
            for c in 0..first.inputs {
                let (ratio, shift) =
                    (input.std[c] / self.input.std[c], (input.mean[c] - self.input.mean[c]) / self.input.std[c]);
                for o in 0..first.outputs {
                    let w = &mut first.weight[(e * first.inputs + c) * first.outputs + o];
                    first.bias[e * first.outputs + o] += *w * shift;
                    *w *= ratio;
                }
            }
        }
        let targets = self.targets();
        let deterministic = self.deterministic;
        let last = self.net.layers.len() - 1;
        let last = &mut self.net.layers[last];
        for c in 0..targets {
            let ratio = self.target.std[c] / target.std[c];
            let shift = (self.target.mean[c] - target.mean[c]) / target.std[c];
            for e in 0..members {
                for i in 0..last.inputs {
                    last.weight[(e * last.inputs + i) * last.outputs + c] *= ratio;
                }
                let bias = &mut last.bias[e * last.outputs + c];
                *bias = *bias * ratio + shift;
                if !deterministic {
                    last.bias[e * last.outputs + targets + c] += 2.0 * ratio.ln();
                }
            }
            if !deterministic {
                self.min_logvar[c] += 2.0 * ratio.ln();
                self.max_logvar[c] += 2.0 * ratio.ln();
            }
        }
        self.input = input;
        self.target = target;
    }
}
