//! What carries the deterministic state on: a gated recurrent unit whose gates are normed, or one in blocks.

use super::stack::Stack;
use crate::world::latent::beside;

/// The cell, with the layers before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// One layer over latents and action, then all gates from units and that layer, normed together (`DreamerV3` of 2023).
    Normed {
        /// [latents, action] to the cell's input.
        input: Stack,
        /// [units, input] to reset, candidate and update.
        gates: Stack,
    },
    /// Units, latents and action each through a layer of its own; then every block of units has its own gates (`DreamerV3` of
    /// 2024 and later).
    Blocks {
        /// Units to hidden.
        units: Stack,
        /// Latents to hidden.
        latents: Stack,
        /// Action to hidden.
        action: Stack,
        /// In blocks: a block's own units and all that was hidden, through hidden layers of as many columns as there are units,
        /// to its reset, candidate and update.
        gates: Stack,
    },
}

impl Cell {
    /// Units H.
    pub fn units(&self) -> usize {
        let (Self::Normed { gates, .. } | Self::Blocks { gates, .. }) = self;
        gates.outputs() / 3
    }

    /// The two numbers that do not fit each other, with what they are, for states of `latents` columns and actions of `action`.
    pub fn misfit(&self, latents: usize, action: usize) -> Option<(&'static str, usize, usize)> {
        let h = self.units();
        let pairs = match self {
            Self::Normed { input, gates } => vec![
                ("the inputs of the layer before the cell", input.inputs(), latents.saturating_add(action)),
                ("the cell's inputs", gates.inputs(), h.saturating_add(input.outputs())),
                ("the cell's gates", gates.outputs(), h.saturating_mul(3)),
            ],
            Self::Blocks { units, latents: stoch, action: act, gates } => {
                let hidden = units.outputs().saturating_add(stoch.outputs()).saturating_add(act.outputs());
                vec![
                    ("the inputs of the layer over the units", units.inputs(), h),
                    ("the inputs of the layer over the latents", stoch.inputs(), latents),
                    ("the inputs of the layer over the action", act.inputs(), action),
                    ("the blocks of the cell's first layer", gates.first_blocks(), gates.blocks()),
                    ("the units beyond whole blocks", h % gates.blocks(), 0),
                    ("the blocks' inputs", gates.inputs(), h.saturating_add(hidden.saturating_mul(gates.blocks()))),
                    ("the cell's gates", gates.outputs(), h.saturating_mul(3)),
                ]
            }
        };
        pairs.into_iter().find(|(_, has, needs)| has != needs)
    }

    /// [B, H] the units after `latents` and `actions`, which were `before` [B, H].
    pub fn step(&self, before: &[f32], latents: &[f32], actions: &[f32]) -> Vec<f32> {
        let h = self.units();
        let rows = before.len() / h;
        let each = |of: &[f32]| of.len() / rows.max(1);
        match self {
            Self::Normed { input, gates } => {
                let x = input.forward(&beside(&[(latents, each(latents)), (actions, each(actions))]));
                go(before, &gates.forward(&beside(&[(before, h), (&x, input.outputs())])), h, 1)
            }
            Self::Blocks { units, latents: stoch, action, gates } => {
                let parts = [units.forward(before), stoch.forward(latents), action.forward(actions)];
                let widths = [units.outputs(), stoch.outputs(), action.outputs()];
                let hidden = beside(&[(&parts[0], widths[0]), (&parts[1], widths[1]), (&parts[2], widths[2])]);
                let (g, width) = (gates.blocks(), widths.iter().sum::<usize>());
                let mut x = Vec::with_capacity(rows * gates.inputs());
                for (own, hidden) in before.chunks_exact(h).zip(hidden.chunks_exact(width)) {
                    for block in own.chunks_exact(h / g) {
                        x.extend_from_slice(block);
                        x.extend_from_slice(hidden);
                    }
                }
                go(before, &gates.forward(&x), h, g)
            }
        }
    }
}

/// The units after their gates: within every block resets, then candidates, then updates.
fn go(before: &[f32], gates: &[f32], h: usize, blocks: usize) -> Vec<f32> {
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    let each = h / blocks;
    let rows = before.chunks_exact(each).zip(gates.chunks_exact(3 * each));
    let unit = |before: &[f32], gates: &[f32], i: usize| {
        let new = (sigmoid(gates[i]) * gates[each + i]).tanh();
        // The update's bias of -1 makes a fresh cell keep what it has.
        let update = sigmoid(gates[2 * each + i] - 1.0);
        update * new + (1.0 - update) * before[i]
    };
    rows.flat_map(|(before, gates)| (0..each).map(move |i| unit(before, gates, i))).collect()
}
