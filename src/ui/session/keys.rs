//! The keys that a session can have, so that a slip of the pen is named and not passed over.

use std::path::PathBuf;

use toml::{Table, Value};

use crate::data::split::SplitSpec;
use crate::engine::job::{
    ActingSpec, Activation, Asked, InputOrder, Only, RewardColumn, Source, Target, TopUpOptions, Within,
};
use crate::ground::memory::Bytes;

/// The table whose keys are names of the user's own.
const FREE: &str = "env_args";

/// The first key of a session's file that nothing knows, with the tables that it stands in.
pub fn unknown(session: &Table) -> Option<String> {
    // What is not optional is checked where the file is read.
    let source = session.get("source")?.as_table()?;
    let known = Table::try_from(every_source()).unwrap_or_default();
    let found = missing(source, &known).map(|key| format!("source.{key}"));
    found.or_else(|| {
        let plan = TopUpOptions { threshold: Some(1.0), chunks: vec![1], ..TopUpOptions::default() };
        let known = Table::try_from(plan).unwrap_or_default();
        missing(session.get("topup")?.as_table()?, &known).map(|key| format!("topup.{key}"))
    })
}

fn missing(given: &Table, known: &Table) -> Option<String> {
    for (key, value) in given {
        let Some(of) = known.get(key) else { return Some(key.clone()) };
        let inner = |value: &Value| match (value, of) {
            (Value::Table(value), Value::Table(of)) => missing(value, of),
            (Value::Table(value), Value::Array(of)) => missing(value, of.first()?.as_table()?),
            _ => None,
        };
        let found = match value {
            _ if key == FREE => None,
            Value::Array(all) => all.iter().find_map(inner),
            value => inner(value),
        };
        if let Some(found) = found {
            return Some(format!("{key}.{found}"));
        }
    }
    None
}

/// A source that says everything that one can say.
pub fn every_source() -> Source {
    let path = || Some(PathBuf::from("a"));
    let model = Asked {
        activation: Some(Activation::Silu),
        target: Some(Target::Delta),
        reward: Some(RewardColumn::Last),
        input: Some(InputOrder::ObsAction),
    };
    let acting = ActingSpec {
        env: Some("a".into()),
        env_args: [("a".to_owned(), 1.into())].into_iter().collect(),
        env_import: vec!["a".into()],
        python: path(),
        worker_command: Some("a".into()),
        ray: Some("a".into()),
        keep: path(),
        sampled: true,
        workers: Some(1),
    };
    let within = vec![Within { dimension: "a".into(), from: 0.0, to: 1.0 }];
    Source {
        dataset: "a".into(),
        format: Some("a".into()),
        map: path(),
        state: vec!["a".into()],
        checkpoint: path(),
        model,
        policy: path(),
        policy_normalize: path(),
        rollouts: path(),
        acting,
        memory: Some(Bytes(1)),
        only: Only { condition: Some("a".into()), within },
        split: SplitSpec::default(),
    }
}
