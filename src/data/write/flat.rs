//! Writing one Parquet file with a row a step: `episode`, `step`, `obs_0` …, `action_0` …, `reward`, `next_obs_0` …,
//! `terminated`, `truncated`; the names of the dimensions are in the file's metadata.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;
use serde_json::json;

use super::{Each, MinariAbout};
use crate::data::dataset::Dataset;
use crate::data::format::DataError;
use crate::data::{save, table};

/// Writes `data` to the new file `path`.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(path: &Path, data: &Dataset, about: &MinariAbout) -> Result<(), DataError> {
    let frame = frame(data, 0).map_err(|e| DataError::bad(path, e.to_string()))?;
    table::write_parquet_about(&frame, &words(data, about), path)
}

/// Writes the episodes that `each` hands on to the new file `path`, a row group for each of their datasets; `like` has
/// their spaces and where they come from.
///
/// # Errors
/// If the file cannot be written, or what `each` fails with.
pub(super) fn stream(path: &Path, like: &Dataset, about: &MinariAbout, each: Each<'_>) -> Result<(), DataError> {
    let mut failed = None;
    let mut episodes = 0;
    let written = save::file(path, |file| {
        let mut writer = None;
        let read = each(&mut |mut data| {
            let bad = |e: PolarsError| DataError::bad(path, format!("cannot be written ({e})"));
            data.action_space.clone_from(&like.action_space);
            let frame = frame(&data, episodes).map_err(bad)?;
            episodes += data.num_episodes();
            let open = |file: &File| {
                let words = KeyValueMetadata::from_static(words(like, about));
                let writer = ParquetWriter::new(file.try_clone()?).with_key_value_metadata(Some(words));
                writer.batched(frame.schema())
            };
            if writer.is_none() {
                writer = Some(open(file).map_err(bad)?);
            }
            writer.as_mut().map_or(Ok(()), |writer| writer.write_batch(&frame)).map_err(bad)
        });
        if let Err(e) = read {
            let text = e.to_string();
            failed = Some(e);
            return Err(text);
        }
        writer.map_or(Ok(0), |writer| writer.finish()).map(|_| ()).map_err(|e| e.to_string())
    });
    match failed {
        Some(e) => Err(e),
        None => written,
    }
}

/// A row a step; episodes are counted from `first`.
fn frame(data: &Dataset, first: usize) -> PolarsResult<DataFrame> {
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
    if data.action_space.is_discrete() {
        let choices: Vec<i64> = data.actions.iter().map(|&v| v as i64).collect();
        columns.push(Column::new("action_0".into(), choices));
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
