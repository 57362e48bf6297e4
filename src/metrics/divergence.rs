//! Where imagination leaves reality: error of open-loop rollouts by horizon, with its floor.
//!
//! Error of one start at horizon h: sqrt(mean over dimensions of ((imagined - real) / std)²), std of the training part. The
//! floor is what a model that knows nothing achieves: the start state for ever (copy-last). Skill(h) is the ratio of their
//! mean squared errors in dB, and the useful horizon the last h at which the root mean square error is at least 5 % below
//! the floor's (Hansen & Wang 2026 take any gain; a gain of one in a thousand is none). Mean squares, not medians: where an
//! agent mostly stands still, copying is right at most starts and tells nothing there.

pub mod certified;
mod charts;
mod curves;
pub mod ends;
pub mod errors;
pub mod latent;
pub mod rewards;
mod useful;
mod window;

use super::features::moving;
use super::report::{Level, Report, SPREAD};
use super::trust::{self, Correlation};
use crate::ground::fault::Fault;
use crate::ground::stats;
use errors::{Errors, nrmse};
use useful::{Useful, gains};
pub use window::{LEFT, Window, trace};

/// Open-loop rollouts beside the trajectories they were meant to follow.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Name of every observation dimension.
    pub names: &'a [String],
    /// [D] standard deviation of every dimension in the training part. Constant dimensions (none, or only
    /// rounding, next to the values) are left out and named.
    pub std: &'a [f64],
    /// Steps H of every rollout.
    pub horizon: usize,
    /// [S] episode of every start.
    pub owner: &'a [usize],
    /// [S] step of its episode that every start is; empty where it is not known.
    pub step: &'a [usize],
    /// [S, H+1, D] what happened; index 0 is the start.
    pub real: &'a [f32],
    /// [S, H+1, D] what was imagined under the recorded actions; index 0 is the start.
    pub imagined: &'a [f32],
    /// [S, H] disagreement of the members along the rollout, where there is an ensemble.
    pub disagreement: Option<&'a [f64]>,
    /// [M] rollouts [S, H+1, D] of every member alone, where each went on from its own predictions; else empty.
    pub members: &'a [Vec<f32>],
    /// One episode to draw.
    pub trace: Option<Trace<'a>>,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// One rollout in every dimension.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// What is drawn ("episode 12 from step 0").
    pub label: &'a str,
    /// [T, D] what happened.
    pub real: &'a [f32],
    /// [T, D] what was imagined.
    pub imagined: &'a [f32],
    /// [M, T, D] what each member, or each draw, imagined; empty for no band.
    pub members: &'a [f32],
    /// What those are: "members", "draws".
    pub band: &'a str,
}

/// The horizon at which error is held against novelty and disagreement, if rollouts are that long.
const TRUST_HORIZON: usize = 10;

/// So many times the error of copying the start at the last horizon: imagination has gone elsewhere.
pub const DIVERGED: f64 = 2.0;

/// Computes the report called "imagination".
///
/// # Errors
/// A sentence naming the array whose size does not fit.
pub fn report(input: &Input<'_>) -> Result<Report, Fault> {
    check(input)?;
    let std = moving(input.std, input.real);
    if std.iter().all(|s| *s <= 0.0) {
        return Err(Fault::failed("every observation dimension is constant: errors have no scale"));
    }
    let input = &Input { std: &std, ..*input };
    let errors = Errors::measure(input);
    let mut report = Report::new("imagination", "Imagination against reality");
    let useful = Useful::measure(&errors, input.owner, input.horizon, input.seed);
    error_stats(&mut report, input, &errors, &useful);
    charts::by_horizon(&mut report, input, &errors, &useful);
    charts::of_members(&mut report, input);
    let h = TRUST_HORIZON.min(input.horizon);
    let at_h = errors.at(h);
    let correlate = |signal: &[f64]| trust::spearman_by_episode(signal, &at_h, input.owner, input.seed);
    if let Some(disagreement) = input.disagreement {
        let signal: Vec<f64> = disagreement.chunks_exact(input.horizon).map(|d| stats::mean(&d[..h])).collect();
        let text = format!(
            "Spearman's rho between the mean disagreement up to h = {h} and the error there; interval: 95 % bootstrap over episodes."
        );
        correlation(
            &mut report,
            "spearman_disagreement_error",
            "disagreement foretells error",
            correlate(&signal),
            &text,
        );
    }
    charts::dimensions(&mut report, input, &errors);
    if let Some(trace) = &input.trace {
        charts::trace(&mut report, input, trace);
    }
    say(&mut report, input, &errors, &useful);
    Ok(report)
}

/// Adds to the report of `input` the error of what linear dynamics imagine instead, `rolled` [S, H+1, D]; says where the model is
/// worth less than these.
pub fn against_linear(report: &mut Report, input: &Input<'_>, rolled: &[f32]) {
    let std = moving(input.std, input.real);
    let of = |rollouts: &[f32]| Errors::of_rollouts(&std, input.horizon, input.real, rollouts);
    let (model, linear) = (of(input.imagined), of(rolled));
    charts::of_linear(report, input.horizon, &linear);
    let behind = (1..=input.horizon).filter(|&h| gains((linear.rms(h).0, model.rms(h).0))).count();
    if 2 * behind > input.horizon {
        let text = format!(
            "Linear dynamics, fitted to the training part by least squares, err at least 5 % less than the model at {behind} of {} \
             horizons.",
            input.horizon
        );
        report.note(Level::Warn, text);
    }
}

/// Adds to the report of `input` how its errors go with the `novelty` [S] of every start, in units of its threshold: what may come
/// later than the rest, as neighbours take their time.
///
/// # Errors
/// If there is not one for every start.
pub fn against_novelty(report: &mut Report, input: &Input<'_>, novelty: &[f64]) -> Result<(), Fault> {
    if novelty.len() != input.owner.len() {
        let (n, s) = (novelty.len(), input.owner.len());
        return Err(Fault::failed(format!("novelty has {n} values, {s} rollouts need {s}")));
    }
    let (h, std) = (TRUST_HORIZON.min(input.horizon), moving(input.std, input.real));
    let d = std.len();
    let at = |s: usize| (s * (input.horizon + 1) + h) * d..(s * (input.horizon + 1) + h + 1) * d;
    let errors: Vec<f64> =
        (0..novelty.len()).map(|s| nrmse(&input.imagined[at(s)], &input.real[at(s)], &std)).collect();
    let text = format!(
        "Spearman's rho between the novelty of the start and the error at h = {h}; interval: 95 % bootstrap over episodes."
    );
    let rho = trust::spearman_by_episode(novelty, &errors, input.owner, input.seed);
    correlation(report, "spearman_novelty_error", "novelty foretells error", rho, &text);
    charts::scatter(report, input, novelty, (&errors, h));
    Ok(())
}

fn check(input: &Input<'_>) -> Result<(), Fault> {
    let (s, h, d) = (input.owner.len(), input.horizon, input.names.len());
    if s == 0 || h == 0 || d == 0 {
        return Err(Fault::failed(format!(
            "no held-out episode is long enough for an imagined rollout of {h} steps: choose a shorter horizon"
        )));
    }
    let sizes = [
        ("real", input.real.len(), s * (h + 1) * d),
        ("imagined", input.imagined.len(), s * (h + 1) * d),
        ("std", input.std.len(), d),
        ("step", if input.step.is_empty() { s } else { input.step.len() }, s),
        ("disagreement", input.disagreement.map_or(s * h, <[f64]>::len), s * h),
        ("trace", input.trace.map_or(0, |t| t.imagined.len()), input.trace.map_or(0, |t| t.real.len())),
        ("members", input.trace.map_or(0, |t| t.members.len() % t.real.len().max(1)), 0),
        ("member rollouts", input.members.iter().map(Vec::len).sum(), input.members.len() * s * (h + 1) * d),
    ];
    for (name, got, want) in sizes {
        if got != want {
            return Err(Fault::failed(format!("{name} has {got} values, {s} rollouts of {h} steps need {want}")));
        }
    }
    Ok(())
}

/// Adds the single numbers.
fn error_stats(report: &mut Report, input: &Input<'_>, errors: &Errors, useful: &Useful) {
    let starts = input.owner.len();
    let mut stat = |key: &str, label: &str, h: usize| {
        let text = format!("Median over starts of the standardised error (see the series) at h = {h}.");
        let all = errors.at(h);
        report
            .stat(key, label, stats::quantile(&all, 0.5), "std", &text)
            .spans((stats::quantile(&all, 0.1), stats::quantile(&all, 0.9)), SPREAD)
            .of(starts, "starts");
    };
    stat("one_step_nrmse", "median one-step error", 1);
    if input.horizon >= TRUST_HORIZON {
        stat("nrmse_h10", "median error at h = 10", TRUST_HORIZON);
    }
    stat("nrmse_last", "median error at the last step", input.horizon);
    let text = "Last horizon whose root mean square error is at least 5 % below that of copying the start state; 0 if there \
                is none. Interval: 95 % bootstrap over episodes.";
    report
        .stat("useful_horizon", "useful horizon", useful.horizon as f64, "steps", text)
        .within(useful.interval)
        .of(starts, "starts");
    report
        .stat("starts", "starts", starts as f64, "", "Held-out states from which rollouts were imagined.")
        .of(stats::by_episode(input.owner).len(), "episodes");
    report.stat("horizon", "horizon", input.horizon as f64, "steps", "Steps of every imagined rollout.");
}

fn correlation(report: &mut Report, key: &str, label: &str, c: Correlation, definition: &str) {
    let stat = report.stat(key, label, c.rho, "", definition).of(c.n, "starts");
    if let Some((lo, hi)) = c.interval {
        stat.between(lo, hi);
    }
}

/// The claim, about the statistic that is drawn.
fn claim(report: &mut Report, input: &Input<'_>, errors: &Errors, useful: &Useful) {
    let (horizon, last) = (input.horizon, errors.rms(input.horizon));
    let numbers = format!(
        "at h = {horizon} its root mean square error is {:.3} std, that of copying the start {:.3}",
        last.0, last.1
    );
    let behind = (1..=useful.horizon).filter(|&h| !gains(errors.rms(h))).count();
    let (level, text) = match useful.horizon {
        0 => (Level::Alarm, format!("Imagination is never better than copying the start state by 5 %: {numbers}.")),
        h if last.0 > DIVERGED * last.1 => {
            (Level::Alarm, format!("Imagination diverges: it is useful for {h} of {horizon} steps, and {numbers}."))
        }
        h if h < horizon => {
            (Level::Warn, format!("Imagination is useful for {} of {horizon} steps: {numbers}.", useful.words()))
        }
        _ if behind > 0 => (
            Level::Warn,
            format!(
                "Imagination is not 5 % better than copying the start at {behind} of {horizon} horizons: {numbers}."
            ),
        ),
        _ if useful.interval.is_some_and(|(lo, _)| lo < horizon as f64) => {
            (Level::Warn, format!("Imagination is useful for {} of {horizon} steps: {numbers}.", useful.words()))
        }
        _ => (
            Level::Good,
            format!("Imagination beats copying the start by at least 5 % over all {horizon} steps: {numbers}."),
        ),
    };
    report.note(level, text);
}

/// Most names that a sentence lists.
const NAMED: usize = 40;

fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn say(report: &mut Report, input: &Input<'_>, errors: &Errors, useful: &Useful) {
    claim(report, input, errors, useful);
    let lost = errors.not_finite();
    if lost > 0 {
        report.note(
            Level::Alarm,
            format!(
                "{lost} of {} rollouts leave the finite numbers; their error counts as infinite.",
                input.owner.len()
            ),
        );
    }
    let names = input.names.iter().zip(input.std).filter(|(_, s)| **s <= 0.0);
    let constant: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    if !constant.is_empty() {
        report
            .note(Level::Info, format!("Constant in the training part and left out of errors: {}.", listed(&constant)));
    }
    report.note(
        Level::Info,
        "Open loop: the model's own predictions are fed back under the recorded actions of held-out episodes. \
         Error: root mean square over dimensions, each in standard deviations of the training part.",
    );
}

#[cfg(test)]
mod tests;
