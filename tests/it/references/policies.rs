//! Actions of policies that other libraries wrote, against what those libraries answer. One entry a folder beside the JSON:
//! observations, greedy actions with the statistics that lie in the folder, and actions without them.

use std::path::{Path, PathBuf};

use oodscope::agent::policy::{Acting, Policy, PolicyState};
use oodscope::checkpoint::policies::{self, PolicyGiven};
use oodscope::ground::seed::stream;
use serde_json::Value;

use super::{Finding, Verdict};

/// Largest difference, relative to 1 or to the action where that is larger.
const TOLERANCE: f64 = 1e-5;

/// Compares every policy.
pub fn compare(path: &Path, json: &Value) -> Vec<Finding> {
    let folder = path.parent().expect("a folder");
    let entries = json["policies"].as_object().expect("policies");
    entries
        .iter()
        .map(|(name, entry)| {
            let verdict = one(&folder.join(name), entry, &numbers(&json["obs"])).unwrap_or_else(Verdict::Differs);
            (format!("{}: {name}", path.display()), verdict)
        })
        .collect()
}

fn one(folder: &Path, entry: &Value, shared: &[f32]) -> Result<Verdict, String> {
    let own = numbers(&entry["obs"]);
    let obs = if own.is_empty() { shared } else { &own };
    let (mut count, mut worst) = (0, 0.0);
    let mut hold = |file: &Path, key: &str| {
        let opened = policies::open(file, &PolicyGiven::default()).map_err(|e| e.to_string())?;
        let policy = opened.policy.ok_or("no policy")?;
        let far = difference(&*policy, obs, &numbers(&entry[key])).map_err(|e| format!("{key}: {e}"))?;
        worst = f64::max(worst, far);
        count += numbers(&entry[key]).len();
        Ok::<_, String>(opened.about.warnings)
    };
    let warned = hold(folder, "action")?;
    if !warned.is_empty() {
        return Err(format!("warned of {warned:?}"));
    }
    if !entry["action_without_statistics"].is_null() {
        let alone = tempfile::tempdir().map_err(|e| e.to_string())?;
        let zip = zip_of(folder).ok_or("no zip")?;
        let copy = alone.path().join(zip.file_name().ok_or("no name")?);
        std::fs::copy(&zip, &copy).map_err(|e| e.to_string())?;
        let warned = hold(&copy, "action_without_statistics")?;
        let normalised = !entry["vecnormalize"].is_null();
        if normalised == warned.is_empty() {
            return Err(format!("normalised: {normalised}, warned of {warned:?}"));
        }
    }
    Ok(Verdict::Agrees(count, format!("{count} actions, at most {worst:.1e} apart")))
}

fn zip_of(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path());
    entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "zip"))
}

/// Largest relative difference of greedy actions.
fn difference(policy: &dyn Policy, obs: &[f32], want: &[f32]) -> Result<f64, String> {
    let columns = policy.features().unwrap_or(1);
    let mut states: Vec<PolicyState> =
        (0..obs.len() / columns).map(|i| policy.begin(stream(0, "reference", i as u64))).collect();
    let got = policy.act(obs, &mut states, Acting::Greedy);
    if got.stored().len() != want.len() {
        return Err(format!("{} numbers instead of {}", got.stored().len(), want.len()));
    }
    let apart = |(a, b): (&f32, &f32)| f64::from((a - b).abs()) / f64::from(b.abs()).max(1.0);
    let apart: Vec<f64> = got.stored().iter().zip(want).map(apart).collect();
    // NaN must not pass for agreement, which it would as a largest number.
    if let Some(at) = apart.iter().position(|gap| !gap.is_finite()) {
        return Err(format!("number {at} is {} instead of {}", got.stored()[at], want[at]));
    }
    let worst = apart.into_iter().fold(0.0, f64::max);
    if worst <= TOLERANCE { Ok(worst) } else { Err(format!("actions {worst:.1e} apart")) }
}

/// The numbers of nested lists, in order.
fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => other.as_f64().map(|v| v as f32).into_iter().collect(),
    }
}

/// A policy that answers no number agrees with nothing.
#[test]
fn what_is_no_number_differs() {
    use oodscope::agent::policy::{Network, Output, Spread};
    use oodscope::world::net::mlp::{Activation, Layer, Mlp};
    let act = |bias: f32| {
        let layer = Layer { inputs: 1, outputs: 1, weight: vec![0.0], bias: vec![bias] };
        let net = Mlp::new(1, Activation::Relu, vec![layer]).unwrap();
        let policy = Network::new(net, Output::Clip, Spread::None, (vec![-1.0], vec![1.0])).unwrap();
        difference(&policy, &[0.5], &[0.5])
    };
    assert!(act(0.5).is_ok());
    assert!(act(f32::NAN).is_err_and(|e| e.contains("NaN")));
}
