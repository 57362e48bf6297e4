//! A switchboard for what is started by hand: choices, state, budget.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

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
    /// Every environment step so far, probes and evaluation included.
    pub total: f64,
    /// Frames of the spinner so far.
    pub tick: u64,
}

impl Switchboard {
    /// Draws the switchboard.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        let mut x = ink::put(buf, area, area.x, area.y, "schedule  ", theme.dim());
        for (name, chosen) in &self.schedules {
            let style = match (chosen, self.running) {
                (true, _) => theme.accent().bg(theme.colors().select),
                (false, true) => theme.faint(),
                (false, false) => theme.dim(),
            };
            x = ink::put(buf, area, x, area.y, &format!(" {name} "), style) + 1;
        }
        let rest = ink::beside(area, x + 1 - area.x);
        ink::put(buf, rest, rest.x, area.y, &ink::fit(&self.rule, rest.width), theme.dim());

        let color = match self.state.0.as_str() {
            "done" => theme.colors().good,
            "failed" | "not possible" => theme.colors().alarm,
            "paused" | "stopped" | "ended" => theme.colors().warn,
            _ => theme.colors().accent,
        };
        let y = area.y + 1;
        let sign = if self.state.0 == "running" { gauge::spinner(self.tick) } else { "●" };
        let x = ink::put(buf, area, area.x, y, &format!("{sign} {}  ", self.state.0), color);
        let rest = ink::beside(area, x - area.x);
        ink::put(buf, rest, x, y, &ink::fit(&self.state.1, rest.width), theme.text());
        self.draw_budget(ink::below(area, 2), buf, theme);
    }

    fn draw_budget(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        if area.height == 0 {
            return;
        }
        let most = self.budget.filter(|b| *b > 0.0);
        let words = format!(
            " {} of {} steps added · {} interaction steps in all",
            number::number(self.added),
            most.map_or("?".into(), number::number),
            number::number(self.total)
        );
        let x = ink::put(buf, area, area.x, area.y, "budget    ", theme.dim());
        let room = area.right().saturating_sub(x);
        let width = room.saturating_sub(ink::width(&words)).clamp(8.min(room), 48);
        let bar = Rect { x, y: area.y, width, height: 1 };
        let share = most.map_or(0.0, |b| self.added / b);
        let color = if share > 0.999 { theme.colors().warn } else { theme.colors().good };
        gauge::draw(share, color, bar, buf, theme);
        let rest = ink::beside(area, bar.right() - area.x);
        ink::put(buf, rest, rest.x, area.y, &ink::fit(&words, rest.width), theme.text());
    }
}
