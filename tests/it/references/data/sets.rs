//! Numbers of one set.

use oodscope::data::summary;
use oodscope::ground::task::Ctx;
use oodscope::metrics::density::Density;
use oodscope::metrics::entropy;
use oodscope::metrics::features::Features;
use oodscope::metrics::pca::Pca;
use serde_json::Value;

use super::{Set, judge, numbers};
use crate::references::Verdict;

pub fn check(set: &Set, scale: &Features, family: &str, want: &Value) -> Verdict {
    match family {
        "stats" => statistics(set, want),
        "dim" => moments(&summary::summary(&set.data, &every(set)).obs, want),
        "actions" => moments(&summary::summary(&set.data, &every(set)).actions, want),
        "kl_entropy" => kl_entropy(set, scale, want),
        "coverage" => coverage(set, want),
        "pca" => pca(set, want),
        other => Verdict::Unsupported(format!("nothing computes '{other}'")),
    }
}

fn every(set: &Set) -> Vec<usize> {
    (0..set.data.num_episodes()).collect()
}

fn statistics(set: &Set, want: &Value) -> Verdict {
    let episodes: Vec<_> = (0..set.data.num_episodes()).map(|i| set.data.episode(i)).collect();
    let returns: Vec<f64> = episodes.iter().map(oodscope::data::episode::Episode::ret).collect();
    let lengths: Vec<f64> = episodes.iter().map(|e| e.steps() as f64).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let std = |v: &[f64]| (v.iter().map(|x| (x - mean(v)).powi(2)).sum::<f64>() / v.len() as f64).sqrt();
    let quantile = oodscope::ground::stats::quantile;
    let count = |of: &dyn Fn(&&oodscope::data::episode::Episode<'_>) -> bool| episodes.iter().filter(of).count() as f64;
    let got = [
        ("episodes", episodes.len() as f64),
        ("transitions", set.data.num_steps() as f64),
        ("return_mean", mean(&returns)),
        ("return_std_pop", std(&returns)),
        ("return_min", quantile(&returns, 0.0)),
        ("return_max", quantile(&returns, 1.0)),
        ("return_median", quantile(&returns, 0.5)),
        ("length_mean", mean(&lengths)),
        ("length_std_pop", std(&lengths)),
        ("length_min", quantile(&lengths, 0.0)),
        ("length_max", quantile(&lengths, 1.0)),
        ("terminated_episodes", count(&|e| e.span.terminated)),
        ("truncated_episodes", count(&|e| e.span.truncated)),
    ];
    if let Some(key) = want.as_object().into_iter().flatten().map(|k| k.0).find(|k| got.iter().all(|g| g.0 != *k)) {
        return Verdict::Unsupported(format!("nothing computes '{key}'"));
    }
    let asked: Vec<_> = got.iter().filter(|g| want.get(g.0).is_some()).collect();
    // Rewards are float64 on both sides; only the order of sums differs.
    judge(
        &asked.iter().map(|g| g.1).collect::<Vec<_>>(),
        &asked.iter().map(|g| numbers(&want[g.0])[0]).collect::<Vec<_>>(),
        1e-9,
        1e-9,
    )
}

fn moments(got: &[summary::Moments], want: &Value) -> Verdict {
    let all = [
        got.iter().map(|m| m.mean).collect::<Vec<f64>>(),
        got.iter().map(|m| m.std).collect(),
        got.iter().map(|m| m.min).collect(),
        got.iter().map(|m| m.max).collect(),
    ]
    .concat();
    let want: Vec<f64> = ["mean", "std", "min", "max"].iter().flat_map(|k| numbers(&want[*k])).collect();
    // float32 storage: 6e-8 of a value; a mean near zero is off by as much of its largest values (up to 10 here).
    judge(&all, &want, 2e-7, 6e-7)
}

fn kl_entropy(set: &Set, scale: &Features, want: &Value) -> Verdict {
    let points = set.points(scale, 5000);
    let (mut got, mut reference) = (vec![], vec![]);
    for (k, want) in want.as_object().into_iter().flatten() {
        let Ok(k) = k.parse() else { return Verdict::Differs(format!("'{k}' is not a number of neighbours")) };
        match entropy::kozachenko_leonenko(points.clone(), k, &Ctx::quiet()) {
            Ok(nats) => got.push(nats),
            Err(e) => return Verdict::Differs(e.to_string()),
        }
        reference.extend(numbers(&want["nats"]));
    }
    // d · mean relative change of the k-th distance: float32 storage of coordinates moves those by 1e-7 of a standard
    // deviation; the mean distance is above 1e-2 where storage is narrower than the file.
    judge(&got, &reference, 0.0, 1e-4)
}

fn coverage(set: &Set, want: &Value) -> Verdict {
    let d = set.data.obs_dim();
    let (mut got, mut reference) = (vec![], vec![]);
    for grid in want.as_array().into_iter().flatten() {
        let (dims, lo, hi) = (numbers(&grid["dims"]), numbers(&grid["lo"]), numbers(&grid["hi"]));
        let bins = numbers(&grid["bins"])[0] as usize;
        let mut density = Density::new((lo[0], hi[0]), (lo[1], hi[1]), bins);
        let (a, b) = (dims[0] as usize, dims[1] as usize);
        let (x, y): (Vec<f32>, Vec<f32>) = set.rows.chunks_exact(d).map(|r| (r[a], r[b])).unzip();
        density.count(&x, &y);
        let occupied = density.occupied() as f64;
        let cells = density.counts.len() as f64;
        got.extend([occupied, cells, occupied / cells, density.total() as f64]);
        reference.extend(["occupied", "cells", "fraction", "inside"].iter().map(|k| numbers(&grid[*k])[0]));
    }
    // Counts: exact.
    judge(&got, &reference, 1e-12, 0.0)
}

fn pca(set: &Set, want: &Value) -> Verdict {
    let pca = match Pca::fit(&set.rows, set.data.obs_dim()) {
        Ok(pca) => pca,
        Err(e) => return Verdict::Differs(e.to_string()),
    };
    let components = want["components"].as_array().map_or(0, Vec::len);
    let got = [pca.variance.clone(), pca.ratio.clone(), pca.components[..components].concat()].concat();
    let reference = ["explained_variance", "explained_variance_ratio", "components"]
        .iter()
        .flat_map(|k| numbers(&want[*k]))
        .collect::<Vec<_>>();
    // float32 storage moves a covariance by 1e-7; an axis turns by that over the gap between its variance and the next.
    judge(&got, &reference, 1e-6, 1e-6)
}
