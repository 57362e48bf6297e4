//! Curves, cloud and table of the report.

use super::errors::Errors;
use super::useful::Useful;
use super::{Input, TRUST_HORIZON, Trace};
use crate::ground::number::counted;
use crate::ground::stats;
use crate::metrics::density::near::Place;
use crate::metrics::report::{Axis, Report, Role, Scatter, Series, Table};

/// Points of the cloud.
const POINTS: usize = 2000;

/// An axis.
pub(super) fn axis(label: &str, unit: &str, log: bool) -> Axis {
    Axis { label: label.into(), unit: unit.into(), log }
}

/// NaN (a gap on the screen, null in JSON) for what is not finite.
pub(super) fn finite(v: f64) -> f64 {
    if v.is_finite() { v } else { f64::NAN }
}

/// Column `c` of rows of `d` numbers.
pub(super) fn column(rows: &[f32], c: usize, d: usize) -> Vec<f64> {
    rows.iter().skip(c).step_by(d).map(|&v| finite(f64::from(v))).collect()
}

/// Error and disagreement by horizon. Every plot of errors holds the model against a floor of the same statistic.
pub fn by_horizon(report: &mut Report, input: &Input<'_>, errors: &Errors, useful: &Useful) {
    let horizons = 1..=input.horizon;
    let series = |key: &str, label: &str, y: Vec<f64>, definition: &str| Series {
        key: key.into(),
        label: label.into(),
        group: "error by horizon".into(),
        x_axis: axis("horizon", "steps", false),
        y_axis: axis("error", "std", true),
        x: horizons.clone().map(|h| h as f64).collect(),
        y,
        definition: definition.into(),
        ..Series::default()
    };
    let along = |of: &dyn Fn(usize) -> f64| horizons.clone().map(|h| finite(of(h))).collect::<Vec<f64>>();
    let mut add = |group: &str, role: Role, one: Series, band: Option<(Vec<f64>, Vec<f64>)>| {
        report.series.push(Series { group: group.into(), role, band, ..one });
    };
    let definition = "Root mean square error over starts; band: 95 % by bootstrap over episodes.";
    let one = series("model_rms", "model", along(&|h| errors.rms(h).0), definition);
    add("error by horizon", Role::Value, one, useful.band.clone());
    let definition = "Root mean square error over starts of predicting the start state for ever.";
    let one = series("copy_last_rms", "copying the start", along(&|h| errors.rms(h).1), definition);
    add("error by horizon", Role::Floor, one, None);
    let definition =
        "Last horizon whose error is at least 5 % below that of copying the start; band: 95 % by bootstrap.";
    let at = useful.horizon as f64;
    let (lo, hi) = useful.interval.unwrap_or((at, at));
    let mut place = series("useful_horizon", "useful horizon", vec![1.0], definition);
    place.x = vec![at];
    add("error by horizon", Role::Place, place, Some((vec![lo], vec![hi])));
    let quantile = |q: f64| along(&|h| stats::quantile(&errors.at(h), q));
    let definition = "Median error over starts; band: 10 % to 90 % of starts.";
    let one = series("model", "model", quantile(0.5), definition);
    add("median error by horizon", Role::Value, one, Some((quantile(0.1), quantile(0.9))));
    let definition = "Median error over starts of predicting the start state for ever.";
    let one = series("copy_last", "copying the start", along(&|h| errors.floor_median(h)), definition);
    add("median error by horizon", Role::Floor, one, None);
    let one = series("model_mean", "model", along(&|h| errors.mean(h)), "Mean error over starts.");
    add("mean error by horizon", Role::Value, one, None);
    let definition = "Mean error over starts of predicting the start state for ever.";
    let one = series("copy_last_mean", "copying the start", along(&|h| errors.floor_mean(h)), definition);
    add("mean error by horizon", Role::Floor, one, None);
    let skill = horizons.clone().map(|h| finite(errors.skill(h))).collect();
    let definition =
        "10 log10 of the mean squared error of copying the start over that of the model; above 0 the model is useful.";
    report.series.push(Series {
        group: "skill by horizon".into(),
        y_axis: axis("skill", "dB", false),
        ..series("skill", "skill over copying", skill, definition)
    });
    if let Some(disagreement) = input.disagreement {
        let at = |h: usize| disagreement.iter().skip(h - 1).step_by(input.horizon).copied().collect::<Vec<f64>>();
        let quantile = |q: f64| horizons.clone().map(|h| finite(stats::quantile(&at(h), q))).collect::<Vec<f64>>();
        let definition = "Median over starts of the members' standard deviation, mean over dimensions; band: 10 % to 90 % of starts.";
        report.series.push(Series {
            group: "disagreement by horizon".into(),
            y_axis: axis("disagreement", "std", true),
            band: Some((quantile(0.1), quantile(0.9))),
            ..series("disagreement", "disagreement", quantile(0.5), definition)
        });
    }
}

/// Error by horizon of linear dynamics, on the axis of the model's.
pub fn of_linear(report: &mut Report, horizon: usize, errors: &Errors) {
    let beside = report.series.iter().find(|s| s.key == "model_rms").map(|s| s.y_axis.clone());
    report.series.push(Series {
        key: "linear_rms".into(),
        label: "linear dynamics".into(),
        group: "error by horizon".into(),
        x_axis: axis("horizon", "steps", false),
        y_axis: beside.unwrap_or_else(|| axis("error", "std", true)),
        x: (1..=horizon).map(|h| h as f64).collect(),
        y: (1..=horizon).map(|h| finite(errors.rms(h).0)).collect(),
        definition: "Root mean square error over starts of linear dynamics s' = A s + B a + c in the open loop, fitted to the training \
                     part by least squares (ridge 1e-8 on standardised inputs): a model that errs more has learned less than a line."
            .into(),
        ..Series::default()
    });
}

/// Error by horizon of every member's own rollouts, where there are such: their mean, and from the lowest to the highest.
pub fn of_members(report: &mut Report, input: &Input<'_>) {
    let own = |rollouts: &Vec<f32>| Errors::of_rollouts(input.std, input.horizon, input.real, rollouts);
    let all: Vec<Errors> = input.members.iter().map(own).collect();
    if all.is_empty() {
        return;
    }
    let at = |h: usize| all.iter().map(move |errors| errors.rms(h).0);
    let horizons = || 1..=input.horizon;
    let end = |pick: fn(f64, f64) -> f64| horizons().map(|h| finite(at(h).fold(f64::NAN, pick))).collect();
    report.series.push(Series {
        key: "members_rms".into(),
        label: "a member alone".into(),
        group: "error by horizon".into(),
        x_axis: axis("horizon", "steps", false),
        y_axis: axis("error", "std", true),
        x: horizons().map(|h| h as f64).collect(),
        y: horizons().map(|h| finite(at(h).sum::<f64>() / all.len() as f64)).collect(),
        band: Some((end(f64::min), end(f64::max))),
        definition: format!(
            "Root mean square error over starts of a member that goes on from its own mean, mean over {}; band: from the lowest to \
             the highest member.",
            counted(all.len(), "members")
        ),
        ..Series::default()
    });
}

/// Error against novelty of the start: at most [`POINTS`] points, evenly thinned.
pub fn scatter(report: &mut Report, input: &Input<'_>, novelty: &[f64], (errors, h): (&[f64], usize)) {
    let kept: Vec<usize> = (0..novelty.len()).filter(|&i| novelty[i].is_finite() && errors[i].is_finite()).collect();
    let at: Vec<usize> = stats::evenly(kept.len(), POINTS).into_iter().map(|i| kept[i]).collect();
    let sampling =
        if kept.len() > POINTS { format!(" (every {}th start)", kept.len() / POINTS) } else { String::new() };
    let place = |i: &usize| Some(Place { episode: *input.owner.get(*i)?, step: *input.step.get(*i)? });
    report.scatters.push(Scatter {
        key: "error_vs_novelty".into(),
        label: format!("Error at h = {h} against novelty of the start{sampling}"),
        x_axis: axis("novelty of the start", "x threshold", false),
        y_axis: axis(&format!("error at h = {h}"), "std", true),
        x: at.iter().map(|&i| novelty[i]).collect(),
        y: at.iter().map(|&i| errors[i]).collect(),
        x_mark: Some(("threshold".into(), 1.0)),
        places: at.iter().map(place).collect::<Option<_>>().unwrap_or_default(),
    });
}

/// Error of every dimension, worst at the last horizon first.
pub fn dimensions(report: &mut Report, input: &Input<'_>, errors: &Errors) {
    let mut at = vec![1, TRUST_HORIZON.min(input.horizon), input.horizon];
    at.dedup();
    let mut columns = vec!["dimension".to_owned()];
    columns.extend(at.iter().map(|h| format!("error at h = {h} (std)")));
    let mut order: Vec<usize> = (0..input.names.len()).filter(|&d| input.std[d] > 0.0).collect();
    order.sort_by(|&a, &b| {
        let key = |d: usize| errors.of_dimension(d, input.horizon);
        stats::order(&key(b), &key(a))
    });
    let rows = order
        .into_iter()
        .map(|d| {
            let mut row = vec![input.names[d].clone().into()];
            row.extend(at.iter().map(|&h| errors.of_dimension(d, h).into()));
            row
        })
        .collect();
    report.tables.push(Table {
        key: "dimensions".into(),
        label: "Error by dimension (root mean square over starts)".into(),
        columns,
        rows,
    });
}

/// Lowest and highest of the members [M, steps, D] in dimension `c` of `d` at every step; nothing of a single one.
pub fn span(members: &[f32], steps: usize, (c, d): (usize, usize)) -> Option<(Vec<f64>, Vec<f64>)> {
    let n = members.len() / (steps * d).max(1);
    let of = |t: usize| (0..n).map(move |m| f64::from(members[(m * steps + t) * d + c]));
    let ends = |pick: fn(f64, f64) -> f64| (0..steps).map(|t| finite(of(t).fold(f64::NAN, pick))).collect();
    (n > 1).then(|| (ends(f64::min), ends(f64::max)))
}

/// One rollout, dimension by dimension: real and imagined, with the spread of the members.
pub fn trace(report: &mut Report, input: &Input<'_>, trace: &Trace<'_>) {
    let d = input.names.len();
    let steps = trace.real.len() / d;
    let members = trace.members.len() / trace.real.len().max(1);
    for (c, name) in input.names.iter().enumerate() {
        let series = |key: &str, label: &str, y: Vec<f64>, definition: String| Series {
            key: format!("{key}:{name}"),
            label: label.into(),
            group: format!("trace {name}"),
            x_axis: axis("horizon", "steps", false),
            y_axis: axis(name, "", false),
            x: (0..steps).map(|t| t as f64).collect(),
            y,
            definition,
            ..Series::default()
        };
        let text = format!("{}: what happened.", trace.label);
        report.series.push(Series { role: Role::Real, ..series("real", "real", column(trace.real, c, d), text) });
        let text =
            format!("{}: what was imagined; band: lowest to highest of {}.", trace.label, counted(members, trace.band));
        let mut imagined = series("imagined", "imagined", column(trace.imagined, c, d), text);
        imagined.band = span(trace.members, steps, (c, d));
        report.series.push(imagined);
    }
}
