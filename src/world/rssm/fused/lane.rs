//! A share of the rows of a batch on their way through the cell and the posterior, step by step, and back: with memory of its own.

use wide::f32x8;

use super::simplex::{drawn, pulled_back, shares};
use crate::world::net::fused::activate::activate;
use crate::world::net::fused::tape::{Called, Tape};
use crate::world::net::lanes::{over_columns, sigmoid};
use crate::world::net::mlp::Activation;

/// The networks that a recurrent model calls at every step.
#[derive(Debug)]
pub(super) struct Chain {
    pub posterior: Called,
    pub input: Called,
    pub of_input: Called,
    pub of_units: Called,
    /// Between the input and the cell.
    pub activation: Activation,
    /// Classes of a group of latents.
    pub classes: usize,
}

impl Chain {
    /// Deterministic units H.
    pub fn units(&self) -> usize {
        self.of_units.inputs()
    }

    /// Columns of all latents Z.
    pub fn latents(&self) -> usize {
        self.posterior.outputs()
    }

    /// Columns of an embedding W.
    pub fn embedding(&self) -> usize {
        self.posterior.inputs() - self.units()
    }

    /// Columns of an action A.
    pub fn action(&self) -> usize {
        self.input.inputs() - self.latents()
    }
}

/// B rows over L steps, all arrays step by step.
#[derive(Debug)]
pub(super) struct Lane {
    rows: usize,
    steps: usize,
    pub posterior: Tape,
    pub input: Tape,
    pub of_input: Tape,
    pub of_units: Tape,
    /// [(L + 1)·B, H + W] what the posterior reads.
    pub seen: Vec<f32>,
    /// [L·B, Z + A] latents and actions.
    pub taken: Vec<f32>,
    /// [L·B, inputs] what the cell takes, and the slope of the activation before it.
    pub given: Vec<f32>,
    slopes: Vec<f32>,
    /// [(L + 1)·B, H].
    pub units: Vec<f32>,
    /// [(L + 1)·B, Z] one class a group.
    pub latents: Vec<f32>,
    /// [(L + 1)·B, Z] the posterior's probabilities before a hundredth is spread.
    pub shares: Vec<f32>,
    /// [L·B, H] the gates, and what the units say to the new one.
    reset: Vec<f32>,
    update: Vec<f32>,
    new: Vec<f32>,
    own: Vec<f32>,
}

impl Lane {
    pub fn new(chain: &Chain, rows: usize, steps: usize) -> Self {
        let (now, after) = ((steps + 1) * rows, steps * rows);
        let (h, z) = (chain.units(), chain.latents());
        let memory = |rows: usize, width: usize| vec![0.0; rows * width];
        Self {
            rows,
            steps,
            posterior: chain.posterior.tape(now),
            input: chain.input.tape(after),
            of_input: chain.of_input.tape(after),
            of_units: chain.of_units.tape(after),
            seen: memory(now, chain.posterior.inputs()),
            taken: memory(after, chain.input.inputs()),
            given: memory(after, chain.of_input.inputs()),
            slopes: memory(after, chain.of_input.inputs()),
            units: memory(now, h),
            latents: memory(now, z),
            shares: memory(now, z),
            reset: memory(after, h),
            update: memory(after, h),
            new: memory(after, h),
            own: memory(after, h),
        }
    }

    /// [L·B, H] the units before each step of the cell.
    pub fn units_before(&self) -> &[f32] {
        &self.units[..self.units.len() / (self.steps + 1) * self.steps]
    }

    /// From units of zeros, over `embedded` [(L + 1)·B, W] and `actions` [L·B, A]; `chance` [(L + 1)·B, G] draws the classes.
    pub fn forward(&mut self, chain: &Chain, embedded: &[f32], actions: &[f32], chance: &[f32]) {
        let (b, h, z, w) = (self.rows, chain.units(), chain.latents(), chain.embedding());
        let groups = z / chain.classes;
        for t in 0..=self.steps {
            if t > 0 {
                self.carry_on(chain, t - 1, actions);
            }
            let at = t * b..(t + 1) * b;
            for r in at.clone() {
                let row = &mut self.seen[r * (h + w)..(r + 1) * (h + w)];
                row[..h].copy_from_slice(&self.units[r * h..(r + 1) * h]);
                row[h..].copy_from_slice(&embedded[r * w..(r + 1) * w]);
            }
            let seen = &self.seen[at.start * (h + w)..at.end * (h + w)];
            let of = at.start * z..at.end * z;
            let own = &mut self.shares[of.clone()];
            own.copy_from_slice(chain.posterior.forward(&mut self.posterior, at.clone(), seen));
            shares(own, chain.classes);
            drawn(&mut self.latents[of], own, chain.classes, &chance[at.start * groups..at.end * groups]);
        }
    }

    /// The units after step `t`, from those before it.
    fn carry_on(&mut self, chain: &Chain, t: usize, actions: &[f32]) {
        let (b, h, z, a) = (self.rows, chain.units(), chain.latents(), chain.action());
        let at = t * b..(t + 1) * b;
        for r in at.clone() {
            let row = &mut self.taken[r * (z + a)..(r + 1) * (z + a)];
            row[..z].copy_from_slice(&self.latents[r * z..(r + 1) * z]);
            row[z..].copy_from_slice(&actions[r * a..(r + 1) * a]);
        }
        let of = |width: usize| at.start * width..at.end * width;
        let width = chain.of_input.inputs();
        let given = &mut self.given[of(width)];
        given.copy_from_slice(chain.input.forward(&mut self.input, at.clone(), &self.taken[of(z + a)]));
        activate(chain.activation, given, &mut self.slopes[of(width)]);
        let given = chain.of_input.forward(&mut self.of_input, at.clone(), &self.given[of(width)]);
        let own = chain.of_units.forward(&mut self.of_units, at.clone(), &self.units[of(h)]);
        let (before, after) = self.units.split_at_mut(at.end * h);
        for (i, r) in at.enumerate() {
            let [gr, gu, gn] = [0, 1, 2].map(|gate| &given[(3 * i + gate) * h..(3 * i + gate + 1) * h]);
            let [or, ou, on] = [0, 1, 2].map(|gate| &own[(3 * i + gate) * h..(3 * i + gate + 1) * h]);
            let row = r * h..(r + 1) * h;
            let (reset, update) = (&mut self.reset[row.clone()], &mut self.update[row.clone()]);
            over_columns(reset, [gr, or, or], |[given, own, _]| sigmoid(given + own));
            over_columns(update, [gu, ou, ou], |[given, own, _]| sigmoid(given + own));
            let new = &mut self.new[row.clone()];
            over_columns(new, [gn, reset, on], |[given, reset, own]: [f32x8; 3]| (given + reset * own).tanh());
            self.own[row.clone()].copy_from_slice(on);
            over_columns(&mut after[i * h..(i + 1) * h], [new, update, &before[row]], |[new, update, before]| {
                new + update * (before - new)
            });
        }
    }

    /// Brings gradients back to every network that is called at every step: those with respect to `units` [(L + 1)·B, H] and to the
    /// posterior's probabilities [(L + 1)·B, Z], to which what comes back from later steps is added on the way. Answers that with
    /// respect to the embeddings [(L + 1)·B, W].
    pub fn backward(&mut self, chain: &Chain, units: &mut [f32], probabilities: &mut [f32]) -> Vec<f32> {
        let (b, h, z, w) = (self.rows, chain.units(), chain.latents(), chain.embedding());
        let mut embedded = vec![0.0; (self.steps + 1) * b * w];
        let mut seen = vec![0.0; b * (h + w)];
        for t in (0..=self.steps).rev() {
            let at = t * b..(t + 1) * b;
            let of = at.start * z..at.end * z;
            pulled_back(&mut probabilities[of.clone()], &self.shares[of.clone()], chain.classes);
            seen.fill(0.0);
            chain.posterior.backward(&mut self.posterior, at.clone(), &probabilities[of], &mut seen);
            for (i, r) in at.enumerate() {
                let row = &seen[i * (h + w)..(i + 1) * (h + w)];
                units[r * h..(r + 1) * h].iter_mut().zip(row).for_each(|(d, s)| *d += s);
                embedded[r * w..(r + 1) * w].copy_from_slice(&row[h..]);
            }
            if let Some(before) = t.checked_sub(1) {
                self.back_over(chain, before, units, probabilities);
            }
        }
        embedded
    }

    /// Brings the gradient with respect to the units after step `t` back to those before it and to the latents there.
    fn back_over(&mut self, chain: &Chain, t: usize, units: &mut [f32], latents: &mut [f32]) {
        let (b, h, z, a) = (self.rows, chain.units(), chain.latents(), chain.action());
        let at = t * b..(t + 1) * b;
        let (mut given, mut own) = (vec![0.0; b * 3 * h], vec![0.0; b * 3 * h]);
        let (before, after) = units.split_at_mut(at.end * h);
        for (i, r) in at.clone().enumerate() {
            let (given, own) = (&mut given[i * 3 * h..(i + 1) * 3 * h], &mut own[i * 3 * h..(i + 1) * 3 * h]);
            for c in 0..h {
                let u = r * h + c;
                let (reset, update, new) = (self.reset[u], self.update[u], self.new[u]);
                let moved = after[i * h + c];
                let of_new = moved * (1.0 - update) * (1.0 - new * new);
                let of_update = moved * (self.units[u] - new) * update * (1.0 - update);
                let of_reset = of_new * self.own[u] * reset * (1.0 - reset);
                (given[c], given[h + c], given[2 * h + c]) = (of_reset, of_update, of_new);
                (own[c], own[h + c], own[2 * h + c]) = (of_reset, of_update, of_new * reset);
                before[u] += moved * update;
            }
        }
        chain.of_units.backward(&mut self.of_units, at.clone(), &own, &mut before[at.start * h..]);
        let width = chain.of_input.inputs();
        let mut inner = vec![0.0; b * width];
        chain.of_input.backward(&mut self.of_input, at.clone(), &given, &mut inner);
        inner.iter_mut().zip(&self.slopes[at.start * width..at.end * width]).for_each(|(d, s)| *d *= s);
        let mut taken = vec![0.0; b * (z + a)];
        chain.input.backward(&mut self.input, at.clone(), &inner, &mut taken);
        for (row, r) in taken.chunks_exact(z + a).zip(at) {
            latents[r * z..(r + 1) * z].iter_mut().zip(row).for_each(|(d, t)| *d += t);
        }
    }
}
