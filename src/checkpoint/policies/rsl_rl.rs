//! rsl_rl's `model_{iteration}.pt`: the actor of PPO, with its observation statistics where it has some, in the layouts of every
//! version. The activation is in the configuration of the run alone (`params/agent.yaml`).

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::{Output, Policy, Spread, Statistics};
use crate::checkpoint::sidecar::Observations;
use crate::checkpoint::tensors::read_bounded;
use crate::checkpoint::{About, sidecar, yaml};
use crate::ground::fault::Fault;
use crate::world::net::activation::{Activation, Constant};

/// Longest configuration that is read.
const MAX_CONFIG: u64 = 1 << 20;
/// What is added to a deviation.
const EPSILON: f64 = 1e-2;
/// What rsl_rl takes where nothing is configured.
const USUAL: Activation = Activation::Elu(Constant::new(1.0));

/// The layout.
pub struct RslRl;

impl PolicyFormat for RslRl {
    fn name(&self) -> &'static str {
        "rsl_rl"
    }

    fn looks_for(&self) -> &'static str {
        "model_state_dict with actor and std, or actor_state_dict with mlp"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        let (before, now) = ("model_state_dict.actor.0.", "actor_state_dict.mlp.0.");
        [&[before][..], &[now], &["actor.0.", "critic.0.", "std"], &["actor.0.", "critic.0.", "log_std"]]
            .iter()
            .find_map(|all| found.with(all))
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        // Statistics lay beside the networks at first.
        let mut read = Read::open(file, &[], given, about)?;
        for memory in ["memory_a.", "memory_s.", "rnn."] {
            parts::none_under(&read.tensors, memory, "a recurrent policy")?;
        }
        let t = &read.tensors;
        let under = |name: &str| {
            ["model_state_dict.", "actor_state_dict.", ""].iter().map(|p| format!("{p}{name}")).find(|n| read.has(n))
        };
        let prefix = under("mlp.").or_else(|| under("actor.")).unwrap_or_else(|| "actor.".into());
        let list = parts::sequential(t, &prefix)?;
        let (activation, doubt) = match (read.stated.activation, configured(file)?) {
            (Some(stated), _) | (None, Some(stated)) => (stated, None),
            (None, None) => (USUAL, Some(doubt(&read))),
        };
        let net = parts::mlp(t, activation, list)?;
        let a = net.outputs();
        let policy = parts::network(t, net, Output::Clip, spread(&read, a)?, unbounded(&read, a)?)?;
        let open = read.stated.statistics.is_none() && read.stated.observations != Some(Observations::Raw);
        let statistics = match statistics(&read).filter(|_| open) {
            Some(own) => Some(own),
            None => standard::statistics(&mut read, "PPO of rsl_rl", Some(false))?,
        };
        let policy = parts::normalised(&read.tensors, policy, statistics)?;
        read.about.warnings.extend(doubt);
        Ok(policy)
    }
}

fn doubt(read: &Read<'_>) -> String {
    format!(
        "the activation is in no file beside it (params/agent.yaml of the run has it): ELU was taken, which is rsl_rl's own; {}",
        read.stated.asks("activation = \"elu\"")
    )
}

/// Its actions are not clipped, unless bounds are stated.
fn unbounded(read: &Read<'_>, a: usize) -> Result<(Vec<f32>, Vec<f32>), Fault> {
    match &read.stated.low {
        Some(_) => read.bounds(a),
        None => Ok((vec![f32::NEG_INFINITY; a], vec![f32::INFINITY; a])),
    }
}

/// The deviation, under the name of any version, of all actions or of each.
fn spread(read: &Read<'_>, a: usize) -> Result<Spread, Fault> {
    let ends = |name: &str| {
        let own = |key: &&String| {
            let last = key.rsplit('.').next().unwrap_or(key);
            last == name && !key.contains("critic") && !key.contains("normalizer") && !key.contains("optimizer")
        };
        read.tensors.map.iter().find(|(key, _)| own(key)).map(|(_, tensor)| tensor)
    };
    let std: Vec<f32> =
        match (ends("std").or_else(|| ends("std_param")), ends("log_std").or_else(|| ends("log_std_param"))) {
            (Some(std), _) => std.values.clone(),
            (None, Some(log_std)) => log_std.values.iter().map(|l| l.exp()).collect(),
            (None, None) => return Ok(Spread::None),
        };
    match std.len() {
        1 => Ok(Spread::Fixed(vec![std[0]; a])),
        n if n == a => Ok(Spread::Fixed(std)),
        n => Err(read.tensors.error(format!("{n} deviations of {a} actions"))),
    }
}

/// The statistics of observations, under the name of any version.
fn statistics(read: &Read<'_>) -> Option<Statistics> {
    const PLACES: [&str; 4] = [
        "obs_norm_state_dict.",
        "model_state_dict.actor_obs_normalizer.",
        "actor_state_dict.obs_normalizer.",
        "actor_obs_normalizer.",
    ];
    PLACES.iter().find_map(|place| {
        let of = |name: &str| read.tensors.get(&format!("{place}{name}"));
        let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let (mean, std) = (of("_mean")?, of("_std")?);
        Some(Statistics {
            mean: wide(&mean.values),
            std: wide(&std.values).into_iter().map(|s| s + EPSILON).collect(),
            clip: None,
        })
    })
}

/// The activation that the run was configured with.
fn configured(file: &Path) -> Result<Option<Activation>, Fault> {
    let folder = file.parent().unwrap_or(Path::new("."));
    for place in [folder.join("params/agent.yaml"), folder.join("agent.yaml")] {
        let Ok(bytes) = read_bounded(&place, MAX_CONFIG) else { continue };
        let Ok(config) = yaml::parse(&String::from_utf8_lossy(&bytes)) else { continue };
        let stated = [&config["actor"]["activation"], &config["policy"]["activation"], &config["activation"]];
        if let Some(name) = stated.into_iter().find_map(Value::as_str) {
            return sidecar::activation(name).map(Some).map_err(|e| Fault::at(&place, e));
        }
    }
    Ok(None)
}
