//! Reports for terminals that show ASCII alone: names and sentences spelled before they are placed, because a sign may need
//! more letters than it has cells.

use std::sync::Arc;

use crate::ground::ascii::spell;
use crate::metrics::report::{Axis, Cell, Note, Overlay, PairMaps, Report, Series};

/// The report with every word in ASCII.
pub fn report(r: &Report) -> Report {
    let mut out = r.clone();
    word(&mut out.title);
    for s in &mut out.stats {
        [&mut s.label, &mut s.unit, &mut s.definition].into_iter().for_each(word);
        s.n.iter_mut().for_each(|n| word(&mut n.1));
    }
    out.series.iter_mut().for_each(series);
    for h in &mut out.histograms {
        word(&mut h.label);
        axis(&mut h.axis);
        h.marks.iter_mut().for_each(|mark| word(&mut mark.0));
    }
    for m in &mut out.maps {
        [&mut m.label, &mut m.unit].into_iter().for_each(word);
        [&mut m.x_axis, &mut m.y_axis].into_iter().for_each(axis);
        m.overlays.iter_mut().for_each(overlay);
        for (_, name) in Arc::make_mut(&mut m.offered).iter_mut() {
            word(name);
        }
    }
    for s in &mut out.scatters {
        word(&mut s.label);
        [&mut s.x_axis, &mut s.y_axis].into_iter().for_each(axis);
        s.x_mark.iter_mut().for_each(|mark| word(&mut mark.0));
    }
    for t in &mut out.tables {
        word(&mut t.label);
        t.columns.iter_mut().for_each(word);
        for cell in t.rows.iter_mut().flatten() {
            if let Cell::Text(text) = cell {
                word(text);
            }
        }
    }
    out.notes.iter_mut().for_each(note);
    out.pairs = out.pairs.as_deref().map(|pairs| {
        let names = pairs.names.iter().map(|name| spell(name).into_owned()).collect();
        Arc::new(PairMaps { names, ..pairs.clone() })
    });
    for detail in Arc::make_mut(&mut out.details) {
        word(&mut detail.label);
        note(&mut detail.verdict);
        detail.series.iter_mut().for_each(series);
        detail.path.iter_mut().for_each(overlay);
    }
    out.refused.iter_mut().for_each(|refused| word(&mut refused.1));
    out
}

fn word(text: &mut String) {
    if !text.is_ascii() {
        *text = spell(text).into_owned();
    }
}

fn note(note: &mut Note) {
    word(&mut note.text);
}

fn axis(axis: &mut Axis) {
    [&mut axis.label, &mut axis.unit].into_iter().for_each(word);
}

fn series(s: &mut Series) {
    [&mut s.key, &mut s.label, &mut s.group, &mut s.definition].into_iter().for_each(word);
    [&mut s.x_axis, &mut s.y_axis].into_iter().for_each(axis);
}

fn overlay(overlay: &mut Overlay) {
    word(&mut overlay.label);
}
