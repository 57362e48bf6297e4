//! Looking things up in a [`Pickle`].

use super::{Array, Id, Pickle, TensorRef, Value};

/// Deepest nesting of dictionaries and lists that is looked into.
const MAX_DEPTH: usize = 32;

/// A named array at the end of a path through dictionaries and lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Leaf<'p> {
    /// A tensor of torch.
    Tensor(&'p TensorRef),
    /// A NumPy array.
    Array(&'p Array),
}

impl Pickle {
    /// The value with index `id`.
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// What the dictionary `id` holds under `key`; the last entry counts, as in Python.
    pub fn get(&self, id: Id, key: &str) -> Option<&Value> {
        let Value::Dict(pairs) = self.value(id) else { return None };
        let named = |k: Id| matches!(self.value(k), Value::Str(s) if s == key);
        pairs.iter().rev().find(|(k, _)| named(*k)).map(|(_, v)| self.value(*v))
    }

    /// Where the dictionary `id`, or the state of the object `id`, holds the value of `key`.
    pub fn entry(&self, id: Id, key: &str) -> Option<Id> {
        let id = self.object(id).map_or(id, |(_, state)| state);
        let Value::Dict(pairs) = self.value(id) else { return None };
        let named = |k: Id| matches!(self.value(k), Value::Str(s) if s == key);
        pairs.iter().rev().find(|(k, _)| named(*k)).map(|(_, v)| *v)
    }

    /// Class and state of an object that was given a state.
    pub fn object(&self, id: Id) -> Option<(&str, Id)> {
        if let Value::Object(class, Some(state)) = self.value(id) { Some((class, *state)) } else { None }
    }

    /// A number, also one of NumPy's.
    pub fn number(&self, id: Id) -> Option<f64> {
        match self.value(id) {
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            Value::Array(a) if a.values.len() == 1 => Some(a.values[0]),
            _ => None,
        }
    }

    /// The numbers of a list or tuple of numbers.
    pub fn numbers(&self, value: &Value) -> Option<Vec<f64>> {
        let (Value::List(ids) | Value::Tuple(ids)) = value else { return None };
        ids.iter()
            .map(|id| match self.value(*id) {
                Value::Int(n) => Some(*n as f64),
                Value::Float(x) => Some(*x),
                _ => None,
            })
            .collect()
    }

    /// All arrays with their paths joined by dots, in file order.
    ///
    /// # Errors
    /// A sentence if the dictionaries are nested too deep or hold each other.
    pub fn leaves(&self) -> Result<Vec<(String, Leaf<'_>)>, String> {
        let mut out = Vec::new();
        let mut visits = 0;
        self.visit(self.root, String::new(), 0, &mut visits, &mut out)?;
        Ok(out)
    }

    fn visit<'p>(
        &'p self,
        id: Id,
        path: String,
        depth: usize,
        visits: &mut usize,
        out: &mut Vec<(String, Leaf<'p>)>,
    ) -> Result<(), String> {
        *visits += 1;
        if depth > MAX_DEPTH {
            return Err(format!("dictionaries are nested deeper than {MAX_DEPTH}"));
        }
        // Values that are shared many times over can make a small pickle look endless.
        if *visits > self.values.len().saturating_mul(4) + 1000 || path.len() > 4096 {
            return Err("values that hold each other over and over".into());
        }
        let under = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match self.value(id) {
            Value::Tensor(t) => out.push((path, Leaf::Tensor(t))),
            Value::Array(a) => out.push((path, Leaf::Array(a))),
            Value::Dict(pairs) => {
                for (k, v) in pairs {
                    let key = match self.value(*k) {
                        Value::Str(s) => under(s),
                        Value::Int(n) => under(&n.to_string()),
                        _ => continue,
                    };
                    self.visit(*v, key, depth + 1, visits, out)?;
                }
            }
            Value::List(ids) | Value::Tuple(ids) => {
                for (i, v) in ids.iter().enumerate() {
                    self.visit(*v, under(&i.to_string()), depth + 1, visits, out)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
