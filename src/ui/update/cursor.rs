//! The cursor of the focused card.

use super::map;
use crate::ui::app::App;
use crate::ui::card::{self, Card, Target};
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
            let all = card::ends(card);
            if let (Some(window), Some(all)) = (app.selection.window.get_mut(&axis), all) {
                *window = around(*window, all, v);
            }
            app.selection.at.insert(axis, v);
        }
        Some(Target::Look(look)) => *app.looks.card_mut(app.panel, &id) = look,
        None => {}
    }
}

/// `window`, moved by half its length, or more, where `v` is outside; never beyond `all`.
fn around((lo, hi): (f64, f64), all: (f64, f64), v: f64) -> (f64, f64) {
    if (lo..=hi).contains(&v) {
        return (lo, hi);
    }
    let half = (hi - lo) / 2.0;
    let by = if v > hi { (v - hi).max(half) } else { -(lo - v).max(half) };
    map::within((lo + by, hi + by), all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_goes_with_the_cursor_and_never_beyond_the_data() {
        let all = (0.0, 100.0);
        assert_eq!(around((10.0, 30.0), all, 20.0), (10.0, 30.0));
        assert_eq!(around((10.0, 30.0), all, 31.0), (20.0, 40.0));
        assert_eq!(around((10.0, 30.0), all, 9.0), (0.0, 20.0));
        assert_eq!(around((10.0, 30.0), all, 100.0), (80.0, 100.0));
        assert_eq!(around((70.0, 90.0), all, 95.0), (80.0, 100.0));
        assert_eq!(around((10.0, 30.0), (0.0, 5.0), 4.0), (0.0, 5.0));
        // A window of data that was longer, where its length is not exact.
        assert_eq!(around((10.0, 30.0), (0.1, 0.4), 0.2), (0.1, 0.4));
    }
}
