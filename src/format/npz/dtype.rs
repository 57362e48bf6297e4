//! NumPy's element types, as far as they are numbers.

use crate::ground::dtype;

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Python objects: stored as a pickle, which is never loaded.
    Object,
    Text,
    /// Complex numbers, dates, records and whatever else there is.
    Other,
}

/// An element type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dtype {
    pub kind: Kind,
    /// Bytes an element; meaningful for numbers only.
    pub size: usize,
    pub big_endian: bool,
    /// As the file writes it ("<f4").
    pub name: String,
}

impl Dtype {
    /// Reads NumPy's short form.
    pub fn parse(text: &str) -> Self {
        let (order, rest) = match text.chars().next() {
            Some(order @ ('<' | '>' | '=' | '|')) => (order, &text[1..]),
            _ => ('=', text),
        };
        let letter = rest.chars().next().unwrap_or(' ');
        let size = rest.get(letter.len_utf8()..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let kind = match (letter, size) {
            ('b', 1) => Kind::Bool,
            ('i', 1 | 2 | 4 | 8) => Kind::Signed,
            ('u', 1 | 2 | 4 | 8) => Kind::Unsigned,
            ('f', 2 | 4 | 8) => Kind::Float,
            ('O', _) => Kind::Object,
            ('S' | 'U' | 'a', _) => Kind::Text,
            _ => Kind::Other,
        };
        let big_endian = order == '>' || (order == '=' && cfg!(target_endian = "big"));
        Self { kind, size, big_endian, name: text.to_owned() }
    }

    /// A type that is described at length: records.
    pub fn records() -> Self {
        Self { kind: Kind::Other, size: 0, big_endian: false, name: "records".into() }
    }

    /// Why an array of this type is no column of numbers.
    pub fn unusable(&self) -> Option<String> {
        match self.kind {
            Kind::Object => Some("holds Python objects, which are never unpickled; save it as numbers".into()),
            Kind::Text => Some(format!("holds text ({}), numbers are needed", self.name)),
            Kind::Other => Some(format!("holds {}, real numbers are needed; save it as float32", self.name)),
            _ => None,
        }
    }

    /// The name without the byte order, as NumPy prints it.
    pub fn plain_name(&self) -> String {
        self.number().map_or_else(|| self.name.clone(), dtype::Dtype::name)
    }

    /// Appends the elements in `bytes`, which holds whole ones.
    pub fn decode<T>(&self, bytes: &[u8], out: &mut Vec<T>, from: impl Fn(f64) -> T) {
        if let Some(number) = self.number() {
            number.decode(bytes, self.big_endian, out, from);
        }
    }

    /// How its elements lie in the file, where they are numbers.
    fn number(&self) -> Option<dtype::Dtype> {
        let size = u8::try_from(self.size).ok()?;
        Some(match (self.kind, size) {
            (Kind::Bool, _) => dtype::Dtype::Bool,
            (Kind::Signed, _) => dtype::Dtype::Int(size),
            (Kind::Unsigned, _) => dtype::Dtype::Uint(size),
            (Kind::Float, 2) => dtype::Dtype::F16,
            (Kind::Float, 4) => dtype::Dtype::F32,
            (Kind::Float, _) => dtype::Dtype::F64,
            (Kind::Object | Kind::Text | Kind::Other, _) => return None,
        })
    }
}
