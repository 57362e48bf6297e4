//! Small maps of every pair of dimensions, data and visits on the same cells: what holes are looked for on, and what
//! the screen shows of all pairs.

use super::Input;
use super::axes::spanned;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::density::Range;
use crate::metrics::density::pairs::{BINS, Binned, Small};
use crate::metrics::report::PairMaps;

/// Dimensions whose pairs are looked at; of more, those that say most.
const DIMS: usize = 17;

/// Every pair of the dimensions that move.
pub struct Survey<'a> {
    /// Name of every dimension.
    pub names: &'a [String],
    /// The training states.
    pub data: Binned,
    /// The rollout states, or else the imagined ones, where there are any.
    pub visits: Option<Binned>,
    /// Dimensions that are looked at, ascending.
    pub dims: Vec<usize>,
    /// Training states of each pair.
    pub maps: Vec<Small>,
}

impl<'a> Survey<'a> {
    /// Bins every dimension over what the data span (and others a little beyond) and counts every pair but those with one
    /// of the columns `without`, which are others over again: a copy over its original is a line with empty corners.
    ///
    /// # Errors
    /// Cancelled.
    pub fn new(input: &Input<'a>, without: &[usize], cx: &Ctx) -> Result<Self, Fault> {
        let d = input.names.len();
        let column = |rows: &'a [f32], c: usize| rows.iter().skip(c).step_by(d).copied();
        let visits = input.rollouts.or(input.imagined);
        let others = || [Some(input.heldout), visits].into_iter().flatten();
        let mut ranges: Vec<Range> = Vec::with_capacity(d);
        for c in 0..d {
            cx.check()?;
            ranges.push(spanned(column(input.train.rows, c), others().flat_map(|s| column(s.rows, c))));
        }
        let data = Binned::new(input.train.rows, &ranges, cx)?;
        let visits = visits.map(|v| Binned::new(v.rows, &ranges, cx)).transpose()?;
        let mut dims: Vec<(f64, usize)> = (0..d)
            .filter(|c| !without.contains(c))
            .filter_map(|c| Some((weight(&data, visits.as_ref(), c)?, c)))
            .collect();
        dims.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut dims: Vec<usize> = dims.into_iter().take(DIMS).map(|(_, c)| c).collect();
        dims.sort_unstable();
        let maps = data.pairs(&dims, cx)?;
        Ok(Self { names: input.names, data, visits, dims, maps })
    }

    /// The small maps as a part of the report.
    pub fn report(&self) -> PairMaps {
        PairMaps {
            names: self.names.to_vec(),
            bins: BINS,
            pairs: self.maps.iter().map(|m| m.dims).collect(),
            counts: self.maps.iter().map(|m| m.counts.clone()).collect(),
            holes: Vec::new(),
        }
    }
}

/// How much dimension `c` says: the divergence of the visits from the data along it in nats, or without visits the
/// entropy of the data; nothing where the data do not move.
fn weight(data: &Binned, visits: Option<&Binned>, c: usize) -> Option<f64> {
    let q = data.marginal(c);
    if q.iter().filter(|&&n| n > 0).count() < 2 {
        return None;
    }
    let share = |counts: &[u32], i: usize, more: f64| {
        let all = f64::from(counts.iter().sum::<u32>()) + more * counts.len() as f64;
        (f64::from(counts[i]) + more) / all
    };
    Some(match visits {
        Some(visits) => {
            let p = visits.marginal(c);
            (0..p.len())
                .filter(|&i| p[i] > 0)
                .map(|i| share(&p, i, 0.0) * (share(&p, i, 0.0) / share(&q, i, 1.0)).ln())
                .sum()
        }
        None => (0..q.len()).filter(|&i| q[i] > 0).map(|i| -share(&q, i, 0.0) * share(&q, i, 0.0).ln()).sum(),
    })
}
