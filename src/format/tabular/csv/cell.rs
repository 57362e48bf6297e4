//! The cells of one column of text.

use std::ops::Range;

use polars_core::chunked_array::builder::{ListBuilderTrait as _, ListPrimitiveChunkedBuilder};
use polars_core::prelude::{DataType, Float64Type, IntoSeries as _, NamedFrom as _, Series};

use super::dialect::{is_void, list, text, with_point};

/// Largest whole number that a label stands for: an f64 has it exactly.
const LABELS: u64 = 1 << 52;

/// Numbers of one column; whole as long as every cell is.
#[derive(Clone)]
pub(super) struct Column {
    values: Vec<f64>,
    whole: bool,
    /// Numbers of a cell, where cells are lists.
    list: Option<usize>,
    /// Words are kept apart, each as a number of its own below 0.
    label: bool,
}

impl Column {
    /// No cell yet: `list` is how many numbers one holds, where it is a list.
    pub fn new(list: Option<usize>, label: bool) -> Self {
        Self { values: Vec::new(), whole: true, list, label }
    }

    /// Cells.
    pub fn rows(&self) -> usize {
        self.values.len() / self.list.unwrap_or(1)
    }

    /// Adds a cell.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence.
    pub fn push(&mut self, field: &[u8], decimal_comma: bool) -> Result<(), String> {
        if let Some(width) = self.list {
            return self.push_list(&text(field), width, decimal_comma);
        }
        let plain = std::str::from_utf8(field).unwrap_or_default().trim();
        if let Ok(value) = plain.parse::<f64>()
            && !(decimal_comma && plain.contains('.'))
        {
            self.whole &= plain.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'+') && value.abs() < 9e15;
            self.values.push(value);
            return Ok(());
        }
        let word = text(field);
        let word = word.trim();
        let pointed = if decimal_comma { with_point(word) } else { None };
        let value = match pointed.as_deref().unwrap_or(word) {
            void if is_void(void) => f64::NAN,
            yes if yes.eq_ignore_ascii_case("true") => 1.0,
            no if no.eq_ignore_ascii_case("false") => 0.0,
            other => match other.parse() {
                Ok(value) if !(decimal_comma && word.contains('.')) => value,
                _ if self.label => label(word),
                _ => return Err(no_number(word, decimal_comma)),
            },
        };
        self.whole &= value.is_finite() && value.fract() == 0.0 && value.abs() < 9e15;
        self.values.push(value);
        Ok(())
    }

    fn push_list(&mut self, word: &str, width: usize, decimal_comma: bool) -> Result<(), String> {
        let word = word.trim();
        if is_void(word) {
            self.values.extend(std::iter::repeat_n(f64::NAN, width));
            return Ok(());
        }
        let numbers = list(word, decimal_comma).map_err(|part| {
            let cut = if part == "..." { " (the list was cut short when it was written)" } else { "" };
            format!("has '{part}' in its list, not a number{cut}; write every number out")
        })?;
        match numbers {
            Some(numbers) if numbers.len() == width => self.values.extend(numbers),
            Some(numbers) => {
                return Err(format!(
                    "is a list of {} numbers, the first is one of {width}; every row needs as many",
                    numbers.len()
                ));
            }
            None => return Err(format!("is '{}', the first is a list of {width} numbers", brief(word))),
        }
        Ok(())
    }

    /// Some of the cells.
    pub fn slice(mut self, rows: Range<usize>) -> Self {
        let width = self.list.unwrap_or(1);
        self.values.truncate(rows.end * width);
        self.values.drain(..rows.start * width);
        self
    }

    /// Puts cells of the same column after these.
    pub fn append(&mut self, more: Self) {
        self.whole &= more.whole;
        self.values.extend(more.values);
    }

    /// As a column of a frame.
    pub fn series(self, name: &str) -> Series {
        if let Some(width) = self.list {
            let rows = self.rows();
            let mut lists = ListPrimitiveChunkedBuilder::<Float64Type>::new(
                name.into(),
                rows,
                self.values.len(),
                DataType::Float64,
            );
            self.values.chunks_exact(width).for_each(|row| lists.append_slice(row));
            return lists.finish().into_series();
        }
        if self.whole {
            return Series::new(name.into(), self.values.iter().map(|&v| v as i64).collect::<Vec<_>>());
        }
        Series::new(name.into(), self.values)
    }
}

fn brief(word: &str) -> String {
    word.chars().take(40).collect()
}

fn no_number(word: &str, decimal_comma: bool) -> String {
    let word = brief(word);
    if decimal_comma && word.parse::<f64>().is_ok() {
        return format!("is '{word}', other numbers have a decimal comma; write all of them one way");
    }
    if !decimal_comma && with_point(&word).is_some() {
        return format!("is '{word}', other numbers have a decimal point, not a comma; write all of them one way");
    }
    if word.starts_with(['[', '(']) {
        return format!("is '{word}', a list where other rows have one number; write one column a number");
    }
    format!("is '{word}', not a number; correct it or leave it empty")
}

/// A number that stands for a word (FNV-1a).
fn label(word: &str) -> f64 {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    -1.0 - (hash % LABELS) as f64
}
