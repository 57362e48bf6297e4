//! Sentences, numbers and tables.

use std::fmt::Write as _;

use super::write::escape;
use crate::ground::number::{counted, number, percent, unit};
use crate::metrics::report::{Cell, Level, Note, Stat, Table};

/// Letters of a cell that stands on one line.
const SHORT: usize = 28;

/// The sign of a level, with its name for who does not see it.
pub fn sign(level: Level) -> String {
    let (_, name, sign) = named(level);
    format!("<span class=\"sign\" role=\"img\" aria-label=\"{name}\">{sign}</span>")
}

fn named(level: Level) -> (u8, &'static str, &'static str) {
    match level {
        Level::Alarm => (0, "alarm", "\u{25b2}"),
        Level::Warn => (1, "warn", "\u{25c6}"),
        Level::Good => (2, "good", "\u{2713}"),
        Level::Info => (3, "info", "\u{b7}"),
    }
}

/// All sentences, the loudest first.
pub fn notes(out: &mut String, notes: &[Note], id: &str) {
    let mut sorted: Vec<&Note> = notes.iter().collect();
    sorted.sort_by_key(|n| named(n.level).0);
    let _ = writeln!(out, "<ul class=\"notes\" id=\"{id}\">");
    for note in sorted {
        let (_, class, _) = named(note.level);
        let _ = writeln!(out, "<li class=\"{class}\">{}<span>{}</span></li>", sign(note.level), escape(&note.text));
    }
    *out += "</ul>\n";
}

/// All digits of a number, for sorting, where its `text` has fewer.
fn exact(v: f64, text: &str) -> String {
    match text.parse::<f64>() {
        Ok(written) if written.total_cmp(&v).is_eq() => String::new(),
        _ if v.is_nan() => " data-v=\"\"".into(),
        _ if v.is_finite() && !(1e-5..1e15).contains(&v.abs()) => format!(" data-v=\"{v:e}\""),
        _ => format!(" data-v=\"{v}\""),
    }
}

/// All numbers, each with what it is.
pub fn stats(out: &mut String, stats: &[Stat], id: &str) {
    let _ = writeln!(
        out,
        "<div class=\"card\" id=\"{id}\">\n<table class=\"stats\">\n<thead><tr><th scope=\"col\">number</th>\
         <th scope=\"col\" class=\"n\">value</th><th scope=\"col\">interval</th><th scope=\"col\">rests on</th></tr></thead>\n<tbody>"
    );
    for s in stats {
        let written = |v: f64| if s.share { percent(v) } else { number(v) };
        let of = unit(s.value, if s.share { "%" } else { &s.unit });
        let of = if of.is_empty() { String::new() } else { format!(" <span class=\"unit\">{}</span>", escape(of)) };
        let between = s
            .interval
            .map(|(lo, hi)| format!("{} to {} ({})", written(lo), written(hi), s.interval_is))
            .unwrap_or_default();
        let n = s.n.as_ref().map(|(n, what)| counted(*n as usize, what)).unwrap_or_default();
        let text = written(s.value);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}<p>{}</p></th><td class=\"n\"{}><b>{text}</b>{of}</td><td class=\"between\">{}</td>\
             <td class=\"of\">{}</td></tr>",
            escape(&s.label),
            escape(&s.definition),
            exact(s.value, &text),
            escape(&between),
            escape(&n),
        );
    }
    *out += "</tbody>\n</table>\n</div>\n";
}

/// A table under its heading.
pub fn table(out: &mut String, table: &Table, (title, id): (&str, &str)) {
    let _ = writeln!(out, "<div class=\"card\" id=\"{id}\">\n<h3>{}</h3>", escape(title));
    if table.rows.is_empty() {
        *out += "<p class=\"about\">It has no rows.</p>\n</div>\n";
        return;
    }
    // A column of numbers is aligned at the right.
    let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0).max(table.columns.len());
    let right: Vec<bool> =
        (0..columns).map(|c| table.rows.iter().all(|r| !matches!(r.get(c), Some(Cell::Text(_))))).collect();
    // One of short words is not broken.
    let short = |row: &Vec<Cell>, c: usize| !matches!(row.get(c), Some(Cell::Text(t)) if t.chars().count() > SHORT);
    let short: Vec<bool> = (0..columns).map(|c| table.rows.iter().all(|row| short(row, c))).collect();
    let class = |c: usize| match (right.get(c), short.get(c)) {
        (Some(true), _) => " class=\"n\"",
        (_, Some(true)) => " class=\"s\"",
        _ => "",
    };
    let head = |c: usize| if right.get(c) == Some(&true) { " class=\"n\"" } else { "" };
    *out += "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>";
    for c in 0..columns {
        let name = table.columns.get(c).map(|n| escape(n)).unwrap_or_default();
        let _ = write!(out, "<th scope=\"col\"{}>{name}</th>", head(c));
    }
    *out += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        *out += "<tr>";
        for c in 0..columns {
            let (text, exact) = match row.get(c) {
                Some(Cell::Text(t)) => (escape(t), String::new()),
                Some(Cell::Number(v)) => {
                    let text = number(*v);
                    let exact = exact(*v, &text);
                    (text, exact)
                }
                Some(Cell::Count(n)) => (n.to_string(), String::new()),
                None => (String::new(), String::new()),
            };
            let _ = write!(out, "<td{}{exact}>{text}</td>", class(c));
        }
        *out += "</tr>\n";
    }
    *out += "</tbody>\n</table>\n</div>\n</div>\n";
}
