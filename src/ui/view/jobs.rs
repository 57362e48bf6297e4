//! The list of jobs.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::app::{App, Ended};
use crate::ui::widget::{gauge, ink, number, overlay};

/// Draws what runs with how far it is and how long it takes yet, what waits, and how the others ended.
pub fn draw(app: &App, selected: usize, body: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let jobs = &app.jobs;
    let rows = 2 * jobs.running.len() + jobs.queue.len() + jobs.ended.len();
    let title = "Jobs · ↑↓ select · p pauses · x stops · Esc closes";
    let inside = overlay::open(body, 96, rows.max(1) as u16 + 2, title, buf, theme);
    let mut y = inside.y;
    let mut line = |sign: &str, style: ratatui::style::Style, text: &str| {
        let row = Rect { y, height: 1, ..inside };
        if y < inside.bottom() {
            let x = ink::put(buf, row, row.x, y, &format!("{sign} "), style);
            ink::put(buf, row, x, y, &ink::fit(text, row.right().saturating_sub(x)), style);
        }
        y += 1;
    };
    for (i, job) in jobs.running.values().enumerate() {
        let style = if i == selected { theme.selected() } else { theme.text() };
        let sign = if job.paused { "‖" } else { gauge::spinner(app.tick) };
        let (phase, share) = match &job.progress {
            Some(p) => (p.phase.as_str(), job.share().map(|s| format!(" · {:.0} %", 100.0 * s)).unwrap_or_default()),
            None => ("starting", String::new()),
        };
        line(sign, style, &format!("{}: {phase}{share}", job.name));
        line(" ", theme.dim(), &pace(job));
    }
    for spec in &jobs.queue {
        line("·", theme.dim(), &format!("{}: waits", spec.name()));
    }
    for (name, how) in &jobs.ended {
        match how {
            Ended::Done(said) => line("✓", theme.dim().fg(theme.colors().good), &format!("{name}  {said}")),
            Ended::Failed(why) => line("✗", theme.dim().fg(theme.colors().alarm), &format!("{name}: {why}")),
            Ended::Cancelled => line("×", theme.dim().fg(theme.colors().warn), &format!("{name}: stopped")),
        }
    }
    if rows == 0 {
        line(" ", theme.dim(), "nothing runs, and nothing ran yet");
    }
}

/// "12 seconds, 340 a second, 8 seconds left" of the phase that it is in.
fn pace(job: &crate::ui::app::Running) -> String {
    let mut out = format!("for {}", number::duration(job.seconds));
    if let (Some(p), Some(rate)) = (&job.progress, job.rate().filter(|rate| *rate > 0.0)) {
        let _ = write!(out, ", {} a second", number::number((rate * 10.0).round() / 10.0));
        if let Some(left) = job.left() {
            let _ = write!(out, ", about {} left", number::duration(left));
        } else if p.total > p.done {
            let _ = write!(out, ", {} left in this phase", number::duration((p.total - p.done) as f64 / rate));
        }
    }
    out
}
