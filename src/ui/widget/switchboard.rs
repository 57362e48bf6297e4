//! A switchboard for what is started by hand: choices, state, budget.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::{gauge, ink, number};
use crate::ui::theme::Theme;

/// What the switchboard shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Switchboard {
    /// Every schedule by name, and whether it is the chosen one.
    pub schedules: Vec<(&'static str, bool)>,
    /// What the chosen one means.
    pub rule: String,
    /// One word and a sentence.
    pub state: (String, String),
    /// It is running: the schedule is settled.
    pub running: bool,
    /// Steps added to the data so far.
    pub added: f64,
    /// Steps that may be added.
    pub budget: Option<f64>,
    /// Every environment step so far, probes and evaluation included, and those of evaluations among them.
    pub total: f64,
    /// Of them those of evaluations, where they are counted.
    pub evaluated: Option<f64>,
    /// How fast it goes, and the share of the whole that is done.
    pub pace: Option<(String, f64)>,
    /// Where the result lies.
    pub result: Option<String>,
    /// Frames of the spinner so far.
    pub tick: u64,
}

/// Columns of the names of the lines.
const NAMES: u16 = 10;

impl Switchboard {
    /// Columns of the schedules.
    fn chips(&self) -> u16 {
        let words: u16 = self.schedules.iter().map(|(name, _)| ink::width(name) + 3).sum();
        NAMES + words + 1
    }

    /// The rule beside the schedules where it has room there, else in lines under them.
    fn rule(&self, width: u16) -> (bool, Vec<String>) {
        let rest = width.saturating_sub(self.chips());
        if ink::width(&self.rule) <= rest {
            return (true, vec![self.rule.clone()]);
        }
        (false, ink::wrap(&self.rule, width.saturating_sub(NAMES)))
    }

    /// The sentence behind the state, in lines.
    fn said(&self, width: u16) -> Vec<String> {
        ink::wrap(&self.state.1, width.saturating_sub(ink::width(&self.state.0) + 4))
    }

    /// Lines that it takes in `width` columns.
    pub fn need(&self, width: u16) -> u16 {
        let (beside, rule) = self.rule(width);
        let rule = if beside { 0 } else { rule.len() };
        (2 + rule + self.said(width).len().max(1) + self.more(width)) as u16
    }

    /// The path of the result, in lines.
    fn result(&self, width: u16) -> Vec<String> {
        self.result.as_ref().map(|path| ink::wrap(path, width.saturating_sub(NAMES))).unwrap_or_default()
    }

    /// Lines of the pace and the result.
    fn more(&self, width: u16) -> usize {
        usize::from(self.pace.is_some()) + self.result(width).len()
    }

    /// Draws the switchboard.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        // Where there is less room than everything needs, the settings give way to what happens.
        let more = self.more(area.width);
        let spare = area.height.saturating_sub((2 + more + self.said(area.width).len().max(1)) as u16);
        let mut y = self.draw_rule(area, spare, buf, theme);
        let color = match self.state.0.as_str() {
            "done" => theme.colors().good,
            "failed" | "not possible" => theme.colors().alarm,
            "paused" | "stopped" | "ended" => theme.colors().warn,
            _ => theme.colors().accent,
        };
        let sign = if self.state.0 == "running" { gauge::spinner(self.tick) } else { "●" };
        let x = ink::put(buf, area, area.x, y, &format!("{sign} {}  ", self.state.0), color);
        let rows = area.bottom().saturating_sub(y + 1 + more as u16).max(1);
        let said = ink::wrap_within(&self.state.1, area.right().saturating_sub(x), rows);
        for line in &said {
            ink::put(buf, area, x, y, line, theme.text());
            y += 1;
        }
        y += u16::from(said.is_empty());
        self.draw_budget(ink::below(area, y - area.y), buf, theme);
        y += 1;
        if let Some((words, share)) = self.pace.as_ref().filter(|_| y < area.bottom()) {
            let place = ink::below(area, y - area.y);
            draw_bar("run       ", &format!(" {words}"), (*share, theme.colors().accent), place, buf, theme);
            y += 1;
        }
        let lines = self.result(area.width);
        for (i, (line, y)) in lines.iter().zip(y..area.bottom()).enumerate() {
            let name = if i == 0 { "result" } else { "" };
            ink::put(buf, area, area.x, y, name, theme.dim());
            ink::put(buf, area, area.x + NAMES, y, line, theme.text());
        }
    }

    /// Draws the schedules and what the chosen one means, in `spare` lines more than one; answers the line below.
    fn draw_rule(&self, area: Rect, spare: u16, buf: &mut Buffer, theme: Theme) -> u16 {
        let mut x = ink::put(buf, area, area.x, area.y, "schedule  ", theme.dim());
        for (name, chosen) in &self.schedules {
            let style = match (chosen, self.running) {
                (true, _) => theme.accent().bg(theme.colors().select),
                (false, _) => theme.dim(),
            };
            x = ink::put(buf, area, x, area.y, &format!(" {name} "), style) + 1;
        }
        match self.rule(area.width) {
            (true, lines) => {
                let rest = ink::beside(area, x + 1 - area.x);
                ink::put(buf, rest, rest.x, area.y, &lines.concat(), theme.dim());
                area.y + 1
            }
            (false, _) if spare == 0 => {
                let rest = ink::beside(area, x + 1 - area.x);
                ink::put(buf, rest, rest.x, area.y, &ink::fit_parts(&self.rule, rest.width), theme.dim());
                area.y + 1
            }
            (false, _) => {
                let lines = ink::wrap_within(&self.rule, area.width.saturating_sub(NAMES), spare);
                for (line, y) in lines.iter().zip(area.y + 1..) {
                    ink::put(buf, area, area.x + NAMES, y, line, theme.dim());
                }
                area.y + 1 + lines.len() as u16
            }
        }
    }

    fn draw_budget(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if area.height == 0 {
            return;
        }
        let most = self.budget.filter(|b| *b > 0.0);
        let (added, total) = (number::number(self.added), number::number(self.total));
        let added = format!(" {added} of {} steps added", most.map_or("?".into(), number::number));
        let evaluated = self.evaluated.filter(|n| *n > 0.0).map(number::number);
        let of_it = evaluated.as_ref().map(|n| format!(", {n} of them evaluations")).unwrap_or_default();
        let mut words = format!("{added} · {total} interaction steps in all{of_it}");
        if ink::width(&words) + NAMES + 8 > area.width {
            let of_it = evaluated.map(|n| format!(", {n} evaluation")).unwrap_or_default();
            words = format!("{added} · {total} in all{of_it}");
        }
        let share = most.map_or(0.0, |b| self.added / b);
        let color = if share > 0.999 { theme.colors().warn } else { theme.colors().good };
        draw_bar("budget    ", &words, (share, color), area, buf, theme);
    }
}

/// A name, a bar, and words beside it, which come first where there is little room.
fn draw_bar(name: &str, words: &str, (share, color): (f64, Color), area: Rect, buf: &mut Buffer, theme: Theme) {
    let x = ink::put(buf, area, area.x, area.y, name, theme.dim());
    let room = area.right().saturating_sub(x);
    let width = room.saturating_sub(ink::width(words)).clamp(8.min(room), 48);
    let bar = Rect { x, y: area.y, width, height: 1 };
    gauge::draw(share, color, bar, buf, theme);
    let rest = ink::beside(area, bar.right() - area.x);
    ink::put(buf, rest, rest.x, area.y, &ink::fit_parts(words, rest.width), theme.text());
}
