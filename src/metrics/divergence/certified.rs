//! How far imagination can be trusted with a promise: bounds that a new episode's error stays below at all horizons at once.
//!
//! σ(h) is the median error over starts of the training part, and of every calibration episode S is the largest err(h)/σ(h)
//! over its starts and h ≤ H. With q the conformal threshold of S ([`crate::metrics::threshold`]), err(h) ≤ qσ(h) holds for
//! all h at once with probability 1 - α in an episode exchangeable with the calibration ones; the trust horizon is the last
//! h at which qσ(h) ≤ ε(h). In units of a scale that is fixed beforehand, as in Diquigiovanni et al. 2021 (arXiv 2102.06746).

use super::charts::axis;
use super::errors::{Errors, ratio};
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number};
use crate::metrics::report::{Level, Report, Role, Series};
use crate::metrics::threshold::{self, FalseAlarms, Kind, Threshold, percent};

/// What the trust horizon is.
const DEFINITION: &str = "Last horizon at which the error that a share 1 - alpha of new episodes stays below at all horizons at once is \
                          still within the tolerance: the error of copying the start, unless another is asked for. Conformal, over \
                          calibration episodes; nothing where those are too few.";

/// True, and said in the `report`, where so many calibration `episodes` of `horizon` steps are too few for a promise at `alpha`.
pub fn too_few(report: &mut Report, episodes: usize, alpha: f64, horizon: usize) -> bool {
    let needed = threshold::episodes_needed(Kind::Conformal, alpha);
    if episodes >= needed {
        return false;
    }
    tell_horizon(report, f64::NAN, episodes);
    report.note(
        Level::Info,
        format!(
            "No trust horizon at {}: {} of {horizon} steps or more for calibration, {} more are needed.",
            percent(1.0 - alpha),
            counted(episodes, "episodes"),
            needed - episodes
        ),
    );
    true
}

/// Adds the trust horizon beside the useful horizon, of which it is the promise.
fn tell_horizon(report: &mut Report, horizon: f64, episodes: usize) {
    report.stat("trust_horizon", "trust horizon", horizon, "steps", DEFINITION).of(episodes, "calibration episodes");
    if let Some(useful) = report.stats.iter().position(|s| s.key == "useful_horizon")
        && let Some(own) = report.stats.pop()
    {
        report.stats.insert(useful + 1, own);
    }
}

/// Errors of imagined rollouts of one part of a dataset.
#[derive(Debug, Clone)]
pub struct Part {
    /// The errors of all starts.
    pub errors: Errors,
    /// [S] episode of every start.
    pub owner: Vec<usize>,
    /// [S, H] disagreement of the members along the rollouts; empty for a single one.
    pub disagreement: Vec<f64>,
}

/// A bound on the error by horizon that a share of new episodes stays below throughout.
#[derive(Debug, Clone, PartialEq)]
pub struct Certified {
    /// q: so many times the median error.
    pub threshold: Threshold,
    /// [H] the bound qσ(h); infinite where half of the training rollouts left the finite numbers.
    pub bound: Vec<f64>,
    /// [H] the error ε(h) up to which imagination is trusted.
    pub tolerance: Vec<f64>,
    /// The tolerance was asked for; else it is the error of copying the start.
    pub asked: bool,
    /// Last horizon whose bound is within the tolerance; 0 if there is none.
    pub horizon: usize,
    /// Held-out episodes that break the bound.
    pub seen: FalseAlarms,
    /// So many times the members' disagreement bounds the error in the same sense, where there are several members.
    pub band_factor: Option<f64>,
}

impl Certified {
    /// Of rollouts of the training part, which set the scale, of the calibration part, which set the bound, and of the
    /// held-out part, on which it is counted; `tolerance` is in standard deviations. The calibration episodes are enough
    /// ([`too_few`]).
    ///
    /// # Errors
    /// If there is no calibration rollout, or `alpha` is not between 0 and 1.
    pub fn measure(
        (training, calibration, heldout): (&Part, &Part, &Part),
        (alpha, tolerance): (f64, Option<f64>),
    ) -> Result<Self, Fault> {
        let horizon = training.errors.horizon();
        let scale: Vec<f64> = (1..=horizon).map(|h| training.errors.median(h)).collect();
        let scores = |part: &Part| part.errors.in_units_of(&scale);
        let per_start =
            |owner: &[usize]| owner.iter().flat_map(|&e| std::iter::repeat_n(e, horizon)).collect::<Vec<_>>();
        let owner = per_start(&calibration.owner);
        let threshold = threshold::of_kind(Kind::Conformal, &scores(calibration), &owner, alpha, false)?;
        let seen = FalseAlarms::count(&scores(heldout), &per_start(&heldout.owner), threshold.value);
        let bound: Vec<f64> =
            scale.iter().map(|s| if s.is_finite() { threshold.value * s } else { f64::INFINITY }).collect();
        let copying = |h: usize| training.errors.rms(h).1;
        let tolerance_at: Vec<f64> = (1..=horizon).map(|h| tolerance.unwrap_or_else(|| copying(h))).collect();
        let within = |h: &usize| bound[*h] <= tolerance_at[*h];
        let band_factor = match &calibration.disagreement[..] {
            [] => None,
            spread => {
                let ratio = |(error, spread): (&f64, &f64)| ratio(*error, *spread);
                let ratios: Vec<f64> = calibration.errors.of_model().iter().zip(spread).map(ratio).collect();
                Some(threshold::of_kind(Kind::Conformal, &ratios, &owner, alpha, false)?.value)
            }
        };
        Ok(Self {
            horizon: (0..horizon).rev().find(within).map_or(0, |h| h + 1),
            bound,
            tolerance: tolerance_at,
            asked: tolerance.is_some(),
            seen,
            band_factor,
            threshold,
        })
    }

    /// Adds the bound, the trust horizon, and what is promised.
    pub fn tell(&self, report: &mut Report) {
        let (n, share) = (self.threshold.episodes, self.share());
        tell_horizon(report, self.horizon as f64, n);
        let text = "So many times the median error of training rollouts is the bound: the conformal quantile over calibration \
                    episodes of the largest ratio over all their starts and horizons.";
        report
            .stat("trust_factor", "bound over median error", self.threshold.value, "", text)
            .of(n, "calibration episodes");
        let text = "Share of held-out episodes whose error is above the bound at any start and horizon; interval: 95 % \
                    Clopper-Pearson.";
        report
            .stat("trust_broken", "held-out above the bound", self.seen.rate(), "", text)
            .of(self.seen.episodes, "episodes")
            .within(self.seen.interval());
        if let Some(factor) = self.band_factor {
            let text = "So many times the members' deviation bounds the error in the same share of episodes: what their band must \
                        be widened by to hold.";
            report
                .stat("band_factor", "error over disagreement, bound", factor, "", text)
                .of(n, "calibration episodes");
        }
        self.curves(report, &share);
        let (level, text) = self.sentence(&share);
        report.note(level, text);
        if self.threshold.is_broken_by(self.seen) {
            let (level, text) = self.threshold.beside("The bound of the error by horizon", self.seen);
            report.note(level, text);
        }
    }

    /// "90 %".
    fn share(&self) -> String {
        percent(1.0 - self.threshold.alpha)
    }

    fn curves(&self, report: &mut Report, share: &str) {
        let series = |key: &str, label: &str, definition: String| Series {
            key: key.into(),
            label: label.into(),
            group: "error by horizon".into(),
            x_axis: axis("horizon", "steps", false),
            y_axis: axis("error", "std", true),
            x: (1..=self.bound.len()).map(|h| h as f64).collect(),
            definition,
            ..Series::default()
        };
        let label = format!("{share} of episodes stay below");
        let text = format!(
            "{} times the median error of training rollouts: with probability {share} a new episode like those of the \
             calibration part stays below at all horizons at once.",
            number(self.threshold.value)
        );
        let y = self.bound.iter().map(|b| if b.is_finite() { *b } else { f64::NAN }).collect();
        report.series.push(Series { y, ..series("trust_bound", &label, text) });
        let text = format!("Last horizon at which that bound is within {}.", self.tolerated());
        let place = series("trust_horizon", "trust horizon", text);
        report.series.push(Series { role: Role::Place, x: vec![self.horizon as f64], y: vec![1.0], ..place });
    }

    /// What the bound is held against.
    fn tolerated(&self) -> String {
        match self.tolerance.first() {
            Some(e) if self.asked => format!("{} std", number(*e)),
            _ => "the error of copying the start".into(),
        }
    }

    fn sentence(&self, share: &str) -> (Level, String) {
        let steps = self.bound.len();
        let held = format!(
            "with probability {share} the error of a new episode stays below {} times the median at all horizons at once",
            number(self.threshold.value)
        );
        let against = self.tolerated();
        match self.horizon {
            0 => (Level::Info, format!("Certified for no step: {held}, which is never within {against}.")),
            h => (
                Level::Info,
                format!("Certified for {h} of {steps} steps: {held}, which is within {against} up to there."),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use rand::RngExt;

    use super::*;
    use crate::ground::binomial::cumulative;
    use crate::ground::seed::{Stream, keyed};

    fn part(horizon: usize, starts: &[(usize, &[f64])], copying: &[f64]) -> Part {
        let model: Vec<f64> = starts.iter().flat_map(|(_, e)| e.iter().copied()).collect();
        let floor = starts.iter().flat_map(|_| copying.iter().copied()).collect();
        let disagreement = model.iter().map(|e| 0.5 * e).collect();
        Part { errors: Errors::of(horizon, model, floor), owner: starts.iter().map(|s| s.0).collect(), disagreement }
    }

    #[test]
    fn the_bound_is_the_factor_times_the_median_and_the_horizon_its_last_within_tolerance() {
        // Medians 1, 2, 4; nine calibration episodes whose worst ratio is e + 1 eighths above 1, of which the ninth counts.
        let training =
            part(3, &[(0, &[1.0, 2.0, 4.0]), (1, &[0.5, 1.0, 2.0]), (2, &[3.0, 9.0, 9.0])], &[2.0, 5.0, 8.0]);
        let rows: Vec<[f64; 3]> = (0..9).map(|e| [1.0, 2.0 * (1.0 + (f64::from(e) + 1.0) / 8.0), 4.0]).collect();
        let starts: Vec<(usize, &[f64])> = rows.iter().enumerate().map(|(e, r)| (e, &r[..])).collect();
        let calibration = part(3, &starts, &[2.0, 5.0, 8.0]);
        let heldout = part(3, &[(40, &[1.0, 4.0, 8.0]), (41, &[1.0, 2.0, 8.6])], &[2.0, 5.0, 8.0]);
        let all = (&training, &calibration, &heldout);
        let c = Certified::measure(all, (0.1, None)).unwrap();
        assert_eq!((c.threshold.value, c.bound.clone()), (2.125, vec![2.125, 4.25, 8.5]));
        // Copying errs by 2, 5 and 8: within it at h = 2 alone.
        assert_eq!((c.horizon, c.seen.hits, c.seen.episodes), (2, 1, 2));
        assert_eq!(c.band_factor, Some(2.0), "every error is twice the disagreement");
        let asked = |e: f64| Certified::measure(all, (0.1, Some(e))).unwrap().horizon;
        assert_eq!([2.0, 2.2, 8.4, 8.5].map(asked), [0, 1, 2, 3]);
        let mut report = Report::default();
        c.tell(&mut report);
        assert_eq!((report.value("trust_horizon"), report.value("trust_factor")), (Some(2.0), Some(2.125)));
        assert!(
            report.notes[0].text.starts_with("Certified for 2 of 3 steps: with probability 90 %"),
            "{:?}",
            report.notes
        );
        // One episode fewer, and nothing is promised.
        let mut report = Report::default();
        assert!(too_few(&mut report, 8, 0.1, 3));
        assert!(report.value("trust_horizon").unwrap().is_nan() && report.series.is_empty());
        assert!(
            report.notes[0].text.contains("8 episodes") && report.notes[0].text.contains("1 more"),
            "{:?}",
            report.notes
        );
        assert!(!too_few(&mut Report::default(), 9, 0.1, 3) && too_few(&mut Report::default(), 18, 0.05, 3));
    }

    #[test]
    fn what_leaves_the_finite_numbers_bounds_nothing_and_is_never_within() {
        let inf = f64::INFINITY;
        let row = [1.0, inf];
        let training = part(2, &[(0, &row), (1, &row)], &[9.0, 9.0]);
        let starts: Vec<(usize, &[f64])> = (0..9).map(|e| (e, &row[..])).collect();
        let c = Certified::measure((&training, &part(2, &starts, &[9.0, 9.0]), &training), (0.1, None)).unwrap();
        assert_eq!((c.bound.clone(), c.horizon), (vec![1.0, inf], 1));
        let exact = part(2, &[(0, &[0.0, 0.0])], &[1.0, 1.0]);
        let starts: Vec<(usize, &[f64])> = (0..9).map(|e| (e, &[0.0, 0.0][..])).collect();
        let c = Certified::measure((&exact, &part(2, &starts, &[1.0, 1.0]), &exact), (0.1, None)).unwrap();
        assert_eq!((c.threshold.value, c.horizon, c.seen.hits), (0.0, 2, 0));
        assert_eq!((ratio(1.0, 0.0), ratio(0.0, 0.0), ratio(inf, inf)), (inf, 0.0, 0.0));
    }

    /// Errors that grow along the horizon, with a level of every episode and of every start of it.
    fn episode(rng: &mut Stream, starts: usize, horizon: usize) -> Vec<f64> {
        let level: f64 = rng.random_range(0.5..2.0);
        let mut out = Vec::with_capacity(starts * horizon);
        for _ in 0..starts {
            let mut e = level * rng.random_range(0.1..0.3);
            for _ in 0..horizon {
                e *= rng.random_range(1.0..1.3);
                out.push(e);
            }
        }
        out
    }

    /// With rank r of n the bound is broken by a new episode with probability 1 - r/(n+1) exactly, if no two scores are equal:
    /// of 2,000 repetitions the count is binomial. Both tails beyond 5e-5, for the reason given in `threshold::simulation`.
    #[test]
    fn a_new_episode_breaks_the_bound_as_seldom_as_promised() {
        const REPETITIONS: usize = 2000;
        let (starts, horizon) = (3, 12);
        let mut rng = keyed(64, 0);
        let mut many = |episodes: usize| {
            let model: Vec<f64> = (0..episodes).flat_map(|_| episode(&mut rng, starts, horizon)).collect();
            let owner = (0..episodes * starts).map(|s| s / starts).collect();
            let floor = vec![1.0; model.len()];
            Part { errors: Errors::of(horizon, model, floor), owner, disagreement: Vec::new() }
        };
        let training = many(30);
        for (n, alpha) in [(9, 0.1), (19, 0.1), (40, 0.05)] {
            let broken = (0..REPETITIONS)
                .filter(|_| {
                    let c = Certified::measure((&training, &many(n), &many(1)), (alpha, None)).unwrap();
                    assert_eq!(c.threshold.missing, 0);
                    c.seen.hits == 1
                })
                .count();
            let rank = ((n as f64 + 1.0) * (1.0 - alpha) - 1e-9).ceil();
            let expected = 1.0 - rank / (n as f64 + 1.0);
            assert!(expected <= alpha + 1e-12);
            let (below, above) = (
                cumulative(broken, REPETITIONS, expected),
                1.0 - cumulative(broken.saturating_sub(1), REPETITIONS, expected),
            );
            assert!(below > 5e-5 && above > 5e-5, "n = {n}: {broken} of {REPETITIONS}, expected {expected}");
        }
    }
}
