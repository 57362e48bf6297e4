//! Splitting by episode into training, held-out and calibration parts: seeded, and stable for a given set of ids.

use serde::{Deserialize, Serialize};

use super::dataset::Dataset;

/// How much of the episodes goes where; the rest is the training part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitSpec {
    /// Share of episodes for measuring the model.
    pub heldout: f64,
    /// Share of episodes for calibrating thresholds.
    pub calibration: f64,
    /// Seed of the assignment.
    pub seed: u64,
}

impl Default for SplitSpec {
    fn default() -> Self {
        Self { heldout: 0.1, calibration: 0.1, seed: 0 }
    }
}

/// Episode indices of the three parts, each in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Split {
    /// For fitting models and as the reference of coverage.
    pub train: Vec<usize>,
    /// For measuring models; never trained on.
    pub heldout: Vec<usize>,
    /// For thresholds; never trained on.
    pub calibration: Vec<usize>,
}

impl Split {
    /// Ranks episodes by a hash of seed and id, so that the assignment does not depend on their order in the file.
    ///
    /// With fewer than three episodes all parts share all episodes; the caller says so to the user
    /// (see [`Split::is_shared`]).
    pub fn new(data: &Dataset, spec: SplitSpec) -> Self {
        let n = data.num_episodes();
        if n < 3 {
            let all: Vec<usize> = (0..n).collect();
            return Self { train: all.clone(), heldout: all.clone(), calibration: all };
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| (mix(spec.seed, data.spans()[i].id), i));
        let share = |f: f64| ((n as f64 * f).round() as usize).clamp(1, n / 3);
        let (h, c) = (share(spec.heldout), share(spec.calibration));
        let sorted = |part: &[usize]| {
            let mut v = part.to_vec();
            v.sort_unstable();
            v
        };
        Self { heldout: sorted(&order[..h]), calibration: sorted(&order[h..h + c]), train: sorted(&order[h + c..]) }
    }

    /// True if there were too few episodes to keep the parts apart.
    pub fn is_shared(&self) -> bool {
        self.train == self.heldout
    }
}

/// `SplitMix64` of seed and id: a fixed function, so that a split can be reproduced by other programs.
fn mix(seed: u64, id: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(id.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ 0x2545_F491);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
