//! Reports as text for people: aligned numbers with unit, interval and n; small curves; tables; marked notes.

use std::fmt::Write;

use crate::engine::job::Outcome;
use crate::metrics::report::{CONFIDENCE, Cell, Level, Note, Report, Stat, Table};

mod chart;
mod number;

use number::{counted, number, pad, percent, unit, width};

/// Rows of a table that are printed; all are in the JSON.
const ROWS: usize = 20;
/// Rows of a table that are printed where the report is nothing else.
const LIST: usize = 1000;

/// A report with a heading and an empty line after it.
pub fn report(r: &Report) -> String {
    let mut out = format!("{}\n{}\n", r.title, "─".repeat(width(&r.title)));
    stats(&mut out, &r.stats);
    chart::series(&mut out, &r.series);
    r.histograms.iter().for_each(|h| chart::histogram(&mut out, h));
    r.maps.iter().for_each(|m| chart::map(&mut out, m));
    for s in &r.scatters {
        line(&mut out, &format!("{}: {}, in the JSON", s.label, counted(s.x.len(), "points")));
    }
    // A list that was asked for by itself is not cut.
    let list = r.listed || r.stats.is_empty() && r.series.is_empty() && r.histograms.is_empty();
    let rows = if list { LIST } else { ROWS };
    r.tables.iter().for_each(|t| table(&mut out, t, rows));
    notes(&mut out, &r.notes);
    out.push('\n');
    clean(&out)
}

/// What a job leaves behind.
pub fn outcome(o: &Outcome) -> String {
    let mut out = String::new();
    if !o.summary.is_empty() {
        line(&mut out, &o.summary);
    }
    o.written.iter().for_each(|path| line(&mut out, &format!("wrote {}", path.display())));
    clean(&out)
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Names and sentences may come out of a file: no control character reaches the terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '?' } else { c }).collect()
}

fn stats(out: &mut String, stats: &[Stat]) {
    let written = |s: &Stat, v: f64| if s.share { percent(v) } else { number(v) };
    let unit_of = |s: &Stat| unit(s.value, if s.share { "%" } else { s.unit.as_str() }).to_owned();
    let values: Vec<String> = stats.iter().map(|s| written(s, s.value)).collect();
    let label = stats.iter().map(|s| width(&s.label)).max().unwrap_or(0);
    let value = values.iter().map(|v| width(v)).max().unwrap_or(0);
    let units: Vec<String> = stats.iter().map(unit_of).collect();
    let widest = units.iter().map(|u| width(u)).max().unwrap_or(0);
    for ((s, v), u) in stats.iter().zip(&values).zip(&units) {
        let mut row = format!("  {}  {}{v} {}", pad(&s.label, label), " ".repeat(value - width(v)), pad(u, widest));
        if let Some((lo, hi)) = s.interval {
            let _ = write!(row, "  [{}, {}]", written(s, lo), written(s, hi));
            if s.interval_is != CONFIDENCE {
                let _ = write!(row, " ({})", s.interval_is);
            }
        }
        if let Some((n, what)) = &s.n {
            let _ = write!(row, "  n = {}", counted(*n as usize, what));
        }
        line(out, row.trim_end());
    }
}

fn table(out: &mut String, t: &Table, most: usize) {
    line(out, &format!("\n  {}", t.label));
    let shown = &t.rows[..t.rows.len().min(most)];
    let cells: Vec<Vec<String>> = shown.iter().map(|row| row.iter().map(cell).collect()).collect();
    let columns = t.columns.len();
    let wide = |c: usize| {
        let cells = cells.iter().filter_map(|row| row.get(c)).map(|text| width(text));
        cells.chain([width(&t.columns[c])]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    // A column of numbers is aligned at the right.
    let right: Vec<bool> =
        (0..columns).map(|c| shown.iter().all(|r| !matches!(r.get(c), Some(Cell::Text(_))))).collect();
    let row = |texts: &[String]| {
        let texts = texts.iter().take(columns).enumerate().map(|(c, text)| {
            let space = " ".repeat(widths[c].saturating_sub(width(text)));
            if right[c] { format!("{space}{text}") } else { format!("{text}{space}") }
        });
        format!("  {}", texts.collect::<Vec<_>>().join("  "))
    };
    line(out, row(&t.columns).trim_end());
    for texts in &cells {
        line(out, row(texts).trim_end());
    }
    if t.rows.len() > most {
        line(out, &format!("  … and {} more rows, in the JSON", t.rows.len() - most));
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(v) => number(*v),
        Cell::Count(n) => n.to_string(),
    }
}

fn notes(out: &mut String, notes: &[Note]) {
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        let mark = match note.level {
            Level::Info => "·",
            Level::Good => "✓",
            Level::Warn => "!",
            Level::Alarm => "‼",
        };
        line(out, &format!("  {mark} {}", note.text));
    }
}

#[cfg(test)]
mod tests;
