//! What a condition says, with its columns found, and what that is in a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;

use super::Column;
use super::function::Function;
use super::kind::Kind;
use crate::data::entry::Entry;

/// What is true of how two entries stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    MoreOrEqual,
    More,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::MoreOrEqual => order.is_ge(),
            Self::More => order.is_gt(),
        }
    }
}

/// A part of a condition.
#[derive(Debug, Clone)]
pub enum Term {
    Entry(Entry),
    /// The entry of the column of this place.
    Column(usize),
    Not(Box<Term>),
    All(Vec<Term>),
    Any(Vec<Term>),
    Compared(Box<Term>, Relation, Box<Term>),
    /// `IS NOT DISTINCT FROM`: equal, or both missing.
    Same(Box<Term>, Box<Term>),
    Among(Box<Term>, Vec<Term>),
    Between(Box<Term>, Box<Term>, Box<Term>),
    Matches(Box<Term>, Regex),
    Call(&'static Function, Vec<Term>),
    /// Conditions with what is taken where they are the first to hold, or to be equal to what is named, and what is taken else.
    Case(Option<Box<Term>>, Vec<(Term, Term)>, Box<Term>),
}

impl Term {
    /// What kind of entries this gives.
    pub fn kind(&self, columns: &[Column]) -> Kind {
        match self {
            Self::Entry(entry) => Kind::of(entry),
            Self::Column(place) => columns[*place].kind,
            Self::Call(function, terms) => {
                function.gives.unwrap_or_else(|| common(columns, terms.iter()).unwrap_or(Kind::Nothing))
            }
            Self::Case(_, cases, other) => {
                let results = cases.iter().map(|(_, result)| result).chain([other.as_ref()]);
                common(columns, results).unwrap_or(Kind::Nothing)
            }
            Self::Not(_)
            | Self::All(_)
            | Self::Any(_)
            | Self::Compared(..)
            | Self::Same(..)
            | Self::Among(..)
            | Self::Between(..)
            | Self::Matches(..) => Kind::Truth,
        }
    }

    /// What this is in a row.
    pub fn of<'a>(&'a self, columns: &'a [Column], row: usize) -> Cow<'a, Entry> {
        let truth = |known: Option<bool>| Cow::Owned(known.map_or(Entry::Missing, Entry::Truth));
        match self {
            Self::Entry(entry) => Cow::Borrowed(entry),
            Self::Column(place) => Cow::Borrowed(&columns[*place].entries[row]),
            Self::Not(term) => truth(term.of(columns, row).truth().map(|yes| !yes)),
            Self::All(terms) => truth(decided(terms.iter().map(|term| term.of(columns, row).truth()), false)),
            Self::Any(terms) => truth(decided(terms.iter().map(|term| term.of(columns, row).truth()), true)),
            Self::Between(term, low, high) => {
                let (entry, low, high) = (term.of(columns, row), low.of(columns, row), high.of(columns, row));
                let within = [entry.compare(&low).map(Ordering::is_ge), entry.compare(&high).map(Ordering::is_le)];
                truth(decided(within.into_iter(), false))
            }
            Self::Compared(a, relation, b) => {
                truth(a.of(columns, row).compare(&b.of(columns, row)).map(|order| relation.holds(order)))
            }
            Self::Same(a, b) => {
                let (a, b) = (a.of(columns, row), b.of(columns, row));
                truth(Some(a.compare(&b).map_or(*a == Entry::Missing && *b == Entry::Missing, Ordering::is_eq)))
            }
            Self::Among(term, terms) => {
                let entry = term.of(columns, row);
                let mut known = Some(false);
                for other in terms {
                    match entry.compare(&other.of(columns, row)) {
                        Some(Ordering::Equal) => return truth(Some(true)),
                        Some(_) => {}
                        None => known = None,
                    }
                }
                truth(known)
            }
            Self::Matches(term, pattern) => truth(term.of(columns, row).text().map(|text| pattern.is_match(text))),
            Self::Call(function, terms) => {
                let entries: Vec<_> = terms.iter().map(|term| term.of(columns, row)).collect();
                let missing = entries.iter().any(|entry| **entry == Entry::Missing);
                let lost = missing && function.gives.is_some();
                Cow::Owned(if lost { Entry::Missing } else { (function.make)(&entries) })
            }
            Self::Case(named, cases, other) => {
                let named = named.as_ref().map(|named| named.of(columns, row));
                let met = cases.iter().find(|(case, _)| {
                    let case = case.of(columns, row);
                    match &named {
                        Some(named) => named.compare(&case) == Some(Ordering::Equal),
                        None => case.truth() == Some(true),
                    }
                });
                met.map_or(other.as_ref(), |(_, result)| result).of(columns, row)
            }
        }
    }
}

/// The kind that all of some terms have; nothing where they differ.
pub fn common<'a>(columns: &[Column], mut terms: impl Iterator<Item = &'a Term>) -> Option<Kind> {
    terms.try_fold(Kind::Nothing, |kind, term| kind.with(term.kind(columns)))
}

/// `by` where one of the truths is it, else unknown where one is, else the opposite.
fn decided(truths: impl Iterator<Item = Option<bool>>, by: bool) -> Option<bool> {
    let mut known = Some(!by);
    for truth in truths {
        match truth {
            Some(yes) if yes == by => return Some(by),
            Some(_) => {}
            None => known = None,
        }
    }
    known
}
