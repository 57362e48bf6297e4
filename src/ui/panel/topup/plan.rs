//! The plan of the next top-up, to be changed before it begins.

use crate::engine::job::{HARD_CAP, Schedule, TopUpOptions, Trigger};
use crate::ui::app::App;
use crate::ui::panel::topup::board::offered;
use crate::ui::widget::number::{number, percent};

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// When data is collected.
    Schedule,
    /// What calls for data.
    Trigger,
    /// Fixed threshold of R.
    Threshold,
    /// Most data added.
    Budget,
    /// Probe episodes at each check.
    Probes,
    /// Most checks.
    Rounds,
    /// Gradient steps of the world model between checks.
    ModelSteps,
    /// Gradient steps of the policy between checks.
    PolicySteps,
    /// Share of imagined reward that is for what is new.
    Explore,
    /// Weight of the model's uncertainty, taken off imagined rewards.
    Penalty,
    /// Seed of everything random.
    Seed,
}

/// Every setting in the order of the list.
pub const FIELDS: [Field; 11] = [
    Field::Schedule,
    Field::Trigger,
    Field::Threshold,
    Field::Budget,
    Field::Probes,
    Field::Rounds,
    Field::ModelSteps,
    Field::PolicySteps,
    Field::Explore,
    Field::Penalty,
    Field::Seed,
];

/// Most of what is counted, as on the command line.
const MOST: usize = 1_000_000;
/// Budgets, thresholds and step counts that the arrows walk over.
const BUDGETS: [f64; 9] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2];
const THRESHOLDS: [f64; 7] = [1.1, 1.2, 1.35, 1.5, 1.65, 2.0, 3.0];
const STEPS: [usize; 9] = [100, 300, 500, 1000, 2000, 3000, 5000, 10_000, 20_000];
const SHARES: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9];
const PENALTIES: [f64; 6] = [0.0, 0.1, 0.5, 1.0, 2.0, 5.0];

/// Name, value and meaning of a setting, as it stands.
pub fn told(app: &App, field: Field) -> (&'static str, String, &'static str) {
    let o = &app.open.topup.options;
    match field {
        Field::Schedule => {
            let name = offered(app).find(|(s, _)| *s == o.schedule).map_or("", |(_, name)| name);
            ("schedule", name.into(), "when data is collected")
        }
        Field::Trigger => {
            let name = match o.trigger {
                Trigger::PerRun => "per run",
                Trigger::PerCheck => "per check",
            };
            (
                "trigger",
                name.into(),
                "evidence over the whole run that R is no chance, or R at one check (the paper's rule)",
            )
        }
        Field::Threshold => {
            let value = o.threshold.map_or_else(|| "by chance, at least 1.35".into(), number);
            ("threshold of R", value, "loss ratio beyond which the world model does not hold")
        }
        Field::Budget => {
            ("budget", format!("{} %", percent(o.budget)), "most new data, as a share of the dataset's steps")
        }
        Field::Probes => {
            ("probes", o.probes.to_string(), "episodes acted at each check to measure R; they are no data")
        }
        Field::Rounds => ("checks", o.rounds.to_string(), "most checks that are followed by training"),
        Field::ModelSteps => {
            ("model steps", o.model_steps.to_string(), "gradient steps of the world model between checks")
        }
        Field::PolicySteps => {
            ("policy steps", o.policy_steps.to_string(), "gradient steps of the policy between checks")
        }
        Field::Explore => (
            "explore",
            number(o.explore),
            "share of imagined reward that is the members' disagreement; 0 is the paper's rule",
        ),
        Field::Penalty => {
            ("penalty", number(o.penalty), "weight of the model's uncertainty, taken off imagined rewards")
        }
        Field::Seed => ("seed", o.seed.to_string(), "of everything random: the same seed gives the same run"),
    }
}

/// True where a value of it can be written.
pub fn is_number(field: Field) -> bool {
    !matches!(field, Field::Schedule | Field::Trigger)
}

/// Sets what was written; a budget is in percent, and a threshold of nothing the one that is measured.
///
/// # Errors
/// A sentence with the bounds.
pub fn set(app: &mut App, field: Field, text: &str) -> Result<(), String> {
    let text = text.trim();
    let within = |text: &str, least: f64, most: f64| {
        let v = text.parse::<f64>().ok().filter(|v| (least..=most).contains(v));
        v.ok_or_else(|| format!("'{text}': a number from {} to {} is needed", number(least), number(most)))
    };
    let count = || {
        let n = text.parse::<usize>().ok().filter(|n| (1..=MOST).contains(n));
        n.ok_or_else(|| format!("'{text}': a whole number from 1 to {MOST} is needed"))
    };
    let o: &mut TopUpOptions = &mut app.open.topup.options;
    match field {
        Field::Schedule | Field::Trigger => {}
        Field::Threshold if text.is_empty() => o.threshold = None,
        Field::Threshold => {
            let v = text.parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0);
            o.threshold = Some(v.ok_or_else(|| format!("'{text}': a number above 0 is needed"))?);
        }
        Field::Budget => o.budget = within(text.trim_end_matches([' ', '%']), 0.0, 100.0 * HARD_CAP)? / 100.0,
        Field::Probes => o.probes = count()?,
        Field::Rounds => o.rounds = count()?,
        Field::ModelSteps => o.model_steps = count()?,
        Field::PolicySteps => o.policy_steps = count()?,
        Field::Explore => o.explore = within(text, 0.0, 1.0)?,
        Field::Penalty => o.penalty = within(text, 0.0, 1e6)?,
        Field::Seed => o.seed = text.parse().map_err(|_| format!("'{text}': a whole number is needed"))?,
    }
    Ok(())
}

/// The next value of a setting (1), or the one before (−1).
pub fn change(app: &mut App, field: Field, by: i32) {
    let schedules: Vec<Schedule> = offered(app).map(|(s, _)| s).collect();
    let o: &mut TopUpOptions = &mut app.open.topup.options;
    let count = |n: usize| n.saturating_add_signed(by as isize).max(1);
    match field {
        Field::Schedule => {
            let at = schedules.iter().position(|s| *s == o.schedule).unwrap_or(0) as i32;
            o.schedule = schedules[(at + by).rem_euclid(schedules.len().max(1) as i32) as usize];
        }
        Field::Trigger => {
            o.trigger = if o.trigger == Trigger::PerRun { Trigger::PerCheck } else { Trigger::PerRun };
        }
        Field::Threshold => {
            // Before the first is the one that is measured.
            let next = match o.threshold {
                None if by > 0 => Some(THRESHOLDS[0]),
                None => None,
                Some(v) if by < 0 && v <= THRESHOLDS[0] => None,
                Some(v) => Some(walked(&THRESHOLDS, v, by)),
            };
            o.threshold = next;
        }
        Field::Budget => o.budget = walked(&BUDGETS, o.budget, by),
        Field::Probes => o.probes = count(o.probes),
        Field::Rounds => o.rounds = count(o.rounds),
        Field::ModelSteps => o.model_steps = walked(&STEPS.map(|n| n as f64), o.model_steps as f64, by) as usize,
        Field::PolicySteps => o.policy_steps = walked(&STEPS.map(|n| n as f64), o.policy_steps as f64, by) as usize,
        Field::Explore => o.explore = walked(&SHARES, o.explore, by),
        Field::Penalty => o.penalty = walked(&PENALTIES, o.penalty, by),
        Field::Seed => o.seed = o.seed.saturating_add_signed(i64::from(by)),
    }
}

/// The next of `values`, which rise, above `now` or below it; the last where there is none.
fn walked(values: &[f64], now: f64, by: i32) -> f64 {
    let above = values.iter().find(|v| **v > now + 1e-12);
    let below = values.iter().rev().find(|v| **v < now - 1e-12);
    (if by > 0 { above } else { below }).copied().unwrap_or(now)
}

/// What cannot be changed here: where it acts and what is fitted, in lines.
pub fn given(app: &App) -> Vec<(&'static str, String)> {
    let source = &app.open.source;
    let env = source.acting.env.clone().unwrap_or_else(|| "the dataset's own (--env)".into());
    let path = source.checkpoint.as_deref().map(|p| p.display().to_string()).unwrap_or_default();
    let known = app.report(crate::ui::panel::data::ID).and_then(|d| d.value("steps"));
    let most = known.map(|steps| (steps * app.open.topup.options.budget).floor());
    let mut out = vec![
        ("environment", env),
        ("networks", path),
        ("device", "cpu".into()),
        ("run folder", app.open.topup.out.display().to_string()),
    ];
    if let Some(most) = most {
        out.push(("at most", format!("{} new environment steps, probes and evaluation beside them", number(most))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::job::Source;
    use crate::ui::app::OpenSpec;
    use crate::ui::theme::{Scheme, Theme};

    #[test]
    fn what_is_written_is_taken_within_its_bounds() {
        let open = OpenSpec::new(Source::default(), 0);
        let mut app = App::new(open, super::super::ID, Theme::new(Scheme::Dark));
        for (field, text) in [
            (Field::Threshold, "1.7"),
            (Field::Budget, "12.5 %"),
            (Field::Probes, "3"),
            (Field::ModelSteps, "1234"),
            (Field::Explore, ".25"),
            (Field::Penalty, "7"),
            (Field::Seed, "42"),
        ] {
            set(&mut app, field, text).unwrap();
        }
        let o = app.open.topup.options.clone();
        assert_eq!((o.threshold, o.budget, o.probes, o.model_steps), (Some(1.7), 0.125, 3, 1234));
        assert_eq!((o.explore, o.penalty, o.seed), (0.25, 7.0, 42));
        for (field, text) in [
            (Field::Threshold, "0"),
            (Field::Budget, "21"),
            (Field::Probes, "0"),
            (Field::Rounds, "1.5"),
            (Field::PolicySteps, ""),
            (Field::Explore, "1.1"),
            (Field::Penalty, "."),
            (Field::Seed, "1e3"),
        ] {
            let why = set(&mut app, field, text).unwrap_err();
            assert!(why.contains("needed"), "{why}");
        }
        assert_eq!(app.open.topup.options, o, "what is refused changes nothing");
        set(&mut app, Field::Threshold, "").unwrap();
        assert_eq!(app.open.topup.options.threshold, None);
    }

    #[test]
    fn arrows_walk_over_the_values_and_stop_at_the_ends() {
        let values = [0.0, 0.1, 0.5];
        for (now, by, next) in [(0.1, 1, 0.5), (0.2, 1, 0.5), (0.2, -1, 0.1), (0.5, 1, 0.5), (0.0, -1, 0.0)] {
            assert!((walked(&values, now, by) - next).abs() < 1e-12, "{now} by {by}");
        }
    }
}
