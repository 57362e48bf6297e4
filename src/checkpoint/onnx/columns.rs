//! How wide the inputs of a graph are.

use rten::{Dimension, Model};

use super::roles::Inputs;
use crate::checkpoint::Given;
use crate::checkpoint::sidecar::Sidecar;
use crate::data::space::Space;
use crate::data::space::encoding::takes_numbers;

/// How many columns observation and action have, and how many rows the graph takes, where that is fixed.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Of an observation D.
    pub obs: usize,
    /// Of an action A.
    pub action: usize,
    /// Rows that the graph takes at a time, where that is fixed.
    pub rows: Option<usize>,
}

impl Columns {
    /// Of the graph's shapes, the files beside it and the dataset, in this order.
    ///
    /// # Errors
    /// A sentence with what is open and which key states it.
    pub fn of(model: &Model, inputs: Inputs, (sidecar, given): (&Sidecar, &Given<'_>)) -> Result<Self, String> {
        let shape = |i: usize| -> Result<(Option<usize>, Option<usize>), String> {
            let fixed = |d: &Dimension| if let Dimension::Fixed(n) = d { Some(*n) } else { None };
            match model.input_shape(i).as_deref() {
                None => Ok((None, None)),
                Some([rows, columns]) => Ok((fixed(rows), fixed(columns))),
                Some(other) => Err(format!(
                    "input {i} has {} axes, [batch, columns] are read; export the graph with a batch axis, without stacks or images",
                    other.len()
                )),
            }
        };
        let data = given.data.map(|data| (data.obs_dim(), &data.action_space));
        let known_obs = sidecar.obs_dim.or(data.map(|(d, _)| d));
        let encoded = |wide: Option<usize>| {
            let of = |space: &Space| match wide {
                Some(wide) if takes_numbers(space, wide) => wide,
                _ => space.encoded_dim(),
            };
            sidecar.act_dim.or(data.map(|(_, space)| of(space)))
        };
        let ask = |what: &str, key: &str| {
            format!(
                "how many columns the {what} has is not fixed in the graph: state {key} in oodscope.toml beside the file"
            )
        };
        let (obs, action, rows) = match inputs {
            Inputs::Apart { obs, action } => {
                let ((rows, d), (other, a)) = (shape(obs)?, shape(action)?);
                if let (Some(rows), Some(other)) = (rows, other)
                    && rows != other
                {
                    return Err(format!("observation and action are of fixed batches of {rows} and {other}"));
                }
                let d = d.or(known_obs).ok_or_else(|| ask("observation", "obs_dim"))?;
                (d, a.or(encoded(a)).ok_or_else(|| ask("action", "act_dim"))?, rows.or(other))
            }
            Inputs::Together(_) => {
                let (rows, both) = shape(0)?;
                let d = known_obs.ok_or_else(|| {
                    "how many columns of the one input are the observation's is not said: state obs_dim in oodscope.toml beside the \
                     file, or name the dataset"
                        .to_owned()
                })?;
                let a = both.map(|both| both.saturating_sub(d)).or(encoded(None));
                (d, a.ok_or_else(|| ask("action", "act_dim"))?, rows)
            }
        };
        if obs == 0 || action == 0 || rows == Some(0) {
            return Err(format!("the graph takes {obs} columns of an observation and {action} of an action"));
        }
        Ok(Self { obs, action, rows })
    }
}
