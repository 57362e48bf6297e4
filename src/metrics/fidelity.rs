//! Action fidelity: does a world model know what actions do?
//!
//! Pairs of real transitions from nearly the same state under different actions differ by what the actions did. The difference
//! of the predicted changes is held against that of the real ones, in standard deviations of a step's change: the cosine of the
//! two, and dimension by dimension whether they have the same sign. The floor is the same model under shuffled actions: what a
//! model that ignores actions gets, which is its fidelity exactly. The changes are compared and not the next states, so that what
//! is left of the distance between the two states drops out. A true model of a world without noise gets 1.

use super::report::{Axis, Level, Report, Role, Series, Table};
use crate::ground::bootstrap::{self, Bootstrap, Interval, Units};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number, significant};
use crate::ground::stats;
use crate::ground::task::Ctx;

/// Bins of the curves, with about as many pairs each.
const BINS: usize = 5;
/// Fewest pairs of a bin.
const LEAST: usize = 20;
/// Of a change this share of the dimension's deviation has no sign.
const STILL: f64 = 1e-4;

/// Pairs of transitions and what a model says of them.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// [D] names of the dimensions.
    pub names: &'a [String],
    /// [D] standard deviation of a step's change; 0 for a dimension that never changes.
    pub scale: &'a [f64],
    /// [P, D] difference of the real changes of both transitions of every pair.
    pub real: &'a [f32],
    /// [P, D] difference of the predicted changes.
    pub model: &'a [f32],
    /// [P, D] the same under shuffled actions.
    pub shuffled: &'a [f32],
    /// [P] distance of the two actions, in standard deviations.
    pub apart: &'a [f64],
    /// [P] novelty of the first state, in units of its threshold.
    pub novelty: &'a [f64],
    /// [P] episode of the first state; pairs of one episode follow one another.
    pub owner: &'a [usize],
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// Cosine of two vectors in units of `scale`; 0 where the first has no length, nothing where the second has none.
fn cosine(a: &[f32], b: &[f32], scale: &[f64]) -> Option<f64> {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for ((a, b), s) in a.iter().zip(b).zip(scale).filter(|(_, s)| **s > 0.0) {
        let (a, b) = (f64::from(*a) / s, f64::from(*b) / s);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    match () {
        () if !(bb > 0.0 && bb.is_finite()) => None,
        () if aa > 0.0 && aa.is_finite() => Some(ab / (aa * bb).sqrt()),
        () => Some(0.0),
    }
}

/// Adds action fidelity to the report of an imagination.
///
/// # Errors
/// Cancelled.
pub fn tell(report: &mut Report, input: &Input<'_>, cx: &Ctx) -> Result<(), Fault> {
    let d = input.names.len().max(1);
    let row = |of: &[f32], p: usize| of[p * d..(p + 1) * d].to_vec();
    let against = |of: &[f32], p: usize| cosine(&row(of, p), &row(input.real, p), input.scale);
    let known: Vec<(usize, f64, f64)> = (0..input.owner.len())
        .filter_map(|p| Some((p, against(input.model, p)?, against(input.shuffled, p)?)))
        .collect();
    if known.len() < LEAST {
        let text =
            "No action fidelity: too few pairs of held-out transitions begin near one another with different actions.";
        report.note(Level::Info, text);
        return Ok(());
    }
    let of = |pick: &dyn Fn(&(usize, f64, f64)) -> f64| known.iter().map(pick).collect::<Vec<f64>>();
    let (fidelity, floor) = (of(&|k| k.1), of(&|k| k.2));
    let gain: Vec<f64> = fidelity.iter().zip(&floor).map(|(a, b)| a - b).collect();
    let owner: Vec<usize> = known.iter().map(|k| input.owner[k.0]).collect();
    let interval = |values: &[f64]| mean_interval(values, &owner, input.seed, cx);
    let text = "Mean cosine between the real and the predicted difference of two held-out transitions from nearly the same state \
                under different actions, in standard deviations of a step's change: 1 for a true model. Interval: 95 % bootstrap \
                over episodes.";
    let mean = stats::mean(&fidelity);
    report
        .stat("action_fidelity", "action fidelity", mean, "", text)
        .of(known.len(), "pairs")
        .within(interval(&fidelity)?);
    let text = "The same of the model under shuffled actions: what a model that ignores actions gets.";
    let below = stats::mean(&floor);
    report.stat("action_fidelity_floor", "fidelity, actions shuffled", below, "", text).of(known.len(), "pairs");
    let gained = interval(&gain)?;
    let text = "Action fidelity less that under shuffled actions; 0 for a model that ignores actions.";
    report
        .stat("action_fidelity_gain", "fidelity gained by actions", mean - below, "", text)
        .of(known.len(), "pairs")
        .within(gained);
    curves(report, input, &known);
    report.tables.push(signs(input, &known));
    let (level, text) = verdict((mean, below), gained, known.len());
    report.note(level, text);
    Ok(())
}

/// The 95 % interval of a mean by bootstrap over episodes.
fn mean_interval(values: &[f64], owner: &[usize], seed: u64, cx: &Ctx) -> Result<Option<Interval>, Fault> {
    let units = Units::of(owner);
    let sums = units.sums(values);
    let bootstrap = Bootstrap { seed, ..Bootstrap::default() };
    let draws = bootstrap.draws(units.len(), "action fidelity", cx, |weights| bootstrap::ratio(&sums, weights))?;
    Ok(bootstrap::percentile(draws))
}

fn verdict((mean, floor): (f64, f64), gained: Option<Interval>, pairs: usize) -> (Level, String) {
    let short = |v: f64| number(significant(v, 2));
    let numbers = format!(
        "over {}, real and predicted effects of actions agree by {} (cosine), by {} with actions shuffled",
        counted(pairs, "pairs"),
        short(mean),
        short(floor)
    );
    match gained {
        Some((low, _)) if low <= 0.0 => {
            (Level::Warn, format!("It is not shown that the model follows the actions: {numbers}."))
        }
        Some(_) if mean < 0.5 => (Level::Warn, format!("The model follows the actions poorly: {numbers}.")),
        Some(_) => (Level::Info, format!("The model follows the actions: {numbers}.")),
        None => (Level::Info, format!("Action fidelity: {numbers}.")),
    }
}

/// Fidelity and its floor by distance of the actions and by novelty of the state.
fn curves(report: &mut Report, input: &Input<'_>, known: &[(usize, f64, f64)]) {
    let by = [
        (
            "action",
            "action fidelity by distance of the actions",
            Axis::new("distance of the actions", "std"),
            input.apart,
        ),
        ("novelty", "action fidelity by novelty", Axis::new("novelty of the state", "x threshold"), input.novelty),
    ];
    for (key, group, x_axis, along) in by {
        let bins = binned(known, along);
        let series = |part: &str, label: &str, role: Role, y: Vec<f64>, definition: &str| Series {
            key: format!("fidelity_by_{key}{part}"),
            label: label.into(),
            group: group.into(),
            role,
            x_axis: x_axis.clone(),
            y_axis: Axis::new("mean cosine", ""),
            x: bins.iter().map(|b| b.0).collect(),
            y,
            definition: definition.into(),
            ..Series::default()
        };
        let text =
            "Mean cosine between real and predicted effects, over pairs in bins of about as many; at the bin's mean.";
        report.series.push(series("", "model", Role::Value, bins.iter().map(|b| b.1).collect(), text));
        let text = "The same under shuffled actions.";
        let floor = bins.iter().map(|b| b.2).collect();
        report.series.push(series("_floor", "actions shuffled", Role::Floor, floor, text));
    }
}

/// Mean place, fidelity and floor of bins of about as many pairs, in the order of their place.
fn binned(known: &[(usize, f64, f64)], along: &[f64]) -> Vec<(f64, f64, f64)> {
    let mut placed: Vec<(f64, f64, f64)> =
        known.iter().map(|k| (along[k.0], k.1, k.2)).filter(|p| p.0.is_finite()).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bins = BINS.min(placed.len() / LEAST).max(1);
    let mean = |part: &[(f64, f64, f64)], pick: fn(&(f64, f64, f64)) -> f64| {
        stats::mean(&part.iter().map(pick).collect::<Vec<_>>())
    };
    (0..bins)
        .map(|b| &placed[b * placed.len() / bins..(b + 1) * placed.len() / bins])
        .filter(|part| !part.is_empty())
        .map(|part| (mean(part, |p| p.0), mean(part, |p| p.1), mean(part, |p| p.2)))
        .collect()
}

/// Of every dimension how often the real and the predicted difference have the same sign, the worst first.
fn signs(input: &Input<'_>, known: &[(usize, f64, f64)]) -> Table {
    let d = input.names.len();
    let agree = |of: &[f32], c: usize| {
        let real = |p: usize| f64::from(input.real[p * d + c]);
        let told: Vec<usize> = known.iter().map(|k| k.0).filter(|&p| real(p).abs() > STILL * input.scale[c]).collect();
        let same = told.iter().filter(|&&p| real(p) * f64::from(of[p * d + c]) > 0.0).count();
        (same as f64 / told.len() as f64, told.len())
    };
    let mut rows: Vec<(f64, Vec<_>)> = (0..d)
        .filter(|&c| input.scale[c] > 0.0)
        .map(|c| {
            let (own, n) = agree(input.model, c);
            (own, vec![input.names[c].clone().into(), own.into(), agree(input.shuffled, c).0.into(), n.into()])
        })
        .collect();
    rows.sort_by(|a, b| stats::order(&a.0, &b.0));
    Table {
        key: "action_signs".into(),
        label: "Direction of an action's effect".into(),
        columns: ["dimension", "same sign", "actions shuffled", "pairs"].map(String::from).to_vec(),
        rows: rows.into_iter().map(|r| r.1).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// 60 pairs of two dimensions and one that stands still; the model of `gain` times the truth, the floor at right angles.
    fn report(gain: f32, ignores: bool) -> Report {
        let names = ["a", "b", "still"].map(String::from);
        let (mut real, mut model, mut shuffled) = (Vec::new(), Vec::new(), Vec::new());
        for p in 0..60u8 {
            let (x, y) = ((f32::from(p) * 0.7).sin(), (f32::from(p) * 0.7).cos());
            real.extend([x, 2.0 * y, 0.0]);
            let other = [y, -2.0 * x, 5.0];
            model.extend(if ignores { other } else { [gain * x, gain * 2.0 * y, 5.0] });
            shuffled.extend(other);
        }
        let apart: Vec<f64> = (0..60).map(f64::from).collect();
        let owner: Vec<usize> = (0..60).map(|p| p / 6).collect();
        let mut report = Report::default();
        let input = Input {
            names: &names,
            scale: &[1.0, 2.0, 0.0],
            real: &real,
            model: &model,
            shuffled: &shuffled,
            apart: &apart,
            novelty: &apart,
            owner: &owner,
            seed: 0,
        };
        tell(&mut report, &input, &Ctx::quiet()).unwrap();
        report
    }

    #[test]
    fn a_true_model_gets_one_and_one_that_ignores_actions_its_floor() {
        for gain in [1.0, 0.2] {
            let r = report(gain, false);
            assert!((r.value("action_fidelity").unwrap() - 1.0).abs() < 1e-6, "only the direction counts");
            assert!(r.value("action_fidelity_floor").unwrap().abs() < 1e-6, "at right angles");
            assert!(r.notes[0].text.starts_with("The model follows the actions: over 60 pairs"), "{:?}", r.notes);
            let signs = &r.tables[0];
            assert_eq!(signs.rows.len(), 2, "what stands still has no sign");
        }
        let r = report(1.0, true);
        assert_eq!(r.value("action_fidelity"), r.value("action_fidelity_floor"));
        assert_eq!((r.value("action_fidelity_gain"), r.notes[0].level), (Some(0.0), Level::Warn));
        let wrong = report(-1.0, false);
        assert!((wrong.value("action_fidelity").unwrap() + 1.0).abs() < 1e-6);
        assert!(wrong.notes[0].text.starts_with("It is not shown"), "{:?}", wrong.notes);
    }

    #[test]
    fn curves_have_bins_of_as_many_pairs_at_their_mean_place() {
        let r = report(1.0, false);
        let curve = r.series.iter().find(|s| s.key == "fidelity_by_action").unwrap();
        assert_eq!(curve.x, [9.5, 29.5, 49.5]);
        assert!(curve.y.iter().all(|y| (y - 1.0).abs() < 1e-6));
        assert_eq!(binned(&[(0, 1.0, 0.0)], &[f64::INFINITY]), []);
    }

    #[test]
    fn a_direction_needs_a_length() {
        assert_eq!(cosine(&[0.0], &[1.0], &[1.0]), Some(0.0));
        assert_eq!(cosine(&[1.0], &[0.0], &[1.0]), None);
        assert_eq!(cosine(&[f32::NAN], &[1.0], &[1.0]), Some(0.0));
        assert_eq!(cosine(&[1.0], &[-3.0], &[0.5]), Some(-1.0));
    }
}
