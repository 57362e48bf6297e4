//! Pinned curves: copies of a plot's curves as they are, which stay in its card whatever is measured next.

use crate::metrics::report::{Role, Series};
use crate::ui::app::App;
use crate::ui::card::Body;
use crate::ui::shown::shown;

/// Most pinned curves of a card.
const MOST: usize = 4;

/// Pins what is not pinned yet of the focused plot; where everything is, lets all of it go.
pub fn pin(app: &mut App) {
    let shown = shown(app);
    let Some(card) = shown.focused() else { return };
    let Body::Plot(lines) = &card.body else {
        app.message = Some("Only the curves of a plot can be pinned.".into());
        return;
    };
    let key = (app.panel, card.id.clone());
    let known = app.looks.pins.get(&key).map(Vec::as_slice).unwrap_or_default();
    let measured = |s: &&&Series| matches!(s.role, Role::Value | Role::Real) && s.y.iter().any(|v| v.is_finite());
    let is_new = |s: &&&Series| known.iter().all(|pin| !same(pin, s));
    let fresh: Vec<Series> = lines.iter().filter(measured).take(MOST).filter(is_new).map(|s| copy(s)).collect();
    if fresh.is_empty() {
        if app.looks.pins.remove(&key).is_some() {
            app.message = Some("The pinned curves are let go.".into());
        }
        return;
    }
    let pins = app.looks.pins.entry(key).or_default();
    pins.extend(fresh);
    // The latest stay.
    pins.drain(..pins.len().saturating_sub(MOST));
    name(pins);
}

fn copy(of: &Series) -> Series {
    Series { role: Role::Past, band: None, label: format!("pinned: {}", of.label), ..of.clone() }
}

/// True where the pin is of this curve as it is. Gaps are equal.
fn same(pin: &Series, now: &Series) -> bool {
    let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    pin.key == now.key && bits(&pin.x) == bits(&now.x) && bits(&pin.y) == bits(&now.y)
}

/// Curves of one name are told apart by a number.
fn name(pins: &mut [Series]) {
    let plain = |label: &str| label.split_once(": ").map_or(label, |(_, plain)| plain).to_owned();
    let names: Vec<String> = pins.iter().map(|pin| plain(&pin.label)).collect();
    for (i, pin) in pins.iter_mut().enumerate() {
        let count = |upto: usize| names[..upto].iter().filter(|name| **name == names[i]).count();
        let number = if count(names.len()) > 1 { format!(" {}", count(i + 1)) } else { String::new() };
        pin.label = format!("pinned{number}: {}", names[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_the_number_that_it_has_itself() {
        let of = |labels: &[&str]| {
            let mut pins: Vec<Series> =
                labels.iter().map(|l| copy(&Series { label: (*l).into(), ..Series::default() })).collect();
            name(&mut pins);
            // Named again, as at each further pin.
            name(&mut pins);
            pins.into_iter().map(|pin| pin.label).collect::<Vec<_>>()
        };
        assert_eq!(of(&["a #2"]), ["pinned: a #2"]);
        assert_eq!(of(&["a #2", "a #3"]), ["pinned: a #2", "pinned: a #3"]);
        assert_eq!(of(&["R", "R: last", "R"]), ["pinned 1: R", "pinned: R: last", "pinned 2: R"]);
    }
}
