//! Plain tables: CSV and Parquet, one row a step. Columns are found by their usual names, or by a mapping in
//! `<file>.toml` or `oodscope.toml`; a folder of Parquet files with the same columns is one table.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Format;
use super::frame::{Frame, Matrix, Parquet, Tick, is_parquet};
use super::place::Place;
use super::reader::Episodes;
use super::roles::{self, Roles};
use crate::data::dataset::{NO_REWARDS, Origin};
use crate::data::space::Space;
use crate::ground::fault::Fault;
use crate::ground::folders;
use crate::ground::task::Ctx;

mod csv;
mod cuts;
mod nested;
mod rows;
mod table;
mod words;

use csv::{Start, Text};
use nested::Nested;
use rows::Rows;
use table::Table;

/// The format.
pub struct Tabular;

/// How the rule begins that says where next observations come from.
const NO_NEXT: &str = "no next observations";
/// Columns are looked for by name, and more are pictures.
const MAX_COLUMNS: usize = 8192;
/// Bytes of a text that are looked at to see whether it is a table.
const HEAD: u64 = 1 << 16;
/// Rows of a Parquet file that are looked at to see whether some hold no step.
const LOOKED_AT: usize = 4096;
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

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let opened = Opened::of(place, cx)?;
        match nested::Row::of(&opened)? {
            Some(row) => Ok(Box::new(Nested::new(opened, row))),
            None => Ok(Box::new(Table::open(opened)?)),
        }
    }
}

/// The files of a table, and what their columns are.
struct Opened {
    path: PathBuf,
    files: Vec<Source>,
    roles: Roles,
}

impl Opened {
    fn of(place: &Place, cx: &Ctx) -> Result<Self, Fault> {
        let path = place.path();
        let open = |file: &PathBuf| Source::open(file, cx).and_then(|t| bounded(file, t.names()).map(|()| t));
        let mut files = files(path)?.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let roles = Roles::find(path, place.mapping()?.as_ref(), files[0].names())?;
        let numbers: Vec<String> = roles.episode.iter().chain(&roles.episode_too).cloned().collect();
        for file in &mut files {
            if let Source::Text(text) = file {
                text.allow_words(&numbers);
            }
        }
        Ok(Self { path: path.to_owned(), files, roles })
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

/// True if the file is text, packed or not, whose first line names columns that are known or mapped, or that calls itself a
/// table.
fn is_text_table(place: &Place) -> bool {
    let path = place.path();
    let Ok(head) = csv::first_bytes(path, HEAD) else { return false };
    let named = |endings: &[&str]| {
        let packed = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let name = if packed { path.with_extension("") } else { path.to_owned() };
        name.extension().is_some_and(|e| endings.iter().any(|ending| e.eq_ignore_ascii_case(ending)))
    };
    match csv::start(&head, (head.len() as u64) < HEAD) {
        Some(Start::Named(found)) => {
            let names = &found.columns;
            names.len() > 1 && (named(&["csv", "tsv"]) || roles::familiar(names) || place.is_mapped())
        }
        // It can be said what is missing.
        Some(Start::Numbers(columns, _)) => columns > 1 && (named(&["csv", "tsv", "txt", "dat"]) || place.is_mapped()),
        None => false,
    }
}

/// What a row of a table is.
#[derive(Clone, Copy)]
enum RowIs {
    /// A step.
    Step,
    /// A whole episode, with the observation after its last step, if so.
    Episode { last: bool },
}

/// Where the rows come from and how they are read.
fn origin(path: &Path, roles: &Roles, names: &[String], files: usize, row: RowIs) -> Origin {
    let done = "'done' does not say why an episode ended: it is read as terminated, also where a time limit ended it";
    let unsure = roles.terminated.is_none() && roles.done.is_some();
    Origin {
        path: path.to_owned(),
        format: Tabular.name().into(),
        rules: rules(roles, names, files, row),
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
    fn open(file: &Path, cx: &Ctx) -> Result<Self, Fault> {
        if is_parquet(file) { Parquet::open(file).map(Self::Parquet) } else { Text::open(file, cx).map(Self::Text) }
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

    /// True if one of the first or the last rows has neither action nor reward.
    fn has_bare_rows(&self, roles: &Roles) -> Result<bool, Fault> {
        let columns = roles.of_steps();
        let parquet = match self {
            Self::Text(text) => return text.has_bare_rows(&columns),
            Self::Parquet(parquet) => parquet,
        };
        let rows = parquet.rows();
        for some in [0..rows.min(LOOKED_AT), rows.saturating_sub(1)..rows] {
            let frame = parquet.read_with(&columns, some, &|_, _| Ok(()))?;
            if frame.rows() > 0 && rows::bare(&frame, roles)?.contains(&true) {
                return Ok(true);
            }
        }
        Ok(false)
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

/// The columns of observations and of actions. Of lists in Parquet only a row says how many numbers they are.
fn spaces(files: &[Source], roles: &Roles) -> Result<(Space, Space), Fault> {
    let row = files.iter().find_map(|file| file.first_row(roles)).transpose()?;
    Ok(match (&row, &files[0]) {
        (Some(row), _) => (space("obs", &row.obs, &roles.observation), space("action", &row.actions, &roles.action)),
        (None, Source::Text(text)) => {
            let columns = |prefix: &str, names: &[String]| {
                let each = |n: &String| match text.list(n) {
                    Some(width) => (0..width).map(|d| format!("{n}.{d}")).collect(),
                    None => vec![n.clone()],
                };
                let names_of: Vec<String> = names.iter().flat_map(each).collect();
                space(prefix, &Matrix { names: names_of, values: Vec::new() }, names)
            };
            (columns("obs", &roles.observation), columns("action", &roles.action))
        }
        (None, Source::Parquet(_)) => {
            let columns =
                |prefix: &str, names: &[String]| Space { names: names.to_vec(), ..Space::unnamed(prefix, names.len()) };
            (columns("obs", &roles.observation), columns("action", &roles.action))
        }
    })
}

/// How episodes of rows that are steps end.
fn ends(roles: &Roles) -> String {
    let flags = [&roles.terminated, &roles.done, &roles.truncated];
    let flags: Vec<&str> = flags.into_iter().flatten().map(String::as_str).collect();
    match (&roles.episode, flags.is_empty()) {
        (Some(column), true) => format!("an episode is a run of rows with one '{column}'"),
        (Some(column), false) => {
            format!("an episode is a run of rows with one '{column}', and ends at {}", flags.join(" | "))
        }
        (None, true) => "no column says where an episode ends".into(),
        (None, false) => format!("episodes end at {}, and at the end of a file", flags.join(" | ")),
    }
}

fn rules(roles: &Roles, names: &[String], files: usize, row: RowIs) -> Vec<String> {
    let mut rules = Vec::new();
    let last = matches!(row, RowIs::Episode { last: true });
    if let RowIs::Episode { .. } = row {
        let last = if last { ", with one more observation than steps" } else { "" };
        rules.push(format!("a row is an episode: its columns are lists of steps{last}"));
    }
    if let Some(file) = &roles.mapping {
        rules.push(format!("the columns are as {} says", file.display()));
    }
    rules.push(format!("observation: {}", brief(&roles.observation)));
    rules.push(format!("action: {}", brief(&roles.action)));
    if let RowIs::Step = row {
        rules.push(ends(roles));
    }
    if !roles.next_observation.is_empty() {
        rules.push(format!("next observation: {}", brief(&roles.next_observation)));
    } else if !last {
        rules.push(format!(
            "{NO_NEXT}: the next observation is that of the following step, and the last one of an episode has none"
        ));
    }
    if roles.reward.is_none() {
        rules.push(NO_REWARDS.into());
    }
    rules.extend(roles.done.as_ref().and_then(|done| match (&roles.terminated, &roles.truncated) {
        (None, Some(other)) => Some(format!("a row that is '{done}' and not '{other}' is terminated")),
        (Some(other), None) => Some(format!("a row that is '{done}' and not '{other}' is truncated")),
        _ => None,
    }));
    if let (Some(first), [_, ..]) = (&roles.episode, &roles.episode_too[..]) {
        rules.push(format!("'{first}' numbers the episodes as {} does", brief(&roles.episode_too)));
    }
    if let (Some(first), [_, ..]) = (&roles.step, &roles.step_too[..]) {
        rules.push(format!(
            "'{first}' numbers the steps, not {}: episodes have numbers of their own",
            brief(&roles.step_too)
        ));
    }
    if files > 1 {
        rules.push(format!("{files} files are one table, in the order of their names"));
    }
    let used = roles.columns();
    let unused: Vec<String> = names.iter().filter(|n| !used.contains(n)).cloned().collect();
    rules.extend(Origin::not_read(&unused));
    rules
}

/// A list of columns, the middle of a long one left out.
fn brief(columns: &[String]) -> String {
    match columns {
        [first, .., last] if columns.len() > 12 => format!("{first} … {last} ({} columns)", columns.len()),
        _ => columns.join(", "),
    }
}

/// The columns that hold NaN or Inf, in the rows that count where not all do.
fn not_finite<'m>(matrices: impl Iterator<Item = (&'m Matrix, Option<&'m [bool]>)>) -> Option<String> {
    let mut bad = Vec::new();
    for (matrix, counts) in matrices.filter(|(m, _)| m.values.iter().any(|v| !v.is_finite())) {
        for (d, name) in matrix.names.iter().enumerate() {
            let counts = |row: usize| counts.is_none_or(|counts| counts[row]);
            let rows = matrix.values.iter().skip(d).step_by(matrix.width()).enumerate();
            let mut rows = rows.filter(|&(row, v)| !v.is_finite() && counts(row));
            if let Some((row, _)) = rows.next() {
                bad.push(format!("{name} ({}, first: row {row})", 1 + rows.count()));
            }
        }
    }
    (!bad.is_empty()).then(|| format!("columns with fields that are empty, NaN or Inf: {}", brief(&bad)))
}

#[cfg(test)]
mod tests;
