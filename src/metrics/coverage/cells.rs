//! Which cells each episode visits, and what that says about the cells that nobody has visited yet.
//!
//! Two kinds of unseen mass. Good & Turing: n₁/N, cells seen by one state over states; right for independent states,
//! much too small for states that follow each other. Chao2 (Chao 1987, Chao & Jost 2012) takes the episode as the unit:
//! 1 - C = (Q₁/U) · ((m-1) Q₁) / ((m-1) Q₁ + 2 Q₂) with Q₁, Q₂ = cells that one or two episodes visit, U = visits
//! summed over episodes, m = episodes.

use rayon::prelude::*;

/// States of a cell up to which n·ln n is looked up.
const LOOKED_UP: usize = 4096;

/// Sparse counts of states by cell and episode; memory grows with the cells visited, not with the cells there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// [cells + 1]: where each visited cell's visits begin.
    starts: Vec<usize>,
    /// [visits]: episode and number of its states in the cell.
    visits: Vec<(u32, u32)>,
    episodes: usize,
}

/// What is counted of the cells of a set of episodes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Cells with any state.
    pub occupied: f64,
    /// exp of the entropy of the shares of the states: as many equally visited cells have the same entropy.
    pub effective: f64,
    /// Good–Turing: share of states that are alone in their cell.
    pub missing_by_state: f64,
    /// Chao2: probability that a visit of the next episode is to a cell never visited.
    pub missing_by_episode: f64,
    /// Chao2: cells that more and more such episodes would visit, at least.
    pub estimated: f64,
}

impl Cells {
    /// Counts pairs of a cell's key and an episode's number (below `episodes`), one a state.
    pub fn count<K: Ord + Copy + Send>(mut pairs: Vec<(K, u32)>, episodes: usize) -> Self {
        pairs.par_sort_unstable();
        let (mut starts, mut visits): (Vec<usize>, Vec<(u32, u32)>) = (Vec::new(), Vec::new());
        for (i, &(key, episode)) in pairs.iter().enumerate() {
            let before = i.checked_sub(1).map(|b| pairs[b]);
            match (before, visits.last_mut()) {
                (Some(same), Some(last)) if same == (key, episode) => last.1 += 1,
                _ => {
                    if before.is_none_or(|b| b.0 != key) {
                        starts.push(visits.len());
                    }
                    visits.push((episode, 1));
                }
            }
        }
        starts.push(visits.len());
        Self { starts, visits, episodes }
    }

    /// Number of cells with any state.
    pub fn occupied(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of states counted.
    pub fn states(&self) -> u64 {
        self.visits.iter().map(|v| u64::from(v.1)).sum()
    }

    /// Share of the visited cells that a single state is in.
    pub fn alone(&self) -> f64 {
        self.sums().single as f64 / self.occupied() as f64
    }

    /// The tally of all episodes.
    pub fn tally(&self) -> Tally {
        self.sums().tally(self.episodes as f64)
    }

    /// The tally without each episode in turn, for a jackknife: [episodes].
    pub fn left_out(&self) -> Vec<Tally> {
        let n_ln_n = table();
        let all = self.sums();
        // Only the cells that an episode visits change without it.
        let mut sums = vec![all; self.episodes];
        for cell in self.cells() {
            let (states, visits) = total(cell);
            let with = Sums::of(states, visits, &n_ln_n);
            for &(episode, count) in cell {
                let without = Sums::of(states - u64::from(count), visits - 1, &n_ln_n);
                let sum = &mut sums[episode as usize];
                sum.add(&with, -1);
                sum.add(&without, 1);
            }
        }
        sums.iter().map(|s| s.tally(self.episodes as f64 - 1.0)).collect()
    }

    fn cells(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        self.starts.windows(2).map(|w| &self.visits[w[0]..w[1]])
    }

    fn sums(&self) -> Sums {
        let n_ln_n = table();
        let mut sums = Sums::default();
        for (states, visits) in self.cells().map(total) {
            sums.add(&Sums::of(states, visits, &n_ln_n), 1);
        }
        sums
    }
}

/// States and episodes of a cell.
fn total(cell: &[(u32, u32)]) -> (u64, u64) {
    (cell.iter().map(|v| u64::from(v.1)).sum(), cell.len() as u64)
}

/// n·ln n of small n.
fn table() -> Vec<f64> {
    (0..LOOKED_UP).map(|n| if n < 2 { 0.0 } else { n as f64 * (n as f64).ln() }).collect()
}

/// What the tally is made of; every part is a sum over cells.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    occupied: i64,
    /// Cells of one state.
    single: i64,
    /// Cells of one episode.
    one: i64,
    /// Cells of two episodes.
    two: i64,
    visits: i64,
    states: i64,
    n_ln_n: f64,
}

impl Sums {
    /// Of one cell.
    fn of(states: u64, visits: u64, n_ln_n: &[f64]) -> Self {
        let looked_up = usize::try_from(states).ok().and_then(|at| n_ln_n.get(at));
        Self {
            occupied: i64::from(states > 0),
            single: i64::from(states == 1),
            one: i64::from(visits == 1),
            two: i64::from(visits == 2),
            visits: visits as i64,
            states: states as i64,
            n_ln_n: looked_up.copied().unwrap_or_else(|| states as f64 * (states as f64).ln()),
        }
    }

    fn add(&mut self, other: &Self, times: i64) {
        self.occupied += times * other.occupied;
        self.single += times * other.single;
        self.one += times * other.one;
        self.two += times * other.two;
        self.visits += times * other.visits;
        self.states += times * other.states;
        self.n_ln_n += times as f64 * other.n_ln_n;
    }

    /// Of `m` episodes.
    fn tally(&self, m: f64) -> Tally {
        let n = self.states as f64;
        let (missing_by_episode, unseen) = chao2(self.one as f64, self.two as f64, self.visits as f64, m);
        Tally {
            occupied: self.occupied as f64,
            effective: (n.ln() - self.n_ln_n / n).exp(),
            missing_by_state: self.single as f64 / n,
            missing_by_episode,
            estimated: self.occupied as f64 + unseen,
        }
    }
}

/// Chao2's unseen mass 1 - C and its number of unseen cells, of `one` and `two` = Q₁ and Q₂, `visits` = U and `m`
/// episodes. Without a cell that two episodes visit the bias-corrected forms stand in (Chao & Jost 2012, equation 4b).
pub fn chao2(one: f64, two: f64, visits: f64, m: f64) -> (f64, f64) {
    if one <= 0.0 || visits <= 0.0 {
        return (0.0, 0.0);
    }
    let share = (m - 1.0) / m;
    if two > 0.0 {
        let top = (m - 1.0) * one;
        (one / visits * top / (top + 2.0 * two), share * one * one / (2.0 * two))
    } else {
        let top = (m - 1.0) * (one - 1.0);
        // With one such cell and one episode nothing is known: all could be unseen.
        let part = if m > 1.0 { top / (top + 2.0) } else { 1.0 };
        (one / visits * part, share * one * (one - 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// Four episodes over cells a..e: a by all four, b by two, c, d, e by one each, so Q1 = 3, Q2 = 1, U = 9, m = 4;
    /// 1 - C = 3/9 · 9/(9 + 2) = 3/11, unseen cells = 3/4 · 9/2 = 3.375.
    fn example() -> Cells {
        let visits = [("a", 0, 5), ("a", 1, 1), ("a", 2, 1), ("a", 3, 1), ("b", 0, 2), ("b", 2, 1), ("c", 1, 1)];
        let more = [("d", 3, 1), ("e", 3, 4)];
        let pairs = visits.iter().chain(&more).flat_map(|&(c, e, n)| vec![(c, e); n]).collect();
        Cells::count(pairs, 4)
    }

    #[test]
    fn chao2_by_hand() {
        let cells = example();
        let t = cells.tally();
        assert_eq!((t.occupied, cells.states(), cells.visits.len()), (5.0, 17, 9));
        assert!((t.missing_by_episode - 3.0 / 11.0).abs() < 1e-15 && (t.estimated - 8.375).abs() < 1e-12);
        assert_eq!((t.missing_by_state, cells.alone()), (2.0 / 17.0, 2.0 / 5.0));
        // numpy 2.4: p = np.array([8, 3, 1, 1, 4]) / 17; np.exp(-(p * np.log(p)).sum()) = 3.7984494851331636
        assert!((t.effective - 3.798_449_485_133_163_6).abs() < 1e-12, "{}", t.effective);
    }

    #[test]
    fn leaving_an_episode_out_is_counting_the_others() {
        let cells = example();
        let all = cells.left_out();
        assert_eq!(all.len(), 4);
        for (out, got) in all.iter().enumerate() {
            let keep = |cell: usize| {
                let visits = cells.visits[cells.starts[cell]..cells.starts[cell + 1]].iter();
                visits.filter(|v| v.0 as usize != out).flat_map(|v| vec![(cell, v.0); v.1 as usize]).collect::<Vec<_>>()
            };
            let others: Vec<_> = (0..5).flat_map(keep).map(|(c, e)| (c, e - u32::from(e as usize > out))).collect();
            let want = Cells::count(others, 3).tally();
            assert!((got.effective - want.effective).abs() < 1e-12, "{out}");
            assert_eq!(Tally { effective: 0.0, ..*got }, Tally { effective: 0.0, ..want }, "{out}");
        }
    }

    #[test]
    fn the_ends_of_chao2() {
        assert_eq!(chao2(0.0, 3.0, 9.0, 4.0), (0.0, 0.0));
        assert_eq!(chao2(5.0, 0.0, 5.0, 1.0), (1.0, 0.0), "one episode alone says nothing about the next");
        let (missing, unseen) = chao2(3.0, 0.0, 6.0, 4.0);
        assert!((missing - 0.5 * 6.0 / 8.0).abs() < 1e-15 && (unseen - 2.25).abs() < 1e-15);
        assert_eq!(Cells::count::<u64>(vec![], 3).tally().occupied, 0.0);
    }
}
