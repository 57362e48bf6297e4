//! A graph, opened and run.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, NodeId, Value};

use super::columns::Columns;
use super::roles::{self, Inputs, Outputs};
use crate::checkpoint::reading::{Basis, InputOrder, Item, Reading, RewardColumn, Target};
use crate::checkpoint::sidecar::{Observations, Sidecar};
use crate::checkpoint::{About, Checkpoint, Given};
use crate::ground::fault::Fault;
use crate::world::graph::{Answer, Graph, GraphModel};
use crate::world::net::activation::Activation;
use crate::world::net::normalizer::Normalizer;

/// Rows that a graph is tried with when it is opened.
const TRIED: usize = 2;

/// The model in `file`.
///
/// # Errors
/// [`Fault`] with what the runtime says of the file, or with what is open and which key states it.
pub fn read(file: &Path, given: &Given<'_>) -> Result<Checkpoint, Fault> {
    let at = |why: String| Fault::at(file, why);
    let sidecar = Sidecar::read(file.parent().unwrap_or(Path::new(".")))?;
    let model = Model::load_file(file).map_err(|e| at(format!("the graph cannot be run: {e}")))?;
    let mut about = About { file: Some(file.to_path_buf()), ..About::default() };
    let model = world_model(model, (&sidecar, given), &mut about).map_err(at)?;
    sidecar.describe(&mut about);
    Ok(Checkpoint { world_model: Some(Box::new(model)), about, ..Checkpoint::default() })
}

/// The graph as a world model.
fn world_model(
    model: Model,
    (sidecar, given): (&Sidecar, &Given<'_>),
    about: &mut About,
) -> Result<GraphModel, String> {
    let names = (named(&model, model.input_ids()), named(&model, model.output_ids()));
    let [took, gives]: [Vec<&str>; 2] = [&names.0, &names.1].map(|names| names.iter().map(String::as_str).collect());
    let stated = &sidecar.stated;
    let inputs = roles::inputs(&took, stated.inputs.as_deref())?;
    let outputs = roles::outputs(&gives, stated.outputs.as_deref())?;
    if let Some(names) = Some(&outputs.unread).filter(|unread| !unread.is_empty()) {
        let names: Vec<&str> = names.iter().map(|&i| gives[i]).collect();
        about.notes.push(format!("outputs that were not read: {}", names.join(", ")));
    }
    let basis = if stated.outputs.is_some() { Basis::Stated } else { Basis::Implied };
    let target = match (given.asked.target, sidecar.target, outputs.target) {
        (None, None, None) => {
            return Err(format!(
                "the name of the output '{}' does not say whether it is the next observation or its change: state target = \
                 \"delta\" or target = \"absolute\" in oodscope.toml beside the file, or with --model-target",
                gives[outputs.obs]
            ));
        }
        (asked, stated, named) => Item::choose(asked, stated, Item::new(named.unwrap_or_default(), basis)),
    };
    let order = match inputs {
        Inputs::Apart { .. } => Item::new(InputOrder::ObsAction, Basis::Implied),
        Inputs::Together(named) => together(named, (sidecar, given), &took)?,
    };
    let columns = Columns::of(&model, inputs, (sidecar, given))?;
    let rows = columns.rows;
    let mut runner = Runner { model, inputs, outputs, order: order.value, columns, reward: None };
    let wide = runner.tried()?;
    let (obs_dim, action_dim) = (runner.columns.obs, runner.columns.action);
    let apart = runner.outputs.reward.is_some();
    let reward = reward(wide, (obs_dim, apart), (sidecar, given), gives[runner.outputs.obs])?;
    runner.reward = (!apart && reward.value != RewardColumn::None).then_some(reward.value);
    let input = stated.input(obs_dim + action_dim, about)?;
    let output = match (sidecar.observations, &input) {
        (Some(Observations::Standardised), Some(scale)) => {
            let mean =
                if target.value == Target::Absolute { scale.mean[..obs_dim].to_vec() } else { vec![0.0; obs_dim] };
            Normalizer { mean, std: scale.std[..obs_dim].to_vec() }
        }
        (Some(Observations::Standardised), None) => {
            return Err(
                "observations is \"standardised\", and by what is not stated: obs_mean, obs_std, action_mean and \
                        action_std in oodscope.toml beside the file state it"
                    .into(),
            );
        }
        _ => Normalizer::identity(obs_dim),
    };
    if input.is_none() {
        about.notes.push(
            "observations and actions are given to the graph as the dataset has them; obs_mean, obs_std, action_mean and action_std \
             in oodscope.toml beside the file state another scale"
                .into(),
        );
    }
    if let Some(rows) = rows {
        about.notes.push(format!("its batch is fixed: it is given {rows} at a time"));
    }
    let learned_reward = apart || runner.reward.is_some();
    let reading = Reading { activation: Item::new(Activation::Identity, Basis::Implied), target, reward, input: order };
    about.reading = Some(reading);
    Ok(GraphModel {
        obs_dim,
        action_dim,
        absolute: target.value == Target::Absolute,
        learned_reward,
        input: input.unwrap_or_else(|| Normalizer::identity(obs_dim + action_dim)),
        output,
        graph: Arc::new(runner),
    })
}

/// Names of nodes; empty of one without.
fn named(model: &Model, ids: &[NodeId]) -> Vec<String> {
    let name = |id: &NodeId| model.node_info(*id).and_then(|node| node.name().map(str::to_owned)).unwrap_or_default();
    ids.iter().map(name).collect()
}

/// The order of both in one input.
fn together(
    named: Option<InputOrder>,
    (sidecar, given): (&Sidecar, &Given<'_>),
    took: &[&str],
) -> Result<Item<InputOrder>, String> {
    if (given.asked.input, sidecar.input, named) == (None, None, None) {
        return Err(format!(
            "the graph takes observation and action in one input '{}', and in which order is not said: state input = \
             \"obs-action\" or input = \"action-obs\" in oodscope.toml beside the file, or with --model-input",
            took[0]
        ));
    }
    Ok(Item::choose(given.asked.input, sidecar.input, Item::new(named.unwrap_or_default(), Basis::Implied)))
}

/// Where the reward is in what is given of `wide` columns, of which an observation has `obs_dim`.
fn reward(
    wide: usize,
    (obs_dim, apart): (usize, bool),
    (sidecar, given): (&Sidecar, &Given<'_>),
    name: &str,
) -> Result<Item<RewardColumn>, String> {
    if wide == obs_dim {
        // Of its own, it has no place among these columns.
        let value = if apart { RewardColumn::Last } else { RewardColumn::None };
        return Ok(Item::new(value, Basis::Implied));
    }
    if apart || wide != obs_dim + 1 {
        return Err(format!("the output '{name}' has {wide} columns, an observation has {obs_dim}"));
    }
    let beside = |column: Option<RewardColumn>| column.filter(|column| *column != RewardColumn::None);
    match (beside(given.asked.reward), beside(sidecar.reward)) {
        (None, None) => Err(format!(
            "the output '{name}' has one column more than the {obs_dim} of an observation, and where the reward is in it is not \
             said: state reward = \"first\" or reward = \"last\" in oodscope.toml beside the file, or with --model-reward"
        )),
        (asked, stated) => Ok(Item::choose(asked, stated, Item::new(RewardColumn::Last, Basis::Implied))),
    }
}

/// A graph that is run.
struct Runner {
    model: Model,
    inputs: Inputs,
    outputs: Outputs,
    order: InputOrder,
    columns: Columns,
    /// The reward's place among the columns of the observation's output, where it is one of them.
    reward: Option<RewardColumn>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("inputs", &self.inputs).field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

impl Runner {
    /// Runs it once, on zeros: columns of the observation's output.
    fn tried(&self) -> Result<usize, String> {
        let rows = self.columns.rows.unwrap_or(TRIED);
        let zeros = |columns: usize| vec![0.0; rows * columns];
        let (said, reward) = self.once(zeros(self.columns.obs), zeros(self.columns.action), rows)?;
        if !said.len().is_multiple_of(rows) {
            return Err(format!("the graph gives {} numbers for {rows} rows", said.len()));
        }
        if let Some(reward) = reward
            && reward.len() != rows
        {
            return Err(format!("the reward has {} numbers for {rows} rows", reward.len()));
        }
        Ok(said.len() / rows)
    }

    /// Runs it on as many rows as it takes: its outputs for the observation and for the reward.
    fn once(&self, obs: Vec<f32>, action: Vec<f32>, rows: usize) -> Result<(Vec<f32>, Option<Vec<f32>>), String> {
        let Columns { obs: d, action: a, .. } = self.columns;
        let model = &self.model;
        let input = |place: usize, columns: usize, values: Vec<f32>| {
            let value = Value::from_shape([rows, columns], values).map_err(|e| e.to_string())?;
            Ok::<_, String>((model.input_ids()[place], value.into()))
        };
        let inputs = match self.inputs {
            Inputs::Apart { obs: first, action: second } => vec![input(first, d, obs)?, input(second, a, action)?],
            Inputs::Together(_) => {
                let pairs = obs.chunks_exact(d).zip(action.chunks_exact(a));
                let both = pairs.flat_map(|(o, a)| match self.order {
                    InputOrder::ObsAction => [o, a].concat(),
                    InputOrder::ActionObs => [a, o].concat(),
                });
                vec![input(0, d + a, both.collect())?]
            }
        };
        let wanted: Vec<NodeId> = [Some(self.outputs.obs), self.outputs.reward]
            .into_iter()
            .flatten()
            .map(|i| model.output_ids()[i])
            .collect();
        let said = model.run(inputs, &wanted, None).map_err(|e| format!("the graph cannot be run: {e}"))?;
        let mut numbers = said.into_iter().map(|value| {
            let tensor = value.into_tensor::<f32>().ok_or_else(|| "the graph gives no real numbers".to_owned())?;
            Ok::<_, String>(tensor.into_data())
        });
        let first = numbers.next().unwrap_or_else(|| Err("the graph gives nothing".into()))?;
        Ok((first, numbers.next().transpose()?))
    }
}

impl Graph for Runner {
    fn run(&self, obs: &[f32], actions: &[f32], rows: usize) -> Result<Answer, String> {
        let Columns { obs: d, action: a, rows: fixed } = self.columns;
        let each = fixed.unwrap_or(rows).max(1);
        let mut out = Answer {
            reward: (self.outputs.reward.is_some() || self.reward.is_some()).then(Vec::new),
            ..Answer::default()
        };
        for first in (0..rows).step_by(each) {
            let n = each.min(rows - first);
            let part = |all: &[f32], columns: usize| {
                let mut part = all[first * columns..(first + n) * columns].to_vec();
                // What fills up a fixed batch is not looked at.
                part.resize(each * columns, 0.0);
                part
            };
            let (said, apart) = self.once(part(obs, d), part(actions, a), each)?;
            let wide = d + usize::from(self.reward.is_some());
            if said.len() != each * wide || apart.as_ref().is_some_and(|r| r.len() != each) {
                return Err(format!("the graph gives {} numbers for {each} rows of {wide}", said.len()));
            }
            for row in said.chunks_exact(wide).take(n) {
                let (from, at) = if self.reward == Some(RewardColumn::First) { (1, 0) } else { (0, d) };
                out.obs.extend_from_slice(&row[from..from + d]);
                if let (Some(all), Some(_)) = (&mut out.reward, self.reward) {
                    all.push(row[at]);
                }
            }
            if let (Some(all), Some(apart)) = (&mut out.reward, apart) {
                all.extend_from_slice(&apart[..n]);
            }
        }
        Ok(out)
    }
}
