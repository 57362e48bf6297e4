//! The top-up's switchboard, read off the reports and jobs.

use super::super::data;
use super::{ID, JOB};
use crate::engine::job::{Schedule, Trigger};
use crate::metrics::report::{Level, Report};
use crate::ui::app::{App, Ended, Running};
use crate::ui::widget::number;
use crate::ui::widget::switchboard::Switchboard;
use crate::ui::widget::tail;

/// Every schedule and its name.
const SCHEDULES: [(Schedule, &str); 4] = [
    (Schedule::None, "none"),
    (Schedule::Fixed, "fixed"),
    (Schedule::Adaptive, "adaptive"),
    (Schedule::Yoked, "yoked"),
];

/// The schedules that can be chosen: a control needs the run that it is the control of.
pub fn offered(app: &App) -> impl Iterator<Item = (Schedule, &'static str)> {
    let control = app.open.topup.yoked.is_some();
    SCHEDULES.into_iter().filter(move |(schedule, _)| control || *schedule != Schedule::Yoked)
}

/// The name of the schedule that is chosen.
pub fn chosen(app: &App) -> &'static str {
    let is_it = |(schedule, _): &&(Schedule, &str)| *schedule == app.open.topup.options.schedule;
    SCHEDULES.iter().find(is_it).map_or("", |(_, name)| name)
}

/// Reads it.
pub fn read(app: &App) -> Switchboard {
    let report = app.report(ID);
    let options = &app.open.topup.options;
    let steps = app.report(data::ID).and_then(|d| d.value("steps"));
    let budget = report
        .and_then(|r| r.value("budget_steps").or_else(|| r.value("budget")))
        .or_else(|| steps.map(|s| (s * options.budget).floor()));
    let running = app.jobs.named(JOB).map(|(_, r)| r);
    let state = match (running, app.jobs.ended.get(JOB)) {
        (Some(r), _) => {
            let phase = r.progress.as_ref().map_or("starting", |p| p.phase.as_str());
            let word = if r.paused { "paused" } else { "running" };
            let decision = app.live.decision.as_ref().map(|text| format!(" · {text}")).unwrap_or_default();
            let resumes = if r.paused { " · p resumes" } else { "" };
            (word.to_string(), format!("{phase}{decision}{resumes}"))
        }
        // An end that the report warns of is none to be glad of.
        (None, Some(Ended::Done(summary))) => match app.said(ID, summary) {
            Some(Level::Warn | Level::Alarm) => ("ended".into(), summary.clone()),
            _ => ("done".into(), summary.clone()),
        },
        (None, Some(Ended::Failed(why))) => ("failed".into(), why.clone()),
        (None, Some(Ended::Cancelled)) => ("stopped".into(), "t starts again".into()),
        (None, None) => match super::refused(app) {
            Some(why) => ("not possible".into(), why),
            None => ("ready".into(), "t starts, m changes the schedule".into()),
        },
    };
    Switchboard {
        schedules: offered(app).map(|(schedule, name)| (name, schedule == options.schedule)).collect(),
        rule: rule(app),
        state,
        running: running.is_some(),
        added: report.and_then(|r| r.value("added").or_else(|| last(r, "added"))).unwrap_or(0.0),
        budget,
        total: report.and_then(|r| r.value("total_real").or_else(|| last(r, "total"))).unwrap_or(0.0),
        evaluated: report.and_then(|r| r.value("evaluation_steps")),
        pace: running.and_then(pace),
        result: app.sitting.result.as_ref().map(|path| path.display().to_string()),
        tick: app.tick,
    }
}

/// The clock, how fast it goes, and how long it takes yet where it does not end before.
fn pace(running: &Running) -> Option<(String, f64)> {
    let share = running.progress.as_ref()?.whole?;
    let rate = running.rate().filter(|rate| *rate > 0.0);
    let rate = rate.map(|rate| format!(" · {} steps a second", number::number(rate.round()))).unwrap_or_default();
    let left = running.left().map(|left| format!(" · at most {} left", tail::clock(left))).unwrap_or_default();
    Some((format!("{:.0} % · {}{rate}{left}", 100.0 * share, tail::clock(running.seconds)), share))
}

/// What the schedule means, and the other settings.
fn rule(app: &App) -> String {
    let options = &app.open.topup.options;
    let rule = match options.schedule {
        Schedule::Adaptive => {
            let threshold = options.threshold.map_or_else(|| "threshold".to_owned(), number::number);
            match options.trigger {
                Trigger::PerRun => {
                    let alpha = number::number(100.0 * options.alpha);
                    format!("collect when R > {threshold}, not by chance (in at most {alpha} % of runs)")
                }
                Trigger::PerCheck => format!("collect when loss ratio R > {threshold} at a check"),
            }
        }
        Schedule::Fixed => "collect at every check".to_string(),
        Schedule::Yoked => {
            let run = app.open.topup.yoked.as_ref().and_then(|run| run.file_name());
            format!("at random checks, as much as {}", run.unwrap_or_default().to_string_lossy())
        }
        Schedule::None => "never collect: fine-tune on the old data".to_string(),
    };
    format!("{rule} · {} checks at most · seed {}", options.rounds, options.seed)
}

fn last(report: &Report, key: &str) -> Option<f64> {
    let series = report.series.iter().find(|s| s.group == "interaction" && s.key == key)?;
    series.y.iter().copied().rfind(|v| v.is_finite())
}
