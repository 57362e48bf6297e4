//! What lies over the panel: keys, words, jobs, and the search for an action.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Effect;
use crate::engine::job::{Control, Slot};
use crate::ui::app::{App, Over, Prompt, Searched};
use crate::ui::palette::{self, Found};
use crate::ui::panel::topup::plan;

/// Most lines that are scrolled away.
const LINES: usize = 200;

/// Keys, then words, then neither.
pub fn help(app: &mut App) {
    app.over = match app.over {
        Some(Over::Keys(_)) => Some(Over::Words(0)),
        Some(Over::Words(_)) => None,
        _ => Some(Over::Keys(0)),
    };
}

/// Moves the cursor in it: columns to the right and rows down; false where nothing lies over the panel.
pub fn shift(app: &mut App, (dx, dy): (i32, i32)) -> bool {
    let by = dx + dy;
    if let Some(Over::Plan(_, Some(_))) = app.over {
        return true;
    }
    if let Some(Over::Plan(at, None)) = app.over {
        let next = at.saturating_add_signed(dy as isize).min(plan::FIELDS.len() - 1);
        app.over = Some(Over::Plan(next, None));
        if dx != 0 {
            plan::change(app, plan::FIELDS[at], dx.signum());
        }
        return true;
    }
    let jobs = app.jobs.running.len();
    match &mut app.over {
        Some(Over::Keys(at) | Over::Words(at)) => *at = at.saturating_add_signed(by as isize).min(LINES),
        Some(Over::Jobs(at)) => *at = at.saturating_add_signed(by as isize).min(jobs.saturating_sub(1)),
        Some(Over::Search(..) | Over::Plan(..)) | None => return false,
    }
    true
}

/// What a key leads to while names are searched.
pub enum Search {
    /// The search goes on, or is over.
    Goes,
    /// The program ends as a signal would end it.
    Interrupted,
    /// What was found.
    Found(Found),
}

/// Takes a key while names are searched.
pub fn key(app: &mut App, (what, prompt, at): (Searched, Prompt, usize), key: &KeyEvent) -> Search {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let found = palette::found(app, what, &prompt.text);
    let last = found.len().saturating_sub(1);
    let (next, at) = match key.code {
        KeyCode::Esc => return Search::Goes,
        KeyCode::Char('c') if control => return Search::Interrupted,
        KeyCode::Enter => match found.get(at) {
            Some(entry) => return Search::Found(entry.found),
            // Nothing is called so: what was written waits to be mended.
            None => (prompt, at),
        },
        KeyCode::Up => (prompt, at.saturating_sub(1)),
        KeyCode::Down | KeyCode::Tab => (prompt, (at + 1).min(last)),
        _ => (prompt.after(key), 0),
    };
    app.over = Some(Over::Search(what, next, at));
    Search::Goes
}

/// Takes a key while a value of the plan is written, or one that begins it; false where it is neither.
pub fn write_value(app: &mut App, key: &KeyEvent) -> bool {
    let Some(Over::Plan(at, typed)) = &app.over else { return false };
    let (at, field) = (*at, plan::FIELDS[*at]);
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let begins = plain && plan::is_number(field) && matches!(key.code, KeyCode::Char('0'..='9' | '.'));
    let typed = match typed {
        Some(typed) => typed.clone(),
        None if begins => Prompt::default(),
        None => return false,
    };
    app.message = None;
    let next = match key.code {
        KeyCode::Char('c') if !plain => return false,
        KeyCode::Esc => None,
        KeyCode::Enter | KeyCode::Up | KeyCode::Down | KeyCode::Tab => match plan::set(app, field, &typed.text) {
            Ok(()) => None,
            // It waits to be mended.
            Err(why) => {
                app.message = Some(why);
                Some(typed)
            }
        },
        _ => Some(typed.after(key)),
    };
    let moves = match key.code {
        KeyCode::Up if next.is_none() => -1,
        KeyCode::Down | KeyCode::Tab if next.is_none() => 1,
        _ => 0,
    };
    app.over = Some(Over::Plan(at.saturating_add_signed(moves).min(plan::FIELDS.len() - 1), next));
    true
}

/// The selected job of the list.
fn selected(app: &App) -> Option<Slot> {
    let Some(Over::Jobs(at)) = app.over else { return None };
    app.jobs.running.keys().nth(at).copied()
}

/// Stops the selected job.
pub fn stop(app: &mut App) -> Vec<Effect> {
    let Some(job) = selected(app).and_then(|slot| app.jobs.running.get_mut(&slot)) else { return Vec::new() };
    job.stopping = job.id.is_some();
    job.id.map(|id| Effect::Control(id, Control::Stop)).into_iter().collect()
}

/// Holds the selected job, or lets it go on.
pub fn pause(app: &mut App) -> Vec<Effect> {
    let Some(job) = selected(app).and_then(|slot| app.jobs.running.get_mut(&slot)) else { return Vec::new() };
    let Some(id) = job.id else { return Vec::new() };
    job.paused = !job.paused;
    vec![Effect::Control(id, if job.paused { Control::Pause } else { Control::Resume })]
}
