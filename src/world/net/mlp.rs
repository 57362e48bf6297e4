//! A batch of equally shaped multi-layer perceptrons: the forward pass of ensembles, actors and critics.

use rayon::prelude::*;

pub use super::activation::Activation;
use super::matmul::matmul;

/// Rows that one task pushes through all layers: small enough that a layer's rows stay in the second-level cache.
const TILE: usize = 128;

/// One linear layer of every member.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Columns in.
    pub inputs: usize,
    /// Columns out.
    pub outputs: usize,
    /// [E, inputs, outputs], row-major.
    pub weight: Vec<f32>,
    /// [E, outputs].
    pub bias: Vec<f32>,
}

/// E perceptrons of one shape; the activation follows every layer but the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// Number of members E.
    pub members: usize,
    /// Non-linearity between layers.
    pub activation: Activation,
    /// In order from input to output.
    pub layers: Vec<Layer>,
}

impl Mlp {
    /// Checks that the layers follow on each other.
    ///
    /// # Errors
    /// A sentence naming the layer that does not fit.
    pub fn new(members: usize, activation: Activation, layers: Vec<Layer>) -> Result<Self, String> {
        if layers.is_empty() || members == 0 {
            return Err("a network needs at least one layer and one member".into());
        }
        for (i, l) in layers.iter().enumerate() {
            if l.weight.len() != members * l.inputs * l.outputs || l.bias.len() != members * l.outputs {
                return Err(format!("layer {i} has not {members} x {} x {} weights", l.inputs, l.outputs));
            }
            if i > 0 && layers[i - 1].outputs != l.inputs {
                return Err(format!(
                    "layer {i} takes {} inputs, layer {} gives {}",
                    l.inputs,
                    i - 1,
                    layers[i - 1].outputs
                ));
            }
        }
        Ok(Self { members, activation, layers })
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Columns out.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Weights and biases of all members.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|l| l.weight.len() + l.bias.len()).sum()
    }

    /// Pushes the same rows `x` [B, inputs] through every member: [E, B, outputs].
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs();
        let mut out = vec![0.0; self.members * rows * self.outputs()];
        self.run(rows, &mut out, |_, start, len| &x[start * self.inputs()..(start + len) * self.inputs()]);
        out
    }

    /// Pushes each member's own rows `x` [E, B, inputs] through that member: [E, B, outputs].
    pub fn forward_each(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs() / self.members;
        let mut out = vec![0.0; self.members * rows * self.outputs()];
        self.run(rows, &mut out, |e, start, len| {
            &x[(e * rows + start) * self.inputs()..(e * rows + start + len) * self.inputs()]
        });
        out
    }

    fn run<'x>(&self, rows: usize, out: &mut [f32], input: impl Fn(usize, usize, usize) -> &'x [f32] + Sync) {
        if rows == 0 {
            return;
        }
        let width = self.outputs();
        out.par_chunks_mut(rows * width).enumerate().for_each(|(e, member_out)| {
            member_out.par_chunks_mut(TILE * width).enumerate().for_each(|(tile, out)| {
                let len = out.len() / width;
                self.tile(e, input(e, tile * TILE, len), out);
            });
        });
    }

    /// Units of the last hidden layer; nothing where a single linear layer is all.
    pub fn hidden_units(&self) -> Option<usize> {
        self.layers.len().checked_sub(2).map(|last| self.layers[last].outputs)
    }

    /// Activations of member `e`'s last hidden layer for rows `x` [B, inputs]: [B, units]; nothing where
    /// [`Mlp::hidden_units`] is.
    pub fn hidden(&self, e: usize, x: &[f32]) -> Option<Vec<f32>> {
        let units = self.hidden_units()?;
        let mut out = vec![0.0; x.len() / self.inputs() * units];
        out.par_chunks_mut(TILE * units).zip(x.par_chunks(TILE * self.inputs())).for_each(|(out, x)| {
            out.copy_from_slice(&self.through(e, x, self.layers.len() - 1));
        });
        Some(out)
    }

    /// One member, one tile of rows.
    fn tile(&self, e: usize, x: &[f32], out: &mut [f32]) {
        out.copy_from_slice(&self.through(e, x, self.layers.len()));
    }

    /// One member's first `count` layers, one tile of rows.
    fn through(&self, e: usize, x: &[f32], count: usize) -> Vec<f32> {
        let rows = x.len() / self.inputs();
        let mut current: Vec<f32> = Vec::new();
        for (i, layer) in self.layers.iter().take(count).enumerate() {
            let input = if i == 0 { x } else { &current[..] };
            let mut next = vec![0.0; rows * layer.outputs];
            let bias = &layer.bias[e * layer.outputs..(e + 1) * layer.outputs];
            next.chunks_exact_mut(layer.outputs).for_each(|row| row.copy_from_slice(bias));
            let size = layer.inputs * layer.outputs;
            let weight = &layer.weight[e * size..(e + 1) * size];
            matmul(&mut next, input, weight, (rows, layer.inputs, layer.outputs), true);
            if i + 1 < self.layers.len() {
                self.activation.apply(&mut next);
            }
            current = next;
        }
        current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_members_by_hand() {
        // member 0: y = relu(2x + 1) * 3 - 1; member 1: y = relu(-x) + 0.5
        let net = Mlp::new(
            2,
            Activation::Relu,
            vec![
                Layer { inputs: 1, outputs: 1, weight: vec![2.0, -1.0], bias: vec![1.0, 0.0] },
                Layer { inputs: 1, outputs: 1, weight: vec![3.0, 1.0], bias: vec![-1.0, 0.5] },
            ],
        )
        .expect("shapes fit");
        assert_eq!(net.forward(&[1.0, -2.0]), vec![8.0, -1.0, 0.5, 2.5]);
        assert_eq!(net.forward_each(&[1.0, -2.0]), vec![8.0, 2.5]);
        assert_eq!(net.hidden(0, &[1.0, -2.0]), Some(vec![3.0, 0.0]));
        assert_eq!(net.hidden(1, &[1.0, -2.0]), Some(vec![0.0, 2.0]));
        let linear = Mlp { layers: net.layers[..1].to_vec(), ..net };
        assert_eq!((linear.hidden_units(), linear.hidden(0, &[1.0])), (None, None));
    }
}
