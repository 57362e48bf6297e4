//! A CSV file, of which any rows can be read: one pass notes where its lines are, and no more than some pieces of it are
//! held.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempPath;

use super::super::super::frame::{Frame, Tick};
use super::super::super::reader::Later;
use super::dialect::{is_void, record_fields, text};
use super::{BLOCK, Column, Head, MAX_HEADER, packed};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Bytes at each end of a file that are looked at for rows without an action.
const LOOKED_AT: u64 = 1 << 20;
/// Largest piece: a line, with what is in its quotes.
const MAX_PIECE: u64 = 64 << 20;

/// A file of which only the first line is known.
pub(in super::super) struct Text {
    /// What it is called.
    path: PathBuf,
    /// Where its text is.
    file: PathBuf,
    /// Removes the text that was unpacked.
    _unpacked: Option<TempPath>,
    head: Head,
    /// Least bytes of a piece.
    size: usize,
    lines: Later<Lines>,
}

/// Where the lines are.
struct Lines {
    pieces: Vec<Piece>,
    rows: usize,
}

/// Lines that lie together.
struct Piece {
    bytes: Range<u64>,
    /// Number of its first line, and of its first row.
    line: usize,
    row: usize,
}

impl Text {
    /// Reads the first lines; a file that is packed is unpacked.
    ///
    /// # Errors
    /// If it cannot be read, is no text, or names no columns.
    pub fn open(path: &Path, cx: &Ctx) -> Result<Self, Fault> {
        let unpacked = if packed::is_packed(path) { Some(packed::unpack(path, cx)?.into_temp_path()) } else { None };
        let file = unpacked.as_deref().unwrap_or(path).to_owned();
        let start = packed::first_bytes(&file, MAX_HEADER as u64 + 1).map_err(|e| unreadable(path, &e))?;
        let whole = start.len() <= MAX_HEADER;
        // The last character may be cut in two.
        let is_text = std::str::from_utf8(&start).map_or_else(|e| !whole && e.error_len().is_none(), |_| true);
        if !is_text || start.contains(&0) {
            return Err(binary(path));
        }
        let mut head = Head::of(path, &start[..start.len().min(MAX_HEADER)], whole)?;
        if unpacked.is_some() {
            head.notes.insert(0, "the text is packed with gzip".into());
        }
        Ok(Self { path: path.to_owned(), file, _unpacked: unpacked, head, size: BLOCK, lines: Later::default() })
    }

    /// What is unusual about how the table is written.
    pub fn notes(&self) -> &[String] {
        &self.head.notes
    }

    /// Lets the named columns hold words, each of which is a number below 0 then.
    pub fn allow_words(&mut self, columns: &[String]) {
        self.head.labels = self.head.wanted(columns);
    }

    /// How many numbers a cell of `column` holds, if it is a list.
    pub fn list(&self, column: &str) -> Option<usize> {
        self.head.names.iter().position(|n| n == column).and_then(|at| self.head.lists[at])
    }

    /// True if one of the first or the last rows has nothing in any of `columns`.
    pub fn has_bare_rows(&self, columns: &[String]) -> Result<bool, Fault> {
        let wanted = self.head.wanted(columns);
        let body = self.head.body as u64;
        let read = |from: &dyn Fn(u64) -> u64| {
            let mut some = Vec::new();
            let mut file = File::open(&self.file)?;
            let at = from(file.metadata()?.len());
            file.seek(SeekFrom::Start(at))?;
            file.take(LOOKED_AT).read_to_end(&mut some)?;
            io::Result::Ok(some)
        };
        let is_bare = |line: &[u8]| {
            let cells = self.head.separator.fields(line);
            let void = |&at: &usize| cells.get(at).is_some_and(|cell| is_void(text(cell).trim()));
            cells.len() == self.head.names.len() && wanted.iter().all(void)
        };
        let any = |some: Vec<u8>| some.split(|&b| b == b'\n').any(|line| is_bare(record_fields(line)));
        let (first, last) = (read(&|_| body), read(&|length| length.saturating_sub(LOOKED_AT).max(body)));
        let bad = |e: io::Error| unreadable(&self.path, &e);
        Ok(any(first.map_err(bad)?) || any(last.map_err(bad)?))
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.head.names
    }

    /// Rows.
    ///
    /// # Errors
    /// If the file cannot be read, or when cancelled.
    pub fn rows(&self, cx: &Ctx) -> Result<usize, Fault> {
        self.lines.get(|| self.find(cx)).map(|lines| lines.rows)
    }

    /// About how many rows there are, by the lines at the beginning.
    pub fn guess(&self) -> Result<u64, Fault> {
        let mut some = Vec::new();
        let bytes = File::open(&self.file)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(self.head.body as u64))?;
                file.by_ref().take(BLOCK as u64).read_to_end(&mut some)?;
                Ok(file.metadata()?.len())
            })
            .map_err(|e| unreadable(&self.path, &e))?;
        let lines = some.split(|&b| b == b'\n').skip(1).count().max(1) as u64;
        Ok((bytes as f64 * lines as f64 / some.len().max(1) as f64) as u64)
    }

    /// Goes through the file once and notes where its lines are.
    fn find(&self, cx: &Ctx) -> Result<Lines, Fault> {
        let mut pieces = Vec::new();
        let bad = |e: io::Error| unreadable(&self.path, &e);
        let mut file = File::open(&self.file).map_err(bad)?;
        let total = file.metadata().map_err(bad)?.len();
        file.seek(SeekFrom::Start(self.head.body as u64)).map_err(bad)?;
        let (mut line, mut row, mut at) = (self.head.line, 0, self.head.body as u64);
        let mut piece = Piece { bytes: at..at, line, row };
        let (mut quoted, mut blank) = (false, true);
        let mut some = vec![0; BLOCK];
        loop {
            cx.step(at, total)?;
            let n = file.read(&mut some).map_err(bad)?;
            if n == 0 {
                break;
            }
            for &b in &some[..n] {
                at += 1;
                match b {
                    b'"' => (quoted, blank) = (!quoted, false),
                    b'\n' => {
                        line += 1;
                        if !quoted {
                            row += usize::from(!blank);
                            blank = true;
                            if at - piece.bytes.start >= self.size as u64 {
                                piece.bytes.end = at;
                                pieces.push(std::mem::replace(&mut piece, Piece { bytes: at..at, line, row }));
                            }
                        }
                    }
                    other => blank &= other.is_ascii_whitespace(),
                }
            }
            if at - piece.bytes.start > MAX_PIECE {
                let problem = format!("line {} has a quote that is not closed within {MAX_PIECE} bytes", piece.line);
                return Err(Fault::at(&self.path, problem));
            }
        }
        if at > piece.bytes.start {
            piece.bytes.end = at;
            pieces.push(piece);
        }
        Ok(Lines { pieces, rows: row + usize::from(!blank) })
    }

    /// Reads the named columns of some rows: whole numbers if every field of a column is one, else numbers. `tick` is told how
    /// many pieces are done of how many.
    ///
    /// # Errors
    /// The first line that has another number of fields, or text where a number is needed.
    pub fn read_with(&self, columns: &[String], rows: Range<usize>, tick: Tick<'_>) -> Result<Frame, Fault> {
        let wanted = self.head.wanted(columns);
        let all_pieces = &self.lines.get(|| self.find(&Ctx::quiet()))?.pieces;
        let first = all_pieces.partition_point(|piece| piece.row <= rows.start).saturating_sub(1);
        let end = all_pieces.partition_point(|piece| piece.row < rows.end);
        let mut all: Vec<Column> = self.head.columns(&wanted);
        let mut seen = all_pieces.get(first).map_or(0, |piece| piece.row);
        let pieces = all_pieces.get(first..end).unwrap_or_default();
        let threads = rayon::current_num_threads().max(1);
        for (round, some) in pieces.chunks(threads).enumerate() {
            tick((round * threads) as u64, pieces.len() as u64)?;
            // Not collected into one result: that would name whichever bad line a thread met first.
            let read: Vec<Result<Vec<Column>, Fault>> =
                some.par_iter().map(|piece| self.piece(piece, &wanted)).collect();
            for columns in read {
                let columns = columns?;
                let there = columns.first().map_or(0, Column::rows);
                let own = rows.start.clamp(seen, seen + there) - seen..rows.end.clamp(seen, seen + there) - seen;
                all.iter_mut().zip(columns).for_each(|(column, more)| column.append(more.slice(own.clone())));
                seen += there;
            }
        }
        self.head.frame(&self.path, all, &wanted)
    }

    fn piece(&self, piece: &Piece, wanted: &[usize]) -> Result<Vec<Column>, Fault> {
        let mut text = vec![0; (piece.bytes.end - piece.bytes.start) as usize];
        let read = File::open(&self.file).and_then(|mut file| {
            file.seek(SeekFrom::Start(piece.bytes.start))?;
            file.read_exact(&mut text)
        });
        read.map_err(|e| unreadable(&self.path, &e))?;
        if std::str::from_utf8(&text).is_err() || text.contains(&0) {
            return Err(binary(&self.path));
        }
        self.head.block(piece.line, &text, wanted).map_err(|e| Fault::at(&self.path, e))
    }
}

fn binary(path: &Path) -> Fault {
    Fault::at(path, "is binary, not text in UTF-8; a table is CSV or Parquet")
}

fn unreadable(path: &Path, e: &io::Error) -> Fault {
    Fault::at(path, format!("cannot be read ({e})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file says, in pieces of `size` bytes.
    fn opened(path: &Path, size: usize) -> Result<Text, Fault> {
        let mut text = Text::open(path, &Ctx::quiet())?;
        text.size = size;
        Ok(text)
    }

    #[test]
    fn any_rows_are_what_the_lines_say() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x.csv");
        let line = |i: usize| match i % 5 {
            0 => format!("{i},\"{}\",x\r\n", i * 2),
            1 => format!("{i},,\"two\nlines, \"\"quoted\"\"\"\n"),
            2 => format!("\n  \n{i},{i}.5,\u{e9}\n"),
            _ => format!("{i},true,\n"),
        };
        let b = |i: usize| match i % 5 {
            0 => i as f64 * 2.0,
            1 => f64::NAN,
            2 => i as f64 + 0.5,
            _ => 1.0,
        };
        let columns = ["a".to_owned(), "b".to_owned()];
        for (n, last) in [(1, ""), (4, ""), (57, "57,1,end"), (57, "   ")] {
            let lines = (0..n).map(line).collect::<String>();
            std::fs::write(&path, format!("\u{feff}a,b,note\n{lines}{last}")).expect("written");
            let more = usize::from(last.starts_with("57"));
            let want: Vec<(f64, f64)> =
                (0..n).map(|i| (i as f64, b(i))).chain((0..more).map(|_| (57.0, 1.0))).collect();
            for size in [1, 20, 100, 10_000] {
                let text = opened(&path, size).expect("opens");
                assert_eq!(text.rows(&Ctx::quiet()).expect("reads"), want.len(), "{n} {size}");
                for first in 0..want.len() {
                    for end in [first + 1, (first + 7).min(want.len()), want.len()] {
                        let part = text.read_with(&columns, first..end, &|_, _| Ok(())).expect("reads");
                        let numbers = |column: &String| {
                            let series =
                                part.get(column).expect("there").cast(&polars_core::prelude::DataType::Float64);
                            series.expect("numbers").f64().expect("numbers").into_no_null_iter().collect::<Vec<f64>>()
                        };
                        let got: Vec<_> = numbers(&columns[0]).into_iter().zip(numbers(&columns[1])).collect();
                        // NaN has to be NaN.
                        assert_eq!(format!("{got:?}"), format!("{:?}", &want[first..end]), "{n} {size} {first}..{end}");
                    }
                }
            }
        }
    }

    #[test]
    fn faults_are_named_with_their_line_whatever_the_pieces_are() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x.csv");
        let columns = ["a".to_owned(), "b".to_owned()];
        for (text, said) in [
            ("a,b\n1,2\n3\n", "line 3 has 1 fields of 2"),
            ("a,b\n1,2\n3,4\nx,5\n", "'a' line 4 is 'x', not a number"),
            ("a,b\n1,2\n\u{0}3,4\n", "is binary"),
            ("a,a\n1,2\n", "two columns 'a'"),
        ] {
            std::fs::write(&path, text).expect("written");
            for size in [1, 5, 100] {
                let read =
                    opened(&path, size).and_then(|t| t.read_with(&columns, 0..t.rows(&Ctx::quiet())?, &|_, _| Ok(())));
                let problem = read.expect_err("bad").to_string();
                assert!(problem.contains(said), "{problem}");
            }
        }
    }
}
