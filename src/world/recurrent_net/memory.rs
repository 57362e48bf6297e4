//! What a [`super::RecurrentNet`] remembers: the units of recurrent cells that stand on each other, or a window of the past.

use crate::world::net::activation::Activation;
use crate::world::net::mlp::{Layer, Mlp};
use crate::world::rssm::GruCell;

/// How the past is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Memory {
    /// Gated recurrent units, the lowest first; their units begin at 0.
    Gru(Vec<GruCell>),
    /// Long short-term memories, likewise.
    Lstm(Vec<LstmCell>),
    /// The last observations with their actions, the oldest first, as they were seen.
    Window {
        /// Observations, the present one included.
        steps: usize,
        /// Columns of one with its action.
        inputs: usize,
    },
}

/// A long short-term memory (Hochreiter & Schmidhuber 1997) with the gates and biases of PyTorch's `LSTM`.
#[derive(Debug, Clone, PartialEq)]
pub struct LstmCell {
    /// Inputs to input, forget, cell and output gates [4 H].
    of_input: Mlp,
    /// Units to the same.
    of_units: Mlp,
}

/// What is remembered of B rollouts, several arrays of B rows.
pub(super) struct Held(Vec<Vec<f32>>);

impl LstmCell {
    /// A cell whose layers give input, forget, cell and output gates side by side.
    ///
    /// # Errors
    /// A sentence where their shapes are not those of a cell.
    pub fn new(of_input: Layer, of_units: Layer) -> Result<Self, String> {
        let (gates, units) = (of_units.outputs, of_units.inputs);
        if gates != 4 * units || of_input.outputs != gates {
            return Err(format!(
                "a recurrent cell of {units} units has {} gates for its inputs and {gates} for its units, {} are needed",
                of_input.outputs,
                4 * units
            ));
        }
        let linear = |layer| Mlp::new(1, Activation::Identity, vec![layer]);
        Ok(Self { of_input: linear(of_input)?, of_units: linear(of_units)? })
    }

    /// Carries units and cells [B, H] on: `c' = f c + i g`, `h' = o tanh(c')`.
    fn step(&self, input: &[f32], units: &mut [f32], cells: &mut [f32]) {
        let h = self.of_units.inputs();
        let (given, own) = (self.of_input.forward(input), self.of_units.forward(units));
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        for (row, (units, cells)) in units.chunks_exact_mut(h).zip(cells.chunks_exact_mut(h)).enumerate() {
            let gate = |gate: usize, i: usize| {
                let at = row * 4 * h + gate * h + i;
                given[at] + own[at]
            };
            for i in 0..h {
                cells[i] = sigmoid(gate(1, i)) * cells[i] + sigmoid(gate(0, i)) * gate(2, i).tanh();
                units[i] = sigmoid(gate(3, i)) * cells[i].tanh();
            }
        }
    }
}

impl Memory {
    /// Inputs and units of every cell.
    fn cells(&self) -> Vec<(usize, usize)> {
        match self {
            Self::Gru(cells) => cells.iter().map(|c| (c.inputs(), c.units())).collect(),
            Self::Lstm(cells) => cells.iter().map(|c| (c.of_input.inputs(), c.of_units.inputs())).collect(),
            Self::Window { .. } => Vec::new(),
        }
    }

    /// Columns of what it gives.
    pub fn features(&self) -> usize {
        match self {
            Self::Window { steps, inputs } => steps.saturating_mul(*inputs),
            _ => self.cells().last().map_or(0, |(_, units)| *units),
        }
    }

    /// Checks that it takes `inputs` columns, cell after cell, and that a window is filled by `context` observations.
    pub(super) fn check(&self, inputs: usize, context: usize) -> Result<(), String> {
        if let Self::Window { steps, inputs: width } = self {
            let fits = (*steps, *width) == (context, inputs);
            let wrong = || format!("a window of {steps} steps of {width} columns is given {context} of {inputs}");
            return if fits { Ok(()) } else { Err(wrong()) };
        }
        let mut given = inputs;
        for (i, (takes, units)) in self.cells().into_iter().enumerate() {
            if takes != given || units == 0 {
                return Err(format!(
                    "recurrent layer {i} takes {takes} inputs and has {units} units, it is given {given}"
                ));
            }
            given = units;
        }
        if self.cells().is_empty() { Err("a recurrent network without a layer".into()) } else { Ok(()) }
    }

    /// Nothing seen yet by `rows` rollouts.
    pub(super) fn empty(&self, rows: usize) -> Held {
        let zeros = |width: usize| vec![0.0; rows * width];
        Held(match self {
            Self::Gru(cells) => cells.iter().map(|c| zeros(c.units())).collect(),
            Self::Lstm(cells) => cells.iter().flat_map(|c| [c.of_units.inputs(); 2]).map(zeros).collect(),
            Self::Window { steps, inputs } => vec![zeros((steps - 1) * inputs)],
        })
    }

    /// Remembers `seen` [B, inputs] and gives the features [B, F].
    pub(super) fn see(&self, held: &mut Held, seen: &[f32]) -> Vec<f32> {
        let mut input = seen.to_vec();
        match self {
            Self::Gru(cells) => {
                for (cell, units) in cells.iter().zip(&mut held.0) {
                    *units = cell.step(&input, units);
                    input.clone_from(units);
                }
            }
            Self::Lstm(cells) => {
                for (cell, pair) in cells.iter().zip(held.0.chunks_exact_mut(2)) {
                    if let [units, memory] = pair {
                        cell.step(&input, units, memory);
                        input.clone_from(units);
                    }
                }
            }
            Self::Window { steps, inputs } => {
                if let [past] = &mut held.0[..] {
                    let whole = beside(past, (steps - 1) * inputs, seen, *inputs);
                    *past = whole.chunks_exact(steps * inputs).flat_map(|row| &row[*inputs..]).copied().collect();
                    input = whole;
                }
            }
        }
        input
    }
}

/// Rows of `left` columns and rows of `right` columns side by side.
pub(super) fn beside(a: &[f32], left: usize, b: &[f32], right: usize) -> Vec<f32> {
    let rows = b.len() / right.max(1);
    (0..rows).flat_map(|r| a[r * left..(r + 1) * left].iter().chain(&b[r * right..(r + 1) * right])).copied().collect()
}

impl Held {
    /// Leaves `rows` of the `before` there are, in this order.
    pub(super) fn keep(&mut self, rows: &[usize], before: usize) {
        for array in &mut self.0 {
            let width = array.len() / before.max(1);
            *array = rows.iter().flat_map(|r| array[r * width..(r + 1) * width].iter().copied()).collect();
        }
    }
}
