//! What the audit found: text first, errors red.

use std::borrow::Cow;

use crate::metrics::report::{Cell, Level, Note, Report, Table};
use crate::ui::card::{Body, Card};
use crate::ui::widget::number::counted;

/// Its card.
pub const FINDINGS: &str = "findings";

/// Errors and warnings of the audit.
pub fn counts(audit: &Report) -> (usize, usize) {
    let count = |key: &str| audit.value(key).map_or(0, |n| n as usize);
    (count("errors"), count("warnings"))
}

/// The findings that cannot be right; what the audit says of their number is left to the headings.
pub fn alarms(audit: &Report) -> impl Iterator<Item = &Note> {
    let rules: Vec<String> =
        table(audit).into_iter().flat_map(|t| &t.rows).map(|row| format!("{}: ", word(row, 1))).collect();
    audit.alarms().filter(move |note| rules.iter().any(|rule| note.text.starts_with(rule)))
}

/// What the loudest finding says is wrong.
pub fn first(audit: &Report) -> Option<String> {
    let table = table(audit)?;
    let found = |severity: &str| table.rows.iter().find(|row| word(row, 0) == severity);
    found("error").or_else(|| found("warning")).map(|row| word(row, 5))
}

/// The card of the findings; nothing where there is no table of them.
pub fn card(audit: &Report) -> Option<Card<'_>> {
    let table = table(audit)?;
    let notes: Vec<Note> = table.rows.iter().map(|row| note(row)).collect();
    let asked = audit.stats.iter().find(|s| s.key == "errors").and_then(|s| s.n.as_ref()).map(|(n, _)| *n as usize);
    let rules = asked.map(|n| counted(n, "rules")).unwrap_or_default();
    let of = |level: Level, many: &str| {
        let n = notes.iter().filter(|n| n.level == level).count();
        (n > 0).then(|| counted(n, many))
    };
    let found = [of(Level::Alarm, "errors"), of(Level::Warn, "warnings"), of(Level::Info, "notes")];
    let found = found.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if found.is_empty() {
        let text = format!("{rules} were checked, and the dataset keeps them all.");
        let good = Cow::Owned(Note { level: Level::Good, text });
        return Some(Card::new(FINDINGS, format!("Findings: none · {rules} checked"), Body::Notes(vec![good])));
    }
    let title = format!("Findings: {found} · {rules} checked");
    Some(Card::new(FINDINGS, title, Body::Notes(notes.into_iter().map(Cow::Owned).collect())))
}

fn table(audit: &Report) -> Option<&Table> {
    audit.tables.iter().find(|t| t.key == "findings")
}

/// Words of a cell of a finding; columns are those of the audit's table.
fn word(row: &[Cell], column: usize) -> String {
    match row.get(column) {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Count(n)) => n.to_string(),
        Some(Cell::Number(v)) => v.to_string(),
        None => String::new(),
    }
}

/// A finding as a sentence: what, how many, where, and what to do.
fn note(row: &[Cell]) -> Note {
    let [severity, rule, count, of, unit, what, remedy, episodes] = [0, 1, 2, 3, 4, 5, 6, 7].map(|c| word(row, c));
    let level = match severity.as_str() {
        "error" => Level::Alarm,
        "warning" => Level::Warn,
        _ => Level::Info,
    };
    let places = if episodes.is_empty() { String::new() } else { format!("; episodes {episodes}") };
    let remedy = if remedy.is_empty() { String::new() } else { format!("; {remedy}") };
    Note { level, text: format!("{what}{remedy} ({rule}: {count} of {of} {unit}{places})") }
}
