//! Text for terminals that show ASCII alone: signs become words or letters that stand for them.

use std::borrow::Cow;

/// True where the terminal that `var` (the environment) tells of shows ASCII alone: the locale is that of C, or it is the
/// kernel's own.
pub fn only(var: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| var(name).filter(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_default();
    set("TERM").is_some_and(|term| term == "linux") || locale == "C" || locale == "POSIX"
}

/// `text` in ASCII; as it is where it is ASCII already. Nothing becomes a question mark that was none.
pub fn spell(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else if let Some((_, word)) = WORDS.iter().find(|(sign, _)| *sign == c) {
            out.push_str(word);
        } else {
            out.push(letter(c));
        }
    }
    Cow::Owned(out)
}

/// The letters that a name is told by without its accent, and signs that need more than one letter.
const WORDS: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('Δ', "delta "),
    ('ε', "epsilon"),
    ('θ', "theta"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('µ', "mu"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('Σ', "sum "),
    ('τ', "tau"),
    ('φ', "phi"),
    ('ϕ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    // Combining signs of the letter before them.
    ('\u{302}', "_hat"),
    ('\u{304}', "_bar"),
    ('\u{307}', "_dot"),
    ('\u{308}', "_ddot"),
    ('∈', "in"),
    ('∉', "not in"),
    ('≤', "<="),
    ('≥', ">="),
    ('≠', "!="),
    ('≪', "<<"),
    ('≫', ">>"),
    ('±', "+-"),
    ('∞', "inf"),
    ('²', "^2"),
    ('³', "^3"),
    ('½', "1/2"),
    ('¼', "1/4"),
    ('√', "sqrt"),
    ('…', "..."),
    ('→', "->"),
    ('←', "<-"),
    ('°', "deg"),
    ('‼', "!!"),
    ('ß', "ss"),
    ('ä', "ae"),
    ('ö', "oe"),
    ('ü', "ue"),
];

/// The one ASCII character that stands best for `c`, which is none.
pub fn letter(c: char) -> char {
    match c {
        '\u{2800}' | '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        '\u{2801}'..='\u{28ff}' => {
            ['.', '.', ':', ':', '*', '*', '#', '#'][(((c as u32) - 0x2800).count_ones() as usize).clamp(1, 8) - 1]
        }
        '─' | '╌' | '┈' | '━' | '╴' | '╶' | '–' | '−' | '—' | '▃' | '▄' | '‐' | '‑' => '-',
        '│' | '┊' | '┃' | '╎' | '▏' | '▌' | '▎' | '┆' | '▍' | '‖' | '¦' => '|',
        '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '┬' | '┴' | '┤' | '├' | '┼' | '╺' | '╸' => {
            '+'
        }
        '▓' => '%',
        '▅' | '▆' | '▒' | '▐' => '=',
        '▁' | '▂' => '_',
        '░' | '·' | '…' | '•' | '∙' => '.',
        '●' | '◆' | '■' | '▪' | '⋅' | '★' => '*',
        '▲' | '↑' | '△' => '^',
        '▼' | '↓' | '✓' | '▽' => 'v',
        '◀' | '←' | '‹' | '«' | '≤' | '≪' => '<',
        '▶' | '→' | '›' | '▸' | '»' | '≥' | '≫' => '>',
        '×' | '✗' => 'x',
        '±' | '≈' | '∼' => '~',
        '∞' => '8',
        '²' => '2',
        '³' => '3',
        '¹' => '1',
        '‼' => '!',
        '’' | '‘' | '′' | '\u{300}'..='\u{36f}' => '\'',
        '“' | '”' | '″' => '"',
        'ρ' => 'p',
        'σ' => 's',
        'τ' => 't',
        'α' | 'à'..='å' => 'a',
        'Δ' | '∈' | 'ε' | 'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'θ' | '°' | 'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'À'..='Å' => 'A',
        'È'..='Ë' => 'E',
        'Ò'..='Ö' => 'O',
        'Ù'..='Ü' => 'U',
        'ç' => 'c',
        'ñ' => 'n',
        // Full and nearly full blocks; and a sign of a language that ASCII has no letters for: there is something, and what it is cannot be shown.
        _ => '#',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_signs_of_the_field_are_spelled() {
        for (text, want) in [
            ("cos θ ∈ [−0.9, −0.7]", "cos theta in [-0.9, -0.7]"),
            ("θ\u{307}", "theta_dot"),
            ("loss (σ²)", "loss (sigma^2)"),
            ("gain 3 ± 1", "gain 3 +- 1"),
            ("R ≤ 1.35 · checks…", "R <= 1.35 . checks..."),
            ("ρ novelty, error", "rho novelty, error"),
        ] {
            assert_eq!(spell(text), want);
        }
        assert!(matches!(spell("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn everything_becomes_ascii_and_no_question() {
        let all: String = ('\u{80}'..='\u{ffff}').collect();
        assert!(spell(&all).is_ascii() && !spell(&all).contains('?'));
        assert!(all.chars().all(|c| letter(c).is_ascii() && letter(c) != '?'));
    }
}
