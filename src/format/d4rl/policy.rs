//! The policy that the data were collected with, where the file keeps it under `metadata/policy`.

use std::path::Path;

use crate::format::hdf5::{Hdf5, is_hdf5};
use crate::ground::fault::Fault;

/// Where it is.
const GROUP: &str = "metadata/policy";
/// Most numbers of one array: layers are a few hundred wide.
const MAX_NUMBERS: usize = 1 << 24;

/// The arrays and words of a policy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Behaviour {
    /// Name (`fc0/weight`), shape and numbers.
    pub arrays: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// "relu" or "tanh".
    pub nonlinearity: String,
    /// "`tanh_gaussian`" or "gaussian".
    pub output_distribution: String,
}

/// The policy in the file at `path`; nothing where it is no HDF5 file or keeps none.
///
/// # Errors
/// [`Fault`] naming what is missing or cannot be read.
pub fn behaviour(path: &Path) -> Result<Option<Behaviour>, Fault> {
    if !is_hdf5(path) {
        return Ok(None);
    }
    let file = Hdf5::open(path)?;
    if !file.is_group(GROUP) {
        return Ok(None);
    }
    let word = |name: &str| {
        let key = format!("{GROUP}/{name}");
        file.text(&key)
            .ok_or_else(|| file.bad(&key, "is missing or no text, without which the policy's numbers mean nothing"))
    };
    let mut found = Behaviour {
        nonlinearity: word("nonlinearity")?,
        output_distribution: word("output_distribution")?,
        arrays: Vec::new(),
    };
    for layer in file.groups(GROUP) {
        for part in ["weight", "bias"] {
            let name = format!("{layer}/{part}");
            let column = file.column(&format!("{GROUP}/{name}"))?;
            let shape: Vec<usize> =
                std::iter::once(column.rows()).chain(column.inner_shape().iter().map(|&n| n as usize)).collect();
            if column.rows().saturating_mul(column.width()) > MAX_NUMBERS {
                return Err(column.bad("is too large for a layer of a policy"));
            }
            found.arrays.push((name, shape, column.f32(&|_| Ok(()))?));
        }
    }
    Ok(Some(found))
}
