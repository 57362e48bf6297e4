//! What a map can show besides its density: other counts, and means of what is known of single states.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::metrics::density::Range;
use crate::metrics::density::means::Means;
use crate::metrics::density::zoom::Zoom;

/// What lies along an axis of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Along {
    /// A dimension of the feature space, by its number.
    Dimension(usize),
    /// A principal axis of the training states, by its number from 0.
    Principal(usize),
    /// A column of the action that was taken there, as models see it.
    Action(usize),
    /// The reward of the step.
    Reward,
    /// The return of the episode that the state belongs to.
    Return,
}

/// Something known of places of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Machine name, unique in its map ("novelty").
    pub key: String,
    /// Heading ("Novelty of held-out and rollout states").
    pub label: String,
    /// Name in a read-out ("novelty").
    pub short: String,
    /// What a cell's number is ("mean, x threshold").
    pub unit: String,
    /// What follows its numbers in a read-out ("std").
    pub sign: &'static str,
    /// The numbers.
    pub cells: Cells,
}

/// The numbers of a [`Layer`].
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// How many states are in a cell.
    Counts(Arc<Zoom>),
    /// The mean of a number over the states in a cell.
    Means(Arc<Means>),
}

impl Layer {
    /// The numbers over a part of the map in so many cells: width, height, and [height, width], row 0 at the lower end. A count
    /// of 0 is 0, a mean of nothing NaN.
    pub fn view(&self, ranges: (Range, Range), width: usize, height: usize) -> (usize, usize, Vec<f64>) {
        match &self.cells {
            Cells::Counts(zoom) => {
                let view = zoom.view(ranges, width, height);
                (view.width(), view.height(), view.counts.iter().map(|&c| c as f64).collect())
            }
            Cells::Means(means) => (width.max(1), height.max(1), means.view(ranges, width, height)),
        }
    }

    /// The number over one part of the map; nothing where there is none.
    pub fn at(&self, ranges: (Range, Range)) -> Option<f64> {
        match &self.cells {
            Cells::Counts(zoom) => Some(zoom.view(ranges, 1, 1).total() as f64),
            Cells::Means(means) => means.at(ranges).map(|(mean, _)| mean),
        }
    }

    /// What follows a number in a read-out, and that it is of some of the states where it is.
    pub fn told(&self) -> String {
        let is_sample = matches!(&self.cells, Cells::Means(means) if means.is_sample());
        if is_sample { format!("{} (of a sample)", self.sign) } else { self.sign.to_owned() }
    }

    /// True for a number of states.
    pub fn is_count(&self) -> bool {
        matches!(self.cells, Cells::Counts(_))
    }
}
