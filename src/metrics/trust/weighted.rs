//! Rank statistics of a multiset: every row stands as often as its weight says. A bootstrap draw over episodes is such a
//! multiset, so the rows are sorted once and not for every draw.

use crate::ground::stats;

/// Rows in ascending order of a column, cut into groups of equal values.
#[derive(Debug, Clone)]
pub struct Order {
    /// [N] rows; NaN last.
    rows: Vec<u32>,
    /// [G] end of every group in `rows`.
    ends: Vec<u32>,
}

/// What is measured of one column against the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Spearman's ρ; NaN where one side does not vary.
    pub rho: f64,
    /// Area under the ROC curve; NaN where a class is missing.
    pub auroc: f64,
    /// Average precision; NaN where no row is positive.
    pub auprc: f64,
}

/// The truth in the form that [`Order::measure`] needs: made once per draw and shared by all columns.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    /// [N] centred mid-ranks.
    ranks: Vec<f64>,
    /// Σ w.
    total: f64,
    /// Σ w · rank².
    square: f64,
}

impl Order {
    /// Sorts a column.
    pub fn new(values: &[f64]) -> Self {
        let mut rows: Vec<u32> = (0..values.len() as u32).collect();
        let value = |r: u32| &values[r as usize];
        rows.sort_by(|&a, &b| stats::order(value(a), value(b)));
        let ends =
            (1..=rows.len()).filter(|&i| i == rows.len() || stats::order(value(rows[i - 1]), value(rows[i])).is_ne());
        Self { ends: ends.map(|i| i as u32).collect(), rows }
    }

    fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).map(|(a, b)| &self.rows[a as usize..b as usize])
    }

    /// Centred mid-ranks of the column under `weight` [N].
    pub fn rank(&self, weight: &[f64], into: &mut Ranked) {
        into.total = self.rows.iter().map(|&r| weight[r as usize]).sum();
        into.ranks.resize(self.rows.len(), 0.0);
        into.square = 0.0;
        let (centre, mut before) = (0.5 * (into.total + 1.0), 0.0);
        for group in self.groups() {
            let here: f64 = group.iter().map(|&r| weight[r as usize]).sum();
            let rank = before + 0.5 * (here + 1.0) - centre;
            for &row in group {
                into.ranks[row as usize] = rank;
            }
            into.square += here * rank * rank;
            before += here;
        }
    }

    /// ρ, AUROC and average precision of the column against `truth` and the positive rows, under the weights that
    /// `truth` was ranked with.
    ///
    /// Average precision is Σ (`R_i` - `R_(i-1)`) `P_i` over falling thresholds, equal scores at once (scikit-learn's).
    pub fn measure(&self, truth: &Ranked, positive: &[bool], weight: &[f64]) -> Measured {
        let centre = 0.5 * (truth.total + 1.0);
        let (mut cross, mut square, mut below, mut negative_below, mut wins) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut groups, mut all_positive) = (Vec::with_capacity(self.ends.len()), 0.0);
        for group in self.groups() {
            let (mut here, mut of_positive, mut ranks) = (0.0, 0.0, 0.0);
            for &r in group {
                let w = weight[r as usize];
                here += w;
                of_positive += if positive[r as usize] { w } else { 0.0 };
                ranks += w * truth.ranks[r as usize];
            }
            let rank = below + 0.5 * (here + 1.0) - centre;
            cross += rank * ranks;
            square += here * rank * rank;
            let negative = here - of_positive;
            wins += of_positive * (negative_below + 0.5 * negative);
            below += here;
            negative_below += negative;
            all_positive += of_positive;
            groups.push((here, of_positive));
        }
        let (mut seen, mut hits, mut precision) = (0.0, 0.0, 0.0);
        for (here, of_positive) in groups.into_iter().rev().filter(|g| g.0 > 0.0) {
            seen += here;
            hits += of_positive;
            precision += of_positive * hits / seen;
        }
        let spread = square * truth.square;
        Measured {
            rho: if spread > 0.0 { (cross / spread.sqrt()).clamp(-1.0, 1.0) } else { f64::NAN },
            auroc: wins / (all_positive * negative_below),
            auprc: precision / all_positive,
        }
    }
}
