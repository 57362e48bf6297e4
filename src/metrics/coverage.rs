//! What the training part covers, and how much of other data lies outside.

mod actions;
pub mod axes;
pub mod boxes;
pub mod cells;
mod grid;
pub mod holes;
mod occupancy;
mod order;
mod parts;
pub mod published;
mod quality;
mod ranges;
pub mod recorded;
mod returns;
mod spectrum;
mod spread;
pub mod survey;
pub mod whole;

use std::collections::HashSet;
use std::sync::Arc;

use super::features::Choice;
use super::novelty::{Novelty, Rule};
use super::report::{Axis, HeatMap, Histogram, Level, Overlay, PairMaps, Report};
use super::threshold::{FalseAlarms, Kind, episode_max, is_alarm};
use super::{States, density, ood};
use crate::ground::bootstrap::{Bootstrap, Units};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use axes::Map;
use holes::{HoleBox, Visits};
pub use order::joined;
use spectrum::Spectrum;
use survey::Survey;

/// What coverage is computed of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Name of every dimension of the rows.
    pub names: &'a [String],
    /// Which feature space the rows are in.
    pub choice: Choice<'a>,
    /// The reference.
    pub train: States<'a>,
    /// Episodes that the threshold comes from.
    pub calibration: States<'a>,
    /// Episodes that false alarms are counted on.
    pub heldout: States<'a>,
    /// Episodes of a policy, where there are any.
    pub rollouts: Option<States<'a>>,
    /// What a world model imagines, where there are no rollouts: it ranks the holes.
    pub imagined: Option<States<'a>>,
    /// The parts share their episodes because there are too few.
    pub shared: bool,
}

/// How coverage is computed.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Options {
    /// Which neighbour's distance is the novelty.
    pub k: usize,
    /// How the threshold is set.
    pub threshold: Kind,
    /// False-alarm level of the threshold.
    pub alpha: f64,
    /// Two dimensions of the rows that the map shows; the first two principal axes if none are named.
    pub axes: Option<(usize, usize)>,
    /// Cells along each axis.
    pub bins: usize,
    /// How intervals over episodes are had.
    #[serde(flatten)]
    pub bootstrap: Bootstrap,
}

impl Default for Options {
    fn default() -> Self {
        Self { k: 5, threshold: Kind::Conformal, alpha: 0.1, axes: None, bins: 40, bootstrap: Bootstrap::default() }
    }
}

/// Coverage with what other metrics build on.
pub struct Coverage {
    /// For the screen and `--json`.
    pub report: Report,
    /// The reference: novelty of further states.
    pub novelty: Novelty,
    /// The density map: further paths can be laid over it.
    pub map: Map,
    /// The boxes of the table of holes, in its order.
    pub holes: Vec<HoleBox>,
    /// [N] novelty of the rollout states in units of the threshold; empty without rollouts.
    pub ratios: Vec<f64>,
    /// [N] the same of the held-out states.
    pub heldout: Vec<f64>,
}

/// Bars of the novelty histogram.
const BARS: usize = 40;

/// Computes coverage: [`begin`] and [`Begun::finish`].
///
/// # Errors
/// A sentence where a part is empty, not finite or of another width, or an axis does not exist; cancelled.
pub fn report(input: &Input<'_>, options: &Options, cx: &Ctx) -> Result<Coverage, Fault> {
    begin(input, options, cx)?.finish(cx)
}

/// The part of coverage that is there at once: the map, its cells, the spectrum.
pub struct Begun<'a> {
    /// The numbers so far, under the same name as the whole report.
    pub report: Report,
    input: Input<'a>,
    options: Options,
    map: Map,
}

/// Counts cells and finds axes: what needs no neighbour.
///
/// # Errors
/// As [`report`].
pub fn begin<'a>(input: &Input<'a>, options: &Options, cx: &Ctx) -> Result<Begun<'a>, Fault> {
    let map = Map::build(input, options, None)?;
    let (train, b) = (input.train, &options.bootstrap);
    let units = Units::of(train.owner);
    let mut report = Report::new("coverage", "Coverage");
    occupancy::on_map(&mut report, &map, train, &units, b, &cx.phase("cells of the map"))?;
    let cx = cx.phase("principal axes");
    let spectrum = Spectrum::of(train, input.names.len(), &units, &cx)?;
    occupancy::on_axes(&mut report, &spectrum.pca, train, &units, b, &cx)?;
    spectrum.tell(&mut report, b, &cx)?;
    report.maps.push(map.heat_map());
    report.note(Level::Info, map.sentence());
    order::stats(&mut report);
    Ok(Begun { report, input: *input, options: *options, map })
}

impl Begun<'_> {
    /// Adds novelty with its threshold, entropy, Vendi score and holes.
    ///
    /// # Errors
    /// As [`report`].
    pub fn finish(self, cx: &Ctx) -> Result<Coverage, Fault> {
        let Self { mut report, input, options, map } = self;
        let rule = Rule { k: options.k, kind: options.threshold, alpha: options.alpha, shared: input.shared };
        let cx_of = |phase| cx.phase(phase);
        let novelty = Novelty::fit_in(
            (input.names, input.choice),
            input.train,
            input.calibration,
            rule,
            &cx_of("novelty of the calibration part"),
        )?;
        let heldout = novelty.score(input.heldout, &cx_of("novelty of the held-out part"))?;
        let rollouts = match input.rollouts {
            Some(r) => Some((r, novelty.score_fresh(r.rows, &cx_of("novelty of the rollouts"))?)),
            None => None,
        };
        threshold_stats(&mut report, &novelty, input.heldout, &heldout);
        if let Some((states, scores)) = &rollouts {
            rollout_stats(&mut report, &novelty, *states, scores, ood::fraction(&heldout, novelty.threshold.value));
        }
        let (features, b) = (&novelty.features, &options.bootstrap);
        spread::entropy(&mut report, features, input.train, options.k, b, &cx_of("entropy"))?;
        spread::vendi(&mut report, features, input.train, b, &cx_of("Vendi score"))?;
        report.histograms.push(histogram("novelty", "Novelty of held-out states", &heldout, &novelty, &[]));
        let mut ratios = Vec::new();
        if let Some((states, scores)) = &rollouts {
            novelty.features.tell_parted(&mut report, states.rows);
            let bars = histogram("novelty_rollouts", "Novelty of rollout states", scores, &novelty, &heldout);
            report.histograms.push(bars);
            ratios = scores.iter().map(|&s| novelty.threshold.ratio(s)).collect();
        }
        parts::dropped_table(&mut report, &novelty);
        let without: Vec<usize> = novelty.features.duplicates.iter().map(|d| d.column).collect();
        let survey = Survey::new(&input, &without, &cx_of("all pairs of dimensions"))?;
        let failing = rollouts.as_ref().map(|(states, scores)| failing(*states, scores, &novelty));
        let visits = match (input.rollouts, failing, input.imagined) {
            (Some(states), Some(failing), _) => Some(Visits { states, failing, whose: &holes::ROLLOUTS }),
            (None, _, Some(states)) => {
                let scores = novelty.score_fresh(states.rows, &cx_of("novelty of the imagined states"))?;
                Some(Visits { states, failing: self::failing(states, &scores, &novelty), whose: &holes::IMAGINED })
            }
            _ => None,
        };
        let holes = holes::table(&mut report, &survey, visits.as_ref(), &cx_of("holes"))?;
        report.maps = vec![drawn((&map, map.dims()), &input, &ratios, &holes)];
        let boxes = holes.iter().map(HoleBox::boxed).collect();
        report.pairs = Some(Arc::new(PairMaps { holes: boxes, ..survey.report() }));
        report.note(Level::Info, novelty.sentence());
        report.note(Level::Info, novelty.features.sentence());
        let level = if novelty.threshold.is_calibrated() { Level::Info } else { Level::Warn };
        let text = format!("Threshold {}: {}", parts::short(novelty.threshold.value), novelty.threshold.sentence());
        report.note(level, text);
        order::stats(&mut report);
        let heldout = heldout.iter().map(|&s| novelty.threshold.ratio(s)).collect();
        Ok(Coverage { report, novelty, map, holes, ratios, heldout })
    }
}

impl Coverage {
    /// One episode of the data as a path over `map`, whose columns of its states are `points`, coloured by novelty in units of
    /// the threshold: each state's distance is to the training states of other episodes.
    ///
    /// # Errors
    /// Cancelled.
    pub fn path(&self, map: &Map, points: &[f32], states: States<'_>, label: &str, cx: &Ctx) -> Result<Overlay, Fault> {
        let scores = self.novelty.score_apart(states, cx)?;
        let ratios: Vec<f64> = scores.into_iter().map(|score| self.novelty.threshold.ratio(score)).collect();
        Ok(parts::path(map, points, &ratios, label))
    }
}

/// The map of two axes that are given as the two columns of every part's rows, with the rollouts whose novelty is
/// [`Coverage::ratios`] over it, and the holes where the axes are the two dimensions `dims`.
///
/// # Errors
/// A sentence where there is no training state.
pub fn map(
    input: &Input<'_>,
    dims: Option<(usize, usize)>,
    bins: usize,
    coverage: &Coverage,
) -> Result<(Map, HeatMap), Fault> {
    let options = Options { axes: Some((0, 1)), bins, ..Options::default() };
    let map = Map::build(input, &options, input.imagined)?;
    let drawn = drawn((&map, dims), input, &coverage.ratios, &coverage.holes);
    Ok((map, drawn))
}

fn drawn((map, dims): (&Map, Option<(usize, usize)>), input: &Input<'_>, ratios: &[f64], holes: &[HoleBox]) -> HeatMap {
    let mut drawn = map.heat_map();
    if let Some(axes) = dims {
        drawn.marks = holes.iter().filter_map(|hole| hole.on(axes)).collect();
    }
    if let Some(states) = input.rollouts.filter(|s| s.len() == ratios.len()) {
        drawn.overlays = parts::paths(map, states, ratios);
    }
    drawn
}

/// [N] whether the episode of each state has any above the threshold.
fn failing(states: States<'_>, scores: &[f64], novelty: &Novelty) -> Vec<bool> {
    let alarms = |i: &usize| is_alarm(novelty.threshold.ratio(scores[*i]));
    let alarmed: HashSet<usize> = (0..scores.len()).filter(alarms).map(|i| states.owner[i]).collect();
    states.owner.iter().map(|o| alarmed.contains(o)).collect()
}

fn threshold_stats(report: &mut Report, novelty: &Novelty, states: States<'_>, scores: &[f64]) {
    let t = &novelty.threshold;
    report
        .stat("threshold", "novelty threshold", t.value, "std", "Conformal alarm threshold: the ceil((n+1)(1-alpha))-th smallest of the calibration episodes' largest novelties.")
        .of(t.episodes, "calibration episodes");
    report.stat(
        "calibration_episodes",
        "calibration episodes",
        t.episodes as f64,
        "",
        "Episodes that the threshold rests on; level alpha needs at least 1/alpha - 1.",
    );
    report
        .stat(
            "ood_fraction_heldout",
            "OOD fraction, held-out",
            ood::fraction(scores, t.value),
            "",
            "Share of held-out states whose novelty is above the threshold.",
        )
        .of(scores.len(), "states");
    let seen = FalseAlarms::count(scores, states.owner, t.value);
    report
        .stat(
            "false_alarm_heldout",
            "false alarms, held-out",
            seen.rate(),
            "",
            "Share of held-out episodes with any state above the threshold, expected to be at most alpha; interval: 95 % Clopper-Pearson.",
        )
        .of(seen.episodes, "episodes")
        .within(seen.interval());
    if let (Some(expected), Some((low, high))) = (t.expected(), t.spread()) {
        report
            .stat(
                "false_alarm_given_set",
                "false alarms, this set",
                expected,
                "",
                "Rate of false alarms of a threshold at the r-th of n calibration episodes: Beta(n+1-r, r) over calibration sets; its mean, and 5 % to 95 % of sets.",
            )
            .of(t.episodes, "calibration episodes")
            .spans((low, high), "5 % to 95 % of sets");
    }
    let (level, text) = t.beside("Novelty", seen);
    report.note(level, text);
    report
        .stat(
            "usual_novelty",
            "usual novelty",
            novelty.usual,
            "std",
            "95 % quantile of the calibration states' novelty; steps follow each other, so it promises nothing.",
        )
        .of(t.episodes, "calibration episodes");
    unusual(report, "heldout", "unusual states, held-out", scores, novelty);
}

/// Adds the share of states farther than 95 % of the calibration states, and returns it.
fn unusual(report: &mut Report, part: &str, label: &str, scores: &[f64], novelty: &Novelty) -> f64 {
    let share = ood::fraction(scores, novelty.usual);
    let definition = "Share of states farther than 95 % of the calibration states; no guarantee (see usual_novelty).";
    report.stat(&format!("unusual_fraction_{part}"), label, share, "", definition).of(scores.len(), "states");
    share
}

fn rollout_stats(report: &mut Report, novelty: &Novelty, states: States<'_>, scores: &[f64], heldout: f64) {
    let t = &novelty.threshold;
    let fraction = ood::fraction(scores, t.value);
    report
        .stat(
            "ood_fraction_rollouts",
            "OOD fraction, rollouts",
            fraction,
            "",
            "Share of the policy's states whose novelty is above the threshold.",
        )
        .of(scores.len(), "states");
    let (share, n) = ood::alarmed_episodes(scores, states.owner, t.value);
    report
        .stat(
            "alarm_rollouts",
            "rollouts with an alarm",
            share,
            "",
            "Share of the policy's episodes with any state above the threshold.",
        )
        .of(n, "episodes");
    let unusual = unusual(report, "rollouts", "unusual states, rollouts", scores, novelty);
    let worst = episode_max(scores, states.owner).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let text = format!(
        "{:.1} % of {} rollout states, in {} of {n} episodes, are beyond the novelty threshold (held-out: {:.1} %), the farthest at {} times the threshold; {:.1} % are farther than 95 % of the calibration states.",
        100.0 * fraction,
        scores.len(),
        (share * n as f64).round(),
        100.0 * heldout,
        parts::short(t.ratio(worst)),
        100.0 * unusual,
    );
    // More alarmed episodes than the promise allows is news; a tenth of all states is a policy that lives elsewhere, and
    // so is four times the share that is usual.
    let level = match () {
        () if fraction >= 0.1 || unusual >= 0.2 => Level::Alarm,
        () if share > t.alpha => Level::Warn,
        () => Level::Good,
    };
    report.note(level, text);
}

/// Bars from 0 to the largest finite score of `scores` and `also` or a little beyond the threshold; infinite scores count
/// in the last bar.
fn histogram(key: &str, label: &str, scores: &[f64], novelty: &Novelty, also: &[f64]) -> Histogram {
    let t = novelty.threshold.value;
    let finite = scores.iter().chain(also).copied().filter(|s| s.is_finite());
    let end = finite.fold(if t.is_finite() { 1.25 * t } else { 0.0 }, f64::max).max(f64::MIN_POSITIVE);
    let edges = density::edges((0.0, end), BARS);
    let mut counts = vec![0.0; BARS];
    for &s in scores {
        counts[density::bin(&edges, s).unwrap_or(BARS - 1)] += 1.0;
    }
    Histogram {
        key: key.into(),
        label: label.into(),
        axis: Axis { label: "novelty".into(), unit: "std".into(), log: false },
        edges,
        counts,
        marks: vec![("threshold".into(), t), ("usual (95 %)".into(), novelty.usual)],
        alarm: Some(t),
    }
}

#[cfg(test)]
mod tests;
