//! Novelty: distance to the k-th nearest state of the training part, with an alarm threshold.
//!
//! After Sun et al. 2022 (k-NN out-of-distribution detection), with standardised states instead of normalised features:
//! the size of a state vector means something.

use super::features::{Choice, Features};
use super::neighbors::growing::Growing;
use super::neighbors::{self, Exclude, Knn};
use super::threshold::{self, Kind, Threshold};
use crate::ground::fault::Fault;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::States;

/// How novelty is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Which neighbour's distance counts.
    pub k: usize,
    /// How the threshold is set.
    pub kind: Kind,
    /// False-alarm level of the threshold.
    pub alpha: f64,
    /// The parts share their episodes (too few to divide): neighbours of the own episode are left out.
    pub shared: bool,
}

/// The training part as a reference that other states are held against.
pub struct Novelty {
    /// Standardisation of the training part.
    pub features: Features,
    /// Alarm threshold of the calibration part.
    pub threshold: Threshold,
    /// 95 % quantile of the calibration states' novelty. Steps follow each other, so it promises nothing about episodes;
    /// it says what is usual.
    pub usual: f64,
    rule: Rule,
    index: Growing,
}

impl Novelty {
    /// Indexes the training states [N, `names.len()`] and calibrates the threshold on the calibration episodes.
    ///
    /// # Errors
    /// If a part is empty, not finite or too small for k, or when cancelled.
    pub fn fit(
        names: &[String],
        train: States<'_>,
        calibration: States<'_>,
        rule: Rule,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let features = Features::fit(train.rows, names)?;
        Self::with(features, train, calibration, rule, cx)
    }

    /// [`Novelty::fit`] in the feature space that `choice` tells of.
    ///
    /// # Errors
    /// As [`Novelty::fit`].
    pub fn fit_in(
        (names, choice): (&[String], Choice<'_>),
        train: States<'_>,
        calibration: States<'_>,
        rule: Rule,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let features = Features::fit_in(train.rows, names, choice)?;
        Self::with(features, train, calibration, rule, cx)
    }

    fn with(
        features: Features,
        train: States<'_>,
        calibration: States<'_>,
        rule: Rule,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let index = Growing::new(neighbors::index(features.points(train.rows, train.owner)?, cx)?);
        let mut novelty = Self { features, threshold: threshold::conformal(&[0.0], 0.5)?, usual: 0.0, rule, index };
        let scores = novelty.score(calibration, cx)?;
        novelty.usual = stats::quantile(&scores, 0.95);
        novelty.threshold = threshold::of_kind(rule.kind, &scores, calibration.owner, rule.alpha, rule.shared)?;
        Ok(novelty)
    }

    /// Novelty of every state, in standard deviations; infinite for a state that is not finite.
    ///
    /// # Errors
    /// If the states are of another observation space, or when cancelled.
    pub fn score(&self, states: States<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        Ok(self.knn(states, false, cx)?.kth(self.rule.k))
    }

    /// Adds states to the reference; the threshold stays what it was calibrated to. Queries go on at once; the index is
    /// rebuilt only when that pays.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn insert(&mut self, states: States<'_>, cx: &Ctx) -> Result<(), Fault> {
        self.index.insert(&self.features.points(states.rows, states.owner)?)?;
        if self.index.wants_rebuild() {
            self.index = self.index.rebuilt(cx)?;
        }
        Ok(())
    }

    /// What a state of the dataset must not find: nothing where parts are apart; where they are shared its own episode, or
    /// at least itself if there is only one.
    fn own(&self) -> Exclude {
        if self.rule.shared { self.apart() } else { Exclude::Nothing }
    }

    fn apart(&self) -> Exclude {
        let points = self.index.settled().points();
        let several = (1..points.len()).any(|i| points.owner(i) != points.owner(0));
        if several { Exclude::SameEpisode } else { Exclude::SameRow }
    }

    /// [`Novelty::score`] of states of any part of the dataset: what is measured from is the training part without the
    /// state's own episode, or without the state itself where there is one episode alone.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn score_apart(&self, states: States<'_>, cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let queries = self.features.points(states.rows, states.owner)?;
        Ok(self.index.knn(&queries, self.rule.k, self.apart(), cx)?.kth(self.rule.k))
    }

    /// [`Novelty::score`] of rows that belong to no episode of the dataset: imagined states, fresh trajectories.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn score_fresh(&self, rows: &[f32], cx: &Ctx) -> Result<Vec<f64>, Fault> {
        let owner = vec![0; rows.len() / self.features.dim_in.max(1)];
        Ok(self.knn(States { rows, owner: &owner }, true, cx)?.kth(self.rule.k))
    }

    /// The k nearest training states of every state: of a part of the dataset, or of `fresh` ones that belong to no
    /// episode of it.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn knn(&self, states: States<'_>, fresh: bool, cx: &Ctx) -> Result<Knn, Fault> {
        let queries = self.features.points(states.rows, states.owner)?;
        self.index.knn(&queries, self.rule.k, if fresh { Exclude::Nothing } else { self.own() }, cx)
    }

    /// The `k` nearest training states of every state of any part of the dataset, as [`Novelty::score_apart`] looks for them.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn neighbours(&self, states: States<'_>, k: usize, cx: &Ctx) -> Result<Knn, Fault> {
        self.index.knn(&self.features.points(states.rows, states.owner)?, k, self.apart(), cx)
    }

    /// [`Novelty::score_fresh`] in units of the threshold: above 1 is an alarm.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn ratios(&self, rows: &[f32], cx: &Ctx) -> Result<Vec<f64>, Fault> {
        Ok(self.score_fresh(rows, cx)?.into_iter().map(|s| self.threshold.ratio(s)).collect())
    }

    /// Each dimension's share of the squared distance between `row` and its k nearest training states, largest first.
    ///
    /// # Errors
    /// As [`Novelty::score`].
    pub fn explain(&self, row: &[f32], cx: &Ctx) -> Result<Vec<(String, f64)>, Fault> {
        let query = self.features.points(row, &[0])?;
        let found = self.index.knn(&query, self.rule.k, Exclude::Nothing, cx)?;
        let mut parts = vec![0.0; self.features.kept.len()];
        for &r in found.rows.iter().filter(|&&r| r != u32::MAX) {
            let (points, row) = self.index.point(r as usize);
            for (p, c) in parts.iter_mut().zip(self.features.contributions(points, row, &query, 0)) {
                *p += c;
            }
        }
        let all: f64 = parts.iter().sum();
        let mut shares: Vec<(String, f64)> = self
            .features
            .names
            .iter()
            .cloned()
            .zip(parts.into_iter().map(|p| if all > 0.0 { p / all } else { 0.0 }))
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(shares)
    }

    /// How it was measured.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// One sentence for the user.
    pub fn sentence(&self) -> String {
        format!(
            "Novelty is the distance to the {} nearest of {} training states (exact, {}).",
            ordinal(self.rule.k),
            self.index.len(),
            self.index.settled().name()
        )
    }
}

fn ordinal(k: usize) -> String {
    let end = match (k % 10, k % 100) {
        (1, r) if r != 11 => "st",
        (2, r) if r != 12 => "nd",
        (3, r) if r != 13 => "rd",
        _ => "th",
    };
    format!("{k}{end}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    fn line(n: usize, episode: usize) -> (Vec<f32>, Vec<usize>) {
        ((0..n).flat_map(|i| [i as f32, 0.5 * (i % 2) as f32]).collect(), (0..n).map(|i| i / episode).collect())
    }

    #[test]
    fn novelty_grows_with_distance_and_names_the_dimension() {
        let (rows, owner) = line(200, 10);
        let names = ["x".to_owned(), "y".to_owned()];
        let states = States { rows: &rows, owner: &owner };
        let rule = Rule { k: 2, kind: Kind::Conformal, alpha: 0.1, shared: false };
        let n = Novelty::fit(&names, states, states, rule, &Ctx::quiet()).unwrap();
        assert!(n.threshold.is_calibrated());
        let r = n.ratios(&[100.0, 0.0, 100.0, 3.0, 100.0, 9.0, f32::NAN, 0.0], &Ctx::quiet()).unwrap();
        assert!(r[0] <= 1.0 && 1.0 < r[1] && r[1] < r[2] && r[3] == f64::INFINITY, "{r:?}");
        let why = n.explain(&[100.0, 9.0], &Ctx::quiet()).unwrap();
        assert_eq!(why[0].0, "y");
        assert!((why.iter().map(|w| w.1).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(n.sentence().contains("2nd nearest of 200"), "{}", n.sentence());
    }

    #[test]
    fn states_that_were_added_are_no_longer_new() {
        let (rows, owner) = line(200, 10);
        let names = ["x".to_owned(), "y".to_owned()];
        let states = States { rows: &rows, owner: &owner };
        let rule = Rule { k: 2, kind: Kind::Conformal, alpha: 0.1, shared: false };
        let mut n = Novelty::fit(&names, states, states, rule, &Ctx::quiet()).unwrap();
        let far: Vec<f32> = (0..6).flat_map(|i| [500.0 + i as f32, 0.0]).collect();
        let before = n.ratios(&far, &Ctx::quiet()).unwrap();
        n.insert(States { rows: &far, owner: &[20; 6] }, &Ctx::quiet()).unwrap();
        let after = n.ratios(&far, &Ctx::quiet()).unwrap();
        assert!(before.iter().all(|r| *r > 1.0) && after.iter().all(|r| *r <= 1.0), "{before:?} {after:?}");
        assert!(n.sentence().contains("206"), "{}", n.sentence());
        assert_eq!(n.explain(&[503.0, 9.0], &Ctx::quiet()).unwrap()[0].0, "y");
    }

    #[test]
    fn a_single_episode_is_held_against_itself() {
        let (rows, owner) = line(20, 100);
        let names = ["x".to_owned(), "y".to_owned()];
        let states = States { rows: &rows, owner: &owner };
        let rule = Rule { k: 1, kind: Kind::Conformal, alpha: 0.1, shared: true };
        let n = Novelty::fit(&names, states, states, rule, &Ctx::quiet()).unwrap();
        assert!(n.score(states, &Ctx::quiet()).unwrap().iter().all(|s| *s > 0.0), "no state finds itself");
    }

    #[test]
    fn shared_parts_look_at_other_episodes_and_promise_nothing() {
        let (rows, owner) = line(20, 10);
        let names = ["x".to_owned(), "y".to_owned()];
        let states = States { rows: &rows, owner: &owner };
        let rule = Rule { k: 1, kind: Kind::Conformal, alpha: 0.1, shared: true };
        let n = Novelty::fit(&names, states, states, rule, &Ctx::quiet()).unwrap();
        assert!(n.threshold.value > 0.5 && !n.threshold.is_calibrated());
        assert!(n.threshold.sentence().starts_with("No guarantee"));
    }
}
