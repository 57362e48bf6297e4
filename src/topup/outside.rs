//! How much of what the policy visits lies outside the data, as data is added.

use crate::data::dataset::Dataset;
use crate::data::split::Split;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::novelty::{Novelty, Rule};
use crate::metrics::threshold::Kind;
use crate::metrics::{States, ood};

/// The coverage panel's rule: its numbers and these are the same measure.
const K: usize = 5;
const ALPHA: f64 = 0.1;

/// The training part and what was added to it, with the novelty threshold of the dataset's calibration episodes.
pub struct Outside {
    novelty: Novelty,
}

impl Outside {
    /// Indexes the training part and calibrates on the calibration part of `split`.
    ///
    /// # Errors
    /// If a part is too small or has numbers that are not finite, or when cancelled.
    pub fn new(data: &Dataset, split: &Split, cx: &Ctx) -> Result<Self, Fault> {
        let ((train, owner), (calibration, of)) = (data.states(&split.train), data.states(&split.calibration));
        let rule = Rule { k: K, kind: Kind::Conformal, alpha: ALPHA, shared: split.is_shared() };
        let (train, calibration) = (States { rows: &train, owner: &owner }, States { rows: &calibration, owner: &of });
        Ok(Self { novelty: Novelty::fit(&data.obs_space.names, train, calibration, rule, cx)? })
    }

    /// OOD fraction: the share of the states of fresh episodes whose novelty is above the threshold.
    ///
    /// # Errors
    /// If the states are of another observation space, or when cancelled.
    pub fn fraction(&self, fresh: &Dataset, cx: &Ctx) -> Result<f64, Fault> {
        let (rows, _) = fresh.states(&all(fresh));
        Ok(ood::fraction(&self.novelty.score_fresh(&rows, cx)?, self.novelty.threshold.value))
    }

    /// Takes the states of `new` into the data.
    ///
    /// # Errors
    /// As [`Outside::fraction`].
    pub fn add(&mut self, new: &Dataset, cx: &Ctx) -> Result<(), Fault> {
        let (rows, owner) = new.states(&all(new));
        self.novelty.insert(States { rows: &rows, owner: &owner }, cx)
    }
}

fn all(data: &Dataset) -> Vec<usize> {
    (0..data.num_episodes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::policy::{Acting, Scripted};
    use crate::data::split::SplitSpec;

    fn episodes(script: &str, seed: u64) -> Dataset {
        let mut env = crate::env::make("Pendulum-v1", 4, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(seed, "data", 0), Scripted::named("Pendulum-v1", script).unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(20), &Ctx::quiet()).unwrap();
        c.dataset(&*env).unwrap()
    }

    #[test]
    fn what_was_added_is_inside() {
        let (narrow, wide) = (episodes("narrow", 1), episodes("mixed", 2));
        let split = Split::new(&narrow, SplitSpec { heldout: 0.2, calibration: 0.5, seed: 0 });
        let mut outside = Outside::new(&narrow, &split, &Ctx::quiet()).unwrap();
        let own = outside.fraction(&narrow, &Ctx::quiet()).unwrap();
        let before = outside.fraction(&wide, &Ctx::quiet()).unwrap();
        assert!(before > 0.02 && before > 2.0 * own, "{own} {before}");
        outside.add(&wide, &Ctx::quiet()).unwrap();
        assert!(outside.fraction(&wide, &Ctx::quiet()).unwrap() < 0.2 * before);
    }
}
