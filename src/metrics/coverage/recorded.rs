//! A dataset as it was recorded, episode by episode and without a copy: ranges, actions, returns and quality are
//! measured of it, over all its episodes.

use super::cells::Cells;

/// Names and bounds of the columns of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dimensions {
    /// [D].
    pub names: Vec<String>,
    /// [D]; where both are finite and stated.
    pub bounds: Vec<Option<(f32, f32)>>,
    /// The row is one of so many choices from `first` on, stored as its number in one column.
    pub choices: Option<Choices>,
}

/// A finite set of choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// How many.
    pub n: usize,
    /// The number of the first.
    pub first: i64,
}

impl Dimensions {
    /// Number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True for a row without columns.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// One episode.
#[derive(Debug, Clone, Copy)]
pub struct Episode<'a> {
    /// [T, D]: the states before each step.
    pub states: &'a [f32],
    /// [T, A].
    pub actions: &'a [f32],
    /// [T].
    pub rewards: &'a [f64],
}

impl Episode<'_> {
    /// Undiscounted return: the sum of the finite rewards.
    pub fn ret(&self) -> f64 {
        self.rewards.iter().filter(|r| r.is_finite()).sum()
    }
}

/// All episodes of a dataset.
#[derive(Debug, Clone, Default)]
pub struct Recorded<'a> {
    /// Columns of an observation.
    pub observation: Dimensions,
    /// Columns of an action.
    pub action: Dimensions,
    /// The episodes.
    pub episodes: Vec<Episode<'a>>,
}

/// Datasets that the recorded one is held against.
#[derive(Debug, Clone, Default)]
pub struct Peers<'a> {
    /// The largest or best dataset of the environment: SACo's reference; its best return is TQ's expert.
    pub reference: Option<Recorded<'a>>,
    /// Episodes of a random policy: TQ's lower end.
    pub random: Option<Recorded<'a>>,
    /// Names under which published scores may be found (the dataset's id, its environment's, its file's).
    pub ids: Vec<String>,
}

impl<'a> Recorded<'a> {
    /// Column `c` of the states or actions that `rows` picks, of every episode.
    pub(super) fn column(
        &self,
        rows: fn(&Episode<'a>) -> &'a [f32],
        width: usize,
        c: usize,
    ) -> impl Iterator<Item = f32> {
        self.episodes.iter().flat_map(move |e| rows(e).iter().skip(c).step_by(width.max(1)).copied())
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.episodes.iter().map(|e| e.rewards.len()).sum()
    }

    /// Undiscounted return of every episode.
    pub fn returns(&self) -> Vec<f64> {
        self.episodes.iter().map(Episode::ret).collect()
    }
}

/// Occupied cells of each episode, put together.
pub(super) fn together(cells_of_episodes: Vec<Vec<u64>>) -> Cells {
    let episodes = cells_of_episodes.len();
    let number = |(e, cells): (usize, Vec<u64>)| cells.into_iter().map(move |c| (c, e as u32));
    Cells::count(cells_of_episodes.into_iter().enumerate().flat_map(number).collect(), episodes)
}

#[cfg(test)]
mod tests;
