//! One table of keys: dispatch, footer, help overlay and the README's table are made from it.

use super::card::Place;
use super::keymap::{Action, Binding, CARDS, Key, PROGRAM};
use super::panel::{PANELS, Panel};
use super::panel_id::PanelId;

/// Every binding, with the panel that it belongs to where it holds only there. What comes first is shown first in the
/// footer.
pub fn bindings() -> impl Iterator<Item = (Option<&'static Panel>, &'static Binding)> {
    let own = PANELS.iter().flat_map(|panel| panel.keys.iter().map(move |b| (Some(panel), b)));
    let shows = PANELS.iter().map(|panel| &panel.shown_by);
    own.chain(CARDS.iter().chain(shows).chain(PROGRAM).map(|b| (None, b)))
}

/// Every binding, and whether it holds on `panel` with a card of kind `focus`.
pub fn holding(panel: PanelId, focus: Place) -> impl Iterator<Item = (bool, &'static Binding)> {
    bindings().map(move |(own, b)| (own.is_none_or(|p| p.id == panel) && b.holds(focus), b))
}

/// What `key` asks for on `panel` with a card of kind `focus`.
pub fn action(key: Key, panel: PanelId, focus: Place) -> Option<Action> {
    holding(panel, focus).find(|(holds, b)| *holds && b.keys.contains(&key)).map(|(_, b)| b.action)
}

/// The table as Markdown, for the README.
pub fn markdown() -> String {
    let mut out = String::from("| keys | what they do | where |\n|---|---|---|\n");
    for (own, b) in bindings() {
        let keys = b.keys.iter().map(|k| format!("`{}`", k.name().replace('|', "\\|"))).collect::<Vec<_>>().join(" ");
        let place = match (own, b.place) {
            (Some(panel), _) => panel.title,
            (None, Place::Everywhere) => "everywhere",
            (None, Place::Figure) => "plots and maps",
            (None, Place::Table) => "tables",
        };
        let line = ["| ", &keys, " | ", b.help, " | ", place, " |\n"].concat();
        out.push_str(&line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True where there is a place in which both hold.
    fn meet(a: (Option<&Panel>, &Binding), b: (Option<&Panel>, &Binding)) -> bool {
        let panels = a.0.zip(b.0).is_none_or(|(p, q)| p.id == q.id);
        let (p, q) = (a.1.place, b.1.place);
        panels && (p == q || p == Place::Everywhere || q == Place::Everywhere)
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let all: Vec<_> = bindings().collect();
        for (i, a) in all.iter().enumerate() {
            for b in all[i + 1..].iter().filter(|b| meet(*a, **b)) {
                let clash = a.1.keys.iter().find(|k| b.1.keys.contains(k));
                assert!(clash.is_none(), "{clash:?} is both '{}' and '{}'", a.1.help, b.1.help);
            }
        }
    }

    #[test]
    fn every_binding_has_keys_and_help() {
        for (_, b) in bindings() {
            assert!(!b.keys.is_empty() && b.help.len() > 5, "{:?}", b.action);
            assert!(markdown().contains(b.help));
        }
    }
}
