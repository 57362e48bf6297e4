//! How a table of text is written: what parts the fields of a line, and how numbers look.

/// What stands between two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Byte(u8),
    /// Any number of spaces and tabs.
    Spaces,
}

/// What parts fields, the most usual first.
const BYTES: [u8; 4] = [b',', b';', b'\t', b'|'];

impl Separator {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        BYTES.into_iter().map(Self::Byte).chain([Self::Spaces])
    }

    /// The most frequent one that is outside of quotes; spaces where none is there at all.
    pub fn of(line: &[u8]) -> Self {
        let mut bytes = BYTES;
        let count = |b: u8| Self::Byte(b).fields(line).len();
        bytes.sort_by_key(|&b| std::cmp::Reverse(count(b)));
        if count(bytes[0]) > 1 { Self::Byte(bytes[0]) } else { Self::Spaces }
    }

    /// The fields of a record, quotes and all.
    pub fn fields(self, record: &[u8]) -> Vec<&[u8]> {
        let (mut quoted, mut start, mut out) = (false, 0, Vec::new());
        let ends = |b: u8| match self {
            Self::Byte(separator) => b == separator,
            Self::Spaces => b == b' ' || b == b'\t',
        };
        for (i, &b) in record.iter().enumerate() {
            if b == b'"' {
                quoted = !quoted;
            } else if ends(b) && !quoted {
                out.push(&record[start..i]);
                start = i + 1;
            }
        }
        out.push(&record[start..]);
        if self == Self::Spaces {
            out.retain(|field| !field.is_empty());
        }
        out
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Byte(b',') => "commas",
            Self::Byte(b';') => "semicolons",
            Self::Byte(b'|') => "'|'",
            Self::Byte(_) => "tabs",
            Self::Spaces => "spaces",
        }
    }
}

/// Where the first record ends: after the line's end that is in no quotes.
pub(super) fn record_end(block: &[u8]) -> usize {
    let mut quoted = false;
    for (i, &b) in block.iter().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return i + 1,
            _ => {}
        }
    }
    block.len()
}

/// A record without its line's end: a tab at its end is an empty field.
pub(super) fn record_fields(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// A field without the quotes around it.
pub(super) fn text(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let bare = text.trim();
    match bare.strip_prefix('"').and_then(|b| b.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => bare.to_owned(),
    }
}

/// A number whose decimals come after a comma, with a point in its place.
pub(super) fn with_point(word: &str) -> Option<String> {
    let fits = word.matches(',').count() == 1 && !word.contains('.');
    let pointed = word.replace(',', ".");
    (fits && pointed.parse::<f64>().is_ok()).then_some(pointed)
}

/// True for words that stand where there is no number.
pub(super) fn is_void(word: &str) -> bool {
    ["", "na", "n/a", "nan", "null", "none"].iter().any(|void| word.eq_ignore_ascii_case(void))
}

/// True for what only a row of values has: a number, a flag, a list, or nothing.
pub(super) fn is_value(word: &str) -> bool {
    is_void(word) || ["true", "false"].iter().any(|flag| word.eq_ignore_ascii_case(flag)) || is_number(word)
}

/// True for a number, or a list of some.
pub(super) fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok() || with_point(word).is_some() || list(word, false).is_ok_and(|l| l.is_some())
}

/// The numbers of a list as Python, NumPy and PyTorch write it (`[0.1, 0.2]`, `[0.1 0.2]`, `(0.1, 0.2)`, `array([0.1])`);
/// nothing where the word is none.
///
/// # Errors
/// What is in it and no number.
pub(super) fn list(word: &str, decimal_comma: bool) -> Result<Option<Vec<f64>>, String> {
    let inner = word.strip_prefix("array(").or_else(|| word.strip_prefix("tensor(")).unwrap_or(word);
    let (open, close) = match inner.as_bytes().first() {
        Some(b'[') => ('[', ']'),
        Some(b'(') => ('(', ')'),
        _ => return Ok(None),
    };
    let Some(end) = inner.rfind(close) else { return Ok(None) };
    let apart = |c: char| c.is_whitespace() || c == open || c == close || c == ';' || (c == ',' && !decimal_comma);
    let number = |part: &str| {
        let pointed = if decimal_comma { with_point(part.trim_end_matches(',')) } else { None };
        pointed.as_deref().unwrap_or(part).parse::<f64>().map_err(|_| part.chars().take(40).collect())
    };
    inner[1..end].split(apart).filter(|part| !part.is_empty()).map(number).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_other_programs_write_them() {
        let all = Some(vec![0.5, -2.0, 3.0]);
        for word in [
            "[0.5, -2.0, 3]",
            "[ 0.5 -2.   3. ]",
            "(0.5,-2,3)",
            "array([0.5, -2., 3.], dtype=float32)",
            "[[0.5 -2]\n [3]]",
        ] {
            assert_eq!(list(word, false), Ok(all.clone()), "{word}");
        }
        assert_eq!(list("[0,5; -2; 3,0]", true), Ok(all));
        assert_eq!(list("[0.1 ... 0.2]", false), Err("...".into()));
        assert_eq!(
            (list("0.5", false), list("[0.5", false), list("[]", false)),
            (Ok(None), Ok(None), Ok(Some(vec![])))
        );
    }

    #[test]
    fn separators_are_counted_outside_of_quotes() {
        assert_eq!(Separator::of(b"\"a,b,c,d\";b;c"), Separator::Byte(b';'));
        assert_eq!(Separator::of(b"a  b c"), Separator::Spaces);
        assert_eq!(Separator::Spaces.fields(b" 1  2\t3 ").len(), 3);
        assert_eq!(Separator::Byte(b'\t').fields(b"1\t\t").len(), 3);
        assert_eq!(
            (with_point("-0,5e3").as_deref(), with_point("1,234.5"), with_point("a,b")),
            (Some("-0.5e3"), None, None)
        );
    }
}
