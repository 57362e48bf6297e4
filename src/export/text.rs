//! How long a text is and how it is broken, without a font: whoever opens the figure chooses it.

/// Distance of two lines in units of the font.
pub const LINE: f64 = 1.25;

/// About the length of a text in a common font without serifs, rather too long than too short.
pub fn width(text: &str, font: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * font
}

fn em(c: char) -> f64 {
    match c {
        // Half of all letters are narrower than this; a text of them is longer than the estimate by nothing that shows.
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' | '[' | ']' | ' ' => {
            0.42
        }
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        '−' => 0.8,
        '0'..='9' | '-' | '_' | '/' => 0.6,
        c if c.is_uppercase() => 0.72,
        c if (c as u32) < 0x1100 => 0.59,
        '\u{2000}'..='\u{2bff}' => 0.7,
        _ => 1.0,
    }
}

/// The text, cut where it is longer than `most`, which is said by dots.
pub fn shorten(text: &str, font: f64, most: f64) -> String {
    if width(text, font) <= most {
        return text.to_string();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width(&out, font) + (em(c) + 0.7) * font > most {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// The text in at most `lines` lines, broken at spaces where it can be; the last line is cut where it is too long.
pub fn wrap(text: &str, font: f64, most: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut parts = text.split_whitespace().flat_map(|word| pieces(word, font, most)).peekable();
    while let Some((_, piece)) = parts.next() {
        let mut line = piece.to_string();
        while let Some((space, next)) = parts.peek() {
            let longer = format!("{line}{}{next}", if *space { " " } else { "" });
            // The last line takes all that is left.
            if width(&longer, font) > most && out.len() + 1 < lines {
                break;
            }
            line = longer;
            parts.next();
        }
        out.push(shorten(&line, font, most));
    }
    out
}

/// A word, or its parts behind hyphens and the like where it is too long for a line; and whether a space is before it.
fn pieces(word: &str, font: f64, most: f64) -> Vec<(bool, &str)> {
    if width(word, font) <= most {
        return vec![(true, word)];
    }
    word.split_inclusive(['-', '_', '/', '.', ':', ',']).enumerate().map(|(i, part)| (i == 0, part)).collect()
}

/// The length of the longest line.
pub fn longest(lines: &[String], font: f64) -> f64 {
    lines.iter().map(|l| width(l, font)).fold(0.0, f64::max)
}
