//! Two screens as text, held against one another so that another CPU's last digits pass and another layout does not.
//!
//! Frames have to be in the same cells, and words the same and at most three columns away; numbers may differ by 5 % or by two of their last digit; of what is
//! drawn (dots, blocks, points) a tenth of the cells of each half of the screen may be there in one and not in the other.

use std::iter::Peekable;
use std::str::Chars;

/// What differs, in a sentence.
pub fn alike(kept: &str, fresh: &str) -> Result<(), String> {
    let [a, b] = [kept, fresh].map(|text| text.lines().collect::<Vec<_>>());
    if a.len() != b.len() {
        return Err(format!("{} lines became {}", a.len(), b.len()));
    }
    for (n, (old, new)) in a.iter().zip(&b).enumerate() {
        let differs = |what: &str| Err(format!("line {}: {what}\n{old}\n{new}", n + 1));
        if frames(old) != frames(new) {
            return differs("the frames differ");
        }
        let (old_parts, new_parts) = (parts(old), parts(new));
        if old_parts.len() != new_parts.len() || !old_parts.iter().zip(&new_parts).all(|(p, q)| p.is_like(q)) {
            return differs("the words or numbers differ");
        }
    }
    let half = |lines: &[&str], lower: bool| {
        let middle = lines.len() / 2;
        let lines = if lower { &lines[middle..] } else { &lines[..middle] };
        lines.iter().flat_map(|l| l.chars()).filter(|c| is_drawn(*c)).count()
    };
    for lower in [false, true] {
        let (old, new) = (half(&a, lower), half(&b, lower));
        if old.abs_diff(new) * 10 > old.max(20) {
            return Err(format!("{old} cells with dots and blocks became {new}"));
        }
    }
    Ok(())
}

/// Cells of frames, axes and grids.
fn frames(line: &str) -> Vec<(usize, char)> {
    let is_frame = |(_, c): &(usize, char)| ('\u{2500}'..='\u{257f}').contains(c);
    line.chars().enumerate().filter(is_frame).collect()
}

/// Blocks, dots and points of curves: they move with the numbers.
fn is_drawn(c: char) -> bool {
    matches!(c, '\u{2580}'..='\u{259f}' | '\u{2800}'..='\u{28ff}' | '●' | '○' | '◆' | '■' | '▲' | '▼')
}

#[derive(Debug)]
enum Part {
    /// Text, and the column behind it.
    Word(String, usize),
    /// Value, and one of its last digit.
    Number(f64, f64),
}

impl Part {
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(a, at), Self::Word(b, now)) => a == b && at.abs_diff(*now) <= 3,
            (Self::Number(a, da), Self::Number(b, db)) => {
                (a - b).abs() <= (0.05 * a.abs().max(b.abs())).max(2.0 * da.max(*db)) * (1.0 + 1e-9)
            }
            _ => false,
        }
    }
}

/// Words and numbers in order; a number ends a word.
fn parts(line: &str) -> Vec<Part> {
    let (mut out, mut word) = (Vec::new(), String::new());
    let all = line.chars().count();
    let mut rest = line.chars().peekable();
    loop {
        let next = rest.peek().copied();
        let column = all - rest.clone().count();
        let digit = next.is_some_and(|c| c.is_ascii_digit());
        let gap = next.is_none_or(|c| c.is_whitespace() || is_drawn(c) || ('\u{2500}'..='\u{257f}').contains(&c));
        let minus = digit && (word == "−" || word == "-");
        if (digit || gap) && !minus && !word.is_empty() {
            out.push(Part::Word(std::mem::take(&mut word), column));
        }
        if digit {
            word.clear();
            out.push(number(&mut rest, if minus { -1.0 } else { 1.0 }));
            continue;
        }
        match rest.next() {
            Some(c) if !gap => word.push(c),
            Some(_) => {}
            None => return out,
        }
    }
}

fn number(rest: &mut Peekable<Chars<'_>>, sign: f64) -> Part {
    let (mut digits, mut behind, mut point) = (String::new(), 0, false);
    while let Some(c) = rest.peek().copied() {
        let next = rest.clone().nth(1).is_some_and(|c| c.is_ascii_digit());
        match c {
            '0'..='9' => {
                digits.push(c);
                behind += i32::from(point);
            }
            '.' if !point && next => {
                point = true;
                digits.push(c);
            }
            ',' if !point && next => {}
            _ => break,
        }
        rest.next();
    }
    let value = digits.parse().unwrap_or(f64::NAN);
    Part::Number(sign * value, 10f64.powi(-behind))
}

#[test]
fn another_last_digit_passes_and_another_layout_does_not() {
    let kept = "╭ Coverage ─────╮\n│ mass 0.5236 % │\n│ 20,000 −1.5   │\n╰──────⠉⠉⠉⠉⠉⠉───╯\n";
    let with = |from: &str, to: &str| alike(kept, &kept.replace(from, to));
    assert_eq!(alike(kept, kept), Ok(()));
    assert_eq!(with("0.5236", "0.5241"), Ok(()));
    assert_eq!(with("0.5236", "0.52  "), Ok(()));
    assert_eq!(with("20,000", "20,004"), Ok(()));
    assert_eq!(with("⠉⠉⠉⠉⠉⠉", "⠉⠙⠉⠉⠉ "), Ok(()));
    for (from, to) in [
        ("0.5236", "0.6236"),
        ("mass", "cells"),
        ("−1.5", "1.5 "),
        ("20,000", "20    "),
        ("│ mass 0.5236 % │", "│mass 0.5236 %  │"),
        (" %", "  "),
        ("╭ Coverage ─────╮", "╭ Coverage ────╮ "),
        ("⠉⠉⠉⠉⠉⠉", "      "),
        ("╰──────⠉⠉⠉⠉⠉⠉───╯\n", ""),
    ] {
        let passes = from.contains("│ mass");
        assert_eq!(with(from, to).is_ok(), passes, "{from} to {to}: {:?}", with(from, to));
    }
}
