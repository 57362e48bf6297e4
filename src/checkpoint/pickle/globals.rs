//! The names that a pickle may use, and what calling them builds. Everything else is refused.

use super::machine::Machine;
use super::{Array, ArrayDtype, Id, StorageRef, TensorRef, Value};
use crate::ground::dtype::Dtype;

/// More than any of the functions takes.
const MAX_ARGUMENTS: usize = 16;
/// Longest name of a storage.
const MAX_KEY: usize = 200;

/// A name that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2` and its predecessor.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.FloatStorage` and its kin.
    Storage(Dtype),
    /// `torch.Size`.
    Size,
    /// `torch.device` and torch's dtypes: ignored.
    Ignored,
    /// `numpy.ndarray`.
    Ndarray,
    /// `numpy.dtype`.
    NumpyDtype,
    /// `numpy.core.multiarray._reconstruct`.
    Reconstruct,
    /// `numpy.core.multiarray.scalar`.
    Scalar,
    /// `numpy.core.numeric._frombuffer`.
    FromBuffer,
    /// `ml_dtypes.bfloat16`, which stands for its dtype.
    Bfloat16,
    /// `jax._src.array._reconstruct_array`: a NumPy array, by what makes it and its state.
    JaxArray,
    /// `collections.defaultdict`, of which the default is no number.
    DefaultDict,
    /// `_codecs.encode`: how old protocols write bytes.
    Encode,
    /// A class of which training scripts keep settings beside the weights: what it holds is passed over.
    Inert,
}

/// Classes of settings and paths, which hold no tensor of a model.
const INERT: [(&str, &[&str]); 9] = [
    ("argparse", &["Namespace"]),
    ("types", &["SimpleNamespace"]),
    ("pathlib", &["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path"]),
    ("pathlib._local", &["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path"]),
    ("copy_reg", &["_reconstructor"]),
    ("datetime", &["datetime", "date", "timedelta", "timezone"]),
    ("easydict", &["EasyDict"]),
    ("ml_collections.config_dict.config_dict", &["ConfigDict", "FrozenConfigDict"]),
    ("copyreg", &["_reconstructor"]),
];

/// Looks a name up.
pub fn find(module: &str, name: &str) -> Result<Global, String> {
    let found = match (module, name) {
        ("collections", "OrderedDict") => Some(Global::OrderedDict),
        ("collections", "defaultdict") => Some(Global::DefaultDict),
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Some(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Some(Global::RebuildParameter),
        ("torch", "Size") => Some(Global::Size),
        ("torch", "device") => Some(Global::Ignored),
        ("torch", _) => torch_name(name),
        ("numpy", "ndarray") => Some(Global::Ndarray),
        ("numpy", "dtype") => Some(Global::NumpyDtype),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Some(Global::Reconstruct),
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Some(Global::Scalar),
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Some(Global::FromBuffer),
        ("ml_dtypes" | "ml_dtypes._ml_dtypes_ext", "bfloat16") => Some(Global::Bfloat16),
        ("jax._src.array", "_reconstruct_array") => Some(Global::JaxArray),
        ("_codecs", "encode") => Some(Global::Encode),
        // What a dictionary is made with where its missing entries have a default, and what old classes descend from.
        ("builtins" | "__builtin__", "dict" | "list" | "set" | "frozenset" | "int" | "float" | "object") => {
            Some(Global::Inert)
        }
        _ => INERT.iter().any(|(m, names)| *m == module && names.contains(&name)).then_some(Global::Inert),
    };
    found.ok_or_else(|| {
        if module == "torch.nn" || module.starts_with("torch.nn.") {
            return format!(
                "the file is a whole pickled module ('{module}.{name}'), which only its own code could open; save the \
                 numbers instead, with torch.save(model.state_dict(), path)"
            );
        }
        format!(
            "the pickle asks for '{module}.{name}', which no array or state_dict needs; it was refused and nothing was \
             executed. Save plain arrays or a state_dict instead"
        )
    })
}

fn torch_name(name: &str) -> Option<Global> {
    let dtype = match name {
        "FloatStorage" => Dtype::F32,
        "DoubleStorage" => Dtype::F64,
        "HalfStorage" => Dtype::F16,
        "BFloat16Storage" => Dtype::Bf16,
        "LongStorage" => Dtype::Int(8),
        "IntStorage" => Dtype::Int(4),
        "ShortStorage" => Dtype::Int(2),
        "CharStorage" => Dtype::Int(1),
        "ByteStorage" => Dtype::Uint(1),
        "BoolStorage" => Dtype::Bool,
        "float32" | "float64" | "float16" | "bfloat16" | "int64" | "int32" | "int16" | "int8" | "uint8" | "bool" => {
            return Some(Global::Ignored);
        }
        _ => return None,
    };
    Some(Global::Storage(dtype))
}

impl Machine<'_> {
    /// What calling `callee` with `args` builds.
    pub(super) fn call(&mut self, callee: Id, args: Id) -> Result<Id, String> {
        if let Value::Class(class) = &self.values[callee] {
            let class = class.clone();
            self.spend(class.len())?;
            return self.alloc(Value::Object(class, None));
        }
        let Value::Global(global) = self.values[callee] else {
            return Err("the pickle calls something that is no function".into());
        };
        let args = match &self.values[args] {
            Value::Tuple(args) if args.len() <= MAX_ARGUMENTS => args.clone(),
            _ => return Err("the pickle calls a function without a short tuple of arguments".into()),
        };
        let value = match (global, args.as_slice()) {
            (Global::DefaultDict, [] | [_]) | (Global::OrderedDict, []) => Value::Dict(Vec::new()),
            (Global::OrderedDict, [pairs]) => Value::Dict(self.pairs(*pairs)?),
            (Global::RebuildTensor, [storage, offset, shape, stride, ..]) => {
                Value::Tensor(self.tensor(*storage, *offset, *shape, *stride)?)
            }
            (Global::RebuildParameter, [tensor, ..]) | (Global::Size, [tensor]) => return Ok(*tensor),
            (Global::Size, []) => Value::Tuple(Vec::new()),
            (Global::Ignored | Global::Inert, _) => Value::Opaque,
            (Global::Reconstruct, _) => Value::Array(Array::default()),
            (Global::JaxArray, [make, with, state, ..]) if self.values[*make] == Value::Global(Global::Reconstruct) => {
                let array = self.call(*make, *with)?;
                self.build(array, *state)?;
                return Ok(array);
            }
            (Global::NumpyDtype, [name, ..]) => self.or_opaque(self.numpy_dtype(*name).map(Value::Dtype))?,
            (Global::Scalar, [dtype, bytes]) => self.or_opaque(self.scalar(*dtype, *bytes))?,
            (Global::FromBuffer, [bytes, dtype, shape, order]) => {
                let fortran = matches!(&self.values[*order], Value::Str(s) if s == "F");
                let array = self.array(*shape, *dtype, fortran, *bytes).map(Value::Array);
                self.or_opaque(array)?
            }
            (Global::Encode, [text, ..]) => Value::Bytes(self.latin1(*text)?),
            _ => return Err(format!("{global:?} is called with {} arguments", args.len())),
        };
        self.alloc(value)
    }

    /// Gives `object` its state, as `__setstate__` would.
    pub(super) fn build(&mut self, object: Id, state: Id) -> Result<(), String> {
        let parts = match &self.values[state] {
            Value::Tuple(parts) if parts.len() <= MAX_ARGUMENTS => parts.clone(),
            _ => Vec::new(),
        };
        match (&self.values[object], parts.as_slice()) {
            (Value::Array(_), [_, shape, dtype, fortran, data]) => {
                let fortran = self.values[*fortran] == Value::Bool(true);
                let array = self.array(*shape, *dtype, fortran, *data).map(Value::Array);
                self.values[object] = self.or_opaque(array)?;
            }
            (Value::Dtype(d), [_, order, ..]) => {
                let big_endian = matches!(&self.values[*order], Value::Str(s) if s == ">");
                self.values[object] = Value::Dtype(ArrayDtype { big_endian, ..*d });
            }
            (Value::Object(class, _), _) => self.values[object] = Value::Object(class.clone(), Some(state)),
            // A state_dict's `_metadata`, a parameter's attributes: not numbers.
            (Value::Dict(_) | Value::Tensor(_) | Value::Opaque, _) => {}
            _ => return Err("the pickle gives a state to something that has none".into()),
        }
        Ok(())
    }

    /// Where objects are read, what is no array of numbers is passed over.
    fn or_opaque(&self, value: Result<Value, String>) -> Result<Value, String> {
        if self.objects { Ok(value.unwrap_or(Value::Opaque)) } else { value }
    }

    /// What a persistent id stands for: in torch files always a storage.
    pub(super) fn persistent(&mut self, id: Id) -> Result<Id, String> {
        let none = || "a reference to outside the pickle that is no storage of a tensor".to_string();
        let Value::Tuple(parts) = &self.values[id] else { return Err(none()) };
        let [kind, class, key, _location, len, ..] = parts.as_slice() else { return Err(none()) };
        let (Value::Str(kind), Value::Global(Global::Storage(dtype)), Value::Str(key), Value::Int(len)) =
            (&self.values[*kind], &self.values[*class], &self.values[*key], &self.values[*len])
        else {
            return Err(none());
        };
        if kind != "storage" || key.len() > MAX_KEY {
            return Err(none());
        }
        let len = u64::try_from(*len).map_err(|_| format!("storage '{key}' has a negative length"))?;
        let storage = StorageRef { key: key.clone(), dtype: *dtype, len };
        self.alloc(Value::Storage(storage))
    }

    fn tensor(&self, storage: Id, offset: Id, shape: Id, stride: Id) -> Result<TensorRef, String> {
        let Value::Storage(storage) = &self.values[storage] else {
            return Err("a tensor without a storage".into());
        };
        let (shape, stride) = (self.sizes(shape)?, self.sizes(stride)?);
        let Value::Int(offset) = self.values[offset] else { return Err("a tensor whose offset is no number".into()) };
        let offset = u64::try_from(offset).map_err(|_| format!("a tensor that begins at {offset}"))?;
        if shape.len() != stride.len() {
            return Err(format!("a tensor of {} axes with {} strides", shape.len(), stride.len()));
        }
        Ok(TensorRef { storage: storage.clone(), offset, shape, stride })
    }

    /// A tuple of lengths, none negative; a bare number is a tuple of one, as in NumPy.
    fn sizes(&self, id: Id) -> Result<Vec<u64>, String> {
        let number = |id: Id| match self.values[id] {
            Value::Int(n) => u64::try_from(n).map_err(|_| format!("a length of {n}")),
            _ => Err("a length that is no integer".to_string()),
        };
        match &self.values[id] {
            Value::Tuple(ids) | Value::List(ids) if ids.len() <= 32 => ids.iter().map(|i| number(*i)).collect(),
            Value::Int(_) => Ok(vec![number(id)?]),
            _ => Err("a shape that is no tuple of at most 32 lengths".into()),
        }
    }

    fn pairs(&mut self, id: Id) -> Result<Vec<(Id, Id)>, String> {
        let bad = || "an OrderedDict that is not made of pairs".to_string();
        let len = if let Value::List(items) = &self.values[id] { items.len() } else { 0 };
        self.spend(len)?;
        let Value::List(items) = &self.values[id] else { return Err(bad()) };
        items
            .iter()
            .map(|i| match &self.values[*i] {
                Value::Tuple(p) | Value::List(p) if p.len() == 2 => Ok((p[0], p[1])),
                _ => Err(bad()),
            })
            .collect()
    }

    fn numpy_dtype(&self, name: Id) -> Result<ArrayDtype, String> {
        if self.values[name] == Value::Global(Global::Bfloat16) {
            return Ok(ArrayDtype { dtype: Dtype::Bf16, big_endian: false });
        }
        let Value::Str(name) = &self.values[name] else { return Err("a NumPy dtype without a name".into()) };
        let bare = name.trim_start_matches(['<', '>', '|', '=']);
        let dtype = match bare {
            "f2" => Dtype::F16,
            "f4" => Dtype::F32,
            "f8" => Dtype::F64,
            "b1" => Dtype::Bool,
            "i1" => Dtype::Int(1),
            "i2" => Dtype::Int(2),
            "i4" => Dtype::Int(4),
            "i8" => Dtype::Int(8),
            "u1" => Dtype::Uint(1),
            "u2" => Dtype::Uint(2),
            "u4" => Dtype::Uint(4),
            "u8" => Dtype::Uint(8),
            _ => return Err(format!("a NumPy array of dtype '{name}', which is not a plain number")),
        };
        Ok(ArrayDtype { dtype, big_endian: name.starts_with('>') })
    }

    fn dtype_of(&self, id: Id) -> Result<ArrayDtype, String> {
        match self.values[id] {
            Value::Dtype(d) => Ok(d),
            _ => Err("a NumPy array without a dtype".into()),
        }
    }

    fn bytes_of(&self, id: Id) -> Result<&[u8], String> {
        match &self.values[id] {
            Value::Bytes(b) => Ok(b),
            _ => Err("a NumPy array whose data are not bytes (an object array?)".into()),
        }
    }

    fn scalar(&self, dtype: Id, bytes: Id) -> Result<Value, String> {
        let d = self.dtype_of(dtype)?;
        let v = d.dtype.read(self.bytes_of(bytes)?, d.big_endian).ok_or("a NumPy scalar with too few bytes")?;
        Ok(Value::Float(v))
    }

    fn array(&mut self, shape: Id, dtype: Id, fortran: bool, data: Id) -> Result<Array, String> {
        self.spend(self.bytes_of(data)?.len())?;
        let (sizes, d, bytes) = (self.sizes(shape)?, self.dtype_of(dtype)?, self.bytes_of(data)?);
        let needs = sizes.iter().try_fold(d.dtype.size() as u64, |n, &s| n.checked_mul(s));
        if needs != Some(bytes.len() as u64) {
            return Err(format!("a NumPy array of shape {sizes:?} with {} bytes of data", bytes.len()));
        }
        let mut shape: Vec<usize> = sizes.iter().map(|&s| s as usize).collect();
        let values = d.dtype.all(bytes, d.big_endian, |v| v);
        // Column-major numbers are the row-major numbers of the transpose; with one axis longer than 1 both are equal.
        if fortran && shape.iter().filter(|&&n| n > 1).count() > 1 {
            if shape.len() != 2 {
                return Err("a NumPy array in Fortran order; save numpy.ascontiguousarray of it".into());
            }
            shape.reverse();
            return Ok(Array { shape, values }.transposed());
        }
        Ok(Array { shape, values })
    }

    /// Text whose characters stand for bytes.
    fn latin1(&mut self, text: Id) -> Result<Vec<u8>, String> {
        let len = if let Value::Str(text) = &self.values[text] { text.len() } else { 0 };
        self.spend(len)?;
        let Value::Str(text) = &self.values[text] else { return Err("bytes that are no text".into()) };
        text.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| "bytes beyond latin1".to_string())).collect()
    }
}

impl Array {
    /// Of a matrix.
    fn transposed(self) -> Self {
        let (rows, columns) = (self.shape[0], self.shape[1]);
        let values = (0..rows * columns).map(|i| self.values[(i % rows) * columns + i / rows]).collect();
        Self { shape: vec![columns, rows], values }
    }
}
