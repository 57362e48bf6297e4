//! A training step of an [`Ensemble`] by hand: forward, loss, backward and Adam in two parallel sweeps over memory that
//! is allocated once. An autodiff library spends most of such a step on its many small tensors.

mod likelihood;

use rayon::prelude::*;

use crate::world::ensemble::Ensemble;
use crate::world::net::fused::TILE;
use crate::world::net::fused::adam::{Param, Scale};
use crate::world::net::fused::tile::{self, Part, Tile};
use crate::world::net::mlp::Activation;
use likelihood::{BOUNDS_WEIGHT, Bounds, Columns, Sums, backward};

/// Weights of an ensemble on their way through training, with Adam's moments and the memory of a step.
///
/// The same batches give the same weights whatever the number of threads.
#[derive(Debug)]
pub struct Trainer {
    members: usize,
    layers: usize,
    targets: usize,
    activation: Activation,
    /// [E, layers], a member's layers side by side.
    parts: Vec<Part>,
    min_logvar: Param,
    max_logvar: Param,
    time: i32,
    /// Rows a member that `tiles` is laid out for.
    batch: usize,
    /// [E, tiles of a member].
    tiles: Vec<(Tile, Sums)>,
}

impl Trainer {
    /// Takes the weights and log-variance bounds of `model`; Adam starts afresh.
    ///
    /// # Panics
    /// If `model` is deterministic (it has no likelihood) or its parts do not fit together ([`Ensemble::check`]).
    pub fn new(model: &Ensemble) -> Self {
        assert!(!model.deterministic, "a deterministic ensemble has no likelihood to train on");
        assert_eq!(model.check(), Ok(()));
        let (members, layers) = (model.net.members, model.net.layers.len());
        Self {
            members,
            layers,
            targets: model.targets(),
            activation: model.net.activation,
            parts: tile::parts(&model.net),
            min_logvar: Param::new(&model.min_logvar),
            max_logvar: Param::new(&model.max_logvar),
            time: 0,
            batch: 0,
            tiles: Vec::new(),
        }
    }

    /// One step of Adam with step size `rate` on every member's own rows: inputs `x` [E, B, in], targets `y`
    /// [E, B, targets] and `ended` [E, B] (1 where the episode terminated), all in the model's own units.
    ///
    /// Returns the loss before the step: summed over members, the mean Gaussian negative log-likelihood (without its
    /// constant) and, if the model predicts termination, the mean cross-entropy; plus a hundredth of the summed
    /// distance between the log-variance bounds, as PETS and mbrl-lib have it. Zero without rows, which move nothing.
    ///
    /// # Panics
    /// If the slices do not hold as many whole rows for every member.
    pub fn step(&mut self, x: &[f32], y: &[f32], ended: &[f32], rate: f64) -> f64 {
        let batch = ended.len() / self.members;
        let inputs = self.parts[0].inputs;
        assert_eq!(ended.len(), self.members * batch, "ended is [E, B]");
        assert_eq!(x.len(), ended.len() * inputs, "x is [E, B, in]");
        assert_eq!(y.len(), ended.len() * self.targets, "y is [E, B, targets]");
        if batch == 0 {
            return 0.0;
        }
        self.lay_out(batch);
        self.pass(x, y, ended);
        let loss = self.gather_bounds();
        self.time += 1;
        let scale = Scale::new(self.time, rate);
        self.descend(x, scale);
        self.min_logvar.update(scale);
        self.max_logvar.update(scale);
        loss
    }

    /// Copies weights and bounds into `model`, which must have the shape of the one that training started from.
    ///
    /// # Panics
    /// If it has another shape.
    pub fn write_back(&self, model: &mut Ensemble) {
        model.net = tile::gathered(&self.parts, self.layers, self.activation);
        model.min_logvar.copy_from_slice(&self.min_logvar.value);
        model.max_logvar.copy_from_slice(&self.max_logvar.value);
    }

    /// Gives every member memory for `batch` rows, unless it has it already.
    fn lay_out(&mut self, batch: usize) {
        if self.batch == batch {
            return;
        }
        self.batch = batch;
        let zeros = || vec![0.0; self.targets];
        let with_sums = |tile| (tile, Sums { loss: 0.0, min: zeros(), max: zeros() });
        self.tiles = tile::laid_out(&self.parts, self.layers, batch).into_iter().map(with_sums).collect();
    }

    /// Every tile forward and back.
    fn pass(&mut self, x: &[f32], y: &[f32], ended: &[f32]) {
        let (batch, layers, targets, activation) = (self.batch, self.layers, self.targets, self.activation);
        let inputs = self.parts[0].inputs;
        let columns = Columns { targets, width: self.parts[layers - 1].outputs, batch };
        let bounds = Bounds { min: &self.min_logvar.value, max: &self.max_logvar.value };
        let parts = &self.parts;
        let tiles = batch.div_ceil(TILE);
        self.tiles.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, (tile, sums))| {
            let (e, t) = (i / tiles, i % tiles);
            let (start, end) = (e * batch + t * TILE, e * batch + batch.min((t + 1) * TILE));
            let parts = &parts[e * layers..(e + 1) * layers];
            tile.forward(&x[start * inputs..end * inputs], parts, activation);
            let y = &y[start * targets..end * targets];
            backward(tile.out_mut(), y, &ended[start..end], columns, bounds, sums);
            tile.backward(parts);
        });
    }

    /// Sums what the tiles found, in their order: the gradient of the bounds, and the loss.
    fn gather_bounds(&mut self) -> f64 {
        let mut loss = 0.0;
        for c in 0..self.targets {
            let sum = |of: fn(&Sums) -> &[f64]| self.tiles.iter().map(|(_, sums)| of(sums)[c]).sum::<f64>();
            self.min_logvar.grad[c] = sum(|s| &s.min) as f32 - BOUNDS_WEIGHT;
            self.max_logvar.grad[c] = sum(|s| &s.max) as f32 + BOUNDS_WEIGHT;
            loss += f64::from(BOUNDS_WEIGHT) * f64::from(self.max_logvar.value[c] - self.min_logvar.value[c]);
        }
        loss + self.tiles.iter().map(|(_, sums)| sums.loss).sum::<f64>()
    }

    /// Every layer's gradient, and its step.
    fn descend(&mut self, x: &[f32], scale: Scale) {
        let (batch, inputs, tiles) = (self.batch, self.parts[0].inputs, self.batch.div_ceil(TILE));
        let all = &self.tiles;
        let rows = |e, start, rows| &x[(e * batch + start) * inputs..(e * batch + start + rows) * inputs];
        tile::descend(
            (&mut self.parts, self.layers),
            tiles,
            |e, t| &all[e * tiles + t].0,
            rows,
            (scale, f32::INFINITY),
        );
    }
}

#[cfg(test)]
impl Trainer {
    /// The last step's gradients in the order of [`Ensemble`]'s tensors: each layer's weights [E, in, out] and biases
    /// [E, out], then the lower and the upper bounds.
    pub(super) fn gradients(&self) -> Vec<Vec<f32>> {
        let mut all = Vec::new();
        for l in 0..self.layers {
            let parts = || self.parts.iter().skip(l).step_by(self.layers);
            all.push(parts().flat_map(|p| p.weight.grad.iter().copied()).collect());
            all.push(parts().flat_map(|p| p.bias.grad.iter().copied()).collect());
        }
        all.push(self.min_logvar.grad.clone());
        all.push(self.max_logvar.grad.clone());
        all
    }
}
