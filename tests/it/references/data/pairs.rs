//! Numbers of one set against the reference set.

use std::collections::HashMap;
use std::path::Path;

use oodscope::ground::fault::Fault;
use oodscope::ground::stats;
use oodscope::ground::task::Ctx;
use oodscope::metrics::compare::{energy, mmd, prdc, wasserstein};
use oodscope::metrics::features::Features;
use oodscope::metrics::neighbors::points::Points;
use oodscope::metrics::neighbors::{self, Exclude, Neighbors, STRATEGIES};
use oodscope::metrics::ood;
use serde_json::Value;

use super::{Set, judge, numbers};
use crate::references::Verdict;
use crate::support::npz;

/// States of each side in the measures that look at every pair.
const THINNED: usize = 1000;

/// The reference with its indices.
pub struct Pairs {
    scale: Features,
    arrays: HashMap<String, npz::Array>,
    indices: Vec<Box<dyn Neighbors>>,
    thinned: Points,
    thresholds: Value,
}

impl Pairs {
    pub fn new(reference: &Set, scale: &Features, arrays: &Path, json: &Value) -> Self {
        let points = reference.points(scale, usize::MAX);
        Self {
            scale: scale.clone(),
            arrays: if arrays.exists() { npz::read(arrays) } else { HashMap::new() },
            indices: STRATEGIES
                .iter()
                .filter(|s| points.dim() <= s.most)
                .map(|s| (s.build)(points.clone(), &Ctx::quiet()).unwrap())
                .collect(),
            thinned: reference.points(scale, THINNED),
            thresholds: json["ood_thresholds_k5"].clone(),
        }
    }

    pub fn check(&self, family: &str, want: &Value) -> Verdict {
        let Some(query) = self.arrays.get(want["query_array"].as_str().unwrap_or_default()) else {
            return Verdict::Unsupported("the query states are not in an .npz beside the file".into());
        };
        let rows: Vec<f32> = query.values.iter().map(|&v| v as f32).collect();
        let points = self.scale.points(&rows, &vec![0; query.shape[0]]).unwrap();
        let verdict = match family {
            "knn_mean" => self.knn(&points, want),
            "ood_ratio" => self.ood(&points, want),
            "mmd" => self.mmd(&points, want),
            "energy" => energy::distance(&self.thinned, &points, &Ctx::quiet())
                // Sums of a million float64 distances, each within 1e-7 of a standard deviation.
                .map(|d| judge(&[d], &numbers(&want["energy"]), 1e-6, 1e-7)),
            "wasserstein1" => Ok(self.by_dimension(&points, want)),
            "prdc" => self.prdc(&points, want),
            other => return Verdict::Unsupported(format!("nothing computes '{other}'")),
        };
        verdict.unwrap_or_else(|e| Verdict::Differs(e.to_string()))
    }

    /// k-NN distances of every strategy, each within 1e-4 of the reference.
    fn knn(&self, query: &Points, want: &Value) -> Result<Verdict, Fault> {
        let ks: Vec<usize> = numbers(&want["knn_columns"]).iter().map(|&k| k as usize).collect();
        let Some(array) = self.arrays.get(want["knn_array"].as_str().unwrap_or_default()) else {
            return Ok(Verdict::Unsupported("the distances are not in an .npz beside the file".into()));
        };
        let most = ks.iter().copied().max().unwrap_or(0);
        let (mut got, mut reference) = (vec![], vec![]);
        for index in &self.indices {
            let knn = index.knn(query, most, Exclude::Nothing, &Ctx::quiet())?;
            for (c, &k) in ks.iter().enumerate() {
                got.extend(knn.kth(k));
                reference.extend(array.values.iter().skip(c).step_by(ks.len()));
                got.push(stats::mean(&knn.kth(k)));
                reference.push(numbers(&want["knn_mean"])[c]);
            }
        }
        // The bound; the absolute part is float32 storage of two float64 coordinates.
        Ok(judge(&got, &reference, 1e-4, if self.is_narrowed(want) { 1e-6 } else { 0.0 }))
    }

    /// True where the query states are not float32 numbers: the file's float64 is narrowed.
    fn is_narrowed(&self, want: &Value) -> bool {
        self.arrays[want["query_array"].as_str().unwrap_or_default()].values.iter().any(|&v| f64::from(v as f32) != v)
    }

    fn ood(&self, query: &Points, want: &Value) -> Result<Verdict, Fault> {
        let distances = self.indices[0].knn(query, 5, Exclude::Nothing, &Ctx::quiet())?.kth(5);
        let (mut got, mut reference) = (vec![], vec![]);
        for (q, want) in want["ood_ratio"].as_object().into_iter().flatten() {
            got.push(ood::fraction(&distances, numbers(&self.thresholds[q.as_str()])[0]));
            reference.extend(numbers(want));
        }
        // A state as far as the threshold itself may fall on either side: one of a thousand.
        Ok(judge(&got, &reference, 0.0, 1.001e-3))
    }

    fn mmd(&self, query: &Points, want: &Value) -> Result<Verdict, Fault> {
        let sigma = mmd::median_heuristic(&self.thinned, query, &Ctx::quiet())?;
        let m = mmd::with_sigma(&self.thinned, query, sigma, &Ctx::quiet())?;
        let reference: Vec<f64> =
            ["sigma", "biased_mmd2", "unbiased_mmd2"].iter().flat_map(|k| numbers(&want["mmd"][*k])).collect();
        // Differences of means near 1 of a kernel that float32 storage moves by 1e-7.
        Ok(judge(&[m.sigma, m.biased, m.unbiased], &reference, 1e-6, 1e-7))
    }

    fn by_dimension(&self, query: &Points, want: &Value) -> Verdict {
        let each: Vec<_> =
            (0..query.dim()).map(|d| wasserstein::one_dimension(&self.thinned.column(d), &query.column(d))).collect();
        let got: Vec<f64> = each.iter().map(|o| o.wasserstein1).chain(each.iter().map(|o| o.energy)).collect();
        let reference = [numbers(&want["wasserstein1"]), numbers(&want["energy_1d"])].concat();
        // float32 storage moves a value by 1e-7 of a standard deviation, more where its mean is many of them away.
        judge(&got, &reference, 1e-5, 1e-6)
    }

    fn prdc(&self, query: &Points, want: &Value) -> Result<Verdict, Fault> {
        let p = prdc::prdc(&self.thinned, query, 5, &Ctx::quiet())?;
        let reference: Vec<f64> =
            ["precision", "recall", "density", "coverage"].iter().flat_map(|k| numbers(&want["prdc"][*k])).collect();
        // One of a thousand states may lie on the edge of a ball itself.
        let verdict = judge(&[p.precision, p.recall, p.density, p.coverage], &reference, 0.0, 1.001e-3);
        Ok(match (verdict, self.unresolved(query)?) {
            (Verdict::Differs(how), Some(share)) => Verdict::Unsupported(format!(
                "{how}; but {:.0} % of the balls are smaller than 1e-6, which the reference's |x|² + |y|² - 2xy cannot \
                 resolve; direct differences give {p:?}",
                100.0 * share
            )),
            (verdict, _) => verdict,
        })
    }

    /// Share of the states whose 5th neighbour in their own set is nearer than float64's expanded squares can tell (about
    /// 1e-8 times the states' norms), if it is more than one in a thousand.
    fn unresolved(&self, query: &Points) -> Result<Option<f64>, Fault> {
        let mut small = 0;
        for set in [&self.thinned, query] {
            let radii =
                neighbors::index(set.clone(), &Ctx::quiet())?.knn(set, 5, Exclude::SameRow, &Ctx::quiet())?.kth(5);
            small += radii.iter().filter(|r| **r < 1e-6).count();
        }
        let share = small as f64 / (self.thinned.len() + query.len()) as f64;
        Ok((share > 1e-3).then_some(share))
    }
}
