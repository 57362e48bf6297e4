//! Plain tables: CSV and Parquet, one row a step. Columns are found by their usual names, or by a mapping in
//! `<file>.toml` or `oodscope.toml`; a folder of Parquet files with the same columns is one table.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Format;
use super::frame::{Frame, Matrix, Parquet, Tick, is_parquet};
use super::place::Place;
use super::reader::Episodes;
use super::roles::{self, Roles};
use crate::data::dataset::Origin;
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::folders;
use crate::ground::task::Ctx;

mod csv;
mod rows;
mod table;
mod words;

use csv::Text;
use rows::Rows;
use table::Table;

/// The format.
pub struct Tabular;

/// Columns are looked for by name, and more are pictures.
const MAX_COLUMNS: usize = 8192;
/// Bytes of a text that are looked at to see whether it is a table.
const HEAD: u64 = 1 << 16;
/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

impl Format for Tabular {
    fn name(&self) -> &'static str {
        "table"
    }

    fn probe(&self, place: &Place) -> bool {
        let path = place.path();
        if path.is_dir() {
            return entries(path).is_some_and(|mut e| e.any(|file| is_parquet(&file)));
        }
        path.is_file() && (is_parquet(path) || is_text_table(place))
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, _cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        Ok(Box::new(Table::open(place)?))
    }
}

/// The files of the table.
fn files(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    if path.is_dir() { parts(path) } else { Ok(vec![path.to_owned()]) }
}

/// Files directly in a folder, in no order.
fn entries(folder: &Path) -> Option<impl Iterator<Item = PathBuf>> {
    Some(std::fs::read_dir(folder).ok()?.take(MAX_ENTRIES).filter_map(Result::ok).map(|e| e.path()))
}

/// The Parquet files in a folder, by name; numbers in names count by their value.
fn parts(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files: Vec<PathBuf> = entries(folder).into_iter().flatten().filter(|f| is_parquet(f)).collect();
    if files.is_empty() {
        return Err(Fault::at(folder, "no Parquet file is in this folder; name a table or a folder with some"));
    }
    files.sort_by_cached_key(|f| folders::by_number(&f.file_name().unwrap_or_default().to_string_lossy()));
    let root = folder.canonicalize().map_err(|e| Fault::at(folder, format!("cannot be opened ({e})")))?;
    match files.iter().find(|f| f.canonicalize().map_or(true, |real| !real.starts_with(&root))) {
        Some(outside) => Err(Fault::at(outside, "is a link out of the folder; put the file itself there")),
        None => Ok(files),
    }
}

/// True if the file is text whose first line names columns that are known or mapped, or that calls itself a table.
fn is_text_table(place: &Place) -> bool {
    let (path, mut head) = (place.path(), Vec::new());
    if File::open(path).and_then(|f| f.take(HEAD).read_to_end(&mut head)).is_err() {
        return false;
    }
    let Some((_, names, _)) = csv::header(&head, (head.len() as u64) < HEAD) else { return false };
    let named = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"));
    names.len() > 1 && (named || roles::familiar(&names) || place.is_mapped())
}

/// Where the rows come from and how they are read.
fn origin(path: &Path, roles: &Roles, names: &[String], files: usize) -> Origin {
    let done = "'done' does not say why an episode ended: it is read as terminated, also where a time limit ended it";
    let unsure = roles.terminated.is_none() && roles.done.is_some();
    Origin {
        path: path.to_owned(),
        format: Tabular.name().into(),
        rules: rules(roles, names, files),
        warnings: unsure.then(|| done.to_owned()).into_iter().collect(),
        ..Origin::default()
    }
}

/// A file of a table, of which any rows can be read.
enum Source {
    Text(Text),
    Parquet(Parquet),
}

impl Source {
    /// Reads the names of the columns.
    fn open(file: &Path) -> Result<Self, Fault> {
        if is_parquet(file) { Parquet::open(file).map(Self::Parquet) } else { Text::open(file).map(Self::Text) }
    }

    fn names(&self) -> &[String] {
        match self {
            Self::Text(text) => text.names(),
            Self::Parquet(parquet) => parquet.names(),
        }
    }

    /// Rows; those of text are looked for.
    fn rows(&self, cx: &Ctx) -> Result<usize, Fault> {
        match self {
            Self::Text(text) => text.rows(&cx.phase("finding the lines")),
            Self::Parquet(parquet) => Ok(parquet.rows()),
        }
    }

    /// Rows; of text about so many.
    fn rows_about(&self) -> Result<u64, Fault> {
        match self {
            Self::Text(text) => text.guess(),
            Self::Parquet(parquet) => Ok(parquet.rows() as u64),
        }
    }

    /// The first row of a file that knows its rows and has any.
    fn first_row(&self, roles: &Roles) -> Option<Result<Rows, Fault>> {
        let Self::Parquet(parquet) = self else { return None };
        let row = || Rows::read(&parquet.read_with(&roles.columns(), 0..1, &|_, _| Ok(()))?, roles);
        (parquet.rows() > 0).then(row)
    }

    fn read(&self, columns: &[String], rows: Range<usize>, tick: Tick<'_>) -> Result<Frame, Fault> {
        match self {
            Self::Text(text) => text.read_with(columns, rows, tick),
            Self::Parquet(parquet) => parquet.read_with(columns, rows, tick),
        }
    }
}

fn bounded(file: &Path, names: &[String]) -> Result<(), Fault> {
    match names.len() {
        n if n > MAX_COLUMNS => {
            Err(Fault::at(file, format!("has {n} columns, more than the {MAX_COLUMNS} that are read")))
        }
        _ => Ok(()),
    }
}

/// The names of the file, but `obs[0]`, `obs[1]`, … where one column of lists has them all.
fn space(prefix: &str, matrix: &Matrix, columns: &[String]) -> Space {
    let unnamed = Space::unnamed(prefix, matrix.width());
    let listed = |column: &String| matrix.names.iter().zip(0..).all(|(n, i): (_, usize)| *n == format!("{column}.{i}"));
    match columns {
        [one] if listed(one) => unnamed,
        _ => Space { names: matrix.names.clone(), ..unnamed },
    }
}

/// Columns of one number each.
fn columns(prefix: &str, names: &[String]) -> Space {
    Space { names: names.to_vec(), ..Space::unnamed(prefix, names.len()) }
}

fn rules(roles: &Roles, names: &[String], files: usize) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(file) = &roles.mapping {
        rules.push(format!("the columns are as {} says", file.display()));
    }
    rules.push(format!("observation: {}", brief(&roles.observation)));
    rules.push(format!("action: {}", brief(&roles.action)));
    let flags = [&roles.terminated, if roles.terminated.is_none() { &roles.done } else { &None }, &roles.truncated];
    let flags: Vec<&str> = flags.into_iter().flatten().map(String::as_str).collect();
    rules.push(match (&roles.episode, flags.is_empty()) {
        (Some(column), true) => format!("an episode is a run of rows with one '{column}'"),
        (Some(column), false) => {
            format!("an episode is a run of rows with one '{column}', and ends at {}", flags.join(" | "))
        }
        (None, true) => "no column says where an episode ends".into(),
        (None, false) => format!("episodes end at {}, and at the end of a file", flags.join(" | ")),
    });
    rules.push(if roles.next_observation.is_empty() {
        "no next observations: the next observation is the following row, and the last step of an episode has none"
            .into()
    } else {
        format!("next observation: {}", brief(&roles.next_observation))
    });
    if roles.reward.is_none() {
        rules.push("the file has no rewards: every reward is 0".into());
    }
    if roles.done.is_some() && roles.terminated.is_none() && roles.truncated.is_some() {
        rules.push("a row that is done and not truncated is terminated".into());
    }
    if files > 1 {
        rules.push(format!("{files} files are one table, in the order of their names"));
    }
    let used = roles.columns();
    let unused: Vec<String> = names.iter().filter(|n| !used.contains(n)).cloned().collect();
    if !unused.is_empty() {
        rules.push(format!("not read: {}", brief(&unused)));
    }
    rules
}

/// A list of columns, the middle of a long one left out.
fn brief(columns: &[String]) -> String {
    match columns {
        [first, .., last] if columns.len() > 12 => format!("{first} … {last} ({} columns)", columns.len()),
        _ => columns.join(", "),
    }
}

/// The columns that hold NaN or Inf.
fn not_finite<'m>(matrices: impl Iterator<Item = &'m Matrix>) -> Option<String> {
    let mut bad = Vec::new();
    for matrix in matrices.filter(|m| m.values.iter().any(|v| !v.is_finite())) {
        for (d, name) in matrix.names.iter().enumerate() {
            let mut rows = matrix.values.iter().skip(d).step_by(matrix.width()).enumerate();
            if let Some((row, _)) = rows.find(|(_, v)| !v.is_finite()) {
                let count = 1 + rows.filter(|(_, v)| !v.is_finite()).count();
                bad.push(format!("{name} ({count}, first: row {row})"));
            }
        }
    }
    (!bad.is_empty()).then(|| format!("columns with fields that are empty, NaN or Inf: {}", brief(&bad)))
}

#[cfg(test)]
mod tests;
