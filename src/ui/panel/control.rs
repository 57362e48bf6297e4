//! The top-up's switchboard: schedule, state, budget.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::job::Schedule;
use crate::metrics::report::{Report, Series};
use crate::ui::app::{App, Ended, Panel};
use crate::ui::widget::{gauge, ink, number};

/// What the switchboard shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// One word and a sentence.
    pub state: (String, String),
    /// The top-up is running: the schedule is settled.
    pub running: bool,
    /// Steps added to the data so far.
    pub added: f64,
    /// Steps that may be added.
    pub budget: Option<f64>,
    /// Every environment step so far, probes and evaluation included.
    pub total: f64,
}

fn last(report: &Report, key: &str) -> Option<f64> {
    let of = |s: &&Series| s.key == key || s.key.ends_with(&format!("/{key}"));
    let series = report.series.iter().filter(|s| s.group == "interaction").find(of)?;
    series.y.iter().copied().rfind(|v| v.is_finite())
}

/// Reads the switchboard off the reports and jobs.
pub fn read(app: &App) -> Control {
    let report = app.report(Panel::TopUp);
    let steps = app.report(Panel::Data).and_then(|d| d.value("steps"));
    let budget = report
        .and_then(|r| r.value("budget_steps").or_else(|| r.value("budget")))
        .or_else(|| steps.map(|s| (s * app.open.topup.budget).floor()));
    let running = app.jobs.named("top-up").map(|(_, r)| r);
    let state = match (running, app.jobs.ended.get("top-up")) {
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
    Control {
        state,
        running: running.is_some(),
        added: report.and_then(|r| r.value("added").or_else(|| last(r, "added"))).unwrap_or(0.0),
        budget,
        total: report.and_then(|r| r.value("total_real").or_else(|| last(r, "total"))).unwrap_or(0.0),
    }
}

/// Draws the switchboard.
pub fn draw(control: &Control, app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let spec = &app.open.topup;
    let mut x = ink::put(buf, area, area.x, area.y, "schedule  ", theme.dim());
    for (schedule, name) in [(Schedule::None, "none"), (Schedule::Fixed, "fixed"), (Schedule::Adaptive, "adaptive")] {
        let style = match (schedule == spec.schedule, control.running) {
            (true, _) => theme.accent().bg(theme.colors().select),
            (false, true) => theme.faint(),
            (false, false) => theme.dim(),
        };
        x = ink::put(buf, area, x, area.y, &format!(" {name} "), style) + 1;
    }
    let rule = match spec.schedule {
        Schedule::Adaptive => {
            let threshold = spec.threshold.map_or_else(|| "threshold".to_owned(), number::number);
            format!("collect when loss ratio R > {threshold}")
        }
        Schedule::Fixed => "collect at every check".to_string(),
        Schedule::None => "never collect: fine-tune on the old data".to_string(),
    };
    let rest = ink::beside(area, x + 1 - area.x);
    ink::put(
        buf,
        rest,
        rest.x,
        area.y,
        &ink::fit(&format!("{rule} · {} checks at most · seed {}", spec.rounds, spec.seed), rest.width),
        theme.dim(),
    );

    let color = match control.state.0.as_str() {
        "done" => theme.colors().good,
        "failed" => theme.colors().alarm,
        "paused" | "stopped" => theme.colors().warn,
        _ => theme.colors().accent,
    };
    let y = area.y + 1;
    let sign = if control.state.0 == "running" { gauge::spinner(app.tick) } else { "●" };
    let x = ink::put(buf, area, area.x, y, &format!("{sign} {}  ", control.state.0), color);
    let rest = ink::beside(area, x - area.x);
    ink::put(buf, rest, x, y, &ink::fit(&control.state.1, rest.width), theme.text());
    budget(control, app, ink::below(area, 2), buf);
}

fn budget(control: &Control, app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    if area.height == 0 {
        return;
    }
    let most = control.budget.filter(|b| *b > 0.0);
    let words = format!(
        " {} of {} steps added · {} interaction steps in all",
        number::number(control.added),
        most.map_or("?".into(), number::number),
        number::number(control.total)
    );
    let x = ink::put(buf, area, area.x, area.y, "budget    ", theme.dim());
    let room = area.right().saturating_sub(x);
    let width = room.saturating_sub(ink::width(&words)).clamp(8.min(room), 48);
    let bar = Rect { x, y: area.y, width, height: 1 };
    let share = most.map_or(0.0, |b| control.added / b);
    let color = if share > 0.999 { theme.colors().warn } else { theme.colors().good };
    gauge::draw(share, color, bar, buf, theme);
    let rest = ink::beside(area, bar.right() - area.x);
    ink::put(buf, rest, rest.x, area.y, &ink::fit(&words, rest.width), theme.text());
}
