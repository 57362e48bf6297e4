//! Models of many tasks: which of them the data are of, and how many of the columns are its own.

use super::Stated;
use crate::checkpoint::tensors::Tensors;
use crate::checkpoint::{About, Given};
use crate::ground::fault::Fault;

/// Longest embedding that TD-MPC2 gives to its networks (`max_norm`), and what PyTorch adds to a norm that it divides by.
const MAX_NORM: (f64, f64) = (1.0, 1e-7);
/// Features of an image that Newt puts beside a state.
const NEWT_IMAGE: usize = 768;
/// Columns of an observation that Newt fills up to.
const NEWT_OBS: usize = 128;

/// The task that the data are of.
pub struct Task {
    /// Its number and how many there are, where the model knows several.
    index: Option<(usize, usize)>,
    /// What stands for it in the networks' inputs; empty for a model of one task.
    pub embedding: Vec<f32>,
    /// Columns of its actions, where the file has masks.
    actions: Option<usize>,
    newt: bool,
}

/// Columns of the data.
pub struct Widths {
    pub obs_dim: usize,
    pub action_dim: usize,
}

/// The task that is stated, with its embedding and mask.
pub fn task(tensors: &Tensors, newt: bool, stated: &Stated<'_>, about: &mut About) -> Result<Task, Fault> {
    let said =
        stated.sidecar.numbers.contains_key("task").then(|| stated.count("task", tensors)).transpose()?.flatten();
    let Some(table) = tensors.get("_task_emb.weight") else {
        let actions = tensors.get("_action_masks").map(|_| mask(tensors, 0)).transpose()?;
        return Ok(Task { index: None, embedding: Vec::new(), actions, newt });
    };
    let [count, width] = table.shape[..] else {
        return Err(
            tensors.error(format!("tensor '_task_emb.weight' has shape {:?}, [tasks, columns] is needed", table.shape))
        );
    };
    let index = match said {
        None if count == 1 => 0,
        Some(index) if index < count => index,
        Some(index) => {
            return Err(tensors
                .error(format!("task = {index} is stated, the model knows tasks 0 to {}", count.saturating_sub(1))));
        }
        None => {
            return Err(tensors.error(format!(
                "a model of {count} tasks, and nothing says which of them the data are of; write `task = N` (0 to {}, its place in \
                 the library's list of tasks) into oodscope.toml beside it",
                count.saturating_sub(1)
            )));
        }
    };
    let mut embedding = table.values[index * width..(index + 1) * width].to_vec();
    // Newt's embeddings are of a language model and taken as they are.
    let norm = embedding.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    if !newt && norm > MAX_NORM.0 {
        let scale = MAX_NORM.0 / (norm + MAX_NORM.1);
        for v in &mut embedding {
            *v = (f64::from(*v) * scale) as f32;
        }
    }
    let actions = tensors.get("_action_masks").map(|_| mask(tensors, index)).transpose()?;
    about
        .notes
        .push(format!("read for task {index} of {count} (0 to {}, in the library's order)", count.saturating_sub(1)));
    Ok(Task { index: Some((index, count)), embedding, actions, newt })
}

/// Columns of the actions of task `index`: the mask's ones, which come first.
fn mask(tensors: &Tensors, index: usize) -> Result<usize, Fault> {
    let masks = tensors.need("_action_masks")?;
    let odd = || {
        tensors.error(format!(
            "tensor '_action_masks' of shape {:?} does not mask the first columns of task {index}",
            masks.shape
        ))
    };
    let [count, width] = masks.shape[..] else { return Err(odd()) };
    if index >= count {
        return Err(odd());
    }
    let row = &masks.values[index * width..(index + 1) * width];
    let own = row.iter().take_while(|v| **v > 0.5).count();
    if own > 0 && row[own..].iter().all(|v| *v == 0.0) { Ok(own) } else { Err(odd()) }
}

impl Task {
    /// How many of the networks' columns for (observation, action) the data have.
    pub fn widths(
        &self,
        tensors: &Tensors,
        (obs, actions): (usize, usize),
        stated: &Stated<'_>,
        given: &Given<'_>,
        about: &mut About,
    ) -> Result<Widths, Fault> {
        let sidecar = stated.sidecar;
        if self.newt && obs > NEWT_OBS.max(NEWT_IMAGE) && sidecar.obs_dim.is_none() {
            return Err(tensors.error(format!(
                "the encoder of {obs} columns seems to read the features of an image beside the state, which is not imported; if it \
                 does not, write `obs_dim = N` (columns of a state) into oodscope.toml beside it"
            )));
        }
        let action_dim = self.actions.or(sidecar.act_dim).unwrap_or(actions);
        if action_dim > actions || action_dim == 0 || sidecar.act_dim.is_some_and(|said| said != action_dim) {
            return Err(tensors.error(format!(
                "{} action columns are stated, the model takes {action_dim} of {actions}",
                sidecar.act_dim.unwrap_or(action_dim)
            )));
        }
        if sidecar.obs_dim.is_some_and(|said| said > obs || said == 0) {
            return Err(
                tensors.error(format!("obs_dim = {} is stated, the encoder takes {obs}", sidecar.obs_dim.unwrap_or(0)))
            );
        }
        let filled = self.newt || self.index.is_some();
        let data = given.data.map(crate::data::dataset::Dataset::obs_dim).filter(|d| filled && *d > 0 && *d < obs);
        let obs_dim = sidecar.obs_dim.or(data).unwrap_or(obs);
        if sidecar.obs_dim.is_none() && data.is_some() {
            about.warnings.push(format!(
                "the file does not say how many of its {obs} observation columns the task has: the dataset's {obs_dim} are taken for \
                 the first of them and zeros for the rest, as the library fills up; if that is right, state obs_dim = {obs_dim} in \
                 oodscope.toml beside it"
            ));
        }
        Ok(Widths { obs_dim, action_dim })
    }
}

/// Says where the dataset's actions are not those that the library trains on.
pub fn beyond(given: &Given<'_>) -> Option<String> {
    let most = given.data?.actions.iter().filter(|v| v.is_finite()).fold(0.0f32, |most, v| most.max(v.abs()));
    (most > 1.001).then(|| {
        format!(
            "the dataset's actions reach {most} in size, the library scales those of every environment to -1 to 1: unless the model \
             was trained otherwise, convert the dataset's actions to that range first"
        )
    })
}
