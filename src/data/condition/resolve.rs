//! From what the parser read to a term whose columns and functions are there and whose kinds fit.

use regex::{Regex, RegexBuilder};
use sqlparser::ast::{
    BinaryOperator as Binary, CaseWhen, CeilFloorKind, DateTimeField, Expr, Function as Called, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, UnaryOperator as Unary, Value, ValueWithSpan,
};

use super::function::{self, Function};
use super::kind::Kind;
use super::many::{self, Many};
use super::term::{Relation, Term, common};
use super::{Column, Refused};
use crate::data::entry::Entry;

/// What the one table is called: `episodes.steps`.
const TABLE: &str = "episodes";
/// Deepest nesting, chains of AND and OR apart.
const DEPTH: usize = 100;

type Resolved = Result<Term, Refused>;

/// The term of a condition.
///
/// # Errors
/// [`Refused`] where something is not there, does not fit, or is not what a condition may hold.
pub fn resolve(tree: &Expr, columns: &[Column], rows: usize) -> Resolved {
    Resolver { columns, rows, depth: 0, many: false }.term(tree)
}

struct Resolver<'a> {
    columns: &'a [Column],
    rows: usize,
    depth: usize,
    /// Within a function of a column.
    many: bool,
}

fn other<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Other(why.into()))
}

fn not(term: Term, negated: bool) -> Term {
    if negated { Term::Not(Box::new(term)) } else { term }
}

impl Resolver<'_> {
    fn term(&mut self, tree: &Expr) -> Resolved {
        self.depth += 1;
        if self.depth > DEPTH {
            return other("it is nested too deeply");
        }
        let term = self.any(tree);
        self.depth -= 1;
        term
    }

    fn boxed(&mut self, tree: &Expr) -> Result<Box<Term>, Refused> {
        self.term(tree).map(Box::new)
    }

    /// A term of a kind.
    fn of(&mut self, kind: Kind, tree: &Expr) -> Resolved {
        let term = self.term(tree)?;
        let is = term.kind(self.columns);
        if is.fits(kind) { Ok(term) } else { other(format!("{tree} is {is}, where {kind} is asked for")) }
    }

    fn any(&mut self, tree: &Expr) -> Resolved {
        Ok(match tree {
            Expr::Nested(inner) => return self.term(inner),
            Expr::Identifier(name) => return self.column(name),
            // There is one table.
            Expr::CompoundIdentifier(names) if names.len() == 2 && names[0].value.eq_ignore_ascii_case(TABLE) => {
                return self.column(&names[1]);
            }
            Expr::Value(ValueWithSpan { value, .. }) => Term::Entry(constant(value)?),
            Expr::UnaryOp { op: Unary::Not, expr } => Term::Not(Box::new(self.of(Kind::Truth, expr)?)),
            Expr::UnaryOp { op: Unary::Plus, expr } => return self.of(Kind::Number, expr),
            Expr::UnaryOp { op: Unary::Minus, expr } => {
                let terms = vec![Term::Entry(Entry::Whole(0)), self.of(Kind::Number, expr)?];
                return self.operated("-", terms, tree);
            }
            Expr::BinaryOp { op: op @ (Binary::And | Binary::Or), .. } => return self.chain(op, tree),
            Expr::BinaryOp { left, op, right } => return self.binary(left, op, right, tree),
            Expr::IsNull(e) | Expr::IsUnknown(e) => self.same(e, Entry::Missing)?,
            Expr::IsNotNull(e) | Expr::IsNotUnknown(e) => not(self.same(e, Entry::Missing)?, true),
            Expr::IsTrue(e) => self.same(e, Entry::Truth(true))?,
            Expr::IsNotTrue(e) => not(self.same(e, Entry::Truth(true))?, true),
            Expr::IsFalse(e) => self.same(e, Entry::Truth(false))?,
            Expr::IsNotFalse(e) => not(self.same(e, Entry::Truth(false))?, true),
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => {
                let (a, b) = self.comparable(a, b)?;
                not(Term::Same(a, b), matches!(tree, Expr::IsDistinctFrom(..)))
            }
            Expr::Between { expr, negated, low, high } => {
                let term = self.boxed(expr)?;
                let (low, high) = (self.agreeing(expr, &term, low)?, self.agreeing(expr, &term, high)?);
                not(Term::Between(term, Box::new(low), Box::new(high)), *negated)
            }
            Expr::InList { expr, list, negated } => {
                let term = self.boxed(expr)?;
                let terms = list.iter().map(|e| self.agreeing(expr, &term, e)).collect::<Result<Vec<_>, _>>()?;
                not(Term::Among(term, terms), *negated)
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char: None }
            | Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                let pattern = like(constant_text(pattern)?, matches!(tree, Expr::ILike { .. }))?;
                not(Term::Matches(Box::new(self.of(Kind::Text, expr)?), pattern), *negated)
            }
            Expr::RLike { negated, expr, pattern, .. } => not(self.matching(expr, pattern, false)?, *negated),
            Expr::Case { operand, conditions, else_result, .. } => {
                return self.case(operand.as_deref(), conditions, else_result.as_deref(), tree);
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                return self.called("CEIL", &[expr], tree);
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                return self.called("FLOOR", &[expr], tree);
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let given: Vec<&Expr> = [expr, from].into_iter().chain(substring_for).map(AsRef::as_ref).collect();
                return self.called("SUBSTRING", &given, tree);
            }
            Expr::Function(called) => return self.function(called, tree),
            Expr::InSubquery { .. } | Expr::Subquery(_) | Expr::Exists { .. } => {
                return other(format!(
                    "{tree} is a query of its own; AVG, MAX and the like are of all episodes as they stand"
                ));
            }
            _ => return other(format!("{tree} is nothing that a condition can hold")),
        })
    }

    fn case(&mut self, operand: Option<&Expr>, all: &[CaseWhen], last: Option<&Expr>, tree: &Expr) -> Resolved {
        let mut cases = Vec::with_capacity(all.len());
        let named = operand.map(|operand| self.boxed(operand)).transpose()?;
        for case in all {
            let condition = match operand.zip(named.as_ref()) {
                Some((operand, named)) => self.agreeing(operand, named, &case.condition)?,
                None => self.of(Kind::Truth, &case.condition)?,
            };
            cases.push((condition, self.term(&case.result)?));
        }
        let last = last.map_or(Ok(Term::Entry(Entry::Missing)), |e| self.term(e))?;
        if common(self.columns, cases.iter().map(|(_, result)| result).chain([&last])).is_none() {
            return other(format!("{tree} is now of one kind and now of another"));
        }
        Ok(Term::Case(named, cases, Box::new(last)))
    }

    fn column(&self, name: &Ident) -> Resolved {
        let place = self.columns.iter().position(|column| column.name == name.value);
        // Names without quotes are of any case in SQL.
        let loose = || self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(&name.value));
        let place = place.or_else(|| name.quote_style.is_none().then(loose).flatten());
        place.map(Term::Column).ok_or_else(|| Refused::Column(name.value.clone()))
    }

    /// A chain of AND or of OR, which the parser nests to the left, as one list.
    fn chain(&mut self, op: &Binary, tree: &Expr) -> Resolved {
        let (mut links, mut rest) = (Vec::new(), tree);
        while let Expr::BinaryOp { left, op: next, right } = rest
            && next == op
        {
            links.push(right.as_ref());
            rest = left;
        }
        links.push(rest);
        let terms = links.iter().rev().map(|link| self.of(Kind::Truth, link)).collect::<Result<Vec<_>, _>>()?;
        Ok(if *op == Binary::And { Term::All(terms) } else { Term::Any(terms) })
    }

    fn binary(&mut self, left: &Expr, op: &Binary, right: &Expr, tree: &Expr) -> Resolved {
        let relation = match op {
            Binary::Lt => Relation::Less,
            Binary::LtEq => Relation::LessOrEqual,
            Binary::Eq => Relation::Equal,
            Binary::NotEq => Relation::NotEqual,
            Binary::GtEq => Relation::MoreOrEqual,
            Binary::Gt => Relation::More,
            Binary::Spaceship => {
                let (a, b) = self.comparable(left, right)?;
                return Ok(Term::Same(a, b));
            }
            Binary::PGRegexMatch => return self.matching(left, right, false),
            Binary::PGRegexIMatch => return self.matching(left, right, true),
            Binary::PGRegexNotMatch => return self.matching(left, right, false).map(|term| not(term, true)),
            Binary::PGRegexNotIMatch => return self.matching(left, right, true).map(|term| not(term, true)),
            Binary::Xor => {
                let (a, b) = (self.of(Kind::Truth, left)?, self.of(Kind::Truth, right)?);
                return Ok(Term::Compared(Box::new(a), Relation::NotEqual, Box::new(b)));
            }
            sign => {
                let terms = vec![self.term(left)?, self.term(right)?];
                return self.operated(&sign.to_string(), terms, tree);
            }
        };
        self.compared(left, relation, right)
    }

    fn operated(&self, sign: &str, terms: Vec<Term>, tree: &Expr) -> Resolved {
        let Some(operator) = function::operator(sign) else {
            return other(format!("{sign} is nothing that a condition can do"));
        };
        self.fitting(operator, terms, tree)
    }

    fn compared(&mut self, a: &Expr, relation: Relation, b: &Expr) -> Resolved {
        let (a, b) = self.comparable(a, b)?;
        Ok(Term::Compared(a, relation, b))
    }

    fn comparable(&mut self, a: &Expr, b: &Expr) -> Result<(Box<Term>, Box<Term>), Refused> {
        let left = self.boxed(a)?;
        let right = self.agreeing(a, &left, b)?;
        Ok((left, Box::new(right)))
    }

    /// The term of `b`, which can be compared with that of `a`.
    fn agreeing(&mut self, a: &Expr, left: &Term, b: &Expr) -> Resolved {
        let right = self.term(b)?;
        let (is, other_is) = (left.kind(self.columns), right.kind(self.columns));
        if is.with(other_is).is_none() {
            return other(format!("{a} is {is} and {b} is {other_is}: they cannot be compared"));
        }
        Ok(right)
    }

    fn same(&mut self, tree: &Expr, entry: Entry) -> Resolved {
        let term = if matches!(entry, Entry::Truth(_)) { self.of(Kind::Truth, tree)? } else { self.term(tree)? };
        Ok(Term::Same(Box::new(term), Box::new(Term::Entry(entry))))
    }

    fn matching(&mut self, tree: &Expr, pattern: &Expr, any_case: bool) -> Resolved {
        let pattern = compiled(constant_text(pattern)?, any_case)?;
        Ok(Term::Matches(Box::new(self.of(Kind::Text, tree)?), pattern))
    }

    fn function(&mut self, called: &Called, tree: &Expr) -> Resolved {
        let plain = called.filter.is_none() && called.over.is_none() && called.null_treatment.is_none();
        let (name, FunctionArguments::List(list)) = (called.name.to_string(), &called.args) else {
            return other(format!("{tree} is nothing that a condition can hold"));
        };
        let mut given = Vec::with_capacity(list.args.len());
        let mut every = false;
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => given.push(e),
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => every = true,
                _ => return other(format!("{argument} is nothing that a function takes here")),
            }
        }
        if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return other(format!("{tree} asks more of the function than it can do here"));
        }
        if let Some(many) = Many::named(&name) {
            return self.of_column(many, &given, every, tree);
        }
        if name.eq_ignore_ascii_case("IF") && given.len() == 3 {
            let condition = self.of(Kind::Truth, given[0])?;
            let then = self.term(given[1])?;
            let last = self.agreeing(given[1], &then, given[2])?;
            return Ok(Term::Case(None, vec![(condition, then)], Box::new(last)));
        }
        self.called(&name, &given, tree)
    }

    fn called(&mut self, name: &str, given: &[&Expr], tree: &Expr) -> Resolved {
        let Some(function) = function::named(name) else {
            let names = function::FUNCTIONS.iter().map(|f| f.name).chain(many::NAMES.iter().map(|(name, _)| *name));
            return Err(Refused::Function(name.into(), names.collect::<Vec<_>>().join(", ")));
        };
        let terms = given.iter().map(|e| self.term(e)).collect::<Result<Vec<_>, _>>()?;
        self.fitting(function, terms, tree)
    }

    /// A function of terms that are as many as it takes, and of its kinds.
    fn fitting(&self, function: &'static Function, terms: Vec<Term>, tree: &Expr) -> Resolved {
        let (most, given) = (function.takes.len(), terms.len());
        if given < most - function.optional || (given > most && function.gives.is_some()) {
            return other(format!("{} takes {most} and was given {given}", function.name));
        }
        let Some(together) = common(self.columns, terms.iter()).or(function.gives) else {
            return other(format!("{tree} is of texts and of numbers: they cannot be compared"));
        };
        for (place, term) in terms.iter().enumerate() {
            let wanted = function.takes.get(place).copied().unwrap_or(together);
            let wanted = if wanted == Kind::Nothing { together } else { wanted };
            let kind = term.kind(self.columns);
            if !kind.fits(wanted) {
                return other(format!("{tree} gives {} {kind}, where it takes {wanted}", function.name));
            }
        }
        Ok(Term::Call(function, terms))
    }

    /// One number of every row.
    fn of_column(&mut self, many: Many, given: &[&Expr], every: bool, tree: &Expr) -> Resolved {
        if every && given.is_empty() && many == Many::Count {
            return Ok(Term::Entry(Entry::Whole(self.rows as i64)));
        }
        let wanted = if many == Many::Quantile { 2 } else { 1 };
        if every || given.len() != wanted {
            return other(format!("{tree} should name {wanted} in its brackets"));
        }
        if std::mem::replace(&mut self.many, true) {
            return other(format!("{tree} stands within a function of all episodes, of which it is one"));
        }
        let kind = if many == Many::Count { Kind::Nothing } else { Kind::Number };
        let term = if kind == Kind::Nothing { self.term(given[0])? } else { self.of(kind, given[0])? };
        self.many = false;
        let share = match given.get(1).map(|e| self.of(Kind::Number, e)).transpose()? {
            None => 0.0,
            Some(Term::Entry(entry)) if entry.number().is_some_and(|q| (0.0..=1.0).contains(&q)) => {
                entry.number().unwrap_or_default()
            }
            Some(_) => return other(format!("the share in {tree} should be a number from 0 to 1")),
        };
        let entries = (0..self.rows).map(|row| term.of(self.columns, row));
        let known = entries.filter(|entry| **entry != Entry::Missing);
        Ok(Term::Entry(many.of(known.map(|entry| entry.number().unwrap_or(0.0)).collect(), share)))
    }
}

/// The pattern of a match, which is the same for every row.
fn constant_text(tree: &Expr) -> Result<&str, Refused> {
    match tree {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Ok(text),
        _ => other(format!("the pattern {tree} should be a text in single quotes")),
    }
}

fn constant(value: &Value) -> Result<Entry, Refused> {
    Ok(match value {
        Value::Null => Entry::Missing,
        Value::Boolean(yes) => Entry::Truth(*yes),
        Value::SingleQuotedString(text) => Entry::Text(text.clone()),
        Value::Number(digits, _) => match (digits.parse(), digits.parse()) {
            (Ok(whole), _) => Entry::Whole(whole),
            (_, Ok(number)) => Entry::Number(number),
            _ => return other(format!("{digits} is no number")),
        },
        _ => return other(format!("{value} is nothing that a condition can hold")),
    })
}

/// The expression that a pattern of LIKE is: `%` is any text, `_` any character.
fn like(pattern: &str, any_case: bool) -> Result<Regex, Refused> {
    let mut text = String::from("^(?s:");
    for c in pattern.chars() {
        match c {
            '%' => text.push_str(".*"),
            '_' => text.push('.'),
            c => text.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push_str(")$");
    compiled(&text, any_case)
}

fn compiled(pattern: &str, any_case: bool) -> Result<Regex, Refused> {
    let built = RegexBuilder::new(pattern).case_insensitive(any_case).build();
    built.map_err(|e| {
        Refused::Other(format!("the pattern '{pattern}': {}", e.to_string().lines().last().unwrap_or_default()))
    })
}
