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
        Self::of(&data.spans().iter().map(|span| span.id).collect::<Vec<_>>(), spec)
    }

    /// [`Split::new`] of episodes with these ids.
    pub fn of(ids: &[u64], spec: SplitSpec) -> Self {
        let n = ids.len();
        if n < 3 {
            let all: Vec<usize> = (0..n).collect();
            return Self { train: all.clone(), heldout: all.clone(), calibration: all };
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| (mix(spec.seed, ids[i]), i));
        let share = |f: f64| ((n as f64 * f).round() as usize).clamp(1, n / 3);
        let (h, c) = (share(spec.heldout), share(spec.calibration));
        let sorted = |part: &[usize]| {
            let mut v = part.to_vec();
            v.sort_unstable();
            v
        };
        Self { heldout: sorted(&order[..h]), calibration: sorted(&order[h..h + c]), train: sorted(&order[h + c..]) }
    }

    /// Leaves out all episodes but `chosen`, in ascending order. Where a part would be empty, all parts share them.
    pub fn retain(&mut self, chosen: &[usize]) {
        for part in [&mut self.train, &mut self.heldout, &mut self.calibration] {
            part.retain(|episode| chosen.binary_search(episode).is_ok());
        }
        if [&self.train, &self.heldout, &self.calibration].iter().any(|part| part.is_empty()) {
            let all = || chosen.to_vec();
            *self = Self { train: all(), heldout: all(), calibration: all() };
        }
    }

    /// True if there were too few episodes to keep the parts apart.
    pub fn is_shared(&self) -> bool {
        self.train == self.heldout
    }
}

/// `SplitMix64` of seed and id: a fixed function, so that a split can be reproduced by other programs.
pub fn mix(seed: u64, id: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(id.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ 0x2545_F491);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::dataset::{Origin, Parts};
    use crate::data::episode::EpisodeSpan;
    use crate::data::space::Space;

    /// One step an episode, with the given ids.
    fn dataset(ids: &[u64]) -> Dataset {
        let spans = ids
            .iter()
            .enumerate()
            .map(|(i, &id)| EpisodeSpan {
                id,
                first_step: i,
                steps: 1,
                first_obs: i,
                obs_rows: 1,
                terminated: false,
                truncated: false,
            })
            .collect();
        let n = ids.len();
        let parts = Parts { spans, obs: vec![0.0; n], actions: vec![0.0; n], rewards: vec![0.0; n], next_obs: None };
        Dataset::from_parts(Origin::default(), Space::unnamed("obs", 1), Space::unnamed("action", 1), parts)
            .expect("parts fit")
    }

    #[test]
    fn what_is_left_out_leaves_its_part_and_an_empty_part_makes_them_one() {
        let split = Split::new(&dataset(&(0..20).collect::<Vec<_>>()), SplitSpec::default());
        let mut most = split.clone();
        let chosen: Vec<usize> = (0..20).filter(|i| *i != split.train[0]).collect();
        most.retain(&chosen);
        assert_eq!(most.train, split.train[1..]);
        assert_eq!((&most.heldout, &most.calibration), (&split.heldout, &split.calibration));
        let mut few = split.clone();
        few.retain(&split.train[..3]);
        assert!(few.is_shared() && few.calibration == split.train[..3]);
    }

    #[test]
    fn the_assignment_is_pinned() {
        let split = Split::new(&dataset(&(0..20).collect::<Vec<_>>()), SplitSpec::default());
        // As a Python program computes it from the formula above; another answer would break remembered splits.
        assert_eq!((&split.heldout[..], &split.calibration[..]), (&[8, 15][..], &[14, 19][..]));
        assert!(!split.is_shared());
    }

    #[test]
    fn two_episodes_are_shared() {
        let split = Split::new(&dataset(&[4, 9]), SplitSpec::default());
        assert!(split.is_shared());
        assert_eq!(split.calibration, [0, 1]);
    }

    proptest! {
        #[test]
        fn parts_are_disjoint_whole_and_independent_of_the_order(n in 3usize..60, seed in any::<u64>(), share in 0.0f64..0.9) {
            let spec = SplitSpec { heldout: share, calibration: share, seed };
            let ids: Vec<u64> = (0..n as u64).map(|i| i * 7 + 1).collect();
            let split = Split::new(&dataset(&ids), spec);
            let mut all = [&split.train[..], &split.heldout, &split.calibration].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
            prop_assert!(!split.train.is_empty() && !split.heldout.is_empty() && !split.calibration.is_empty());
            let reversed: Vec<u64> = ids.iter().rev().copied().collect();
            let again = Split::new(&dataset(&reversed), spec);
            let mut by_id: Vec<usize> = again.heldout.iter().map(|&i| n - 1 - i).collect();
            by_id.sort_unstable();
            prop_assert_eq!(by_id, split.heldout);
        }
    }
}
