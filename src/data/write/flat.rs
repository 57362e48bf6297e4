//! Writing one Parquet file with a row a step: `episode`, `step`, `obs_0` …, `action_0` …, `reward`, `next_obs_0` …,
//! `terminated`, `truncated`; the names of the dimensions are in the file's metadata.

use std::path::Path;

use polars::prelude::*;
use serde_json::json;

use super::MinariAbout;
use crate::data::dataset::Dataset;
use crate::data::format::DataError;
use crate::data::table;

/// Writes `data` to the new file `path`.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(path: &Path, data: &Dataset, about: &MinariAbout) -> Result<(), DataError> {
    let n = data.num_steps();
    let (mut episode, mut step) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
    let mut obs = Vec::with_capacity(n * data.obs_dim());
    for e in (0..data.num_episodes()).map(|i| data.episode(i)) {
        let steps = e.steps();
        episode.extend(std::iter::repeat_n(e.index as i64, steps));
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
    let frame = DataFrame::new(n, columns).map_err(|e| DataError::bad(path, e.to_string()))?;
    let names = json!({ "observation_names": data.obs_space.names, "action_names": data.action_space.names });
    let mut words = vec![("oodscope".to_string(), names.to_string())];
    words.extend(data.origin.env_id.iter().map(|env| ("env_id".to_string(), env.clone())));
    if !about.description.is_empty() {
        words.push(("description".into(), about.description.clone()));
    }
    table::write_parquet_about(&frame, &words, path)
}
