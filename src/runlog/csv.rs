//! CSV with a header: a row a step, a column a name.

use super::json_lines::step_at;
use super::scalars::Scalars;

/// Reads row by row.
#[derive(Debug, Clone)]
pub struct Csv {
    steps: &'static [&'static str],
    prefix: String,
    header: Option<Header>,
    /// What each column is called in the log; empty for none.
    tags: Vec<String>,
    /// Lines so far, and rows among them.
    line: usize,
    row: usize,
    /// Curves that the last, unfinished line added a point to: it is taken back when more is read.
    unsure: Vec<usize>,
    /// The first line that is no row, and why.
    pub trouble: Option<String>,
}

/// What the first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    comma: u8,
    /// Names of the columns.
    pub names: Vec<String>,
    /// The one that counts steps.
    pub step: Option<usize>,
}

impl Header {
    /// Of the line `text`.
    pub fn of(text: &[u8], steps: &[&str]) -> Self {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let count = |c: &u8| text.split(|b| b == c).count();
        // Of equals the first.
        let comma = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let names: Vec<String> = cells(text, comma).map(|cell| cell.trim().to_owned()).collect();
        let step = step_at(steps, &names.iter().map(String::as_str));
        Self { comma, names, step }
    }

    /// True where the cells are names and no numbers.
    pub fn is_one(&self) -> bool {
        self.names.iter().any(|n| !n.is_empty()) && self.names.iter().all(|n| n.parse::<f64>().is_err())
    }
}

impl Csv {
    /// A reader that puts `prefix` before every name.
    pub fn new(steps: &'static [&'static str], prefix: String) -> Self {
        Self { steps, prefix, header: None, tags: Vec::new(), line: 0, row: 0, unsure: Vec::new(), trouble: None }
    }

    /// Name of the column that counts steps.
    pub fn step_name(&self) -> Option<&str> {
        let header = self.header.as_ref()?;
        Some(&header.names[header.step?])
    }

    /// Takes in the whole lines at the beginning of `bytes`; answers how many bytes they have.
    pub fn take(&mut self, bytes: &[u8], out: &mut Scalars) -> usize {
        self.unsure.drain(..).rev().for_each(|at| out.pop(at));
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        for line in bytes[..whole].split_inclusive(|b| *b == b'\n') {
            self.line += 1;
            self.add(line.trim_ascii_end(), out);
        }
        whole
    }

    /// Takes in the row that stands after the last line's end, for as long as no more is read: its last number may go on.
    pub fn end(&mut self, bytes: &[u8], out: &mut Scalars) {
        let Some(header) = &self.header else { return };
        let row: Vec<_> = cells(bytes, header.comma).collect();
        if row.len() != header.names.len() {
            return;
        }
        let numbers: Vec<Option<f64>> = row.iter().map(|cell| cell.trim().parse().ok()).collect();
        let step = header.step.map_or(Some((self.row + 1) as f64), |at| numbers[at]);
        let Some(step) = step else { return };
        for (at, (tag, value)) in self.tags.iter().zip(&numbers).enumerate() {
            // What would take points back waits until it is whole.
            let beyond = out.last_step(tag).is_none_or(|last| step > last);
            if let Some(value) = value.filter(|_| Some(at) != header.step && beyond && !tag.is_empty()) {
                self.unsure.extend(out.push(tag, step, value));
            }
        }
    }

    fn add(&mut self, line: &[u8], out: &mut Scalars) {
        if line.is_empty() || line[0] == b'#' {
            return;
        }
        let Some(header) = &self.header else {
            let header = Header::of(line, self.steps);
            if !header.is_one() {
                self.complain("is no header: every column needs a name");
            }
            let tag = |n: &String| if n.is_empty() { String::new() } else { format!("{}{n}", self.prefix) };
            self.tags = header.names.iter().map(tag).collect();
            self.header = Some(header);
            return;
        };
        self.row += 1;
        let mut numbers: Vec<Option<f64>> = Vec::with_capacity(header.names.len());
        numbers.extend(cells(line, header.comma).map(|cell| cell.trim().parse().ok()));
        if numbers.len() > header.names.len() {
            let (got, of) = (numbers.len(), header.names.len());
            self.complain(&format!("has {got} cells, and the header {of}: it is left out"));
            return;
        }
        let counted = header.step.map_or(Some(self.row as f64), |at| numbers.get(at).copied().flatten());
        let Some(step) = counted else {
            self.complain("has no number as its step: it is left out");
            return;
        };
        for (at, (tag, value)) in self.tags.iter().zip(&numbers).enumerate() {
            if let Some(value) = value.filter(|_| Some(at) != header.step && !tag.is_empty()) {
                out.push(tag, step, value);
            }
        }
    }

    fn complain(&mut self, why: &str) {
        self.trouble.get_or_insert_with(|| format!("line {} {why}", self.line));
    }
}

/// The cells of a line, without their quotes.
fn cells(line: &[u8], comma: u8) -> impl Iterator<Item = String> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some(quoted) = text.trim_ascii_start().strip_prefix(b"\"") {
            let (mut cell, mut at) = (Vec::new(), 0);
            while at < quoted.len() {
                match (quoted[at], quoted.get(at + 1)) {
                    (b'"', Some(b'"')) => {
                        cell.push(b'"');
                        at += 2;
                    }
                    (b'"', _) => break,
                    (byte, _) => {
                        cell.push(byte);
                        at += 1;
                    }
                }
            }
            let after = &quoted[at.min(quoted.len())..];
            rest = after.iter().position(|b| *b == comma).map(|end| &after[end + 1..]);
            return Some(String::from_utf8_lossy(&cell).into_owned());
        }
        let end = text.iter().position(|b| *b == comma);
        rest = end.map(|end| &text[end + 1..]);
        Some(String::from_utf8_lossy(&text[..end.unwrap_or(text.len())]).into_owned())
    })
}
