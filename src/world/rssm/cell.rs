//! A gated recurrent unit (Cho et al. 2014) with the gates and biases of PyTorch's `GRUCell`.

use crate::world::net::mlp::{Activation, Layer, Mlp};

/// A cell of H units.
#[derive(Debug, Clone, PartialEq)]
pub struct GruCell {
    /// Inputs to reset, update and new [3 H].
    of_input: Mlp,
    /// Units to the same.
    of_units: Mlp,
}

impl GruCell {
    /// A cell whose layers give reset, update and new gates side by side.
    ///
    /// # Errors
    /// A sentence where their shapes are not those of a cell.
    pub fn new(of_input: Layer, of_units: Layer) -> Result<Self, String> {
        let (gates, units) = (of_units.outputs, of_units.inputs);
        if gates != 3 * units || of_input.outputs != gates {
            return Err(format!(
                "a recurrent cell of {units} units has {} gates for its inputs and {gates} for its units, {} are needed",
                of_input.outputs,
                3 * units
            ));
        }
        let linear = |layer| Mlp::new(1, Activation::Identity, vec![layer]);
        Ok(Self { of_input: linear(of_input)?, of_units: linear(of_units)? })
    }

    /// A cell of two networks of one layer each, which fit.
    pub(super) fn of(of_input: Mlp, of_units: Mlp) -> Self {
        let linear = |mlp: Mlp| Mlp { activation: Activation::Identity, ..mlp };
        Self { of_input: linear(of_input), of_units: linear(of_units) }
    }

    /// Inputs to reset, update and new [3 H].
    pub fn of_input(&self) -> &Mlp {
        &self.of_input
    }

    /// Units to the same.
    pub fn of_units(&self) -> &Mlp {
        &self.of_units
    }

    /// Units H.
    pub fn units(&self) -> usize {
        self.of_units.inputs()
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.of_input.inputs()
    }

    /// [B, H] the units after `input` [B, inputs], which were `before` [B, H].
    pub fn step(&self, input: &[f32], before: &[f32]) -> Vec<f32> {
        let h = self.units();
        let (given, own) = (self.of_input.forward(input), self.of_units.forward(before));
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let rows = given.chunks_exact(3 * h).zip(own.chunks_exact(3 * h)).zip(before.chunks_exact(h));
        let unit = |((given, own), before): ((&[f32], &[f32]), &[f32]), i: usize| {
            let reset = sigmoid(given[i] + own[i]);
            let update = sigmoid(given[h + i] + own[h + i]);
            let new = (given[2 * h + i] + reset * own[2 * h + i]).tanh();
            (1.0 - update) * new + update * before[i]
        };
        rows.flat_map(|row| (0..h).map(move |i| unit(row, i))).collect()
    }
}
