//! The top-up's switchboard, read off the reports and jobs.

use super::super::data;
use super::{ID, JOB};
use crate::engine::job::{Schedule, TopUpSpec, Trigger};
use crate::metrics::report::Report;
use crate::ui::app::{App, Ended};
use crate::ui::widget::number;
use crate::ui::widget::switchboard::Switchboard;

/// Every schedule and its name.
const SCHEDULES: [(Schedule, &str); 3] =
    [(Schedule::None, "none"), (Schedule::Fixed, "fixed"), (Schedule::Adaptive, "adaptive")];

/// Reads it.
pub fn read(app: &App) -> Switchboard {
    let report = app.report(ID);
    let spec = &app.open.topup;
    let steps = app.report(data::ID).and_then(|d| d.value("steps"));
    let budget = report
        .and_then(|r| r.value("budget_steps").or_else(|| r.value("budget")))
        .or_else(|| steps.map(|s| (s * spec.budget).floor()));
    let running = app.jobs.named(JOB).map(|(_, r)| r);
    let state = match (running, app.jobs.ended.get(JOB)) {
        (Some(r), _) => {
            let phase = r.progress.as_ref().map_or("starting", |p| p.phase.as_str());
            let word = if r.paused { "paused" } else { "running" };
            (word.to_string(), phase.to_string())
        }
        (None, Some(Ended::Done(summary))) => ("done".into(), summary.clone()),
        (None, Some(Ended::Failed(why))) => ("failed".into(), why.clone()),
        (None, Some(Ended::Cancelled)) => ("stopped".into(), "t starts again".into()),
        (None, None) => ("ready".into(), "t starts, m changes the schedule".into()),
    };
    Switchboard {
        schedules: SCHEDULES.iter().map(|(schedule, name)| (*name, *schedule == spec.schedule)).collect(),
        rule: rule(spec),
        state,
        running: running.is_some(),
        added: report.and_then(|r| r.value("added").or_else(|| last(r, "added"))).unwrap_or(0.0),
        budget,
        total: report.and_then(|r| r.value("total_real").or_else(|| last(r, "total"))).unwrap_or(0.0),
        tick: app.tick,
    }
}

/// What the schedule means, and the other settings.
fn rule(spec: &TopUpSpec) -> String {
    let rule = match spec.schedule {
        Schedule::Adaptive => {
            let threshold = spec.threshold.map_or_else(|| "threshold".to_owned(), number::number);
            match spec.trigger {
                Trigger::PerRun => {
                    let alpha = number::number(100.0 * spec.alpha);
                    format!("collect when R > {threshold}, not by chance (in at most {alpha} % of runs)")
                }
                Trigger::PerCheck => format!("collect when loss ratio R > {threshold} at a check"),
            }
        }
        Schedule::Fixed => "collect at every check".to_string(),
        Schedule::None => "never collect: fine-tune on the old data".to_string(),
    };
    format!("{rule} · {} checks at most · seed {}", spec.rounds, spec.seed)
}

fn last(report: &Report, key: &str) -> Option<f64> {
    let series = report.series.iter().find(|s| s.group == "interaction" && s.key == key)?;
    series.y.iter().copied().rfind(|v| v.is_finite())
}
