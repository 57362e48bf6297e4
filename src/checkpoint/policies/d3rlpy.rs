//! d3rlpy's `.d3`: a pickle of the networks as bytes of `torch.save` and of the configuration as JSON, which has the scalers of
//! observations and actions and what the encoder is. Actions without a scaler are between -1 and 1.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::bounds::Bounds;
use super::table::Stated;
use super::{Found, PolicyFormat, PolicyGiven, parts};
use crate::agent::policy::{GreedyQ, Output, Policy, Spread, Statistics};
use crate::checkpoint::layers::{Named, stacked};
use crate::checkpoint::pickle::{Value, load};
use crate::checkpoint::tensors::{Tensors, read_bounded};
use crate::checkpoint::{About, sidecar, torch_file};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;

/// Longest file that is read.
const MAX_FILE: u64 = 1 << 30;
/// Where versions keep the network that acts, and the networks of values.
const ACTORS: [&str; 4] = ["policy.", "_policy.", "imitator.", "_imitator."];
const VALUES: [&str; 2] = ["q_funcs.", "_q_func._q_funcs."];

/// Most networks of values.
const MEMBERS: usize = 256;

/// The layout.
pub struct D3rlpy;

impl PolicyFormat for D3rlpy {
    fn name(&self) -> &'static str {
        "d3rlpy"
    }

    fn looks_for(&self) -> &'static str {
        "a .d3 file: a pickle of torch, config and version"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        // The key, as the protocols before 4 write it and those since.
        found.pickle("d3", &[b"X\x05\0\0\0torch", b"\x8c\x05torch"])
    }

    fn load(&self, file: &Path, _: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let bad = |problem: &str| Fault::at(file, problem);
        let (pickle, _) = load(&read_bounded(file, MAX_FILE)?).map_err(|e| bad(&e))?;
        let part = |key: &str| pickle.get(pickle.root, key);
        let (Some(Value::Bytes(torch)), Some(Value::Str(config))) = (part("torch"), part("config")) else {
            return Err(bad("no .d3 file of d3rlpy: its pickle has no torch and config; save it with algo.save()"));
        };
        if let Some(Value::Str(version)) = part("version") {
            about.version = Some(version.clone());
        }
        let config: Json = serde_json::from_str(config).map_err(|e| bad(&format!("its config is no JSON: {e}")))?;
        let tensors = torch_file::open_within(file, torch.clone())?.tensors()?;
        let saved = Saved { config: &config["config"], tensors };
        let policy = saved.policy()?;
        if saved.kind().contains("crr") {
            about.warnings.push(
                "CRR's own predict draws several actions and chooses among them by their values, which is not done here: the \
                 policy acts as its actor alone does"
                    .into(),
            );
        }
        let stated = Stated::beside(file)?;
        if stated.says_anything() {
            about.warnings.push(stated.unused("a .d3 file"));
        }
        let statistics = saved.statistics()?;
        parts::normalised(&saved.tensors, policy, statistics)
    }
}

struct Saved<'s> {
    config: &'s Json,
    tensors: Tensors,
}

impl Saved<'_> {
    /// The algorithm.
    fn kind(&self) -> &str {
        self.config["type"].as_str().unwrap_or_default()
    }

    fn policy(&self) -> Result<Box<dyn Policy>, Fault> {
        let kind = self.kind();
        if ["bcq", "bear", "plas"].iter().any(|other| kind.contains(other)) {
            return Err(self
                .tensors
                .error(format!("the algorithm {kind}, whose actions take several networks, is not read")));
        }
        let discrete = kind.starts_with("discrete_") || ["dqn", "double_dqn", "nfq"].contains(&kind);
        let actor = ACTORS.iter().map(|prefix| self.tensors.under(prefix)).find(|part| !part.map.is_empty());
        match actor {
            Some(t) if discrete => {
                let t = t.finite()?;
                let net = self.network(&t, "actor_encoder_factory", "_fc")?;
                parts::categorical(&t, net)
            }
            Some(t) => self.actor(&t.finite()?, kind),
            None => self.values(),
        }
    }

    /// A policy over real numbers.
    fn actor(&self, t: &Tensors, kind: &str) -> Result<Box<dyn Policy>, Fault> {
        let has = |name: &str| t.get(name).is_some();
        if has("_fc.weight") {
            let net = self.network(t, "actor_encoder_factory", "_fc")?;
            let bounds = self.bounds(net.outputs())?;
            return parts::network(t, net, Output::Tanh, Spread::None, bounds);
        }
        if has("_logstd.weight") {
            let (mean, log_std) = (parts::named(t, &["_mu"])?.remove(0), parts::named(t, &["_logstd"])?.remove(0));
            let mut list = self.encoder(t, "actor_encoder_factory")?;
            list.push(parts::beside(t, mean, &log_std)?);
            let net = parts::mlp(t, self.activation("actor_encoder_factory")?, list)?;
            let bounds = self.bounds(net.outputs() / 2)?;
            // BC and CRR are trained on noise beside the squashed mean; the others squash it with the mean.
            let (low, high) = if kind == "bc" { (-4.0, 15.0) } else { (-20.0, 2.0) };
            if kind == "bc" || kind.contains("crr") {
                return parts::network(t, net, Output::TanhMean, Spread::OfState(low, high), bounds);
            }
            return Ok(Box::new(parts::gaussian(t, net, bounds)?.with_log_std((low, high))));
        }
        let net = self.network(t, "actor_encoder_factory", "_mu")?;
        let (low, high) = if kind == "awac" { (-6.0, 0.0) } else { (-5.0, 2.0) };
        let sigmoid = |l: &f32| 1.0 / (1.0 + (-l).exp());
        let std = t.need("_logstd")?.values.iter().map(|l| (low + sigmoid(l) * (high - low)).exp()).collect();
        let bounds = self.bounds(net.outputs())?;
        parts::network(t, net, Output::TanhMean, Spread::Fixed(std), bounds)
    }

    /// The choice of the largest value, the mean over the ensemble.
    fn values(&self) -> Result<Box<dyn Policy>, Fault> {
        let all = VALUES.iter().map(|prefix| self.tensors.under(prefix)).find(|part| !part.map.is_empty());
        let Some(all) = all else {
            return Err(self.tensors.error("no policy, imitator or q_funcs in the file, which is what d3rlpy acts by"));
        };
        let (all, q) = (all.finite()?, &self.config["q_func_factory"]["type"]);
        if q.as_str().is_some_and(|q| q != "mean") {
            return Err(all.error(format!("a value of the kind {q}, which is not read; mean is")));
        }
        let members: Vec<Tensors> =
            (0..MEMBERS).map(|i| all.under(&format!("{i}."))).take_while(|part| !part.map.is_empty()).collect();
        let nets = members.iter().map(|t| self.list(t, "encoder_factory", "_fc")).collect::<Result<Vec<_>, _>>()?;
        let layers = nets.first().map_or(0, Vec::len);
        if let Some(other) = nets.iter().find(|list| list.len() != layers) {
            return Err(all.error(format!("values of {layers} and of {} layers, which are no ensemble", other.len())));
        }
        let mut nets: Vec<_> = nets.into_iter().map(Vec::into_iter).collect();
        let list = (0..layers)
            .map(|_| stacked(&all, nets.iter_mut().filter_map(Iterator::next).collect()))
            .collect::<Result<Vec<_>, _>>()?;
        let net = parts::mlp(&all, self.activation("encoder_factory")?, list)?;
        let space = parts::choices(net.outputs());
        Ok(Box::new(GreedyQ::new(net, 0.0, space).map_err(|e| all.error(e))?))
    }

    fn network(&self, t: &Tensors, factory: &str, last: &str) -> Result<Mlp, Fault> {
        parts::mlp(t, self.activation(factory)?, self.list(t, factory, last)?)
    }

    fn list(&self, t: &Tensors, factory: &str, last: &str) -> Result<Vec<Named>, Fault> {
        let mut list = self.encoder(t, factory)?;
        list.extend(parts::named(t, &[last])?);
        Ok(list)
    }

    fn encoder(&self, t: &Tensors, factory: &str) -> Result<Vec<Named>, Fault> {
        let of = |key: &str| self.factory(factory)["params"][key].as_bool() == Some(true);
        for key in ["use_batch_norm", "use_layer_norm", "use_dense", "exclude_last_activation"] {
            if of(key) {
                return Err(t.error(format!("an encoder with {key}, which is not read")));
            }
        }
        let prefix =
            if t.map.keys().any(|k| k.starts_with("_encoder._fcs.")) { "_encoder._fcs." } else { "_encoder._layers." };
        parts::sequential(t, prefix)
    }

    fn factory(&self, name: &str) -> &Json {
        let own = &self.config["params"][name];
        if own.is_object() { own } else { &self.config["params"]["encoder_factory"] }
    }

    fn activation(&self, factory: &str) -> Result<Activation, Fault> {
        let name = self.factory(factory)["params"]["activation"].as_str();
        let name = if name == Some("none") { "identity" } else { name.unwrap_or("relu") };
        sidecar::activation(name).map_err(|e| self.tensors.error(e))
    }

    /// Bounds by the scaler of actions.
    fn bounds(&self, a: usize) -> Result<Bounds, Fault> {
        let scaler = &self.config["params"]["action_scaler"];
        match scaler["type"].as_str() {
            None | Some("none") => Ok((vec![-1.0; a], vec![1.0; a])),
            Some("min_max") => {
                let side = |key: &str| numbers(&scaler["params"][key]).filter(|v| v.len() == a);
                let (low, high) = side("minimum").zip(side("maximum")).ok_or_else(|| {
                    self.tensors
                        .error("its action scaler has no minimum and maximum of every action; save it after fit()")
                })?;
                let single = |v: Vec<f64>| v.into_iter().map(|x| x as f32).collect();
                Ok((single(low), single(high)))
            }
            Some(other) => Err(self.tensors.error(format!("an action scaler of the kind {other}, which is not read"))),
        }
    }

    /// Statistics by the scaler of observations.
    fn statistics(&self) -> Result<Option<Statistics>, Fault> {
        let scaler = &self.config["params"]["observation_scaler"];
        let column = |key: &str| {
            numbers(&scaler["params"][key])
                .ok_or_else(|| self.tensors.error(format!("its observation scaler has no {key}; save it after fit()")))
        };
        match scaler["type"].as_str() {
            None | Some("none") => Ok(None),
            Some("standard") => {
                let epsilon = scaler["params"]["eps"].as_f64().unwrap_or(1e-3);
                let std = column("std")?.into_iter().map(|s| s + epsilon).collect();
                Ok(Some(Statistics { mean: column("mean")?, std, clip: None }))
            }
            Some("min_max") => {
                let (low, high) = (column("minimum")?, column("maximum")?);
                let mean = low.iter().zip(&high).map(|(l, h)| f64::midpoint(*l, *h)).collect();
                let std = low.iter().zip(&high).map(|(l, h)| (h - l) / 2.0).collect();
                Ok(Some(Statistics { mean, std, clip: None }))
            }
            Some(other) => {
                Err(self.tensors.error(format!("an observation scaler of the kind {other}, which is not read")))
            }
        }
    }
}

/// A list of numbers, also where d3rlpy writes it as a list in a list.
fn numbers(value: &Json) -> Option<Vec<f64>> {
    let list = value.as_array()?;
    match list.first() {
        Some(Json::Array(_)) if list.len() == 1 => numbers(&list[0]),
        _ => list.iter().map(Json::as_f64).collect(),
    }
}
