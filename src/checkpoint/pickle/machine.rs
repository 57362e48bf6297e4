//! The stack machine: one match over the opcodes of the pickle language (Python's `pickletools` documents them).

use std::collections::HashMap;

use super::{Id, MAX_VALUES, Pickle, Value, globals};

/// Longest name of a class.
const MAX_NAME: usize = 400;

/// The machine in the middle of a pickle.
pub(super) struct Machine<'b> {
    bytes: &'b [u8],
    at: usize,
    pub(super) values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// What calls may still copy, in bytes or entries. Honest pickles use every byte of data once, so that what calls
    /// copy is never more than the pickle; one that calls a thousand functions on the same data is refused.
    budget: usize,
    /// Names that are not known stay names instead of being refused.
    pub(super) objects: bool,
}

impl<'b> Machine<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        let budget = bytes.len().saturating_mul(2).saturating_add(1024);
        let (values, stack, marks, memo) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        Self { bytes, at: 0, values, stack, marks, memo, budget, objects: false }
    }

    pub(super) fn with_objects(self) -> Self {
        Self { objects: true, ..self }
    }

    pub(super) fn run(mut self) -> Result<(Pickle, usize), String> {
        loop {
            let at = self.at;
            let op = self.take(1)?[0];
            if op == b'.' {
                let root = self.pop()?;
                return Ok((Pickle { values: self.values, root }, self.at));
            }
            self.step(op)
                .map_err(|e| if e.contains("byte ") { e } else { format!("{e} (byte {at} of the pickle)") })?;
            if self.stack.len() > MAX_VALUES || self.marks.len() > MAX_VALUES || self.memo.len() > MAX_VALUES {
                return Err(format!("the pickle needs room for more than {MAX_VALUES} values"));
            }
        }
    }

    /// One operation.
    fn step(&mut self, op: u8) -> Result<(), String> {
        match op {
            0x80 => self.protocol(),
            // A frame only tells how much to read ahead.
            0x95 => self.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => self.popmark().map(drop),
                _ => self.pop().map(drop),
            },
            b'1' => self.popmark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' | b'L' | b'F' | b'J' | b'K' | b'M' | b'G' | 0x8a | 0x8b => self.number(op),
            b'S' | b'V' | b'X' | b'T' | b'U' | b'B' | b'C' | 0x8c | 0x8d | 0x8e | 0x96 => self.text(op),
            b']' | b'l' | b')' | b't' | 0x85..=0x87 | b'}' | b'd' | 0x8f | 0x91 => self.container(op),
            b'a' | b'e' | b's' | b'u' | 0x90 => self.extend(op),
            b'g' | b'h' | b'j' | b'p' | b'q' | b'r' | 0x94 => self.memory(op),
            b'c' | 0x93 | b'R' | 0x81 | b'b' | b'P' | b'Q' | b'i' | b'o' => self.object(op),
            0x82..=0x84 | 0x92 | 0x97 | 0x98 => {
                Err(format!("operation 0x{op:02x} is not used by arrays and is refused"))
            }
            _ => Err(format!("not a pickle: unknown operation 0x{op:02x}")),
        }
    }

    fn protocol(&mut self) -> Result<(), String> {
        match self.take(1)?[0] {
            0..=5 => Ok(()),
            v => Err(format!("pickle protocol {v}; 0 to 5 are known")),
        }
    }

    fn number(&mut self, op: u8) -> Result<(), String> {
        let value = match op {
            b'K' => Value::Int(i64::from(self.take(1)?[0])),
            b'M' => Value::Int(self.unsigned(2)? as i64),
            b'J' => Value::Int(i64::from(self.unsigned(4)? as u32 as i32)),
            b'G' => Value::Float(f64::from_bits(self.unsigned(8)?.swap_bytes())),
            0x8a | 0x8b => {
                let n = self.unsigned(if op == 0x8a { 1 } else { 4 })?;
                long(self.take(n)?)
            }
            b'F' => Value::Float(self.line()?.parse().map_err(|_| "a number that is none")?),
            _ => match self.line()?.trim_end_matches('L') {
                "00" if op == b'I' => Value::Bool(false),
                "01" if op == b'I' => Value::Bool(true),
                text => text.parse().map_or(Value::Opaque, Value::Int),
            },
        };
        self.push(value)
    }

    fn text(&mut self, op: u8) -> Result<(), String> {
        if op == b'V' {
            let text = raw_unicode(self.line_bytes()?)?;
            return self.push(Value::Str(text));
        }
        if op == b'S' {
            let inner = self.line()?.trim_matches(['\'', '"']);
            if inner.contains('\\') {
                return Err("text with escapes in an old protocol; save it again with a newer Python".into());
            }
            return self.push(Value::Str(inner.to_owned()));
        }
        let width = match op {
            b'U' | b'C' | 0x8c => 1,
            b'T' | b'X' | b'B' => 4,
            _ => 8,
        };
        let len = self.unsigned(width)?;
        let raw = self.take(len)?;
        let value = match op {
            b'X' | 0x8c | 0x8d => {
                Value::Str(std::str::from_utf8(raw).map_err(|_| "text that is not UTF-8".to_string())?.to_owned())
            }
            // Python 2's strings are bytes or text; as text each byte is one character.
            b'T' | b'U' => Value::Str(raw.iter().map(|&b| char::from(b)).collect()),
            _ => Value::Bytes(raw.to_vec()),
        };
        self.push(value)
    }

    fn container(&mut self, op: u8) -> Result<(), String> {
        let value = match op {
            b']' | 0x8f => Value::List(Vec::new()),
            b')' => Value::Tuple(Vec::new()),
            b'}' => Value::Dict(Vec::new()),
            b'l' | 0x91 => Value::List(self.popmark()?),
            b't' => Value::Tuple(self.popmark()?),
            b'd' => Value::Dict(paired(&self.popmark()?)?),
            _ => {
                let from = self.stack.len().checked_sub(usize::from(op - 0x84)).ok_or("the stack is empty")?;
                Value::Tuple(self.stack.split_off(from))
            }
        };
        self.push(value)
    }

    /// Puts new items into the list or dictionary that lies below them.
    fn extend(&mut self, op: u8) -> Result<(), String> {
        let items = match op {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.popmark()?,
        };
        let target = self.top()?;
        match (&mut self.values[target], op) {
            (Value::List(list), b'a' | b'e' | 0x90) => list.extend(items),
            (Value::Dict(dict), b's' | b'u') => dict.extend(paired(&items)?),
            (Value::Opaque | Value::Object(..), _) => {}
            _ => return Err("items are put into something that holds none".into()),
        }
        Ok(())
    }

    fn memory(&mut self, op: u8) -> Result<(), String> {
        let index = match op {
            b'g' | b'p' => self.line()?.parse().map_err(|_| "a memory index that is no number")?,
            b'h' | b'q' => self.unsigned(1)?,
            b'j' | b'r' => self.unsigned(4)?,
            _ => self.memo.len() as u64,
        };
        if matches!(op, b'g' | b'h' | b'j') {
            let id = *self.memo.get(&index).ok_or_else(|| format!("nothing was stored under {index}"))?;
            self.stack.push(id);
        } else {
            self.memo.insert(index, self.top()?);
        }
        Ok(())
    }

    fn object(&mut self, op: u8) -> Result<(), String> {
        match op {
            b'c' | b'i' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?.to_owned());
                let global = self.named(&module, &name)?;
                if op == b'i' {
                    return Err(format!("an object of class '{module}.{name}', which is not read"));
                }
                self.push(global)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Str(module), Value::Str(name)) = (&self.values[module], &self.values[name]) else {
                    return Err("a function whose name is no text".into());
                };
                let (global, copied) = (self.named(module, name)?, module.len() + name.len());
                // Text that lies in the pickle once can be asked for over and over.
                if matches!(global, Value::Class(_)) {
                    self.spend(copied)?;
                }
                self.push(global)
            }
            b'R' | 0x81 => {
                let (args, callee) = (self.pop()?, self.pop()?);
                let id = self.call(callee, args)?;
                self.stack.push(id);
                Ok(())
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                self.build(object, state)
            }
            b'Q' => {
                let id = self.pop()?;
                let id = self.persistent(id)?;
                self.stack.push(id);
                Ok(())
            }
            _ => Err(format!("operation '{}' is not used by arrays and is refused", char::from(op))),
        }
    }

    fn named(&self, module: &str, name: &str) -> Result<Value, String> {
        match globals::find(module, name) {
            Err(_) if self.objects && module.len() + name.len() < MAX_NAME => {
                Ok(Value::Class(format!("{module}.{name}")))
            }
            found => found.map(Value::Global),
        }
    }

    /// Stores a value and answers its index.
    pub(super) fn alloc(&mut self, value: Value) -> Result<Id, String> {
        if self.values.len() >= MAX_VALUES {
            return Err(format!("the pickle holds more than {MAX_VALUES} values, too many for a checkpoint"));
        }
        self.values.push(value);
        Ok(self.values.len() - 1)
    }

    /// Takes `n` bytes or entries from what calls may copy.
    pub(super) fn spend(&mut self, n: usize) -> Result<(), String> {
        self.budget = self.budget.checked_sub(n).ok_or("the pickle builds more data than it holds")?;
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        let id = self.alloc(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn top(&self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack.get(floor..).and_then(<[Id]>::last).copied().ok_or_else(|| "the stack is empty".into())
    }

    fn pop(&mut self) -> Result<Id, String> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// Everything above the last mark, which goes too.
    fn popmark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|&m| m <= self.stack.len()).ok_or("a mark is missing")?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, n: impl TryInto<usize>) -> Result<&'b [u8], String> {
        let cut = || format!("the pickle ends in the middle (byte {})", self.bytes.len());
        let end = n.try_into().ok().and_then(|n| self.at.checked_add(n)).ok_or_else(cut)?;
        let part = self.bytes.get(self.at..end).ok_or_else(cut)?;
        self.at = end;
        Ok(part)
    }

    /// A little-endian number of `width` bytes.
    fn unsigned(&mut self, width: usize) -> Result<u64, String> {
        let mut raw = [0; 8];
        raw[..width].copy_from_slice(self.take(width)?);
        Ok(u64::from_le_bytes(raw))
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<&'b str, String> {
        std::str::from_utf8(self.line_bytes()?).map_err(|_| "text that is not UTF-8".into())
    }

    /// Up to the end of the line, which goes too.
    fn line_bytes(&mut self) -> Result<&'b [u8], String> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|&b| b == b'\n').ok_or("the pickle ends in the middle of a line")?;
        self.at += len + 1;
        Ok(&rest[..len])
    }
}

/// Keys and values that follow on each other.
fn paired(items: &[Id]) -> Result<Vec<(Id, Id)>, String> {
    let (pairs, rest) = items.as_chunks::<2>();
    if rest.is_empty() { Ok(pairs.iter().map(|p| (p[0], p[1])).collect()) } else { Err("a key without a value".into()) }
}

/// Python's raw-unicode-escape, in which protocol 0 writes text: latin1, and \u or \U with four or eight hexadecimal digits.
fn raw_unicode(mut raw: &[u8]) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    while let Some((&byte, rest)) = raw.split_first() {
        let digits = match (byte, rest.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(byte));
                raw = rest;
                continue;
            }
        };
        let code = rest.get(1..=digits).and_then(|d| std::str::from_utf8(d).ok());
        let code = code.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32);
        text.push(code.ok_or("text with an escape that stands for no character")?);
        raw = &rest[1 + digits..];
    }
    Ok(text)
}

/// An integer in two's complement, least significant byte first.
fn long(raw: &[u8]) -> Value {
    if raw.len() > 8 {
        return Value::Opaque;
    }
    let negative = raw.last().is_some_and(|b| b & 0x80 != 0);
    let mut full = [if negative { 0xff } else { 0 }; 8];
    full[..raw.len()].copy_from_slice(raw);
    Value::Int(i64::from_le_bytes(full))
}
