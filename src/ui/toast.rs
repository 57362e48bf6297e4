//! The room that a message takes from the cards: it covers none of them.

use ratatui::layout::Rect;

use super::app::{App, Ended};
use super::panel::panel;
use super::widget::ink;

/// The lines of a message in `body`.
pub fn lines(text: &str, body: Rect) -> Vec<String> {
    ink::wrap(text, body.width.saturating_sub(8))
}

/// Rows at the lower end of `body` that the message takes, its frame included; none where there is none, or where the empty
/// panel says the same.
pub fn height(app: &App, body: Rect) -> u16 {
    let Some(text) = &app.message else { return 0 };
    let job = panel(app.panel).job_in(&app.open);
    let told = matches!(app.jobs.ended.get(job), Some(Ended::Failed(why)) if why == text);
    if told && app.report(app.panel).is_none() {
        return 0;
    }
    (lines(text, body).len() as u16 + 2).min(body.height)
}
