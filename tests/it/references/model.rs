//! `oracles/model-*.json` with their `.npz`: what PyTorch computed, in double precision, with the same checkpoints; and the
//! broken checkpoints of `broken/`.

mod curves;
mod faults;
mod recurrent;
mod terms;

use std::collections::HashMap;
use std::path::Path;

use oodscope::checkpoint::{self, CHECKPOINTS};
use oodscope::data::episode::TransitionBatch;
use oodscope::ground::task::Ctx;
use oodscope::metrics::score::{self, Members};
use oodscope::world::ensemble::Ensemble;
use oodscope::world::imagine;
use oodscope::world::world_model::Prediction;
use serde_json::Value;

use super::{Finding, Verdict};
use crate::support::npz::{self, Array};
use terms::Terms;

pub use faults::{broken, is_checkpoint};

/// The project's bound on ensemble outputs against PyTorch in double precision, relative to the terms that an output is
/// summed of ([`Terms`]): a hundred roundings of single precision, which sums over 200 hidden units and four layers stay
/// under. Where the reference says by how much PyTorch itself is off in single precision, [`TWICE`] that is the bound.
const OUTPUTS: f64 = 1e-5;

/// Another order of summation gives another rounding of the same size.
const TWICE: f64 = 2.0;

pub fn compare(root: &Path, path: &Path, json: &Value) -> Vec<Finding> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = root.join("models").join(json["model"].as_str().unwrap_or_default());
    if !CHECKPOINTS.iter().any(|f| f.probe(&folder)) {
        return vec![(file, Verdict::Unsupported(format!("no reader for the layout '{}'", layout(&folder))))];
    }
    let model = match checkpoint::open(&folder) {
        Ok(c) => c.world_model,
        // What it is was recognised, and is named with what to do instead.
        Err(e) if ["no world model", "which is not imported"].iter().any(|said| e.to_string().contains(said)) => {
            return vec![(file, Verdict::Unsupported(e.to_string()))];
        }
        Err(e) => return vec![(file, Verdict::Differs(format!("is not read: {e}")))],
    };
    let Some(model) = model.as_deref() else {
        return vec![(file, Verdict::Unsupported("a checkpoint without a world model".into()))];
    };
    let arrays = npz::read(&path.with_extension("npz"));
    let sets = json["sets"].as_object().into_iter().flatten();
    let Some(model) = Ensemble::known(model) else {
        let scale = curves::numbers(&json["error_scale"]["std"]);
        let verdict = |(name, set): (&String, &Value)| {
            (format!("{file}: {name}"), recurrent::compare(model, set, &scale, &arrays, name))
        };
        return sets.map(verdict).collect();
    };
    sets.map(|(name, set)| {
        let what = format!("{file}: {name}");
        if set.get("nrmse_mean").is_none() {
            return (what, Verdict::Agrees(0, format!("nothing to compare: {}", set["skipped"])));
        }
        let case = Case { model, set, scale: curves::numbers(&json["error_scale"]["std"]), arrays: &arrays, name };
        (what, case.verdict())
    })
    .collect()
}

fn layout(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("model.json")).unwrap_or_default();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    json["layout"].as_str().unwrap_or("no model.json").to_owned()
}

/// One model on one data set.
struct Case<'c> {
    model: &'c Ensemble,
    set: &'c Value,
    scale: Vec<f64>,
    arrays: &'c HashMap<String, Array>,
    name: &'c str,
}

/// What was compared, and whether it held.
#[derive(Default)]
struct Tally {
    numbers: usize,
    text: Vec<String>,
    failed: bool,
}

impl Tally {
    /// Largest excess of |got - want| over its tolerance must not be above 1.
    fn within(&mut self, what: &str, pairs: impl Iterator<Item = (f64, f64, f64)>) {
        let (mut ratio, mut gap, mut n) = (0.0f64, 0.0f64, 0);
        for (got, want, tolerance) in pairs {
            let here = (got - want).abs();
            // A NaN must not pass for agreement.
            if here.is_nan() || here / tolerance > ratio {
                (ratio, gap) = (here / tolerance, here);
            }
            n += 1;
        }
        let failed = ratio.is_nan() || ratio > 1.0 || n == 0;
        self.failed |= failed;
        self.numbers += n;
        self.text.push(format!("{}{what} {gap:.1e} ({ratio:.2} of the tolerance)", if failed { "NOT " } else { "" }));
    }

    fn verdict(self) -> Verdict {
        let text = self.text.join(", ");
        if self.failed { Verdict::Differs(text) } else { Verdict::Agrees(self.numbers, text) }
    }
}

impl Case<'_> {
    fn array(&self, kind: &str) -> Option<&Array> {
        self.arrays.get(&format!("{kind}_{}", self.name.replace('/', "_")))
    }

    fn verdict(&self) -> Verdict {
        let (Some(real), Some(actions)) = (self.array("true"), self.array("actions")) else {
            return Verdict::Differs("the npz lacks true_ or actions_".into());
        };
        let (d, a) = (self.model.obs_dim, self.model.action_dim);
        if real.shape[2] != d || actions.shape[2] != a {
            return Verdict::Differs(format!("read as {d} observation and {a} action dimensions"));
        }
        let mut tally = Tally::default();
        let batch = steps(real, actions);
        self.members(&batch, &mut tally);
        self.uncertainty(&batch, &mut tally);
        curves::compare(self, real, actions, &mut tally);
        tally.verdict()
    }

    /// Every member's mean and log-variance in 200 rows.
    fn members(&self, batch: &TransitionBatch, tally: &mut Tally) {
        let (Some(rows), Some(mean)) = (self.array("one_step_rows"), self.array("one_step_member_mean")) else {
            return tally.within("member means", std::iter::empty());
        };
        let (d, targets) = (self.model.obs_dim, self.model.targets());
        let pick = |values: &[f32], width: usize| -> Vec<f32> {
            rows.values.iter().flat_map(|r| values[*r as usize * width..(*r as usize + 1) * width].to_vec()).collect()
        };
        let (obs, action) = (pick(&batch.obs, d), pick(&batch.action, self.model.action_dim));
        let p = self.model.predict(&obs, &action);
        let terms = Terms::of(self.model, &obs, &action);
        assert_eq!(mean.values.len(), p.members * p.rows * targets, "means are [E, rows, targets]");
        let means = (0..p.members * p.rows).flat_map(|i| {
            let (e, r) = (i / p.rows, i % p.rows);
            let start = obs[r * d..(r + 1) * d].iter().map(|v| f64::from(v.abs()));
            let next = p.next_obs[i * d..(i + 1) * d].iter().copied().zip(start);
            let reward = p.reward.iter().map(move |reward| (reward[i], 0.0));
            let columns = next.chain(reward).enumerate();
            columns
                .map(|(c, (got, start))| (f64::from(got), OUTPUTS * (terms.mean(e, r, c) + start)))
                .collect::<Vec<_>>()
        });
        tally.within("member means", means.zip(&mean.values).map(|((g, tolerance), w)| (g, *w, tolerance)));
        self.discrepancy(&p, &mean.values, &terms, tally);
        if let (Some(got), Some(want)) = (&p.logvar, self.array("one_step_member_logvar")) {
            assert_eq!(got.len(), want.values.len(), "log-variances are [E, rows, targets]");
            let pairs = got.iter().zip(&want.values).zip(terms.logvars());
            tally.within("log-variances", pairs.map(|((g, w), term)| (f64::from(*g), *w, OUTPUTS * term)));
        }
    }

    /// The discrepancy of `MOReL` in the rows whose member means (in double precision) the reference keeps: it has no column of its
    /// own there, so it is taken from them by its formula.
    fn discrepancy(&self, p: &Prediction, mean: &[f64], terms: &Terms, tally: &mut Tally) {
        let (d, targets) = (self.model.obs_dim, self.model.targets());
        let at = |e: usize, r: usize| &mean[(e * p.rows + r) * targets..][..d];
        let apart = |r: usize, (i, j): (usize, usize)| {
            at(i, r).iter().zip(at(j, r)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
        };
        let pairs: Vec<_> = (0..p.members).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let largest = |r: usize| pairs.iter().map(|&pair| apart(r, pair)).fold(0.0, f64::max);
        if let Some(got) = self.scores(p).remove("discrepancy") {
            let rows = got.iter().enumerate();
            tally.within("discrepancy", rows.map(|(r, g)| (*g, largest(r), OUTPUTS * terms.spread(r, largest(r)))));
        }
    }

    /// The scores of the members by name; disagreement in raw units, as the reference has it.
    fn scores(&self, p: &Prediction) -> HashMap<&'static str, Vec<f64>> {
        let std: Option<Vec<f32>> = p.logvar.as_ref().map(|l| l.iter().map(|v| (0.5 * v).exp()).collect());
        let members = Members {
            count: p.members,
            change: &p.delta,
            std: std.as_deref(),
            targets: self.model.targets(),
            scale: &vec![1.0; self.model.obs_dim],
        };
        score::of_members(&members).into_iter().map(|c| (c.score.name, c.values)).collect()
    }

    /// Penalties in every row, their means and their 95 % quantiles.
    ///
    /// A spread of members moves by as much as the members' outputs do, however small it is itself: the terms of those are
    /// its yardstick. Its mean is within 1e-5 of itself only down to the rounding of those outputs, which the reference
    /// states: the difference between PyTorch's own single- and double-precision runs after one step.
    fn uncertainty(&self, batch: &TransitionBatch, tally: &mut Tally) {
        let o = imagine::one_step(self.model, batch, &Ctx::quiet()).expect("nobody cancels");
        let rounding = self.set["f32_max_abs_diff"][0].as_f64().unwrap_or(f64::NAN);
        let aleatoric = o.aleatoric_max.unwrap_or_default();
        let terms = Terms::of(self.model, &batch.obs, &batch.action);
        let tolerance = |kind: &str, r: usize, want: f64| {
            // A norm of deviations has no terms that cancel.
            if kind.starts_with("aleatoric") { OUTPUTS * want.abs().max(1.0) } else { OUTPUTS * terms.spread(r, want) }
        };
        let pairs = |kind: &'static str, got: &[f64], want: &Array| -> Vec<(f64, f64, f64)> {
            assert_eq!(got.len(), want.values.len(), "{kind} is [rows]");
            let rows = got.iter().zip(&want.values).enumerate();
            rows.map(|(r, (g, w))| (*g, *w, tolerance(kind, r, *w))).collect()
        };
        let kinds = [
            ("disagreement", &o.disagreement),
            ("ensemble_std", &o.ensemble_std),
            ("aleatoric_max", &aleatoric),
            ("pairwise_diff", &o.pairwise_diff),
        ];
        for (kind, got) in kinds {
            let Some(want) = self.array(kind) else { continue };
            let got: Vec<f64> = got.iter().map(|v| f64::from(*v)).collect();
            tally.within(kind, pairs(kind, &got, want).into_iter());
            let summary = [("mean", curves::mean(&got)), ("q95", curves::quantile(&got, 0.95))];
            let summaries = summary.iter().map(|(s, g)| (*g, &self.set[format!("{kind}_{s}")]));
            tally.within(
                "its mean and q95",
                summaries.map(|(g, w)| {
                    let w = w.as_f64().unwrap_or(f64::NAN);
                    (g, w, OUTPUTS * w.abs() + rounding)
                }),
            );
        }
        // The same by the scores that alarms are made of.
        let scores = self.scores(&self.model.predict(&batch.obs, &batch.action));
        for (kind, name) in [("aleatoric_max", "aleatoric"), ("disagreement", "disagreement")]
            .into_iter()
            .chain([("ensemble_std", "ensemble_std"), ("pairwise_diff", "pairwise_diff")])
        {
            if let (Some(want), Some(got)) = (self.array(kind), scores.get(name)) {
                tally.within(&format!("score {name}"), pairs(name, got, want).into_iter());
            }
        }
        let next: Vec<f64> = batch.next_obs.iter().map(|v| f64::from(*v)).collect();
        let got: Vec<f64> = o.next_obs.iter().map(|v| f64::from(*v)).collect();
        let error = curves::mean(&curves::nrmse(&got, &next, &self.scale));
        let want = self.set["one_step_nrmse"].as_f64().unwrap_or(f64::NAN);
        tally.within("one-step NRMSE", std::iter::once((error, want, OUTPUTS / curves::smallest(&self.scale))));
    }
}

/// The transitions of the segments `real` [K, H+1, D] and `actions` [K, H, A], in their order.
fn steps(real: &Array, actions: &Array) -> TransitionBatch {
    let [k, points, d] = real.shape[..] else { panic!("true_ is [K, H+1, D]") };
    let mut batch = TransitionBatch::empty(d, actions.shape[2]);
    let row = |i: usize| real.values[i * d..(i + 1) * d].iter().map(|v| *v as f32);
    for i in (0..k * points).filter(|i| i % points + 1 < points) {
        batch.obs.extend(row(i));
        batch.next_obs.extend(row(i + 1));
    }
    batch.action = actions.values.iter().map(|v| *v as f32).collect();
    batch.reward = vec![0.0; k * (points - 1)];
    batch
}
