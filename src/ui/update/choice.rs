//! Which episodes everything is about: the line that asks for a condition, regions, and the way back.
//!
//! What is asked for is looked for first; only where there are such episodes does it hold, and everything is measured anew.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Effect, map};
use crate::engine::job::{Only, Slot};
use crate::ui::app::{App, Over, Prompt, Sought};
use crate::ui::choosing::ask;
use crate::ui::panel::{PANELS, diagnosis, road, start_next};

/// Opens the line with the condition that holds.
pub fn open(app: &mut App) {
    if app.jobs.running.contains_key(&Slot::Load) {
        // It would be read a second time at once.
        app.message = Some("The dataset is still being read: choose episodes when it is there.".into());
    } else {
        app.filter.prompt = Some(Prompt::new(app.open.source.only.condition.clone().unwrap_or_default()));
    }
}

/// Takes a key while the line is open.
pub fn key(app: &mut App, prompt: Prompt, key: &KeyEvent) -> Vec<Effect> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let next = match key.code {
        KeyCode::Esc => {
            app.message = None;
            return Vec::new();
        }
        KeyCode::Char('c') if control => return vec![Effect::Interrupt],
        KeyCode::Enter => return written(app, prompt.text.trim()),
        KeyCode::Up => earlier(app, prompt, 1),
        KeyCode::Down => earlier(app, prompt, -1),
        _ => prompt.after(key),
    };
    app.filter.prompt = Some(next);
    Vec::new()
}

/// The line that was written so many lines before (1) or after (−1) the one that is shown.
fn earlier(app: &App, prompt: Prompt, by: isize) -> Prompt {
    let back = prompt.back.saturating_add_signed(by).min(app.filter.history.len());
    let Some(text) = app.filter.history.len().checked_sub(back).and_then(|at| app.filter.history.get(at)) else {
        return Prompt { back: 0, ..prompt };
    };
    Prompt { back, ..Prompt::new(text.clone()) }
}

/// Writes pasted text into the line, where it is open: its first line.
pub fn paste(app: &mut App, text: &str) {
    let over = match &mut app.over {
        Some(Over::Plan(_, prompt)) => prompt.as_mut(),
        Some(Over::Search(_, prompt, _)) => Some(prompt),
        _ => None,
    };
    let Some(prompt) = app.filter.prompt.as_mut().or(over) else { return };
    prompt.insert(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()));
}

/// Asks for the episodes that meet a condition, and pass through the region that holds; an empty line takes both back.
fn written(app: &mut App, condition: &str) -> Vec<Effect> {
    app.filter.history.retain(|text| text != condition);
    if condition.is_empty() {
        return ask(app, Only::default());
    }
    app.filter.history.push(condition.to_owned());
    ask(app, Only { condition: Some(condition.to_owned()), ..app.open.source.only.clone() })
}

/// There are such episodes: they hold, and everything is measured of them.
pub fn found(app: &mut App) -> Vec<Effect> {
    let Some(Sought { only, back }) = app.filter.asked.take() else { return Vec::new() };
    let before = std::mem::replace(&mut app.open.source.only, only);
    if back {
        app.filter.before.pop();
    } else {
        app.filter.before.push(before);
    }
    // Rows are others now, and so is what the other networks of a pair were measured on.
    app.looks.cards.retain(|(panel, _), look| panel.0 != PANELS[0].id.0 || look.row.is_none());
    if let Some(pair) = &mut app.pair {
        pair.shelf.clear();
    }
    app.follow.measured.clear();
    app.follow.useful = None;
    app.follow.ratios.clear();
    measure_anew(app)
}

/// There are none, or the condition was not understood: nothing changes, and what was written waits to be mended.
pub fn refused(app: &mut App) {
    let Some(asked) = app.filter.asked.take() else { return };
    app.filter.prompt = asked.only.condition.filter(|_| !asked.back).map(Prompt::new);
}

/// Forgets what was measured of other episodes, stops what measures it, and asks for it anew.
fn measure_anew(app: &mut App) -> Vec<Effect> {
    let jobs = road(&app.open);
    let is_one = |name: &str| ["map", diagnosis::TRACE].contains(&name) || jobs.iter().any(|spec| spec.name() == name);
    let mut effects = app.jobs.take_back(is_one);
    let own = PANELS[1..].iter().filter(|panel| panel.by_hand.is_none()).map(|panel| panel.id.0);
    for report in own.chain(["compare", diagnosis::TRACE]) {
        app.reports.remove(report);
        map::forget(app, report);
    }
    for spec in &jobs {
        app.jobs.ended.remove(spec.name());
    }
    app.jobs.queue.extend(jobs);
    effects.extend(start_next(app));
    effects
}
