//! The policies that D4RL's data were collected with: `metadata/policy` of its HDF5 files, and the pickles of the same arrays
//! that off-policy evaluation is done with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::table::Stated;
use super::{Found, PolicyFormat, PolicyGiven, parts};
use crate::agent::policy::{Output, Policy, Spread};
use crate::checkpoint::pickle::{Value, load};
use crate::checkpoint::tensors::{Tensor, Tensors, read_bounded};
use crate::checkpoint::{About, Checkpoint, sidecar};
use crate::ground::fault::Fault;

/// Longest pickle that is read: two layers of 256 units take 0.3 MB.
const MAX_PICKLE: u64 = 64 << 20;

/// Most hidden layers.
const LAYERS: usize = 64;

/// The layout.
pub struct D4rl;

/// The arrays and words of one policy, whatever file they were in.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// `fc0/weight` [out, in], `fc0/bias`, …, `last_fc/…` and `last_fc_log_std/…`.
    pub tensors: Tensors,
    /// "relu" or "tanh".
    pub nonlinearity: String,
    /// "`tanh_gaussian`" or "gaussian".
    pub output_distribution: String,
}

impl PolicyFormat for D4rl {
    fn name(&self) -> &'static str {
        "D4RL"
    }

    fn looks_for(&self) -> &'static str {
        "a pickle of fc0/weight, last_fc/weight and their kin, or metadata/policy of an HDF5 file"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        found.pickle("pkl", &[b"fc0/"])
    }

    fn load(&self, file: &Path, _: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let stated = Stated::beside(file)?;
        if stated.says_anything() {
            about.warnings.push(stated.unused("a pickle of D4RL"));
        }
        let bytes = read_bounded(file, MAX_PICKLE)?;
        let (pickle, _) = load(&bytes).map_err(|e| Fault::at(file, e))?;
        let mut map = BTreeMap::new();
        if let Value::Dict(pairs) = pickle.value(pickle.root) {
            for (key, value) in pairs {
                if let (Value::Str(name), Value::Array(a)) = (pickle.value(*key), pickle.value(*value)) {
                    let values = a.values.iter().map(|v| *v as f32).collect();
                    map.insert(name.clone(), Tensor { shape: a.shape.clone(), values });
                }
            }
        }
        let word = |key: &str| match pickle.get(pickle.root, key) {
            Some(Value::Str(text)) => Ok(text.clone()),
            Some(Value::Bytes(text)) => Ok(String::from_utf8_lossy(text).into_owned()),
            _ => Err(Fault::at(file, format!("no '{key}' in the pickle, without which its numbers mean nothing"))),
        };
        policy(Parts {
            tensors: Tensors { path: file.to_path_buf(), map },
            nonlinearity: word("nonlinearity")?,
            output_distribution: word("output_distribution")?,
        })
    }
}

/// The policy in the metadata of a dataset.
///
/// # Errors
/// [`Fault`] naming what is missing or not read.
pub fn of_parts(parts: Parts) -> Result<Checkpoint, Fault> {
    let about = About { format: D4rl.name().into(), file: Some(parts.tensors.path.clone()), ..About::default() };
    Ok(Checkpoint { policy: Some(policy(parts)?), about, ..Checkpoint::default() })
}

fn policy(parts: Parts) -> Result<Box<dyn Policy>, Fault> {
    let Parts { tensors, nonlinearity, output_distribution } = parts;
    let renamed = tensors.map.into_iter().map(|(name, t)| (name.replace('/', "."), t)).collect();
    let t = Tensors { path: tensors.path, map: renamed }.finite()?;
    let hidden: Vec<String> =
        (0..LAYERS).map(|i| format!("fc{i}")).take_while(|n| t.get(&format!("{n}.weight")).is_some()).collect();
    let mut list = parts::named(&t, &hidden.iter().map(String::as_str).collect::<Vec<_>>())?;
    let (mean, log_std) =
        (parts::named(&t, &["last_fc"])?.remove(0), parts::named(&t, &["last_fc_log_std"])?.remove(0));
    let a = mean.layer.outputs;
    list.push(parts::beside(&t, mean, &log_std)?);
    let activation = sidecar::activation(&nonlinearity).map_err(|e| t.error(e))?;
    let net = parts::mlp(&t, activation, list)?;
    let spread = Spread::OfState(f32::NEG_INFINITY, f32::INFINITY);
    match output_distribution.as_str() {
        "tanh_gaussian" => parts::network(&t, net, Output::Tanh, spread, (vec![-1.0; a], vec![1.0; a])),
        "gaussian" => {
            parts::network(&t, net, Output::Clip, spread, (vec![f32::NEG_INFINITY; a], vec![f32::INFINITY; a]))
        }
        other => Err(t.error(format!("the output distribution '{other}'; tanh_gaussian and gaussian are read"))),
    }
}
