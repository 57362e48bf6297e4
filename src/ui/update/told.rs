//! What a run tells while it goes on.

use crate::engine::job::{Slot, Told};
use crate::ui::app::App;
use crate::ui::panel::coverage;

/// Takes in what the job in `slot` told, where it is a run that trains.
pub fn heard(app: &mut App, slot: Slot, told: Vec<Told>) {
    let Some(running) = app.jobs.running.get(&slot).filter(|_| slot == Slot::Train) else { return };
    let seconds = running.seconds;
    let acted = told.iter().any(|told| matches!(told, Told::Episode { .. }));
    for told in told {
        app.live.hear(seconds, told);
    }
    if acted {
        lay(app);
    }
}

/// Lays the episodes over the map of the coverage as it is now.
pub fn lay(app: &mut App) {
    let mut live = std::mem::take(&mut app.live);
    live.lay(coverage::density(app));
    app.live = live;
}
