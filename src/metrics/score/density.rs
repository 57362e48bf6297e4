//! Local density: how much of the training part lies around a state, not only how near its nearest states are.

use wide::f32x8;

use super::{Measure, Reference, Score, Seen, StateScore, each_row};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::features::Features;

/// The score.
pub const SCORE: Score = Score {
    name: "density",
    label: "local density",
    unit: "nats",
    definition: "-ln of a Gaussian kernel density of the standardised training states, less its largest possible value: \
                 -ln mean_i exp(-|z - z_i|^2 / 2h^2) over at most 1000 evenly thinned states, h = n^(-1/(D+4)) (Scott 1992). \
                 Unlike novelty it counts how much data is around; far outside both follow the distance.",
    measure: Measure::States(|reference, _| Ok(Box::new(Density::fit(reference)))),
};

/// Kernels at most.
const KERNELS: usize = 1000;
/// A kernel this many nats below the nearest adds less than the rounding of the sum.
const NEGLIGIBLE: f32 = 80.0;

struct Density {
    features: Features,
    /// [n, D] standardised.
    centres: Vec<f32>,
    /// [n] episode.
    owner: Vec<usize>,
    /// 1 / 2h².
    sharpness: f32,
}

impl Density {
    fn fit(reference: &Reference<'_>) -> Self {
        let (features, train) = (reference.novelty.features.clone(), reference.train);
        let at = stats::evenly(train.len(), KERNELS);
        let d = features.dim_in;
        let rows: Vec<f32> = at.iter().flat_map(|&i| &train.rows[i * d..(i + 1) * d]).copied().collect();
        let h = (at.len() as f64).powf(-1.0 / (features.dim() as f64 + 4.0));
        Self {
            centres: features.transform(&rows),
            owner: at.iter().map(|&i| train.owner[i]).collect(),
            sharpness: (0.5 / (h * h)) as f32,
            features,
        }
    }

    /// -ln mean exp(-s r²) over the kernels of other episodes than `own`; over all where no other is left.
    fn surprise(&self, z: &[f32], own: Option<usize>) -> f64 {
        let kernels = self.centres.chunks_exact(z.len()).zip(&self.owner);
        let others = kernels.filter(|(_, owner)| own != Some(**owner));
        let squares: Vec<f32> = others.map(|(c, _)| squared(c, z)).collect();
        if squares.is_empty() {
            return if own.is_some() { self.surprise(z, None) } else { f64::INFINITY };
        }
        // The nearest kernel is taken out of the sum, so that it is never zero however far the state is.
        let nearest = squares.iter().copied().fold(f32::INFINITY, f32::min);
        if !nearest.is_finite() {
            return f64::INFINITY;
        }
        let sum: f64 = squares.chunks(8).map(|some| self.kernels(some, nearest)).sum();
        f64::from(self.sharpness) * f64::from(nearest) - (sum / squares.len() as f64).ln()
    }

    /// Sum of exp(-s (r² - nearest)) over at most eight kernels.
    fn kernels(&self, squares: &[f32], nearest: f32) -> f64 {
        let mut below = [-NEGLIGIBLE; 8];
        for (slot, square) in below.iter_mut().zip(squares) {
            *slot = (self.sharpness * (nearest - square)).max(-NEGLIGIBLE);
        }
        let parts = f32x8::from(below).exp().to_array();
        f64::from(parts[..squares.len()].iter().sum::<f32>())
    }
}

/// Squared distance in eight running sums, which the compiler keeps in one register.
fn squared(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in a8.zip(b8) {
        for l in 0..8 {
            sums[l] += (x[l] - y[l]) * (x[l] - y[l]);
        }
    }
    rest + sums.iter().sum::<f32>()
}

impl StateScore for Density {
    fn of(&self, seen: &Seen<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let z = self.features.transform(seen.states.rows);
        let d = self.features.dim();
        each_row(seen.states.len(), cx, |i| {
            let own = seen.own_left_out.then(|| seen.states.owner[i]);
            let row = &z[i * d..(i + 1) * d];
            if row.iter().all(|v| v.is_finite()) { self.surprise(row, own) } else { f64::INFINITY }
        })
    }
}
