//! Around the panel: header, tabs, jobs, keys, messages.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::data::table::COLUMNS;
use crate::engine::job::Slot;
use crate::metrics::report::Level;
use crate::ui::app::{App, Ended, Prompt, Running};
use crate::ui::bindings::holding;
use crate::ui::card::{Body, Card};
use crate::ui::keymap::{Action, Binding};
use crate::ui::panel::{data, panel};
use crate::ui::shown::Shown;
use crate::ui::tabs;
use crate::ui::toast;
use crate::ui::widget::{gauge, ink, notes, number, overlay};

fn raised(app: &App, area: Rect, buf: &mut Buffer) {
    buf.set_style(area.intersection(buf.area), Style::new().bg(app.theme.colors().raised));
}

/// The last parts of a path: enough to know it by.
fn short(path: &std::path::Path, most: usize) -> String {
    let parts: Vec<String> = path.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    parts[parts.len().saturating_sub(most)..].join("/")
}

/// Program, dataset, checkpoint, and how much data there is.
pub fn header(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    raised(app, area, buf);
    let badge = Style::new().fg(theme.colors().ground).bg(theme.colors().accent).add_modifier(Modifier::BOLD);
    let mut x = ink::put(buf, area, area.x, area.y, " oodscope ", badge) + 1;
    let mut right = String::new();
    let crowded = area.width < 100 && app.open.source.rollouts.is_some();
    if let Some(data) = app.report(data::ID).filter(|_| !crowded) {
        // Of a sample it is said what it is a sample of.
        let of = data.value("whole_episodes").filter(|of| data.value("episodes").is_some_and(|n| n < *of));
        let of = of.map(|n| format!("of {} ", number::number(n))).unwrap_or_default();
        let part = |key: &'static str, of: &str| {
            let what = |v: f64| if of.is_empty() { number::unit(v, key) } else { key };
            data.value(key).map(|v| format!("{} {of}{}", number::number(v), what(v)))
        };
        // Findings come before the number of steps where there is no room for both, and so does which of a pair is open.
        let found = app.reports.get("audit").is_some_and(|a| data::counts(a) != (0, 0));
        let tight = area.width < 100 && (found || app.pair.is_some());
        let steps = part("steps", "").filter(|_| !tight);
        right = [part("episodes", &of), steps].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        right.push(' ');
    }
    let right_at = ink::put_right(buf, area, area.y, &right, theme.dim());
    let right_at = findings(app, Rect { width: right_at.saturating_sub(area.x), ..area }, buf);
    let source = &app.open.source;
    let most = if area.width < 100 { 1 } else { 2 };
    let left_out = app.open.no_model().and(app.open.refused.as_ref()).and_then(|r| r.named.checkpoint.as_ref());
    let model = match (&source.checkpoint, left_out) {
        (Some(path), _) => short(path, most),
        (None, Some(path)) => format!("✗ {}", short(path, most)),
        (None, None) => "no checkpoint".to_string(),
    };
    let mut put = |text: &str, style: Style| {
        let room = right_at.saturating_sub(x + 1);
        x = ink::put(buf, area, x, area.y, &ink::fit(text, room), style);
    };
    put(&short(&source.dataset, 2), theme.strong());
    put("  ×  ", theme.faint());
    let style = match (&source.checkpoint, left_out) {
        (Some(_), _) => theme.text(),
        (None, Some(_)) => theme.text().fg(theme.colors().alarm),
        (None, None) => theme.dim(),
    };
    put(&model, style);
    if !source.only.is_everything() {
        let all = app.report(data::ID).and_then(|r| Some((r.value("episodes")?, r.value("all_episodes")?)));
        let count = all.map(|(n, of)| format!(": {} of {}", number::number(n), number::number(of))).unwrap_or_default();
        put("  ", theme.dim());
        put(&format!(" ▽ {}{count} ", source.only.words()), theme.text().bg(theme.colors().select));
    }
    if let Some(pair) = &app.pair {
        put("  ·  ", theme.dim());
        put(pair.side(source), theme.accent());
        let other = if pair.shows_after(source) { "before" } else { "after" };
        put(&format!(" (v: {other})"), theme.dim());
    }
    if let Some(policy) = &source.policy {
        put("  ·  policy ", theme.dim());
        put(&short(policy, most), theme.text());
    }
    if let Some(rollouts) = &source.rollouts {
        put("  ·  rollouts ", theme.dim());
        put(&short(rollouts, most), theme.text());
    }
}

/// How many errors and warnings the audit found, at the right end of `area`; answers the column where it begins.
fn findings(app: &App, area: Rect, buf: &mut Buffer) -> u16 {
    let Some(audit) = app.reports.get("audit") else { return area.right() };
    let (errors, warnings) = data::counts(audit);
    let colors = app.theme.colors();
    let mut x = area.right();
    let chips = [
        (warnings, "warnings", Style::new().fg(colors.warn)),
        (errors, "errors", Style::new().fg(colors.ground).bg(colors.alarm).add_modifier(Modifier::BOLD)),
    ];
    for (n, many, style) in chips.into_iter().filter(|(n, ..)| *n > 0) {
        let words = if area.width < 50 { n.to_string() } else { number::counted(n, many) };
        let chip = format!(" {words} ");
        x = ink::put_right(buf, Rect { width: x.saturating_sub(area.x), ..area }, area.y, &chip, style);
    }
    x
}

/// The panels, and the page of the current one.
pub fn tabs(app: &App, shown: &Shown, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let mut end = area.x;
    for (panel, from, to) in tabs::places(app.size) {
        let here = panel.id == app.panel;
        let style = if here { theme.accent().bg(theme.colors().select) } else { theme.dim() };
        let x = ink::put(buf, area, from, area.y, &tabs::label(panel, app.size.0), style);
        let (sign, color) = if app.jobs.named(panel.job_in(&app.open)).is_some() {
            (gauge::spinner(app.tick), theme.colors().accent)
        } else if matches!(app.jobs.ended.get(panel.job_in(&app.open)), Some(Ended::Failed(_)))
            || ((panel.spec)(&app.open).is_none() && app.open.no_model().is_some())
        {
            ("✗", theme.colors().alarm)
        } else if !(panel.alarms)(app, panel.id).is_empty() {
            ("▲", theme.colors().alarm)
        } else {
            (" ", theme.colors().dim)
        };
        if sign != " " {
            ink::put(buf, area, if tabs::gap(app.size.0) == 0 { x - 1 } else { x }, area.y, sign, color);
        }
        end = to;
    }
    if app.looks.zoom {
        let rest = ink::beside(area, end - area.x);
        let words = "zoomed · Esc back ";
        if ink::width(words) <= rest.width {
            ink::put_right(buf, rest, area.y, words, theme.dim());
        }
    }
    let pages = tabs::pages(app, shown);
    for (page, name, x, _) in &pages {
        let here = pages.len() == 1 || *page == shown.page;
        let style = if here { theme.text().bg(theme.colors().raised) } else { theme.dim() };
        ink::put(buf, area, *x, area.y, name, style);
    }
}

/// What runs, how far it is; else how the last job ended.
pub fn status(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    // What follows the cursor is told of only where it lets it wait: the line would flicker.
    let told = |(slot, job): &(&Slot, &Running)| **slot != Slot::Trace || job.seconds > 0.3;
    let running: Vec<&Running> = app.jobs.running.iter().filter(told).map(|(_, job)| job).collect();
    let Some(job) = running.last() else {
        if let Some((name, Ended::Done(summary))) =
            app.jobs.ended.iter().find(|(n, _)| **n == panel(app.panel).job_in(&app.open))
        {
            let level = app.said(app.panel, summary).filter(|l| *l >= Level::Warn).unwrap_or(Level::Good);
            let (sign, color) = notes::sign(level, theme);
            let x = ink::put(buf, area, area.x + 1, area.y, &format!("{sign} "), color);
            let text = if summary.is_empty() { format!("{name} done") } else { summary.clone() };
            ink::put(buf, area, x, area.y, &ink::fit_parts(&text, area.width.saturating_sub(4)), theme.dim());
        }
        return;
    };
    let sign = if job.paused { "‖" } else { gauge::spinner(app.tick) };
    let mut x = ink::put(buf, area, area.x + 1, area.y, &format!("{sign} {}", job.name), theme.accent());
    let (phase, share) = (job.progress.as_ref().map(|p| p.phase.clone()).unwrap_or_default(), job.share());
    if job.paused {
        x = ink::put(buf, area, x, area.y, " paused", theme.colors().warn);
    }
    if !phase.is_empty() {
        let room = (area.width / 2).saturating_sub(x);
        x = ink::put(buf, area, x, area.y, &ink::fit(&format!(" · {phase}"), room), theme.text());
    }
    if let Some(share) = share {
        let bar = Rect { x: x + 2, y: area.y, width: area.width.saturating_sub(x + 12).min(30), height: 1 };
        gauge::draw(share, theme.colors().accent, bar, buf, theme);
        ink::put(buf, area, bar.right() + 1, area.y, &format!("{:.0} %", share * 100.0), theme.strong());
    }
    if running.len() > 1 {
        ink::put_right(buf, area, area.y, &format!("+{} more ", running.len() - 1), theme.dim());
    }
}

/// True where the key does something now: no key for a job that does not run.
fn useful(app: &App, card: &Card, b: &Binding) -> bool {
    let waiting = matches!(card.body, Body::Waiting(..));
    let running = app.jobs.named(panel(app.panel).job_in(&app.open)).is_some();
    match b.action {
        Action::Pause | Action::Stop => running,
        Action::Move(..) | Action::Zoom | Action::Enter | Action::NextCard => !waiting,
        _ => (b.useful)(app),
    }
}

/// The keys that hold here, help and quit always.
pub fn footer(app: &App, card: &Card, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    raised(app, area, buf);
    let shown: Vec<&Binding> = holding(app.panel, card.place())
        .filter(|(holds, b)| *holds && !b.word.is_empty() && useful(app, card, b))
        .map(|(_, b)| b)
        .collect();
    let always = |b: &&&Binding| matches!(b.action, Action::Help | Action::Quit);
    let key = |b: &Binding| {
        if b.word == "cursor" {
            "←→".to_string()
        } else {
            b.keys.first().map(crate::ui::keymap::Key::name).unwrap_or_default()
        }
    };
    let paused = app.jobs.named(panel(app.panel).job_in(&app.open)).is_some_and(|(_, job)| job.paused);
    let word = |b: &Binding| if paused && matches!(b.action, Action::Pause) { "resume" } else { b.word };
    let width = |b: &Binding| ink::width(&key(b)) + ink::width(word(b)) + 4;
    let right: u16 = shown.iter().filter(always).map(|b| width(b)).sum();
    let mut put = |b: &Binding, x: u16| {
        let x = ink::put(buf, area, x + 1, area.y, &key(b), theme.accent());
        ink::put(buf, area, x + 1, area.y, word(b), theme.dim()) + 2
    };
    let end = area.right().saturating_sub(right);
    let mut x = area.x;
    for b in shown.iter().filter(|b| !always(b)) {
        if x + width(b) > end {
            break;
        }
        x = put(b, x);
    }
    x = end;
    for b in shown.iter().filter(always) {
        x = put(b, x);
    }
}

/// The line that asks for a condition; its end stays in sight.
pub fn prompt(app: &App, prompt: &Prompt, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    raised(app, area, buf);
    let mut x = ink::put(buf, area, area.x + 1, area.y, "episodes where ", theme.accent());
    let hint = "Enter chooses them for all panels · ↑ what was written · Esc ";
    let wide = area.width > ink::width(hint) + 56;
    let end = if wide { ink::put_right(buf, area, area.y, hint, theme.dim()) } else { area.right() };
    let room = usize::from(end.saturating_sub(x + 2));
    let chars: Vec<char> = prompt.text.chars().chain([' ']).collect();
    let first = (prompt.at + 1).saturating_sub(room);
    if chars.len() == 1 {
        let example = "steps < 200 AND return > AVG(return)";
        let columns = format!("{example} · columns: {}", COLUMNS.join(" "));
        let hint = if usize::from(ink::width(&columns)) <= room { &columns } else { example };
        ink::put(buf, area, x + 1, area.y, &ink::fit(hint, room as u16), theme.dim());
    }
    for (i, c) in chars.iter().enumerate().skip(first).take(room) {
        let style = if i == prompt.at { theme.strong().add_modifier(Modifier::REVERSED) } else { theme.strong() };
        x = ink::put(buf, area, x, area.y, &c.to_string(), style);
    }
}

/// A sentence that waits to be read, below the cards.
pub fn message(app: &App, body: Rect, buf: &mut Buffer) {
    let (Some(text), height) = (&app.message, toast::height(app, body)) else { return };
    if height == 0 {
        return;
    }
    let theme = app.theme;
    let lines = toast::lines(text, body);
    let place = Rect { y: body.bottom() - height, height, ..body };
    let inside = overlay::open(place, body.width, height, "message · Esc closes", buf, theme);
    // Only what failed calls for action.
    let failed = app.jobs.ended.values().any(|end| matches!(end, Ended::Failed(why) if why == text));
    let color = if failed { theme.colors().alarm } else { theme.colors().accent };
    overlay::frame(place, buf, color);
    ink::put(buf, place, place.x + 2, place.y, " message · Esc closes ", theme.strong().fg(color));
    for (line, y) in lines.iter().zip(inside.y..inside.bottom()) {
        ink::put(buf, inside, inside.x + 1, y, line, theme.text());
    }
}
