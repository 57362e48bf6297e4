//! Rows from anywhere in a CSV file that is larger than memory: one pass notes where its pieces begin.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::super::DataError;
use super::super::super::frame::Frame;
use super::{BLOCK, Column, Head, MAX_HEADER, binary};
use crate::task::Ctx;

/// Largest piece: a line, with what is in its quotes.
const MAX_PIECE: u64 = 64 << 20;

/// A file of which only the first line is known.
pub(in super::super) struct Apart {
    path: PathBuf,
    head: Head,
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

impl Apart {
    /// Reads the first line.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let mut start = Vec::new();
        let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
        file.by_ref().take(MAX_HEADER as u64 + 1).read_to_end(&mut start).map_err(|e| unreadable(path, &e))?;
        let whole = start.len() <= MAX_HEADER;
        // The last character may be cut in two.
        let is_text = std::str::from_utf8(&start).map_or_else(|e| !whole && e.error_len().is_none(), |_| true);
        if !is_text || start.contains(&0) {
            return Err(binary(path));
        }
        let head = Head::of(path, &start[..start.len().min(MAX_HEADER)], whole)?;
        Ok(Self { path: path.to_owned(), head, pieces: Vec::new(), rows: 0 })
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.head.names
    }

    /// Rows; 0 before they are found.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// About how many rows there are, by the lines at the beginning.
    pub fn guess(&self) -> Result<u64, DataError> {
        let mut some = Vec::new();
        let bytes = File::open(&self.path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(self.head.body as u64))?;
                file.by_ref().take(BLOCK as u64).read_to_end(&mut some)?;
                Ok(file.metadata()?.len())
            })
            .map_err(|e| unreadable(&self.path, &e))?;
        let lines = some.split(|&b| b == b'\n').skip(1).count().max(1) as u64;
        Ok((bytes as f64 * lines as f64 / some.len().max(1) as f64) as u64)
    }

    /// Goes through the file once and notes where its lines are, in pieces of at least `size` bytes.
    pub fn find(&mut self, size: usize, cx: &Ctx) -> Result<(), DataError> {
        let bad = |e: io::Error| unreadable(&self.path, &e);
        let mut file = File::open(&self.path).map_err(bad)?;
        let total = file.metadata().map_err(bad)?.len();
        file.seek(SeekFrom::Start(self.head.body as u64)).map_err(bad)?;
        let (mut line, mut row, mut at) = (2, 0, self.head.body as u64);
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
                            if at - piece.bytes.start >= size as u64 {
                                piece.bytes.end = at;
                                self.pieces.push(std::mem::replace(&mut piece, Piece { bytes: at..at, line, row }));
                            }
                        }
                    }
                    other => blank &= other.is_ascii_whitespace(),
                }
            }
            if at - piece.bytes.start > MAX_PIECE {
                let problem = format!("line {} has a quote that is not closed within {MAX_PIECE} bytes", piece.line);
                return Err(DataError::bad(&self.path, problem));
            }
        }
        self.rows = row + usize::from(!blank);
        if at > piece.bytes.start {
            piece.bytes.end = at;
            self.pieces.push(piece);
        }
        Ok(())
    }

    /// As [`super::Csv::read`] of some rows.
    pub fn read(&self, columns: &[String], rows: Range<usize>, cx: &Ctx) -> Result<Frame, DataError> {
        let wanted = self.head.wanted(columns);
        let first = self.pieces.partition_point(|piece| piece.row <= rows.start).saturating_sub(1);
        let end = self.pieces.partition_point(|piece| piece.row < rows.end);
        let mut all: Vec<Column> = vec![Column::default(); wanted.len()];
        let mut seen = self.pieces.get(first).map_or(0, |piece| piece.row);
        let threads = rayon::current_num_threads().max(1);
        for some in self.pieces.get(first..end).unwrap_or_default().chunks(threads) {
            cx.check()?;
            // Not collected into one result: that would name whichever bad line a thread met first.
            let read: Vec<Result<Vec<Column>, DataError>> =
                some.par_iter().map(|piece| self.piece(piece, &wanted)).collect();
            for columns in read {
                let columns = columns?;
                let there = columns.first().map_or(0, |c| c.values.len());
                let own = rows.start.clamp(seen, seen + there) - seen..rows.end.clamp(seen, seen + there) - seen;
                all.iter_mut().zip(columns).for_each(|(column, more)| column.append(more.slice(own.clone())));
                seen += there;
            }
        }
        self.head.frame(&self.path, all, &wanted)
    }

    fn piece(&self, piece: &Piece, wanted: &[usize]) -> Result<Vec<Column>, DataError> {
        let mut text = vec![0; (piece.bytes.end - piece.bytes.start) as usize];
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(piece.bytes.start))?;
            file.read_exact(&mut text)
        });
        read.map_err(|e| unreadable(&self.path, &e))?;
        if std::str::from_utf8(&text).is_err() || text.contains(&0) {
            return Err(binary(&self.path));
        }
        self.head.block(piece.line, &text, wanted).map_err(|e| DataError::bad(&self.path, e))
    }
}

fn unreadable(path: &Path, e: &io::Error) -> DataError {
    DataError::bad(path, format!("cannot be read ({e})"))
}

#[cfg(test)]
mod tests {
    use super::super::Csv;
    use super::*;

    #[test]
    fn any_rows_are_those_of_the_whole() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x.csv");
        let line = |i: usize| match i % 5 {
            0 => format!("{i},\"{}\",x\r\n", i * 2),
            1 => format!("{i},,\"two\nlines, \"\"quoted\"\"\"\n"),
            2 => format!("\n  \n{i},{i}.5,\u{e9}\n"),
            _ => format!("{i},true,\n"),
        };
        let columns = ["a".to_owned(), "b".to_owned()];
        for (n, last) in [(1, ""), (4, ""), (57, "57,1,end"), (57, "   ")] {
            std::fs::write(&path, format!("\u{feff}a,b,note\n{}{last}", (0..n).map(line).collect::<String>()))
                .expect("written");
            let cx = Ctx::quiet();
            let whole = Csv::open(&path).expect("opens").read(&path, &columns, &cx).expect("reads");
            for size in [1, 20, 100, 10_000] {
                let mut text = Apart::open(&path).expect("opens");
                text.find(size, &cx).expect("finds");
                assert_eq!(text.rows(), whole.rows(), "{n} {size}");
                for first in 0..whole.rows() {
                    for end in [first + 1, (first + 7).min(whole.rows()), whole.rows()] {
                        let part = text.read(&columns, first..end, &cx).expect("reads");
                        assert_eq!(part.rows(), end - first);
                        for column in &columns {
                            let numbers = |frame: &Frame| {
                                let series =
                                    frame.get(column).expect("there").cast(&polars::prelude::DataType::Float64);
                                series.expect("numbers").f64().expect("numbers").to_vec()
                            };
                            let (got, want) = (numbers(&part), numbers(&whole));
                            assert_eq!(
                                format!("{got:?}"),
                                format!("{:?}", &want[first..end]),
                                "{n} {size} {first}..{end}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn faults_are_named_as_in_the_whole() {
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
            let cx = Ctx::quiet();
            let read = || {
                let mut text = Apart::open(&path)?;
                text.find(2, &cx)?;
                text.read(&columns, 0..text.rows(), &cx)
            };
            let (part, whole) = (read(), Csv::open(&path).and_then(|csv| csv.read(&path, &columns, &cx)));
            let (part, whole) = (part.expect_err("bad").to_string(), whole.expect_err("bad").to_string());
            assert!(part == whole && part.contains(said), "{part}\n{whole}");
        }
    }
}
