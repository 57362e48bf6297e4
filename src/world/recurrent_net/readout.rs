//! What a [`super::RecurrentNet`] says of what it remembers.

use super::memory::beside;
use crate::world::ensemble::soft_bound;
use crate::world::net::mlp::Mlp;

/// PyTorch's default.
const EPS: f64 = 1e-5;

/// From features to the targets of every member.
#[derive(Debug, Clone, PartialEq)]
pub enum Readout {
    /// A head a member on a base that all share.
    Heads {
        /// Features to what the heads take; its activation follows the last layer too. Without it they take the features.
        base: Option<Mlp>,
        /// To the targets.
        mean: Mlp,
        /// To their deviations, where they are predicted.
        deviations: Option<Deviations>,
    },
    /// One member: what is seen goes beside the features, and then through blocks that add to what they are given.
    Residual {
        /// For what is seen.
        first: Block,
        /// The two side by side to what the blocks take; its activation follows it.
        merge: Mlp,
        /// One after the other.
        blocks: Vec<Block>,
        /// To the targets.
        last: Mlp,
    },
}

/// Log-deviations of every member and their soft bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviations {
    /// What the heads take to log-deviations.
    pub net: Mlp,
    /// [E, targets] soft lower bounds.
    pub min: Vec<f32>,
    /// [E, targets] soft upper bounds.
    pub max: Vec<f32>,
}

/// `x + act(linear(x))` or `act(linear(x))`, and then, if it has one, layer normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// One layer; its activation follows it.
    pub linear: Mlp,
    /// Adds what it is given.
    pub residual: bool,
    /// Follows.
    pub norm: Option<LayerNorm>,
}

/// Layer normalisation (Ba et al. 2016): every row has mean 0 and deviation 1 before it is scaled and shifted.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm {
    /// [columns].
    pub scale: Vec<f32>,
    /// [columns].
    pub shift: Vec<f32>,
}

impl Readout {
    /// Members E.
    pub fn members(&self) -> usize {
        match self {
            Self::Heads { mean, .. } => mean.members,
            Self::Residual { .. } => 1,
        }
    }

    /// True if deviations are predicted.
    pub fn has_deviations(&self) -> bool {
        matches!(self, Self::Heads { deviations: Some(_), .. })
    }

    /// All its networks.
    fn nets(&self) -> Vec<&Mlp> {
        match self {
            Self::Heads { base, mean, deviations } => {
                base.iter().chain([mean]).chain(deviations.iter().map(|d| &d.net)).collect()
            }
            Self::Residual { first, merge, blocks, last } => {
                [&first.linear, merge, last].into_iter().chain(blocks.iter().map(|b| &b.linear)).collect()
            }
        }
    }

    /// Checks that it takes what is `seen` and `features` and gives `targets`, columns each.
    pub(super) fn check(&self, seen: usize, features: usize, targets: usize) -> Result<(), String> {
        let mut pairs = Vec::new();
        match self {
            Self::Heads { base, mean, deviations } => {
                let given = base.as_ref().map_or(features, Mlp::outputs);
                pairs.extend(base.iter().map(|base| ("inputs of the base", base.inputs(), features)));
                pairs.extend([
                    ("inputs of the heads", mean.inputs(), given),
                    ("outputs of the heads", mean.outputs(), targets),
                ]);
                if let Some(d) = deviations {
                    pairs.extend([
                        ("inputs of the heads' deviations", d.net.inputs(), given),
                        ("outputs of the heads' deviations", d.net.outputs(), targets),
                        ("heads of deviations", d.net.members, mean.members),
                        ("lower bounds of the deviations", d.min.len(), mean.members * targets),
                        ("upper bounds of the deviations", d.max.len(), mean.members * targets),
                    ]);
                }
            }
            Self::Residual { first, merge, blocks, last } => {
                pairs.push(("inputs of the first block", first.linear.inputs(), seen));
                pairs.push(("inputs of the layer that merges", merge.inputs(), first.linear.outputs() + features));
                let mut given = merge.outputs();
                for block in blocks {
                    pairs.push(("inputs of a block", block.linear.inputs(), given));
                    given = block.linear.outputs();
                }
                pairs.extend([
                    ("inputs of the last layer", last.inputs(), given),
                    ("outputs of it", last.outputs(), targets),
                ]);
                for block in std::iter::once(first).chain(blocks) {
                    block.check(&mut pairs);
                }
            }
        }
        let empty = |net: &&Mlp| net.layers.iter().any(|l| l.inputs == 0 || l.outputs == 0);
        if self.nets().iter().any(empty) {
            return Err("the world model has a layer of no columns".into());
        }
        match pairs.iter().find(|(_, has, needs)| has != needs) {
            Some((what, has, needs)) => Err(format!("the world model has {has} {what}, {needs} are needed")),
            None => Ok(()),
        }
    }

    /// [E, B, targets] means and log-deviations of what is `seen` [B, inputs] and `features` [B, F].
    pub(super) fn forward(&self, seen: &[f32], features: &[f32]) -> (Vec<f32>, Option<Vec<f32>>) {
        match self {
            Self::Heads { base, mean, deviations } => {
                let based = base.as_ref().map(|base| activated(base, features));
                let given = based.as_deref().unwrap_or(features);
                (mean.forward(given), deviations.as_ref().map(|d| d.forward(given)))
            }
            Self::Residual { first, merge, blocks, last } => {
                let (width, rows) = (first.linear.outputs(), seen.len() / first.linear.inputs());
                let both = beside(&first.forward(seen), width, features, features.len() / rows.max(1));
                let mut x = activated(merge, &both);
                for block in blocks {
                    x = block.forward(&x);
                }
                (last.forward(&x), None)
            }
        }
    }
}

/// What `net` gives, its activation after the last layer too.
fn activated(net: &Mlp, x: &[f32]) -> Vec<f32> {
    let mut out = net.forward(x);
    net.activation.apply(&mut out);
    out
}

impl Deviations {
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let (mut out, targets) = (self.net.forward(x), self.net.outputs());
        let each = out.len() / self.net.members;
        for (e, member) in out.chunks_mut(each.max(1)).enumerate() {
            for (i, value) in member.iter_mut().enumerate() {
                let at = e * targets + i % targets;
                *value = soft_bound(*value, self.min[at], self.max[at]);
            }
        }
        out
    }
}

impl Block {
    fn check(&self, pairs: &mut Vec<(&'static str, usize, usize)>) {
        let width = self.linear.outputs();
        if self.residual {
            pairs.push(("inputs of a block that adds what it is given", self.linear.inputs(), width));
        }
        if let Some(norm) = &self.norm {
            pairs.push(("scales of a layer normalisation", norm.scale.len(), width));
            pairs.push(("shifts of a layer normalisation", norm.shift.len(), width));
        }
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut out = activated(&self.linear, x);
        if self.residual {
            out.iter_mut().zip(x).for_each(|(out, x)| *out += x);
        }
        if let Some(norm) = &self.norm {
            norm.apply(&mut out);
        }
        out
    }
}

impl LayerNorm {
    fn apply(&self, rows: &mut [f32]) {
        let width = self.scale.len();
        for row in rows.chunks_exact_mut(width.max(1)) {
            let n = width as f64;
            let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
            let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
            let scale = 1.0 / (variance + EPS).sqrt();
            for (v, (gain, shift)) in row.iter_mut().zip(self.scale.iter().zip(&self.shift)) {
                *v = ((f64::from(*v) - mean) * scale) as f32 * gain + shift;
            }
        }
    }
}
