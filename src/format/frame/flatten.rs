//! A column as rows of numbers: scalars, lists of one length, and structs of those.

use polars_core::prelude::{BooleanChunked, DataType, NamedFrom as _, Series};

/// Most columns that a row may be flattened to: more are pictures.
const MAX_WIDTH: usize = 1 << 20;
/// How deep lists and structs may be nested.
const MAX_DEPTH: usize = 8;

/// Rows of numbers under one name.
#[derive(Debug, Clone)]
pub(in super::super) struct Leaf {
    /// `observation`, or `observation.velocity` for a field of a struct.
    pub name: String,
    /// Numbers a row.
    pub width: usize,
    /// A number of its own, not a list of one.
    pub scalar: bool,
    /// All numbers, row by row.
    values: Series,
}

/// Row-major numbers with a name for every column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Matrix {
    pub names: Vec<String>,
    pub values: Vec<f32>,
}

impl Matrix {
    /// Columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }
}

/// The numbers of `column`, called `name`: a struct has one leaf a field, in the order of the fields.
///
/// # Errors
/// A sentence naming the row whose list is empty or of another length, or the type that is no number.
pub(in super::super) fn leaves(column: &Series, name: &str) -> Result<Vec<Leaf>, String> {
    let mut out = Vec::new();
    collect(column, name, 0, &mut out)?;
    match out.iter().map(|l| l.width).sum::<usize>() {
        0 => Err(format!("'{name}' has no numbers in it")),
        n if n > MAX_WIDTH => Err(format!("'{name}' has {n} numbers a row, more than {MAX_WIDTH}")),
        _ => Ok(out),
    }
}

/// [`leaves`], where a row of lists that is empty (null, or a list of nothing) is a row of NaN.
///
/// # Errors
/// As [`leaves`].
pub(in super::super) fn leaves_or_nan(column: &Series, name: &str) -> Result<Vec<Leaf>, String> {
    let held: Vec<bool> = match column.dtype() {
        DataType::List(_) => {
            let lists = column.list().map_err(|e| e.to_string())?;
            lists.amortized_iter().map(|list| list.is_some_and(|l| !l.as_ref().is_empty())).collect()
        }
        DataType::Array(..) => column.is_not_null().iter().map(|held| held == Some(true)).collect(),
        _ => return leaves(column, name),
    };
    if held.iter().all(|&h| h) {
        return leaves(column, name);
    }
    if !held.contains(&true) {
        // How many numbers a row would have nothing tells.
        let values = Series::new(name.into(), vec![f32::NAN; held.len()]);
        return Ok(vec![Leaf { name: name.to_owned(), width: 1, scalar: false, values }]);
    }
    let mask: BooleanChunked = held.iter().copied().collect();
    let full = leaves(&column.filter(&mask).map_err(|e| e.to_string())?, name)?;
    let spread = |leaf: Leaf| {
        let values = floats(&leaf.values)?;
        let (mut rows, none) = (values.chunks_exact(leaf.width), vec![f32::NAN; leaf.width]);
        let all: Vec<f32> =
            held.iter().flat_map(|&h| if h { rows.next().unwrap_or(&none) } else { &none[..] }).copied().collect();
        Ok(Leaf { values: Series::new(name.into(), all), ..leaf })
    };
    full.into_iter().map(spread).collect()
}

fn collect(column: &Series, name: &str, depth: usize, out: &mut Vec<Leaf>) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("'{name}' is nested more than {MAX_DEPTH} deep"));
    }
    if let DataType::Struct(fields) = column.dtype() {
        let parts = column.struct_().map_err(|e| e.to_string())?.fields_as_series();
        for (field, part) in fields.iter().zip(&parts) {
            collect(part, &format!("{name}.{}", field.name()), depth + 1, out)?;
        }
        return Ok(());
    }
    let (values, width) = unnest(column, name)?;
    let scalar = !matches!(column.dtype(), DataType::List(_) | DataType::Array(..));
    out.push(Leaf { name: name.to_owned(), width, scalar, values });
    Ok(())
}

/// The numbers in (nested) lists, and how many a row has.
fn unnest(column: &Series, name: &str) -> Result<(Series, usize), String> {
    let rows = column.len();
    let (mut values, mut width) = (column.clone(), 1usize);
    for _ in 0..MAX_DEPTH {
        let (inner, each) = match values.dtype() {
            DataType::Array(..) => fixed(&values, name, width)?,
            DataType::List(_) => ragged(&values, name, width)?,
            dtype if is_number(dtype) => return Ok((values, width)),
            dtype => {
                return Err(format!("'{name}' holds {dtype}, not numbers; leave it out, or write numbers or lists"));
            }
        };
        width = width.saturating_mul(each);
        if inner.len() != rows.saturating_mul(width) || width > MAX_WIDTH {
            return Err(format!("'{name}' has {} values in {rows} rows of {width}", inner.len()));
        }
        values = inner;
    }
    Err(format!("'{name}' is nested more than {MAX_DEPTH} deep"))
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || *dtype == DataType::Boolean
}

/// The values of a column of fixed-size lists.
fn fixed(column: &Series, name: &str, per_row: usize) -> Result<(Series, usize), String> {
    no_empty(column, name, per_row)?;
    let lists = column.array().map_err(|e| e.to_string())?;
    Ok((lists.get_inner(), lists.width()))
}

/// The values of a column of lists, which must all be as long as the first.
fn ragged(column: &Series, name: &str, per_row: usize) -> Result<(Series, usize), String> {
    no_empty(column, name, per_row)?;
    let lists = column.list().map_err(|e| e.to_string())?.rechunk();
    let offsets = lists.downcast_as_array().offsets();
    let mut lengths = offsets.lengths();
    let width = lengths.next().unwrap_or(0);
    if let Some((at, other)) = lengths.enumerate().find(|&(_, n)| n != width) {
        return Err(format!(
            "'{name}' row {} has {other} numbers where row 0 has {width}; every row needs as many",
            (at + 1) / per_row
        ));
    }
    // The values of a slice lie somewhere inside.
    let (first, len) = (*offsets.first(), offsets.range() as usize);
    Ok((lists.get_inner().slice(first, len), width))
}

fn no_empty(column: &Series, name: &str, per_row: usize) -> Result<(), String> {
    if column.null_count() == 0 {
        return Ok(());
    }
    let first = column.is_null().iter().position(|null| null == Some(true)).unwrap_or(0);
    Err(format!("'{name}' row {} is empty (null), every row needs a list", first / per_row))
}

/// `parts` side by side, `rows` rows; what is empty is NaN.
///
/// # Errors
/// A sentence naming the part that does not have `rows` rows.
pub(in super::super) fn matrix(rows: usize, parts: &[Leaf]) -> Result<Matrix, String> {
    let names = parts
        .iter()
        .flat_map(|p| (0..p.width).map(|d| if p.scalar { p.name.clone() } else { format!("{}.{d}", p.name) }));
    let names: Vec<String> = names.collect();
    let mut columns = Vec::with_capacity(parts.len());
    for part in parts {
        let values = floats(&part.values)?;
        if values.len() != rows * part.width {
            return Err(format!(
                "'{}' has {} values, {rows} rows of {} need more",
                part.name,
                values.len(),
                part.width
            ));
        }
        columns.push((values, part.width));
    }
    if columns.len() == 1 {
        return Ok(Matrix { names, values: columns.swap_remove(0).0 });
    }
    let mut values = Vec::with_capacity(rows * names.len());
    for row in 0..rows {
        for (column, width) in &columns {
            values.extend_from_slice(&column[row * width..(row + 1) * width]);
        }
    }
    Ok(Matrix { names, values })
}

fn floats(values: &Series) -> Result<Vec<f32>, String> {
    let cast = values.cast(&DataType::Float32).map_err(|e| e.to_string())?;
    let cast = cast.f32().map_err(|e| e.to_string())?;
    if cast.null_count() == 0 {
        let mut all = Vec::with_capacity(cast.len());
        cast.downcast_iter().for_each(|part| all.extend_from_slice(part.values()));
        return Ok(all);
    }
    Ok(cast.iter().map(|v| v.unwrap_or(f32::NAN)).collect())
}

/// One number a row; what is empty is NaN.
///
/// # Errors
/// A sentence if the column holds no numbers, or more than one a row.
pub(in super::super) fn numbers(column: &Series) -> Result<Vec<f64>, String> {
    let cast = single(column)?.cast(&DataType::Float64).map_err(|e| e.to_string())?;
    let cast = cast.f64().map_err(|e| e.to_string())?;
    Ok(cast.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// One flag a row: yes, no, 0 or 1.
///
/// # Errors
/// A sentence naming the row that is empty or another number.
pub(in super::super) fn flags(column: &Series) -> Result<Vec<bool>, String> {
    flags_but(column, |_| false)
}

/// [`flags`], of which those of the rows that `may_be_empty` may be: they are not set then.
///
/// # Errors
/// As [`flags`].
pub(in super::super) fn flags_but(column: &Series, may_be_empty: impl Fn(usize) -> bool) -> Result<Vec<bool>, String> {
    let flag = |(row, v): (usize, f64)| match v {
        0.0 => Ok(false),
        1.0 => Ok(true),
        v if !v.is_nan() => Err(format!("'{}' row {row} is {v}, a flag is 0 or 1", column.name())),
        _ if may_be_empty(row) => Ok(false),
        _ => Err(format!("'{}' row {row} is empty, a flag is 0 or 1", column.name())),
    };
    numbers(column)?.into_iter().enumerate().map(flag).collect()
}

/// One whole number a row; a word is one of its own below 0.
///
/// # Errors
/// As [`whole`].
pub(in super::super) fn labels(column: &Series) -> Result<Vec<i64>, String> {
    let Ok(words) = column.str() else { return whole(column) };
    let label = |(row, word): (usize, Option<&str>)| {
        let word = word.ok_or_else(|| format!("'{}' row {row} is empty", column.name()))?;
        let hash = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        // FNV-1a, without its sign.
        Ok(-1 - (word.bytes().fold(0xcbf2_9ce4_8422_2325, hash) >> 1) as i64)
    };
    words.iter().enumerate().map(label).collect()
}

/// One whole number a row.
///
/// # Errors
/// A sentence naming the row that is empty or no whole number.
pub(in super::super) fn whole(column: &Series) -> Result<Vec<i64>, String> {
    let column = single(column)?;
    let problem = |row: usize| format!("'{}' row {row} is no whole number", column.name());
    if column.dtype().is_float() {
        let whole = |(row, v): (usize, f64)| {
            if v.fract() == 0.0 && v.abs() < 9e15 { Ok(v as i64) } else { Err(problem(row)) }
        };
        return numbers(&column)?.into_iter().enumerate().map(whole).collect();
    }
    let cast = column.cast(&DataType::Int64).map_err(|e| e.to_string())?;
    let cast = cast.i64().map_err(|e| e.to_string())?;
    cast.iter().enumerate().map(|(row, v)| v.ok_or_else(|| problem(row))).collect()
}

/// The values of a column with one number a row, be it in a list of one.
fn single(column: &Series) -> Result<Series, String> {
    let name = column.name().to_string();
    let (values, width) = unnest(column, &name)?;
    if width == 1 { Ok(values) } else { Err(format!("'{name}' has {width} values a row, one is needed")) }
}
