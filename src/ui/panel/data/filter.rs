//! The line that asks for a condition on the episodes.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{EPISODES, ID};
use crate::engine::job::{EpisodesSpec, Filter, JobSpec, Slot};
use crate::ui::app::{App, Prompt};
use crate::ui::msg::Effect;

/// Most characters of a condition.
const LONGEST: usize = 500;

/// Opens it with the condition that holds.
pub fn open(app: &mut App) -> Vec<Effect> {
    if app.jobs.running.contains_key(&Slot::Load) {
        // It would be read a second time at once.
        app.message = Some("The dataset is still being read: choose episodes when it is there.".into());
    } else {
        app.filter.prompt = Some(Prompt::new(app.filter.condition.clone().unwrap_or_default()));
    }
    Vec::new()
}

/// Takes a key while the line is open.
pub fn key(app: &mut App, mut prompt: Prompt, key: &KeyEvent) -> Vec<Effect> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let length = prompt.text.chars().count();
    match key.code {
        KeyCode::Esc => {
            app.message = None;
            return Vec::new();
        }
        KeyCode::Char('c') if control => return vec![Effect::Interrupt],
        KeyCode::Enter => return ask(app, prompt.text.trim()),
        KeyCode::Char('u') if control => prompt = Prompt::default(),
        KeyCode::Char('a') if control => prompt.at = 0,
        KeyCode::Char('e') if control => prompt.at = length,
        KeyCode::Char(c) if !control => insert(&mut prompt, [c]),
        KeyCode::Backspace if prompt.at > 0 => {
            prompt.at -= 1;
            prompt.text.remove(prompt.byte());
        }
        KeyCode::Delete if prompt.at < length => {
            prompt.text.remove(prompt.byte());
        }
        KeyCode::Left => prompt.at = prompt.at.saturating_sub(1),
        KeyCode::Right => prompt.at = (prompt.at + 1).min(length),
        KeyCode::Home => prompt.at = 0,
        KeyCode::End => prompt.at = length,
        _ => {}
    }
    app.filter.prompt = Some(prompt);
    Vec::new()
}

/// Writes pasted text into the line, where it is open: its first line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(prompt) = &mut app.filter.prompt {
        insert(prompt, text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()));
    }
}

fn insert(prompt: &mut Prompt, text: impl IntoIterator<Item = char>) {
    for c in text.into_iter().take(LONGEST.saturating_sub(prompt.text.chars().count())) {
        prompt.text.insert(prompt.byte(), c);
        prompt.at += 1;
    }
}

/// Asks for the episodes that meet a condition; all of them where there is none.
fn ask(app: &mut App, condition: &str) -> Vec<Effect> {
    app.message = None;
    app.reports.remove("episodes");
    app.filter.condition = (!condition.is_empty()).then(|| condition.to_owned());
    let Some(job) = job(app) else { return Vec::new() };
    app.looks.focus.insert(ID, EPISODES.into());
    app.looks.card_mut(ID, EPISODES).row = None;
    vec![app.jobs.start(job)]
}

/// The condition was not understood: all episodes are shown, and what was written waits to be mended.
pub fn refused(app: &mut App) {
    let text = app.filter.condition.take();
    app.filter.prompt = text.filter(|_| app.panel == ID).map(Prompt::new);
}

/// The job that finds the episodes that meet the condition, where there is one.
pub fn job(app: &App) -> Option<JobSpec> {
    let filter = Filter { condition: Some(app.filter.condition.clone()?), ..Filter::default() };
    Some(JobSpec::Episodes(EpisodesSpec { source: app.open.source.clone(), filter, ..EpisodesSpec::default() }))
}
