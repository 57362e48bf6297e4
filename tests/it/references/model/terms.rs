//! How large the terms are that an output of an ensemble is summed of.
//!
//! A sum of float32 numbers is off by a share of its terms, not of itself: where large terms cancel, the sum is small and
//! the rounding is not. So the terms are the yardstick of what single precision can do.

use oodscope::world::ensemble::Ensemble;

/// The sizes of the terms of one batch of B rows; raw units.
pub struct Terms {
    rows: usize,
    targets: usize,
    /// [E, B, targets] of the means of the targets: Σ |weight · activation| of the last layer and its bias, in the units of
    /// the target, with the target's own mean.
    means: Vec<f64>,
    /// [E, B, targets] of the log-variances with their bounds; empty where the model has none.
    logvars: Vec<f64>,
    /// [B] the largest single term of an observation's mean, over its columns and all members.
    single: Vec<f64>,
}

impl Terms {
    /// Of what every member says about `obs` [B, D] and `action` [B, A].
    pub fn of(model: &Ensemble, obs: &[f32], action: &[f32]) -> Self {
        let rows = obs.len() / model.obs_dim;
        let states = obs.chunks_exact(model.obs_dim).zip(action.chunks_exact(model.action_dim));
        let x: Vec<f32> = states.flat_map(|(o, a)| o.iter().chain(a).copied().collect::<Vec<_>>()).collect();
        let x = model.input.apply(&x);
        let targets = model.targets();
        let (mut means, mut logvars, mut single) = (Vec::new(), Vec::new(), vec![0.0f64; rows]);
        let abs = |v: f32| f64::from(v).abs();
        for member in 0..model.net.members {
            let (all, largest) = last_layer(model, member, &x);
            let width = model.net.outputs();
            for (r, (sums, largest)) in all.chunks_exact(width).zip(largest.chunks_exact(width)).enumerate() {
                let raw = (0..model.obs_dim).map(|c| largest[c] * abs(model.target.std[c]));
                single[r] = raw.fold(single[r], f64::max);
                means.extend((0..targets).map(|c| sums[c] * abs(model.target.std[c]) + abs(model.target.mean[c])));
                if !model.deterministic {
                    logvars.extend((0..targets).map(|c| {
                        let bounds = abs(model.max_logvar[c]) + abs(model.min_logvar[c]);
                        sums[targets + c] + bounds + 2.0 * abs(model.target.std[c].ln())
                    }));
                }
            }
        }
        Self { rows, targets, means, logvars, single }
    }

    /// Of the mean that member `e` gives target `c` in row `r`.
    pub fn mean(&self, e: usize, r: usize, c: usize) -> f64 {
        self.means[(e * self.rows + r) * self.targets + c]
    }

    /// Of the log-variances, [E, B, targets].
    pub fn logvars(&self) -> &[f64] {
        &self.logvars
    }

    /// The largest over all members of target `c` in row `r`.
    pub fn largest(&self, r: usize, c: usize) -> f64 {
        (0..self.means.len() / self.rows / self.targets).map(|e| self.mean(e, r, c)).fold(0.0, f64::max)
    }

    /// Of a spread `want` of the members in row `r`: the largest single term that a member's mean was summed of, where that
    /// is more than 1 and than the spread itself.
    pub fn spread(&self, r: usize, want: f64) -> f64 {
        self.single[r].max(want.abs()).max(1.0)
    }
}

/// Σ |weight · activation| + |bias| of one member's last layer for the normalised rows `x`, and the largest of these terms:
/// both [B, outputs].
fn last_layer(model: &Ensemble, member: usize, x: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let layer = model.net.layers.last().expect("a network has layers");
    let hidden = model.net.hidden(member, x).unwrap_or_else(|| x.to_vec());
    let size = layer.inputs * layer.outputs;
    let weight = &layer.weight[member * size..][..size];
    let bias = &layer.bias[member * layer.outputs..][..layer.outputs];
    let (mut all, mut all_largest) = (Vec::new(), Vec::new());
    for h in hidden.chunks_exact(layer.inputs) {
        let mut sums: Vec<f64> = bias.iter().map(|b| f64::from(b.abs())).collect();
        let mut largest = sums.clone();
        for (x, weights) in h.iter().zip(weight.chunks_exact(layer.outputs)) {
            for (c, w) in weights.iter().enumerate() {
                let term = f64::from((x * w).abs());
                sums[c] += term;
                largest[c] = largest[c].max(term);
            }
        }
        all.extend(sums);
        all_largest.extend(largest);
    }
    (all, all_largest)
}

#[test]
fn terms_that_cancel_are_counted() {
    use oodscope::world::net::mlp::{Activation, Layer, Mlp};
    use oodscope::world::net::normalizer::Normalizer;
    let layer = Layer { inputs: 2, outputs: 1, weight: vec![1000.0, -1000.0], bias: vec![0.5] };
    let model = Ensemble {
        obs_dim: 1,
        action_dim: 1,
        learned_reward: false,
        learned_termination: false,
        deterministic: true,
        net: Mlp::new(1, Activation::Relu, vec![layer]).unwrap(),
        input: Normalizer::identity(2),
        target: Normalizer { mean: vec![-3.0], std: vec![2.0] },
        min_logvar: vec![],
        max_logvar: vec![],
        elites: vec![0],
        absolute: Vec::new(),
        seen: Vec::new(),
    };
    assert!((model.predict(&[1.0], &[1.0]).delta[0] + 2.0).abs() < 1e-6, "the sum is small");
    let terms = Terms::of(&model, &[1.0], &[1.0]);
    assert!((terms.mean(0, 0, 0) - 4004.0).abs() < 1e-9 && (terms.spread(0, 0.5) - 2000.0).abs() < 1e-9);
}
