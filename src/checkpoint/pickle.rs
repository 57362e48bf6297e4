//! A reader of Python pickles (protocols 0 to 5) for what torch's state dictionaries and NumPy's arrays are made of.
//!
//! A pickle is a program for a stack machine that may name any Python function and call it. This machine knows a fixed
//! list of names (see `globals`), each of which builds a value; any other name is refused before anything else is
//! looked at. Values live in one arena and refer to each other by index, so shared values cost nothing, no value is
//! nested in memory, and the number of values bounds the memory.
//!
//! [`load_objects`] reads objects of any class as what they are: a name and a state. Nothing is called there either.

mod globals;
mod machine;
mod walk;

pub use walk::Leaf;

use globals::Global;

use crate::ground::dtype::Dtype;

/// Most values that one pickle may hold.
pub const MAX_VALUES: usize = 1 << 21;

/// Index of a value in its [`Pickle`].
pub type Id = usize;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list or a set.
    List(Vec<Id>),
    /// A tuple or a `torch.Size`.
    Tuple(Vec<Id>),
    /// A dictionary, ordered or not.
    Dict(Vec<(Id, Id)>),
    /// A tensor whose numbers are elsewhere in the file.
    Tensor(TensorRef),
    /// The storage of tensors.
    Storage(StorageRef),
    /// A NumPy array or scalar.
    Array(Array),
    /// A NumPy dtype.
    Dtype(ArrayDtype),
    /// Something harmless that no reader needs (a device, a dtype of torch, an integer of more than 64 bits).
    Opaque,
    /// A name of the fixed list, not called yet.
    Global(Global),
    /// Any other name; only [`load_objects`] has it.
    Class(String),
    /// What calling such a name would have made: the name, and the state that it would have been given.
    Object(String, Option<Id>),
}

/// Where the numbers of a tensor are, in units of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRef {
    /// The storage that holds them.
    pub storage: StorageRef,
    /// First number.
    pub offset: u64,
    /// Lengths of the axes.
    pub shape: Vec<u64>,
    /// Step along each axis.
    pub stride: Vec<u64>,
}

/// A storage outside the pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRef {
    /// Its name in the file.
    pub key: String,
    /// What its numbers are.
    pub dtype: Dtype,
    /// How many numbers it is said to hold.
    pub len: u64,
}

/// A NumPy array; empty until its state has been read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f64>,
}

/// What the bytes of a NumPy array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayDtype {
    /// The numbers.
    pub dtype: Dtype,
    /// Most significant byte first.
    pub big_endian: bool,
}

/// The values of one pickle.
#[derive(Debug, Clone, PartialEq)]
pub struct Pickle {
    values: Vec<Value>,
    /// The value that the pickle is.
    pub root: Id,
}

/// Reads the pickle that `bytes` begins with; also says how many bytes it took.
///
/// # Errors
/// A sentence naming what was refused and where, never the result of having done it.
pub fn load(bytes: &[u8]) -> Result<(Pickle, usize), String> {
    machine::Machine::new(bytes).run()
}

/// [`load`] of a pickle of objects: a class that is not known stays a name, and an object of it its state. Arrays of anything
/// but numbers are passed over.
///
/// # Errors
/// As [`load`].
pub fn load_objects(bytes: &[u8]) -> Result<(Pickle, usize), String> {
    machine::Machine::new(bytes).with_objects().run()
}

#[cfg(test)]
mod tests;
