//! A number as a distribution over bins: the head that Dreamer reads rewards from.

use super::stack::Stack;
use crate::world::latent::{OUTERMOST, symexp};

/// What rewards are read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Reward {
    /// The expectation over bins.
    TwoHot(TwoHot),
    /// The reward itself, compressed by [`symlog`](crate::world::latent::symlog).
    Symlog(Stack),
}

impl Reward {
    /// The network.
    pub fn stack(&self) -> &Stack {
        match self {
            Self::TwoHot(head) => &head.logits,
            Self::Symlog(stack) => stack,
        }
    }

    /// The network, to be changed.
    pub fn stack_mut(&mut self) -> &mut Stack {
        match self {
            Self::TwoHot(head) => &mut head.logits,
            Self::Symlog(stack) => stack,
        }
    }

    /// [B] rewards for `features` [B, inputs].
    pub fn forward(&self, features: &[f32]) -> Vec<f32> {
        match self {
            Self::TwoHot(head) => head.forward(features),
            Self::Symlog(stack) => stack.forward(features).into_iter().map(symexp).collect(),
        }
    }

    /// Whether it has as many outputs as it needs.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::TwoHot(head) => head.logits.outputs() > 1,
            Self::Symlog(stack) => stack.outputs() == 1,
        }
    }
}

/// Logits of bins, and how their expectation becomes the number.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoHot {
    /// To the logits, one a bin.
    pub logits: Stack,
    /// The expectation is taken over compressed bins and stretched then; else over stretched bins.
    pub stretched_last: bool,
}

impl TwoHot {
    /// [B] the expectation for `features` [B, inputs].
    pub fn forward(&self, features: &[f32]) -> Vec<f32> {
        let bins = self.bins();
        let all = self.logits.forward(features);
        let of = |logits: &[f32]| {
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let weights: Vec<f64> = logits.iter().map(|v| f64::from(v - most).exp()).collect();
            let term = |i: usize| weights[i] * f64::from(bins[i]);
            let n = bins.len();
            // Bins of both signs from outside in, so that even weights give 0: the outermost are of size 10⁸.
            let pairs: f64 = (0..n / 2).map(|i| term(i) + term(n - 1 - i)).sum();
            let middle = if n % 2 == 1 { term(n / 2) } else { 0.0 };
            let mean = ((pairs + middle) / weights.iter().sum::<f64>()) as f32;
            if self.stretched_last { symexp(mean) } else { mean }
        };
        all.chunks_exact(bins.len()).map(of).collect()
    }

    /// The bins, from the lowest to the highest.
    fn bins(&self) -> Vec<f32> {
        let n = self.logits.outputs();
        // Evenly from -20 to 20; of an even number that is stretched first the two halves both end at 0.
        let step = |halves: bool| {
            if halves { OUTERMOST / (n / 2 - 1).max(1) as f32 } else { 2.0 * OUTERMOST / (n - 1).max(1) as f32 }
        };
        let halves = !self.stretched_last && n.is_multiple_of(2);
        let lower = |i: usize| step(halves).mul_add(i as f32, -OUTERMOST);
        let even = |i: usize| if 2 * i < n { lower(i) } else { -lower(n - 1 - i) };
        let middle = |i: usize| if n % 2 == 1 && i == n / 2 { 0.0 } else { even(i) };
        (0..n).map(|i| if self.stretched_last { middle(i) } else { symexp(middle(i)) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::dreamer::stack::{Dense, Norm};
    use crate::world::net::activation::Activation;

    /// Logits that are the features times 1.
    fn head(bins: usize, stretched_last: bool) -> TwoHot {
        let weight = (0..bins * bins).map(|i| f32::from(u8::from(i / bins == i % bins))).collect();
        let dense = Dense {
            inputs: bins,
            outputs: bins,
            blocks: 1,
            weight,
            bias: vec![0.0; bins],
            norm: Norm::None,
            activation: Activation::Identity,
        };
        TwoHot { logits: Stack::new(vec![dense]).unwrap(), stretched_last }
    }

    #[test]
    fn even_weights_are_nothing_and_one_bin_is_its_number() {
        for (bins, last) in [(255, true), (255, false), (4, true), (4, false)] {
            let head = head(bins, last);
            assert_eq!(head.forward(&vec![0.3; bins])[0].to_bits() << 1, 0, "{bins} {last}");
            let mut sure = vec![-1e4; bins];
            sure[bins - 1] = 0.0;
            let most = 20.0f32.exp_m1();
            assert!((head.forward(&sure)[0] - most).abs() <= 1e-5 * most);
        }
        // Bins at 0 and 20/127 with even weights: the mean of what they stand for, or what their mean stands for.
        let mut two = vec![-1e4; 255];
        (two[127], two[128]) = (0.0, 0.0);
        let first = (20.0f32 / 127.0).exp_m1() / 2.0;
        let last = (10.0f32 / 127.0).exp_m1();
        assert!((head(255, false).forward(&two)[0] - first).abs() < 1e-6);
        assert!((head(255, true).forward(&two)[0] - last).abs() < 1e-6);
        // Of four bins that are stretched first the inner two are both 0.
        assert_eq!(head(4, false).bins()[1..3], [0.0, 0.0]);
    }
}
