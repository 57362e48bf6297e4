#![allow(clippy::float_cmp, reason = "copies")]

use std::path::Path;

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};

use crate::data::dataset::Dataset;
use crate::format::Format;
use crate::format::npz::tests::Array;
use crate::format::place::Place;
use crate::format::reader::tests::{agree, opened};
use crate::ground::task::Ctx;

/// Numbers to write under a name.
#[derive(Clone)]
pub enum Value {
    F32(Vec<f32>, Vec<u64>),
    Flags(Vec<bool>),
    Whole(Vec<i64>),
    Images(u64),
}

/// One episode of a test: observations of two numbers, actions of one.
pub struct Episode {
    pub steps: usize,
    pub terminated: bool,
    /// `[T+1, 2]`.
    pub obs: Vec<f32>,
    pub actions: Vec<f32>,
    pub rewards: Vec<f32>,
}

/// Three episodes of 4, 3 and 5 steps, of which the environment ended the first and the last.
pub fn episodes() -> Vec<Episode> {
    let of = |k: usize, steps: usize| Episode {
        steps,
        terminated: k != 1,
        obs: (0..=steps).flat_map(|t| [(100 * k + t) as f32, -(t as f32)]).collect(),
        actions: (0..steps).map(|t| 0.5 * t as f32 - k as f32).collect(),
        rewards: (0..steps).map(|t| k as f32 + t as f32 / 8.0).collect(),
    };
    [4, 3, 5].into_iter().enumerate().map(|(k, steps)| of(k, steps)).collect()
}

/// The episodes as flat columns.
pub struct Columns {
    pub rows: usize,
    pub obs: Vec<f32>,
    pub next: Vec<f32>,
    pub actions: Vec<f32>,
    pub rewards: Vec<f32>,
    pub terminated: Vec<usize>,
    pub truncated: Vec<usize>,
}

impl Columns {
    pub fn new() -> Self {
        let all = episodes();
        let flat = |of: fn(&Episode) -> &[f32]| all.iter().flat_map(|e| of(e).to_vec()).collect::<Vec<_>>();
        let lasts: Vec<usize> = all
            .iter()
            .scan(0, |sum, e| {
                Some({
                    *sum += e.steps;
                    *sum - 1
                })
            })
            .collect();
        Self {
            rows: all.iter().map(|e| e.steps).sum(),
            obs: flat(|e| &e.obs[..2 * e.steps]),
            next: flat(|e| &e.obs[2..]),
            actions: flat(|e| &e.actions),
            rewards: flat(|e| &e.rewards),
            terminated: vec![lasts[0], lasts[2]],
            truncated: vec![lasts[1]],
        }
    }

    /// Rows with which episodes end.
    pub fn ends(&self) -> Vec<usize> {
        vec![self.terminated[0], self.truncated[0], self.terminated[1]]
    }

    /// The arrays of a NumPy archive under these names: observations, actions, rewards.
    pub fn arrays(&self, [obs, actions, rewards]: [&str; 3]) -> Vec<Array> {
        vec![
            Array::f32(obs, &[self.rows, 2], self.obs.clone()),
            Array::f32(actions, &[self.rows, 1], self.actions.clone()),
            Array::f32(rewards, &[self.rows], self.rewards.clone()),
        ]
    }

    /// The same for an HDF5 file.
    pub fn values(&self, [obs, actions, rewards]: [&str; 3]) -> Vec<(String, Value)> {
        let n = self.rows as u64;
        vec![
            (obs.into(), Value::F32(self.obs.clone(), vec![n, 2])),
            (actions.into(), Value::F32(self.actions.clone(), vec![n, 1])),
            (rewards.into(), Value::F32(self.rewards.clone(), vec![n])),
        ]
    }

    pub fn flags(&self, at: &[usize]) -> Value {
        Value::Flags((0..self.rows).map(|row| at.contains(&row)).collect())
    }
}

/// Writes an HDF5 file; names with slashes are in groups.
pub fn hdf5(path: &Path, values: &[(String, Value)], attributes: &[(&str, i64)]) {
    let mut file = FileBuilder::new();
    for (name, value) in attributes {
        file.set_attr(name, AttrValue::I64(*value));
    }
    let mut groups: Vec<&str> = Vec::new();
    for (key, value) in values {
        match key.split_once('/') {
            Some((group, _)) if groups.contains(&group) => {}
            Some((group, _)) => groups.push(group),
            None => put(value, file.create_dataset(key)),
        }
    }
    for name in groups {
        let mut group = file.create_group(name);
        fill(&mut group, name, values);
        file.add_group(group.finish());
    }
    file.write(path).expect("written");
}

fn fill(group: &mut GroupBuilder, prefix: &str, values: &[(String, Value)]) {
    let mut groups: Vec<&str> = Vec::new();
    for (key, value) in values {
        let Some(rest) = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else { continue };
        match rest.split_once('/') {
            Some((inner, _)) if groups.contains(&inner) => {}
            Some((inner, _)) => groups.push(inner),
            None => put(value, group.create_dataset(rest)),
        }
    }
    for name in groups {
        let mut inner = group.create_group(name);
        fill(&mut inner, &format!("{prefix}/{name}"), values);
        group.add_group(inner.finish());
    }
}

fn put(value: &Value, to: &mut hdf5_pure::DatasetBuilder) {
    match value {
        Value::F32(values, shape) => to.with_f32_data(values).with_shape(shape),
        Value::Flags(flags) => to.with_u8_data(&flags.iter().map(|&f| u8::from(f)).collect::<Vec<_>>()),
        Value::Whole(numbers) => to.with_i64_data(numbers),
        Value::Images(rows) => to.with_u8_data(&vec![7; *rows as usize * 12]).with_shape(&[*rows, 2, 2, 3]),
    };
}

/// Opens `path` with `format`, which must recognise it, and reads it as a whole and in parts.
pub fn read(format: &dyn Format, path: &Path) -> Result<Dataset, String> {
    assert!(format.probe(&Place::new(path)), "{} recognises {}", format.name(), path.display());
    let cx = Ctx::quiet();
    let data = opened(format, path, &cx).map_err(|e| e.to_string())?;
    agree(&data, &*format.open(&Place::new(path), &cx).map_err(|e| e.to_string())?);
    Ok(data)
}

/// Holds a dataset against the episodes, of which it has the last observations, rewards and reasons of ends or not.
pub fn compare(data: &Dataset, last: bool, rewards: bool, ends: bool) {
    let all = episodes();
    assert_eq!(data.num_episodes(), all.len());
    for (i, want) in all.iter().enumerate() {
        let e = data.episode(i);
        assert_eq!(e.obs, &want.obs[..2 * (want.steps + usize::from(last))], "episode {i}: observations");
        assert_eq!(e.actions, want.actions, "episode {i}: actions");
        let paid: Vec<f64> = want.rewards.iter().map(|&r| if rewards { f64::from(r) } else { 0.0 }).collect();
        assert_eq!(e.rewards, paid, "episode {i}: rewards");
        if ends {
            assert_eq!(
                (e.span.terminated, e.span.truncated),
                (want.terminated, !want.terminated),
                "episode {i}: its end"
            );
        }
    }
}

/// True if a rule or a warning says so.
pub fn says(data: &Dataset, what: &str) -> bool {
    data.origin.rules.iter().chain(&data.origin.warnings).any(|said| said.contains(what))
}
