//! Functions of the entries of one row, operators among them.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::kind::Kind;
use crate::data::entry::Entry;

type Entries<'a> = [Cow<'a, Entry>];

/// A function of entries.
#[derive(Debug)]
pub struct Function {
    /// As it is written, in capitals.
    pub name: &'static str,
    /// What it takes; any number of one kind where it gives what it was given.
    pub takes: &'static [Kind],
    /// How many of what it takes may be left out, from the end.
    pub optional: usize,
    /// What it gives, missing where anything that it is given is; nothing where it gives one of those, missing ones apart.
    pub gives: Option<Kind>,
    pub make: fn(&Entries<'_>) -> Entry,
}

/// A function with a fixed number of arguments, missing where one of them is.
const fn plain(name: &'static str, takes: &'static [Kind], gives: Kind, make: fn(&Entries<'_>) -> Entry) -> Function {
    Function { name, takes, optional: 0, gives: Some(gives), make }
}

/// A function of whatever is given, all of one kind.
const fn any(name: &'static str, make: fn(&Entries<'_>) -> Entry) -> Function {
    Function { name, takes: &[Kind::Nothing], optional: 0, gives: None, make }
}

macro_rules! of_number {
    ($name:literal, $of:expr) => {
        plain($name, &[Kind::Number], Kind::Number, |e| Entry::Number($of(number(e, 0))))
    };
}

macro_rules! of_text {
    ($name:literal, $gives:expr, $of:expr) => {
        plain($name, &[Kind::Text], $gives, |e| $of(text(e, 0)))
    };
}

macro_rules! of_texts {
    ($name:literal, $of:expr) => {
        plain($name, &[Kind::Text, Kind::Text], Kind::Truth, |e| Entry::Truth($of(text(e, 0), text(e, 1))))
    };
}

const NUMBERS: &[Kind] = &[Kind::Number, Kind::Number];

/// What the operators are; looked up by their signs.
pub static OPERATORS: &[Function] = &[
    plain("+", NUMBERS, Kind::Number, |e| arithmetic(e, i64::checked_add, |a, b| a + b)),
    plain("-", NUMBERS, Kind::Number, |e| arithmetic(e, i64::checked_sub, |a, b| a - b)),
    plain("*", NUMBERS, Kind::Number, |e| arithmetic(e, i64::checked_mul, |a, b| a * b)),
    plain("/", NUMBERS, Kind::Number, |e| Entry::Number(number(e, 0) / number(e, 1))),
    plain("//", NUMBERS, Kind::Number, |e| Entry::Number((number(e, 0) / number(e, 1)).floor())),
    plain("%", NUMBERS, Kind::Number, |e| arithmetic(e, i64::checked_rem, |a, b| a % b)),
    plain("||", &[Kind::Text, Kind::Text], Kind::Text, |e| Entry::Text([text(e, 0), text(e, 1)].concat())),
];

/// What functions there are.
pub static FUNCTIONS: &[Function] = &[
    of_number!("ABS", f64::abs),
    of_number!("CEIL", f64::ceil),
    of_number!("EXP", f64::exp),
    of_number!("FLOOR", f64::floor),
    of_number!("LN", f64::ln),
    of_number!("LOG10", f64::log10),
    of_number!("SQRT", f64::sqrt),
    plain("ISNAN", &[Kind::Number], Kind::Truth, |e| Entry::Truth(number(e, 0).is_nan())),
    plain("POWER", NUMBERS, Kind::Number, |e| Entry::Number(number(e, 0).powf(number(e, 1)))),
    Function { optional: 1, ..plain("ROUND", NUMBERS, Kind::Number, |e| Entry::Number(round(e))) },
    of_text!("LENGTH", Kind::Number, |text: &str| Entry::Whole(text.chars().count() as i64)),
    of_text!("LOWER", Kind::Text, |text: &str| Entry::Text(text.to_lowercase())),
    of_text!("UPPER", Kind::Text, |text: &str| Entry::Text(text.to_uppercase())),
    of_texts!("STARTS_WITH", |text: &str, part: &str| text.starts_with(part)),
    of_texts!("ENDS_WITH", |text: &str, part: &str| text.ends_with(part)),
    of_texts!("CONTAINS", |text: &str, part: &str| text.contains(part)),
    plain("LEFT", &[Kind::Text, Kind::Number], Kind::Text, |e| {
        Entry::Text(text(e, 0).chars().take(number(e, 1).max(0.0) as usize).collect())
    }),
    Function {
        optional: 1,
        ..plain("SUBSTRING", &[Kind::Text, Kind::Number, Kind::Number], Kind::Text, |e| Entry::Text(substring(e)))
    },
    any("COALESCE", |e| e.iter().find(|e| ***e != Entry::Missing).map_or(Entry::Missing, |e| e.as_ref().clone())),
    any("GREATEST", |e| extreme(e, Ordering::Greater)),
    any("LEAST", |e| extreme(e, Ordering::Less)),
];

/// The function of a name, however it is capitalised, under the names that other programs have for it too.
pub fn named(name: &str) -> Option<&'static Function> {
    let name = name.to_uppercase();
    let name = match name.as_str() {
        "CEILING" => "CEIL",
        "POW" => "POWER",
        "SUBSTR" => "SUBSTRING",
        "CHAR_LENGTH" => "LENGTH",
        "IFNULL" => "COALESCE",
        "IS_NAN" => "ISNAN",
        name => name,
    };
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// What an operator does.
pub fn operator(sign: &str) -> Option<&'static Function> {
    OPERATORS.iter().find(|f| f.name == sign)
}

/// The number at a place; the kinds were looked at before.
fn number(entries: &Entries<'_>, at: usize) -> f64 {
    entries.get(at).and_then(|entry| entry.number()).unwrap_or(f64::NAN)
}

fn text<'a>(entries: &'a Entries<'_>, at: usize) -> &'a str {
    entries.get(at).and_then(|entry| entry.text()).unwrap_or_default()
}

/// Whole numbers stay whole as long as they fit.
fn arithmetic(entries: &Entries<'_>, whole: fn(i64, i64) -> Option<i64>, of: fn(f64, f64) -> f64) -> Entry {
    let fits = match (entries[0].as_ref(), entries[1].as_ref()) {
        (Entry::Whole(a), Entry::Whole(b)) => whole(*a, *b),
        _ => None,
    };
    fits.map_or_else(|| Entry::Number(of(number(entries, 0), number(entries, 1))), Entry::Whole)
}

/// To a number of digits, halves away from zero.
fn round(entries: &Entries<'_>) -> f64 {
    let scale = 10_f64.powi(if entries.len() > 1 { number(entries, 1) as i32 } else { 0 });
    let scaled = number(entries, 0) * scale;
    if scaled.is_finite() { scaled.round() / scale } else { number(entries, 0) }
}

/// From a character, counted from 1, so many of them, or all to the end.
fn substring(entries: &Entries<'_>) -> String {
    let from = number(entries, 1);
    let end = if entries.len() > 2 { from + number(entries, 2) } else { f64::INFINITY };
    let within = |place: usize| from <= place as f64 && (place as f64) < end;
    text(entries, 0).chars().zip(1..).filter(|&(_, place)| within(place)).map(|(c, _)| c).collect()
}

/// The largest or smallest of what is known.
fn extreme(entries: &Entries<'_>, wanted: Ordering) -> Entry {
    let known = entries.iter().filter(|e| ***e != Entry::Missing);
    let best = known.reduce(|best, next| if next.compare(best) == Some(wanted) { next } else { best });
    best.map_or(Entry::Missing, |entry| entry.as_ref().clone())
}
