//! What the beginning of a table of text says of the rest.

use std::path::Path;

use super::dialect::{Separator, is_number, is_value, is_void, list, record_end, record_fields, text, with_point};
use crate::ground::fault::Fault;

/// Rows that are looked at to see how numbers are written.
const ROWS: usize = 200;

/// How the first line that is no comment begins a table.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Start {
    /// The columns have names.
    Named(Names),
    /// A row of so many values, and no names.
    Numbers(usize, usize),
}

/// The names of the columns, and where the rows begin.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Names {
    pub names: Vec<String>,
    /// Of the rows.
    pub(super) separator: Separator,
    /// Where the first row begins, and the number of its line.
    pub(super) body: usize,
    pub(super) line: usize,
    /// The names stand in a comment.
    pub(super) commented: bool,
}

/// What the first lines say of the others.
pub(super) struct Head {
    pub names: Vec<String>,
    pub separator: Separator,
    pub decimal_comma: bool,
    /// How many numbers the cells of a column hold, where they are lists.
    pub lists: Vec<Option<usize>>,
    /// Columns that may hold words.
    pub labels: Vec<usize>,
    /// Where the first row begins, and the number of its line.
    pub body: usize,
    pub line: usize,
    /// What is unusual about it, as rules.
    pub notes: Vec<String>,
}

/// A line that says something, and where the next one begins.
struct Line<'h> {
    text: &'h str,
    number: usize,
    begin: usize,
    end: usize,
}

/// The lines of `head` that are whole and not blank; stops at one that is no text.
fn lines(head: &[u8], whole: bool) -> impl Iterator<Item = Line<'_>> {
    let mut at = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut number = 0;
    let next = move || {
        loop {
            let rest = head.get(at..).filter(|rest| !rest.is_empty())?;
            let length = match rest.iter().position(|&b| b == b'\n') {
                Some(end) => end + 1,
                None if whole => rest.len(),
                None => return None,
            };
            let text = std::str::from_utf8(&rest[..length]).ok()?.trim_end_matches(['\r', '\n']);
            if text.chars().any(|c| c.is_control() && c != '\t') {
                return None;
            }
            (at, number) = (at + length, number + 1);
            if !text.trim().is_empty() {
                return Some(Line { text, number, begin: at - length, end: at });
            }
        }
    };
    std::iter::from_fn(next)
}

/// The names of a line.
fn names(line: &str, separator: Separator) -> Vec<String> {
    separator.fields(line.as_bytes()).iter().map(|f| text(f).trim().to_owned()).collect()
}

/// What stands behind `#`; nothing where that is the name of a column.
fn comment(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('#')?;
    (!rest.starts_with([',', ';', '\t', '|'])).then(|| rest.trim_start_matches('#').trim())
}

/// True for a row of values: at least one number, and nothing that only a name can be.
fn is_row(cells: &[String]) -> bool {
    cells.iter().any(|c| is_number(c) && !is_void(c)) && cells.iter().all(|c| is_value(c))
}

/// True if half of the cells are no whole numbers: beside them words are values too.
fn has_decimals(cells: &[String]) -> bool {
    let decimal = |c: &&String| c.contains(['.', 'e', 'E']) && c.parse::<f64>().is_ok();
    let decimals = cells.iter().filter(decimal).count();
    decimals > 1 && 2 * decimals >= cells.len()
}

/// Columns that have their place as their name, as pandas calls those without one.
fn are_places(cells: &[String]) -> bool {
    cells.len() > 2 && cells.iter().enumerate().all(|(i, c)| *c == i.to_string())
}

/// What parts the cells of a row of `columns` cells: `usual` if it does.
fn parted(row: &str, columns: usize, usual: Separator) -> Option<Separator> {
    let fits = |s: &Separator| s.fields(row.as_bytes()).len() == columns;
    std::iter::once(usual).chain(Separator::all()).find(fits)
}

/// What the first bytes of a file say, if it is a table of text.
pub(in super::super) fn start(head: &[u8], whole: bool) -> Option<Start> {
    let mut said = None;
    let mut all = lines(head, whole);
    while let Some(line) = all.next() {
        if let Some(words) = comment(line.text) {
            if !words.is_empty() {
                said = Some(Line { text: words, ..line });
            }
            continue;
        }
        let separator = Separator::of(line.text.as_bytes());
        let cells = names(line.text, separator);
        let above = said.and_then(|said: Line<'_>| commented(&said, &line));
        if let Some(above) = above.filter(|_| cells.iter().any(|c| is_number(c))) {
            return Some(Start::Named(above));
        }
        if (is_row(&cells) || has_decimals(&cells)) && !are_places(&cells) {
            return Some(Start::Numbers(cells.len(), line.number));
        }
        return Some(Start::Named(under(&line, all.next().as_ref(), cells, separator)));
    }
    // Names behind '#' and nothing else.
    let said = said.filter(|_| whole)?;
    let separator = Separator::of(said.text.as_bytes());
    let (body, line) = (head.len(), said.number + 1);
    Some(Start::Named(Names { names: names(said.text, separator), separator, body, line, commented: true }))
}

/// The names in a comment, where the row below it has as many values.
fn commented(said: &Line<'_>, row: &Line<'_>) -> Option<Names> {
    let names = names(said.text, Separator::of(said.text.as_bytes()));
    let usual = Separator::of(row.text.as_bytes());
    let are_names = names.len() > 1 && !names.iter().any(|n| is_number(n));
    let separator = parted(row.text, names.len(), usual).filter(|_| are_names)?;
    Some(Names { names, separator, body: row.begin, line: row.number, commented: true })
}

/// The names of the line itself, above `row`.
fn under(line: &Line<'_>, row: Option<&Line<'_>>, cells: Vec<String>, separator: Separator) -> Names {
    let named = |names: Vec<String>, separator| Names {
        names,
        separator,
        body: line.end,
        line: line.number + 1,
        commented: false,
    };
    let below = row.and_then(|row| {
        let below = parted(row.text, cells.len(), separator)?;
        let numbers = names(row.text, below).iter().filter(|c| is_number(c)).count();
        // Any text has spaces: only rows of values show that they part columns.
        (numbers > 0 && (below != Separator::Spaces || is_row(&names(row.text, below)))).then_some(below)
    });
    match (below, separator) {
        (Some(below), _) => named(cells, below),
        (None, Separator::Spaces | Separator::Byte(b'|')) => {
            let comma = Separator::Byte(b',');
            named(names(line.text, comma), comma)
        }
        (None, usual) => named(cells, usual),
    }
}

impl Head {
    /// Looks at the first bytes of the table at `path`.
    ///
    /// # Errors
    /// If there are no names, or two columns have one.
    pub fn of(path: &Path, head: &[u8], whole: bool) -> Result<Self, Fault> {
        let found = match start(head, whole) {
            Some(Start::Named(found)) => found,
            Some(Start::Numbers(columns, line)) => return Err(Fault::at(path, nameless(path, columns, line))),
            None => return Err(Fault::at(path, "line 1 names no columns; a table begins with its column names")),
        };
        let Names { names, separator, body, line, commented } = found;
        if let Some(twice) = names.iter().enumerate().find_map(|(i, n)| names[..i].contains(n).then_some(n)) {
            return Err(Fault::at(path, format!("line 1 has two columns '{twice}'; rename one")));
        }
        let mut all = Self {
            lists: vec![None; names.len()],
            names,
            separator,
            decimal_comma: false,
            labels: Vec::new(),
            body,
            line,
            notes: Vec::new(),
        };
        all.look(head.get(body..).unwrap_or_default(), whole);
        if commented {
            all.notes.push("the names of the columns stand behind '#'".into());
        }
        Ok(all)
    }

    /// Sees how numbers are written in the first rows.
    fn look(&mut self, mut rows: &[u8], whole: bool) {
        let (mut commas, mut points) = (false, false);
        let mut first: Vec<Option<String>> = vec![None; self.names.len()];
        for _ in 0..ROWS {
            let end = record_end(rows);
            // The last one may be cut off.
            if rows.is_empty() || (end == rows.len() && !whole) {
                break;
            }
            let cells = self.separator.fields(record_fields(&rows[..end]));
            for (kept, cell) in first.iter_mut().zip(cells) {
                let word = text(cell);
                let word = word.trim();
                points |= word.contains('.') && word.parse::<f64>().is_ok();
                commas |= with_point(word).is_some();
                if kept.is_none() && !is_void(word) {
                    *kept = Some(word.to_owned());
                }
            }
            rows = &rows[end..];
        }
        self.decimal_comma = commas && !points;
        let width = |word: &String| list(word, self.decimal_comma).ok()?.map(|l| l.len()).filter(|&n| n > 0);
        self.lists = first.iter().map(|word| word.as_ref().and_then(width)).collect();
        if self.decimal_comma {
            let by = self.separator.name();
            self.notes.push(format!("fields are parted by {by}, and decimals come after a comma: '0,5' is a half"));
        } else if matches!(self.separator, Separator::Spaces | Separator::Byte(b'|')) {
            self.notes.push(format!("fields are parted by {}", self.separator.name()));
        }
        let listed = self.names.iter().zip(&self.lists).filter_map(|(n, l)| l.map(|l| format!("{n} ({l} numbers)")));
        let listed: Vec<String> = listed.collect();
        if !listed.is_empty() {
            self.notes.push(format!("cells that are lists: {}", listed.join(", ")));
        }
    }
}

/// Why a table without names is refused, and how to give it some.
fn nameless(path: &Path, columns: usize, line: usize) -> String {
    let observations = columns.saturating_sub(2).max(1);
    let mut names: Vec<String> = (0..observations.min(6)).map(|i| format!("obs_{i}")).collect();
    if observations > 6 {
        names.push("...".into());
    }
    names.extend(["action_0".to_owned(), "reward".into()].into_iter().take(columns.saturating_sub(observations)));
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let cat = if super::packed::is_packed(path) { "zcat" } else { "cat" };
    format!(
        "line {line} holds numbers, not names: the table has no header; put the names of its {columns} columns above it: \
         (echo {}; {cat} '{file}') > named.csv",
        names.join(",")
    )
}
