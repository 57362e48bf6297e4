//! Pages: turning them, and the sizes of what is on them.

use crate::ui::app::App;
use crate::ui::card::{self, Body};
use crate::ui::layout::Split;
use crate::ui::shown::{Shown, shown};

use super::{cursor, over};

/// Least columns and rows that a card keeps.
const LEAST: (u16, u16) = (12, 4);

/// Turns so many pages further, round and round; the first card there that a cursor can walk on gets the focus.
pub fn turn(app: &mut App, by: i32) {
    app.looks.zoom = false;
    let shown = shown(app);
    let n = shown.pages.len() as i64;
    if n == 0 {
        return;
    }
    let next = (shown.page as i64 + i64::from(by)).rem_euclid(n) as usize;
    show(app, next);
}

/// Shows page number `page`.
pub fn show(app: &mut App, page: usize) {
    let shown = shown(app);
    let Some((_, first)) = shown.pages.get(page).filter(|_| page != shown.page) else { return };
    let id = shown.cards[*first].id.clone();
    app.looks.focus.insert(app.panel, id);
}

/// Scrolls ten rows where the focused card has more of them than it shows, until it is at its end; else turns the page.
pub fn scroll_or_turn(app: &mut App, by: i32) {
    if over::shift(app, (0, 10 * by)) {
        return;
    }
    if goes_on(app, &shown(app), by) {
        cursor::motion(app, |card, lens| card::shift(card, lens, 0, 10 * by));
    } else {
        turn(app, by);
    }
}

/// True where the focused card holds more rows than its place, and some of them are still to come that way.
fn goes_on(app: &App, shown: &Shown<'_>, by: i32) -> bool {
    let Some(card) = shown.focused() else { return false };
    let Some((_, area)) = shown.placed.iter().find(|(i, _)| *i == shown.focus) else { return false };
    let Some(need) = card.need(area.width, true).filter(|need| *need > area.height) else { return false };
    let row = match card.body {
        Body::Notes(_) if by < 0 => return card.look.scroll > 0,
        Body::Notes(_) => return card.look.scroll + usize::from(area.height) < usize::from(need),
        Body::Table(data) => card::table(data, &card.look).selected,
        Body::Stats(_) => Some(card.look.row.unwrap_or(0)),
        _ => return false,
    };
    let next = card::shift(card, app.lens(), 0, 10 * by);
    matches!(next, Some(card::Target::Look(look)) if look.row != row)
}

/// Makes the focused card so many columns wider and so many rows higher, at the cost of its neighbour.
pub fn size(app: &mut App, columns: i32, rows: i32) {
    let shown = shown(app);
    let focus = shown.focus;
    // The innermost row or column that goes this way.
    let goes = |split: &&Split| split.across == (columns != 0) && split.parts.len() > 1;
    let Some(split) = shown.splits.iter().rev().filter(goes).find(|s| s.cards.iter().any(|c| c.contains(&focus)))
    else {
        return;
    };
    let Some(part) = split.cards.iter().position(|cards| cards.contains(&focus)) else { return };
    // The last part gives and takes at the border before it.
    let (border, by) = if part + 1 < split.parts.len() { (part, columns + rows) } else { (part - 1, -columns - rows) };
    let (split, by) = (split.clone(), by);
    move_border(app, &split, border, by);
}

/// Moves the border after part `border` of `split` by so many cells.
pub fn move_border(app: &mut App, split: &Split, border: usize, by: i32) {
    let mut sizes: Vec<u16> = split.parts.iter().map(|r| if split.across { r.width } else { r.height }).collect();
    let least = if split.across { LEAST.0 } else { LEAST.1 };
    let Some([before, after]) = sizes.get_mut(border..border + 2) else { return };
    let both = *before + *after;
    if both < 2 * least {
        return;
    }
    *before = before.saturating_add_signed(by as i16).clamp(least, both - least);
    *after = both - *before;
    app.looks.sizes.entry(app.panel).or_default().insert(split.name.clone(), sizes);
}

/// The border at (x, y): its split, and the part before it.
pub fn border_at(shown: &Shown<'_>, x: u16, y: u16) -> Option<(Split, usize)> {
    let hit = |split: &Split| {
        let before = |a: &ratatui::layout::Rect| {
            if split.across {
                // Both frames at the border, as high as the cards are.
                (x == a.right() || x + 1 == a.right()) && (a.y..a.bottom()).contains(&y)
            } else {
                // The heading below is what can be held: the line above it is a card's last.
                y == a.bottom() && (a.x..a.right()).contains(&x)
            }
        };
        split.parts.split_last()?.1.iter().position(before)
    };
    shown.splits.iter().rev().find_map(|split| Some((split.clone(), hit(split)?)))
}
