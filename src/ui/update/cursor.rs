//! The cursor of the focused card.

use crate::ui::app::App;
use crate::ui::card::{Card, Target};
use crate::ui::look::Lens;
use crate::ui::shown::shown;

/// Moves the cursor of the focused card.
pub fn motion(app: &mut App, to: impl Fn(&Card, Lens<'_>) -> Option<Target>) {
    let shown = shown(app);
    let Some(card) = shown.focused() else { return };
    let target = to(card, app.lens());
    let id = card.id.clone();
    match target {
        Some(Target::At(axis, v)) => {
            app.selection.at.insert(axis, v);
        }
        Some(Target::Look(look)) => *app.looks.card_mut(app.panel, &id) = look,
        None => {}
    }
}
