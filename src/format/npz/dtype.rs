//! NumPy's element types, as far as they are numbers.

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
        let bits = self.size * 8;
        match self.kind {
            Kind::Bool => "bool".into(),
            Kind::Signed => format!("int{bits}"),
            Kind::Unsigned => format!("uint{bits}"),
            Kind::Float => format!("float{bits}"),
            Kind::Object | Kind::Text | Kind::Other => self.name.clone(),
        }
    }

    /// Appends the elements in `bytes`, which holds whole ones.
    pub fn decode<T>(&self, bytes: &[u8], out: &mut Vec<T>, from: impl Fn(f64) -> T) {
        macro_rules! elements {
            ($number:ty, $size:literal, $wide:expr) => {{
                let (chunks, _) = bytes.as_chunks::<$size>();
                if self.big_endian {
                    out.extend(chunks.iter().map(|b| from($wide(<$number>::from_be_bytes(*b)))));
                } else {
                    out.extend(chunks.iter().map(|b| from($wide(<$number>::from_le_bytes(*b)))));
                }
            }};
        }
        match (self.kind, self.size) {
            (Kind::Bool, _) => out.extend(bytes.iter().map(|&b| from(f64::from(u8::from(b != 0))))),
            (Kind::Signed, 1) => elements!(i8, 1, f64::from),
            (Kind::Signed, 2) => elements!(i16, 2, f64::from),
            (Kind::Signed, 4) => elements!(i32, 4, f64::from),
            (Kind::Signed, _) => elements!(i64, 8, |v: i64| v as f64),
            (Kind::Unsigned, 1) => elements!(u8, 1, f64::from),
            (Kind::Unsigned, 2) => elements!(u16, 2, f64::from),
            (Kind::Unsigned, 4) => elements!(u32, 4, f64::from),
            (Kind::Unsigned, _) => elements!(u64, 8, |v: u64| v as f64),
            (Kind::Float, 2) => elements!(half::f16, 2, f64::from),
            (Kind::Float, 4) => elements!(f32, 4, f64::from),
            (Kind::Float, _) => elements!(f64, 8, |v: f64| v),
            (Kind::Object | Kind::Text | Kind::Other, _) => {}
        }
    }
}
