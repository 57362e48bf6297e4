//! CSV text as columns of numbers. Only the wanted columns are kept; every fault is named with its line.

use std::path::Path;

use super::super::frame::Frame;
use crate::ground::fault::Fault;

mod cell;
mod dialect;
mod head;
mod packed;
mod text;

pub(super) use head::{Start, start};
pub(super) use packed::first_bytes;
pub(super) use text::Text;

use cell::Column;
use dialect::{Separator, record_end, record_fields};
use head::Head;

/// Bytes that one thread reads at a time.
const BLOCK: usize = 1 << 20;
/// Bytes of the beginning that are looked at.
const MAX_HEADER: usize = 1 << 20;

impl Head {
    /// Places of the columns.
    fn wanted(&self, columns: &[String]) -> Vec<usize> {
        columns.iter().filter_map(|c| self.names.iter().position(|n| n == c)).collect()
    }

    /// Columns as they are before the first row.
    fn columns(&self, wanted: &[usize]) -> Vec<Column> {
        wanted.iter().map(|&at| Column::new(self.lists[at], self.labels.contains(&at))).collect()
    }

    fn frame(&self, path: &Path, columns: Vec<Column>, wanted: &[usize]) -> Result<Frame, Fault> {
        let rows = columns.first().map_or(0, Column::rows);
        let series = columns.into_iter().zip(wanted).map(|(c, &at)| c.series(&self.names[at])).collect();
        Frame::new(path, rows, series)
    }

    /// Reads whole lines, of which the first has number `line`.
    fn block(&self, mut line: usize, mut block: &[u8], wanted: &[usize]) -> Result<Vec<Column>, String> {
        let mut columns = self.columns(wanted);
        while !block.is_empty() {
            let end = record_end(block);
            let record = block[..end].trim_ascii_end();
            if !record.is_empty() {
                let found = self.separator.fields(record_fields(&block[..end]));
                if found.len() != self.names.len() {
                    return Err(self.uneven(line, found.len()));
                }
                for (column, &at) in columns.iter_mut().zip(wanted) {
                    column
                        .push(found[at], self.decimal_comma)
                        .map_err(|problem| format!("'{}' line {line} {problem}", self.names[at]))?;
                }
            }
            line += block[..end].split(|&b| b == b'\n').skip(1).count();
            block = &block[end..];
        }
        Ok(columns)
    }

    /// A line of another number of fields than there are columns.
    fn uneven(&self, line: usize, found: usize) -> String {
        let names = self.names.len();
        let hint = match self.separator {
            Separator::Byte(b',') if found > names => " (decimals have a point, or the text is in quotes)",
            _ => "",
        };
        format!("line {line} has {found} fields of {names}; every line needs as many as line 1{hint}")
    }
}
