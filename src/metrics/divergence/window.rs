//! One rollout over the episode that it follows, dimension by dimension: where it leaves what happened.

use super::charts::{column, finite, span};
use super::errors::nrmse;
use crate::ground::fault::Fault;
use crate::ground::number::{counted, number};
use crate::metrics::features::moving;
use crate::metrics::report::{Axis, Level, Report, Role, Series};

/// An error of so many standard deviations of the training part: imagination has left what happened.
pub const LEFT: f64 = 1.0;

/// Most dimensions that are kept, the worst first.
const KEPT: usize = 64;

/// A rollout along an episode.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// Name of every observation dimension.
    pub names: &'a [String],
    /// [D] standard deviation of every dimension in the training part.
    pub std: &'a [f64],
    /// The episode's name ("12").
    pub episode: &'a str,
    /// Its step that the rollout begins at.
    pub start: usize,
    /// [T, D] what happened in all of the episode.
    pub real: &'a [f32],
    /// [H+1, D] what was imagined; index 0 is the start.
    pub imagined: &'a [f32],
    /// [M, H+1, D] what each member, or each draw, imagined; empty for no band.
    pub members: &'a [f32],
    /// What those are: "members", "draws".
    pub band: &'a str,
}

impl Window<'_> {
    /// Steps H.
    fn horizon(&self) -> usize {
        (self.imagined.len() / self.names.len()).saturating_sub(1)
    }

    /// What happened `h` steps after the start.
    fn happened(&self, h: usize) -> &[f32] {
        let d = self.names.len();
        &self.real[(self.start + h) * d..(self.start + h + 1) * d]
    }

    /// What was imagined there.
    fn foreseen(&self, h: usize) -> &[f32] {
        let d = self.names.len();
        &self.imagined[h * d..(h + 1) * d]
    }

    /// Error of one dimension after `h` steps; infinite where it is no number, 0 for a dimension that stands still.
    fn error(&self, std: &[f64], d: usize, h: usize) -> f64 {
        if std[d] <= 0.0 { 0.0 } else { nrmse(&self.foreseen(h)[d..=d], &self.happened(h)[d..=d], &std[d..=d]) }
    }

    fn check(&self) -> Result<(), Fault> {
        let (d, h) = (self.names.len(), self.horizon());
        let fits = d > 0
            && h > 0
            && self.std.len() == d
            && self.imagined.len() == (h + 1) * d
            && self.real.len().is_multiple_of(d)
            && self.real.len() >= (self.start + h + 1) * d
            && self.members.len().is_multiple_of(self.imagined.len());
        if fits { Ok(()) } else { Err(Fault::failed("the rollout does not fit the episode that it follows")) }
    }
}

/// Computes the report called "trace": of every dimension, the worst at the end first, what happened in the whole episode, what
/// was imagined with the span of the members, and the step where the error passes [`LEFT`].
///
/// # Errors
/// A sentence where the arrays do not fit one another.
pub fn trace(input: &Window<'_>) -> Result<Report, Fault> {
    input.check()?;
    let (d, horizon) = (input.names.len(), input.horizon());
    let std = moving(input.std, input.real);
    let mut report = Report::new("trace", &format!("Episode {} imagined from step {}", input.episode, input.start));
    let left = |error: &dyn Fn(usize) -> f64| (1..=horizon).find(|&h| error(h) > LEFT).map(|h| input.start + h);
    let all = |h: usize| nrmse(input.foreseen(h), input.happened(h), &std);
    let (whole, last) = if std.iter().all(|s| *s <= 0.0) { (None, 0.0) } else { (left(&all), all(horizon)) };
    let text = "Steps that were imagined, each on the imagined one before.";
    report.stat("horizon", "horizon", horizon as f64, "steps", text);
    let text = "Root mean square over dimensions of the difference from what happened at the last imagined step, each in \
                standard deviations of the training part.";
    report.stat("error_last", "error at the last step", finite(last), "std", text);
    let text = "First step of the episode at which that error is above 1 standard deviation.";
    report.stat("leaves", "leaves at step", whole.map_or(f64::NAN, |t| t as f64), "", text);
    let mut order: Vec<usize> = (0..d).collect();
    let key = |c: &usize| input.error(&std, *c, horizon);
    // Of dimensions that err alike the order stays; those that stand still come last.
    order.sort_by(|a, b| key(b).total_cmp(&key(a)).then((std[*b] > 0.0).cmp(&(std[*a] > 0.0))));
    for &c in order.iter().take(KEPT) {
        curves(&mut report, input, c, left(&|h| input.error(&std, c, h)));
    }
    let worst = order.first().filter(|&&c| std[c] > 0.0);
    let worst = worst.map(|&c| format!("; worst there is {} ({} std)", input.names[c], rounded(key(&c))));
    let (level, how) = match whole {
        Some(t) => {
            let after = counted(t - input.start, "steps");
            (Level::Warn, format!("the error passes 1 standard deviation at step {t}, after {after}"))
        }
        None => (Level::Good, format!("the error stays within 1 standard deviation over all {horizon}")),
    };
    report.note(
        level,
        format!(
            "Episode {} imagined from step {} over {}: {how}; it is {} std at the end{}.",
            input.episode,
            input.start,
            counted(horizon, "steps"),
            rounded(last),
            worst.unwrap_or_default()
        ),
    );
    if order.len() > KEPT {
        report.note(Level::Info, format!("The {KEPT} worst of {d} dimensions are kept."));
    }
    Ok(report)
}

fn rounded(v: f64) -> String {
    if v.is_finite() { number((v * 100.0).round() / 100.0) } else { "no finite number of".into() }
}

/// What happened and what was imagined in dimension `c`, and the step where they part.
fn curves(report: &mut Report, input: &Window<'_>, c: usize, left: Option<usize>) {
    let (d, horizon, name) = (input.names.len(), input.horizon(), &input.names[c]);
    let members = input.members.len() / input.imagined.len();
    let series = |key: &str, label: &str, first: usize, y: Vec<f64>, definition: &str| Series {
        key: format!("{}/{key}:{name}", input.episode),
        label: label.into(),
        group: name.clone(),
        x_axis: Axis::new("step", "steps"),
        y_axis: Axis::new(name, ""),
        x: (first..first + y.len()).map(|t| t as f64).collect(),
        y,
        definition: format!("Episode {} from step {}: {definition}", input.episode, input.start),
        ..Series::default()
    };
    let real = series("real", "real", 0, column(input.real, c, d), "what happened.");
    report.series.push(Series { role: Role::Real, ..real });
    let text = format!("what was imagined; band: lowest to highest of {}.", counted(members, input.band));
    let imagined = series("imagined", "imagined", input.start, column(input.imagined, c, d), &text);
    let band = span(input.members, horizon + 1, (c, d));
    report.series.push(Series { band, ..imagined });
    if let Some(t) = left {
        let text = "the first step whose error is above 1 standard deviation of the training part.";
        let place = series("leaves", "leaves", t, vec![1.0], text);
        report.series.push(Series { role: Role::Place, ..place });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results that are exact in binary")]

    use super::*;

    /// An episode of eleven steps of three dimensions: one walks, one walks half as fast, one stands. From step 3 on the first is
    /// imagined twice as fast, the second rightly until the end, where it is off by 3.
    fn arrays() -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let real: Vec<f32> = (0..12).flat_map(|t| [t as f32, 0.5 * t as f32, 7.0]).collect();
        let imagined: Vec<f32> = (0..=5u8)
            .map(f32::from)
            .flat_map(|h| [3.0 + 2.0 * h, 0.5 * (3.0 + h) + if h == 5.0 { 3.0 } else { 0.0 }, 7.0])
            .collect();
        let members = [-1.0, 1.0].iter().flat_map(|by| imagined.iter().map(move |v| v + by)).collect();
        (real, imagined, members)
    }

    fn names() -> Vec<String> {
        ["slow", "fast", "still"].map(String::from).to_vec()
    }

    #[test]
    fn a_rollout_lies_over_its_episode_and_says_where_it_leaves() {
        let ((real, imagined, members), names) = (arrays(), names());
        let input = Window {
            names: &names,
            std: &[2.0, 1.0, 0.0],
            episode: "12",
            start: 3,
            real: &real,
            imagined: &imagined,
            members: &members,
            band: "members",
        };
        let r = trace(&input).unwrap();
        // Off by h in units of 2; by 3 at the end in units of 1: the second is worst there, sqrt((2.5² + 3²) / 2) in all.
        let order: Vec<&str> = crate::metrics::report::groups(&r.series).iter().map(|(name, _)| *name).collect();
        assert_eq!(order, ["fast", "slow", "still"]);
        let find = |key: &str| r.series.iter().find(|s| s.key == format!("12/{key}"));
        let (real, imagined) = (find("real:slow").unwrap(), find("imagined:slow").unwrap());
        assert_eq!((real.x.len(), real.y[11], real.role), (12, 11.0, Role::Real));
        assert_eq!((imagined.x[0], imagined.x[5], imagined.y[5]), (3.0, 8.0, 13.0));
        assert_eq!(
            imagined.band,
            Some((
                (0..6).map(|h| 2.0 + 2.0 * f64::from(h)).collect(),
                (0..6).map(|h| 4.0 + 2.0 * f64::from(h)).collect()
            ))
        );
        // More than 1: after three steps, not after two.
        assert_eq!(find("leaves:slow").unwrap().x, [6.0]);
        assert_eq!(find("leaves:fast").unwrap().x, [8.0]);
        assert!(find("leaves:still").is_none());
        let last = (f64::midpoint(2.5 * 2.5, 9.0)).sqrt();
        assert!((r.value("error_last").unwrap() - last).abs() < 1e-12);
        // sqrt((h/2)² / 2) is above 1 from h = 3 on: sqrt(1.125).
        assert_eq!((r.value("leaves"), r.value("horizon")), (Some(6.0), Some(5.0)));
        let said = &r.notes[0];
        assert!(said.level == Level::Warn && said.text.contains("at step 6, after 3 steps"), "{}", said.text);
        assert!(said.text.contains("worst there is fast (3 std)"), "{}", said.text);
    }

    #[test]
    fn what_is_no_number_has_left_and_what_stands_still_never_does() {
        let names = names();
        let (real, mut imagined, _) = arrays();
        imagined[3 * 2 + 1] = f32::NAN;
        let input = Window {
            names: &names,
            std: &[1e9, 1e9, 0.0],
            episode: "0",
            start: 3,
            real: &real,
            imagined: &imagined,
            members: &[],
            band: "members",
        };
        let r = trace(&input).unwrap();
        assert_eq!(r.value("leaves"), Some(5.0));
        assert!(r.series.iter().all(|s| s.band.is_none()));
        let still = trace(&Window { std: &[0.0; 3], ..input }).unwrap();
        assert!(still.value("leaves").unwrap().is_nan() && still.notes[0].level == Level::Good, "{:?}", still.notes);
        assert!(trace(&Window { start: 7, ..input }).is_err(), "beyond the episode's end");
        assert!(trace(&Window { imagined: &[], ..input }).is_err());
    }
}
