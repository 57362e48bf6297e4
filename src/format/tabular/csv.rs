//! CSV text as columns of numbers. Only the wanted columns are kept; every fault is named with its line.

use std::ops::Range;
use std::path::Path;

use polars_core::prelude::{NamedFrom as _, Series};

use super::super::frame::Frame;
use crate::ground::fault::Fault;

mod text;

pub(super) use text::Text;

/// Bytes that one thread reads at a time.
const BLOCK: usize = 1 << 20;
/// Bytes of the first line that are looked at.
const MAX_HEADER: usize = 1 << 20;

/// What the first line says of the others.
struct Head {
    names: Vec<String>,
    separator: u8,
    /// Where the second line begins.
    body: usize,
}

/// What the first bytes of a file say: its separator and its columns, if it is a table of text.
pub(super) fn header(head: &[u8], whole: bool) -> Option<(u8, Vec<String>, usize)> {
    let start = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let end = match head.iter().position(|&b| b == b'\n') {
        Some(end) => end,
        None if whole => head.len(),
        None => return None,
    };
    let line = std::str::from_utf8(head.get(start..end)?).ok()?.trim_end_matches('\r');
    if line.trim().is_empty() || line.chars().any(|c| c.is_control() && c != '\t') {
        return None;
    }
    // The most frequent one; a comma where none is there at all.
    let mut separators = [b',', b';', b'\t'];
    separators.sort_by_key(|&s| std::cmp::Reverse(line.bytes().filter(|&b| b == s).count()));
    let names = fields(line.as_bytes(), separators[0]).iter().map(|f| text(f).trim().to_owned()).collect();
    Some((separators[0], names, (end + 1).min(head.len())))
}

impl Head {
    fn of(path: &Path, start: &[u8], whole: bool) -> Result<Self, Fault> {
        let (separator, names, body) = header(start, whole)
            .ok_or_else(|| Fault::at(path, "line 1 names no columns; a table begins with its column names"))?;
        if let Some(twice) = names.iter().enumerate().find_map(|(i, n)| names[..i].contains(n).then_some(n)) {
            return Err(Fault::at(path, format!("line 1 has two columns '{twice}'; rename one")));
        }
        Ok(Self { names, separator, body })
    }

    /// Places of the columns.
    fn wanted(&self, columns: &[String]) -> Vec<usize> {
        columns.iter().filter_map(|c| self.names.iter().position(|n| n == c)).collect()
    }

    fn frame(&self, path: &Path, columns: Vec<Column>, wanted: &[usize]) -> Result<Frame, Fault> {
        let rows = columns.first().map_or(0, |c| c.values.len());
        let series = columns.into_iter().zip(wanted).map(|(c, &at)| c.series(&self.names[at])).collect();
        Frame::new(path, rows, series)
    }

    /// Reads whole lines, of which the first has number `line`.
    fn block(&self, mut line: usize, mut block: &[u8], wanted: &[usize]) -> Result<Vec<Column>, String> {
        let mut columns = vec![Column::default(); wanted.len()];
        while !block.is_empty() {
            let end = record_end(block);
            let record = block[..end].trim_ascii_end();
            if !record.is_empty() {
                let found = fields(record_fields(&block[..end]), self.separator);
                if found.len() != self.names.len() {
                    return Err(format!(
                        "line {line} has {} fields of {}; every line needs as many as line 1",
                        found.len(),
                        self.names.len()
                    ));
                }
                for (column, &at) in columns.iter_mut().zip(wanted) {
                    column.push(found[at]).map_err(|word| {
                        format!(
                            "'{}' line {line} is '{word}', not a number; correct it or leave it empty",
                            self.names[at]
                        )
                    })?;
                }
            }
            line += block[..end].split(|&b| b == b'\n').skip(1).count();
            block = &block[end..];
        }
        Ok(columns)
    }
}

/// Where the first record ends: after the line's end that is in no quotes.
fn record_end(block: &[u8]) -> usize {
    let mut quoted = false;
    for (i, &b) in block.iter().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return i + 1,
            _ => {}
        }
    }
    block.len()
}

/// A record without its line's end: a tab at its end is an empty field.
fn record_fields(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// The fields of a record, quotes and all.
fn fields(record: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut quoted, mut start, mut out) = (false, 0, Vec::new());
    for (i, &b) in record.iter().enumerate() {
        if b == b'"' {
            quoted = !quoted;
        } else if b == separator && !quoted {
            out.push(&record[start..i]);
            start = i + 1;
        }
    }
    out.push(&record[start..]);
    out
}

/// A field without the quotes around it.
fn text(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let bare = text.trim();
    match bare.strip_prefix('"').and_then(|b| b.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => bare.to_owned(),
    }
}

/// Numbers of one column; whole as long as every field is.
#[derive(Clone)]
struct Column {
    values: Vec<f64>,
    whole: bool,
}

impl Default for Column {
    fn default() -> Self {
        Self { values: Vec::new(), whole: true }
    }
}

impl Column {
    /// Adds a field; what is no number comes back, shortened.
    fn push(&mut self, field: &[u8]) -> Result<(), String> {
        let plain = std::str::from_utf8(field).unwrap_or_default().trim();
        if let Ok(value) = plain.parse::<f64>() {
            self.whole &= plain.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'+') && value.abs() < 9e15;
            self.values.push(value);
            return Ok(());
        }
        let word = text(field);
        let value = match word.trim().to_ascii_lowercase().as_str() {
            "" | "na" | "n/a" | "null" | "none" => f64::NAN,
            "true" => 1.0,
            "false" => 0.0,
            other => other.parse().map_err(|_| word.chars().take(40).collect::<String>())?,
        };
        self.whole &= value.is_finite() && value.fract() == 0.0 && value.abs() < 9e15;
        self.values.push(value);
        Ok(())
    }

    /// Some of the numbers.
    fn slice(mut self, rows: Range<usize>) -> Self {
        self.values.truncate(rows.end);
        self.values.drain(..rows.start);
        self
    }

    fn append(&mut self, more: Self) {
        self.whole &= more.whole;
        self.values.extend(more.values);
    }

    fn series(self, name: &str) -> Series {
        if self.whole {
            return Series::new(name.into(), self.values.iter().map(|&v| v as i64).collect::<Vec<_>>());
        }
        Series::new(name.into(), self.values)
    }
}
