//! Asking for the episodes that everything is about; what is asked for holds once it is found.

use super::app::{App, Sought};
use super::msg::Effect;
use crate::engine::job::{JobSpec, Only, Within};

/// Asks for the episodes that pass through a region, and meet the condition that holds.
pub fn region(app: &mut App, within: Vec<Within>) -> Vec<Effect> {
    ask(app, Only { within, ..app.open.source.only.clone() })
}

/// Asks for episodes, where they are not those that hold.
pub fn ask(app: &mut App, only: Only) -> Vec<Effect> {
    app.message = None;
    if only == app.open.source.only {
        return Vec::new();
    }
    look_for(app, Sought { only, back: false })
}

/// Takes the last change back.
pub fn undo(app: &mut App) -> Vec<Effect> {
    let Some(only) = app.filter.before.last().cloned() else { return Vec::new() };
    look_for(app, Sought { only, back: true })
}

fn look_for(app: &mut App, asked: Sought) -> Vec<Effect> {
    let mut source = app.open.source.clone();
    source.only = asked.only.clone();
    app.filter.asked = Some(asked);
    vec![app.jobs.start(JobSpec::Choose(source))]
}
