//! Networks whose layers each have their own normalisation and non-linearity.

use rayon::prelude::*;

use crate::world::net::activation::softmax;
use crate::world::net::mlp::{Activation, Layer, Mlp};

/// What PyTorch's `LayerNorm` adds to a variance.
const EPS: f64 = 1e-5;
/// Rows that one task normalises.
const TILE: usize = 128;

/// What follows a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// x tanh(ln(1 + eˣ)) (Misra 2019).
    Mish,
    /// x above 0, eˣ - 1 below.
    Elu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// A softmax over each group of so many units (Lavoie et al. 2022).
    SimNorm(usize),
}

/// Shift and scale of a layer's units after they were standardised over the units of a row (Ba et al. 2016).
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm {
    /// [units].
    pub weight: Vec<f32>,
    /// [units].
    pub bias: Vec<f32>,
}

/// A linear layer and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    linear: Mlp,
    norm: Option<LayerNorm>,
    after: After,
}

/// Blocks that follow on each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain(Vec<Block>);

impl Block {
    /// A layer, its normalisation and its non-linearity.
    ///
    /// # Errors
    /// A sentence where their sizes do not fit.
    pub fn new(layer: Layer, norm: Option<LayerNorm>, after: After) -> Result<Self, String> {
        let units = layer.outputs;
        if units == 0 || layer.inputs == 0 {
            return Err(format!("a layer of {} inputs and {units} units does nothing", layer.inputs));
        }
        if let Some(norm) = norm.as_ref().filter(|norm| norm.weight.len() != units || norm.bias.len() != units) {
            return Err(format!("a layer of {units} units is normalised by {}", norm.weight.len()));
        }
        match after {
            After::SimNorm(group) if group == 0 || !units.is_multiple_of(group) => {
                Err(format!("{units} units are no whole groups of {group}"))
            }
            _ => Ok(Self { linear: Mlp::new(1, Activation::Identity, vec![layer])?, norm, after }),
        }
    }

    /// [B, outputs] of `x` [B, inputs].
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut out = self.linear.forward(x);
        let units = self.linear.outputs();
        out.par_chunks_mut(units * TILE).for_each(|tile| {
            for row in tile.chunks_exact_mut(units) {
                self.norm.iter().for_each(|norm| norm.apply(row));
                self.after.apply(row);
            }
        });
        out
    }
}

impl LayerNorm {
    fn apply(&self, row: &mut [f32]) {
        let n = row.len() as f64;
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (variance + EPS).sqrt();
        for ((v, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
            *v = ((f64::from(*v) - mean) * scale * f64::from(*weight) + f64::from(*bias)) as f32;
        }
    }
}

impl After {
    fn apply(self, row: &mut [f32]) {
        match self {
            Self::Nothing => {}
            Self::Mish => row.iter_mut().for_each(|v| *v = mish(*v)),
            Self::Elu => row.iter_mut().for_each(|v| *v = if *v > 0.0 { *v } else { v.exp_m1() }),
            Self::Sigmoid => row.iter_mut().for_each(|v| *v = 1.0 / (1.0 + (-*v).exp())),
            Self::SimNorm(group) => row.chunks_exact_mut(group).for_each(softmax),
        }
    }
}

/// tanh(ln(1 + eˣ)) is (1 + eˣ)² - 1 over (1 + eˣ)² + 1; where eˣ is large it is 1.
fn mish(x: f32) -> f32 {
    if x > 20.0 {
        return x;
    }
    let e = x.exp();
    let above = e * (e + 2.0);
    x * above / (above + 2.0)
}

impl Chain {
    /// Checks that the blocks follow on each other.
    ///
    /// # Errors
    /// A sentence naming the one that does not fit.
    pub fn new(blocks: Vec<Block>) -> Result<Self, String> {
        if blocks.is_empty() {
            return Err("a network needs at least one layer".into());
        }
        for (i, pair) in blocks.windows(2).enumerate() {
            let (gives, takes) = (pair[0].linear.outputs(), pair[1].linear.inputs());
            if gives != takes {
                return Err(format!("layer {} takes {takes} inputs, layer {i} gives {gives}", i + 1));
            }
        }
        Ok(Self(blocks))
    }

    /// Columns in.
    pub fn inputs(&self) -> usize {
        self.0[0].linear.inputs()
    }

    /// Columns out.
    pub fn outputs(&self) -> usize {
        self.0[self.0.len() - 1].linear.outputs()
    }

    /// What follows the last layer.
    pub fn after(&self) -> After {
        self.0[self.0.len() - 1].after
    }

    /// [B, outputs] of `x` [B, inputs].
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let (first, others) = (&self.0[0], &self.0[1..]);
        others.iter().fold(first.forward(x), |x, block| block.forward(&x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(inputs: usize, outputs: usize, weight: Vec<f32>) -> Layer {
        Layer { inputs, outputs, weight, bias: vec![0.0; outputs] }
    }

    /// `torch.nn.functional.mish` in double precision.
    #[test]
    fn mish_is_pytorchs() {
        for (x, want) in [(-20.0, -4.122_307e-8), (-1.0, -0.303_401_46), (0.0, 0.0), (0.5, 0.375_245_2), (25.0, 25.0)] {
            assert!((mish(x) - want).abs() <= 2e-7 * want.abs().max(1e-7), "{x}: {} for {want}", mish(x));
        }
    }

    #[test]
    fn a_normalised_row_and_its_simplices_by_hand() {
        // Mean 0 and variance 1 but for what is added to it; then a softmax over two and two.
        let norm = LayerNorm { weight: vec![2.0, 2.0, 1.0, 1.0], bias: vec![0.0; 4] };
        let identity = (0..16).map(|i| f32::from(u8::from(i % 5 == 0))).collect();
        let block = Block::new(linear(4, 4, identity), Some(norm), After::SimNorm(2)).unwrap();
        let out = Chain::new(vec![block]).unwrap().forward(&[1.0, -1.0, 1.0, -1.0]);
        let of = |x: f64| 1.0 / (1.0 + (-x / 1.000_01f64.sqrt()).exp());
        for (got, want) in out.iter().zip([of(4.0), 1.0 - of(4.0), of(2.0), 1.0 - of(2.0)]) {
            assert!((f64::from(*got) - want).abs() < 1e-6, "{got} {want}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let block = |i, o| Block::new(linear(i, o, vec![0.0; i * o]), None, After::Nothing).unwrap();
        assert!(Chain::new(vec![block(2, 3), block(4, 1)]).unwrap_err().contains("layer 1 takes 4 inputs"));
        assert!(Chain::new(Vec::new()).is_err());
        let odd = Block::new(linear(2, 6, vec![0.0; 12]), None, After::SimNorm(4));
        assert!(odd.unwrap_err().contains("no whole groups of 4"));
        assert!(Block::new(linear(0, 3, Vec::new()), None, After::Mish).unwrap_err().contains("does nothing"));
        let norm = LayerNorm { weight: vec![1.0; 2], bias: vec![1.0; 2] };
        assert!(Block::new(linear(1, 3, vec![0.0; 3]), Some(norm), After::Mish).is_err());
    }
}
