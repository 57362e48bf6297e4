//! Writing one Parquet file with a row a step: `episode`, `step`, `obs_0` …, `action_0` …, `reward`, `next_obs_0` …,
//! `terminated`, `truncated`; the names of the dimensions are in the file's metadata.

use std::path::Path;

use polars_core::prelude::*;
use polars_io::parquet::write::{KeyValueMetadata, ParquetWriter};
use serde_json::json;

use super::store::whole;
use super::{Each, MinariAbout};
use crate::data::dataset::Dataset;
use crate::ground::fault::Fault;
use crate::ground::save;

/// Rows of a row group.
const GROUP: usize = 1 << 18;

/// Writes the episodes that `each` hands on to the new file `path`; `like` has their spaces and where they come from.
///
/// # Errors
/// If the file cannot be written, or what `each` fails with.
pub(super) fn write(path: &Path, like: &Dataset, about: &MinariAbout, each: Each<'_>) -> Result<(), Fault> {
    let bad = |e: PolarsError| Fault::at(path, format!("cannot be written ({e})"));
    save::beside(path, |temporary| {
        let mut writer = None;
        let mut episodes = 0;
        each(&mut |data| {
            let frame = frame(data, like.action_space.is_discrete(), episodes).map_err(bad)?;
            episodes += data.num_episodes();
            if writer.is_none() {
                let words = KeyValueMetadata::from_static(words(like, about));
                let file = temporary.as_file().try_clone().map_err(|e| bad(e.into()))?;
                let new = ParquetWriter::new(file).with_key_value_metadata(Some(words)).batched(frame.schema());
                writer = Some(new.map_err(bad)?);
            }
            let Some(writer) = &mut writer else { return Ok(()) };
            let mut groups = (0..frame.height()).step_by(GROUP).map(|row| frame.slice(row as i64, GROUP));
            groups.try_for_each(|group| writer.write_batch(&group)).map_err(bad)
        })?;
        writer.map_or(Ok(0), |writer| writer.finish()).map(|_| ()).map_err(bad)
    })
}

/// A row a step, with actions as integers where they are choices; episodes are counted from `first`.
fn frame(data: &Dataset, choices: bool, first: usize) -> PolarsResult<DataFrame> {
    let n = data.num_steps();
    let (mut episode, mut step) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
    let mut obs = Vec::with_capacity(n * data.obs_dim());
    for e in (0..data.num_episodes()).map(|i| data.episode(i)) {
        let steps = e.steps();
        episode.extend(std::iter::repeat_n((first + e.index) as i64, steps));
        step.extend(0..steps as i64);
        obs.extend_from_slice(&e.obs[..steps * e.obs_dim]);
        let last = e.span.first_step + steps - 1;
        (terminated[last], truncated[last]) = (e.span.terminated, e.span.truncated);
    }
    let mut columns = vec![Column::new("episode".into(), episode), Column::new("step".into(), step)];
    let wide = |prefix: &str, rows: &[f32], width: usize| -> Vec<Column> {
        let column = |c: usize| rows.iter().skip(c).step_by(width).copied().collect::<Vec<f32>>();
        (0..width).map(|c| Column::new(format!("{prefix}_{c}").into(), column(c))).collect()
    };
    columns.extend(wide("obs", &obs, data.obs_dim()));
    if choices {
        let numbers = whole(&data.actions).map_err(|e| polars_err!(ComputeError: "an episode {e}"))?;
        columns.push(Column::new("action_0".into(), numbers));
    } else {
        columns.extend(wide("action", &data.actions, data.action_dim()));
    }
    columns.push(Column::new("reward".into(), data.rewards.clone()));
    if let Some(next) = super::next_observations(data) {
        columns.extend(wide("next_obs", &next, data.obs_dim()));
    }
    columns.push(Column::new("terminated".into(), terminated));
    columns.push(Column::new("truncated".into(), truncated));
    DataFrame::new(n, columns)
}

/// What the file says of itself.
fn words(data: &Dataset, about: &MinariAbout) -> Vec<(String, String)> {
    let names = json!({ "observation_names": data.obs_space.names, "action_names": data.action_space.names });
    let mut words = vec![("oodscope".to_string(), names.to_string())];
    words.extend(data.origin.env_id.iter().map(|env| ("env_id".to_string(), env.clone())));
    if !about.description.is_empty() {
        words.push(("description".into(), about.description.clone()));
    }
    words
}
