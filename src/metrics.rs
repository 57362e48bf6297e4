//! Numbers about arrays: coverage, novelty, divergence, thresholds. Knows no file and no network.
//!
//! Arrays come in row-major with the episode of every row beside them ([`States`]); a [`report::Report`] goes out.
//! The way of one number: [`features`] standardise, [`neighbors`] measure distances, [`novelty`] makes them a score with
//! a [`threshold`], and [`coverage`], [`divergence`] and [`diagnosis`] say what it means. [`score`] has the other scores of
//! single states, [`alarm`] their promises and their records, and [`trust`] what each of them is worth on the data at hand.

pub mod action_diversity;
pub mod alarm;
pub mod calibration;
pub mod compare;
pub mod coverage;
pub mod density;
pub mod diagnosis;
pub mod disagreement;
pub mod divergence;
pub mod entropy;
pub mod features;
pub mod fidelity;
pub mod gate;
pub mod linear_floor;
pub mod mahalanobis;
pub mod martingale;
pub mod neighbors;
pub mod novelty;
pub mod ood;
pub mod pca;
pub mod projection;
pub mod report;
pub mod score;
pub mod scoring;
pub mod select;
pub mod threshold;
pub mod trust;
pub mod vendi;
pub mod verdict;

/// States of several episodes: row-major values and the episode of each row.
#[derive(Debug, Clone, Copy)]
pub struct States<'a> {
    /// [N, D], row-major.
    pub rows: &'a [f32],
    /// [N]; any number that tells episodes apart. Rows of one episode are in the order of time.
    pub owner: &'a [usize],
}

impl States<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.owner.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.owner.is_empty()
    }
}
