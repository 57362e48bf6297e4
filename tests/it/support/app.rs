//! The screen as a plain value: keys, and news of jobs.

use oodscope::engine::job::{Body, Event, JobId, Slot};
use oodscope::ui::app::App;
use oodscope::ui::offscreen::keys;
use oodscope::ui::update::{Effect, Msg, update};

/// Presses keys that blanks keep apart: a character, or a name as `--keys` has it ("Enter", "S-Tab").
pub fn press(app: &mut App, words: &str) -> Vec<Effect> {
    let text = |word: &str| if word.chars().count() == 1 { word.to_owned() } else { format!("<{word}>") };
    let events = words.split_whitespace().flat_map(|word| match word {
        "<" => keys::parse("<lt>").unwrap(),
        word => keys::parse(&text(word)).unwrap(),
    });
    events.flat_map(|event| update(app, Msg::Key(event))).collect()
}

/// News of job `id`.
pub fn event(app: &mut App, id: u64, body: Body) -> Vec<Effect> {
    update(app, Msg::Engine(Event { job: JobId(id), body }))
}

/// The job in `slot` has its number.
pub fn started(app: &mut App, slot: Slot, id: u64) {
    update(app, Msg::JobStarted { slot, id: JobId(id) });
}
