//! Conditions on the rows of a table, in SQL: `"return" > AVG("return") AND part LIKE 'h%'`.
//!
//! `sqlparser` reads them. What they mean is SQL's: what is missing is neither true nor false, and a row is taken where the
//! whole is true. `/` divides numbers without rounding, `//` rounds down. A function of many rows (`AVG`, `QUANTILE_CONT`)
//! is one number, of every row of the table.

mod function;
mod kind;
mod many;
mod resolve;
mod term;

use std::thread::ScopedJoinHandle;

use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Tokenizer};
use thiserror::Error;

use crate::data::entry::Entry;
use kind::Kind;

/// Most words and signs of a condition, a list's numbers, texts and commas apart: a tree of them is as deep as it has words.
const WORDS: usize = 4096;
/// Bytes of stack that such a tree needs at most, unoptimised; only what is used is taken.
const STACK: usize = 64 << 20;

/// A column that conditions may name.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    kind: Kind,
    entries: Vec<Entry>,
}

impl Column {
    /// A column of a name, with what stands in each row.
    pub fn new(name: impl Into<String>, entries: Vec<Entry>) -> Self {
        let kinds = entries.iter().map(Kind::of);
        let kind = kinds.fold(Kind::Nothing, |kind, next| kind.with(next).unwrap_or(kind));
        Self { name: name.into(), kind, entries }
    }
}

/// Why a condition cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// There is no such column.
    #[error("asks for {0}, and no column is called so")]
    Column(String),
    /// There is no such function.
    #[error("asks for the function {0}; there are {1}")]
    Function(String, String),
    /// It ends where something has to follow.
    #[error("ends too early: something has to follow")]
    Early,
    /// Anything else.
    #[error("is not understood ({0})")]
    Other(String),
}

/// For each of so many rows whether it meets the condition.
///
/// # Errors
/// [`Refused`], which says what the condition does: it goes on after the condition's own words.
pub fn rows_meeting(columns: &[Column], rows: usize, condition: &str) -> Result<Vec<bool>, Refused> {
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, condition).tokenize().map_err(|e| Refused::Other(e.to_string()))?;
    let listed =
        |t: &Token| matches!(t, Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) | Token::Whitespace(_));
    if tokens.iter().filter(|t| !listed(t)).count() > WORDS {
        return Err(Refused::Other(format!("it has more than {WORDS} words; a list is one: id IN (1, 2, 3)")));
    }
    let parsed = || {
        let mut parser = Parser::new(&dialect).with_tokens(tokens);
        let tree = parser.parse_expr().map_err(broken)?;
        match parser.peek_token().token {
            Token::EOF => resolve::resolve(&tree, columns, rows),
            rest => Err(Refused::Other(format!("it should end before '{rest}'"))),
        }
    };
    // The parser goes as deep as there are words.
    let thread = std::thread::Builder::new().stack_size(STACK);
    let term = std::thread::scope(|scope| thread.spawn_scoped(scope, parsed).map(ScopedJoinHandle::join));
    let gave_up = || Refused::Other("it could not be read".into());
    let term = term.map_err(|_| gave_up())?.map_err(|_| gave_up())??;
    match term.kind(columns) {
        Kind::Truth => Ok((0..rows).map(|row| term.of(columns, row).truth() == Some(true)).collect()),
        kind => Err(Refused::Other(format!("it is {kind}, and a condition is true or false"))),
    }
}

fn broken(error: ParserError) -> Refused {
    match error {
        ParserError::RecursionLimitExceeded => Refused::Other("it is nested too deeply".into()),
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
            if text.ends_with("found: EOF") {
                Refused::Early
            } else {
                Refused::Other(text)
            }
        }
    }
}

#[cfg(test)]
mod tests;
