//! The header of a `.npy` array: magic, version, length, and a Python dictionary in plain text. The text is read by a
//! parser that knows this one dictionary; nothing of it is evaluated.

use std::io::Read;

use super::dtype::Dtype;

/// First bytes of an array.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header: NumPy itself refuses to read more than 10 000 bytes.
const MAX_HEADER: usize = 1 << 16;
/// Most dimensions that NumPy knows.
const MAX_RANK: usize = 64;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub dtype: Dtype,
    /// The first index runs fastest.
    pub fortran: bool,
    pub shape: Vec<u64>,
    /// Bytes before the first element.
    pub len: u64,
}

/// Reads the header from the beginning of an array.
pub(super) fn read(reader: &mut dyn Read) -> Result<Header, String> {
    let cut = |e: std::io::Error| format!("cannot be read ({e}): the file is damaged or cut short; copy it again");
    let mut head = [0u8; 8];
    reader.read_exact(&mut head).map_err(cut)?;
    if !head.starts_with(MAGIC) {
        return Err("is no NumPy array (its first bytes are others); save it with numpy.savez".into());
    }
    let (len, before) = match head[6] {
        1 => {
            let mut len = [0; 2];
            reader.read_exact(&mut len).map_err(cut)?;
            (usize::from(u16::from_le_bytes(len)), 10)
        }
        2 | 3 => {
            let mut len = [0; 4];
            reader.read_exact(&mut len).map_err(cut)?;
            (u32::from_le_bytes(len) as usize, 12)
        }
        version => return Err(format!("has version {version} of NumPy's format, which is not known (known: 1, 2, 3)")),
    };
    if len > MAX_HEADER {
        return Err(format!("has a header of {len} bytes (limit: {MAX_HEADER}); the file is damaged"));
    }
    let mut text = vec![0; len];
    reader.read_exact(&mut text).map_err(cut)?;
    let text = String::from_utf8_lossy(&text);
    parse(&text, (before + len) as u64).map_err(|what| {
        let start: String = text.trim_end().chars().take(60).collect();
        format!("has a header that is not NumPy's plain description ({what}): {start}; nothing of it is evaluated")
    })
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse(text: &str, len: u64) -> Result<Header, String> {
    let mut p = Parser { rest: text };
    let (mut dtype, mut fortran, mut shape) = (None, None, None);
    p.expect("{")?;
    while !p.eat("}") {
        let key = p.text()?;
        p.expect(":")?;
        match key {
            "descr" => dtype = Some(if p.at(['[', '(']) { p.skip_nested()? } else { Dtype::parse(p.text()?) }),
            "fortran_order" => fortran = Some(p.truth()?),
            "shape" => shape = Some(p.shape()?),
            other => return Err(format!("unknown key '{other}'")),
        }
        if !p.eat(",") {
            p.expect("}")?;
            break;
        }
    }
    if !p.rest.trim_matches([' ', '\n', '\0', '\t']).is_empty() {
        return Err("something follows it".into());
    }
    let missing = |key: &str| format!("without '{key}'");
    Ok(Header {
        dtype: dtype.ok_or_else(|| missing("descr"))?,
        fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
        len,
    })
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn at(&mut self, any: [char; 2]) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(any)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("'{token}' expected")) }
    }

    /// A text in quotes; escapes do not occur in NumPy's headers.
    fn text(&mut self) -> Result<&'t str, String> {
        let quote = if self.eat("'") { '\'' } else { self.expect("\"").map(|()| '"')? };
        let (text, rest) = self.rest.split_once(quote).ok_or("a text without its end")?;
        self.rest = rest;
        if text.contains('\\') { Err("a text with escapes".into()) } else { Ok(text) }
    }

    fn truth(&mut self) -> Result<bool, String> {
        if self.eat("True") {
            return Ok(true);
        }
        self.expect("False").map(|()| false).map_err(|_| "True or False expected".into())
    }

    fn shape(&mut self) -> Result<Vec<u64>, String> {
        let mut shape = Vec::new();
        self.expect("(")?;
        while !self.eat(")") {
            self.rest = self.rest.trim_start();
            let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let (digits, rest) = self.rest.split_at(end);
            shape.push(digits.parse().map_err(|_| "a shape of other things than sizes".to_owned())?);
            // Python 2 wrote long integers with an L.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if shape.len() > MAX_RANK {
                return Err(format!("more than {MAX_RANK} dimensions"));
            }
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }

    /// Steps over a list or tuple: the fields of records, which are not read.
    fn skip_nested(&mut self) -> Result<Dtype, String> {
        let mut depth = 0usize;
        let mut quote = None;
        for (at, c) in self.rest.char_indices() {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None, '[' | '(') => depth += 1,
                (None, ']' | ')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = &self.rest[at + c.len_utf8()..];
                return Ok(Dtype::records());
            }
        }
        Err("a list without its end".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Header, String> {
        parse(text, 0)
    }

    #[test]
    fn what_numpy_writes_is_read() {
        let h = header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        assert_eq!((h.dtype.name.as_str(), h.fortran, h.shape.as_slice()), ("<f4", false, &[3, 4][..]));
        assert_eq!(header("{'shape':(5L,),'fortran_order':True,'descr':\"|b1\"}").unwrap().shape, [5]);
        assert!(header("{'descr': '<f8', 'fortran_order': False, 'shape': (), }").unwrap().shape.is_empty());
        let records = header("{'descr': [('a', '<f4'), ('b]', '<f4', (2,))], 'fortran_order': False, 'shape': (1,), }");
        assert_eq!(records.unwrap().dtype.name, "records");
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, why) in [
            ("__import__('os').system('true')", "'{' expected"),
            ("{'descr': open('x'), 'fortran_order': False, 'shape': (1,)}", "expected"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "sizes"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "sizes"),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "True or False"),
            ("{'descr': '<f4', 'fortran_order': False}", "without 'shape'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "unknown key"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}; import os", "follows"),
            ("{'descr': [('a', '<f4'], 'fortran_order': False, 'shape': (1,)}", "end"),
            ("{'descr': '<f", "end"),
            ("", "'{' expected"),
        ] {
            let problem = header(text).unwrap_err();
            assert!(problem.contains(why), "{text}: {problem}");
        }
        let many = format!("{{'shape': ({})}}", "1,".repeat(100));
        assert!(header(&many).unwrap_err().contains("dimensions"));
    }
}
