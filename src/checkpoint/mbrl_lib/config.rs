//! What the configuration of a run of mbrl-lib says of its model (`mbrl/util/common.py`, `create_one_dim_tr_model`): every
//! key that changes numbers is honoured, or refused by name.

use std::path::Path;

use serde_json::Value;

use crate::checkpoint::About;
use crate::checkpoint::dynamics::{Layout, Network};
use crate::checkpoint::hydra::Config;
use crate::checkpoint::reading::{Basis, Item, Target};
use crate::checkpoint::sidecar;
use crate::ground::fault::Fault;
use crate::world::ensemble::Seen;
use crate::world::net::activation::{Activation, Constant};

/// The configuration of a run, where one lies beside the weights.
pub struct Run(Option<Config>);

/// Where `dynamics_model` keeps the network itself: as it is, of a `BasicEnsemble`'s members, and in versions 0.1.
const NETWORKS: [&str; 3] = ["dynamics_model", "dynamics_model.member_cfg", "dynamics_model.model"];

/// What a network sees of an observation.
type Preprocess = fn() -> Vec<Seen>;

/// The library's own functions of observations.
const PREPROCESSES: [(&str, Preprocess); 2] = [
    ("mbrl.env.pets_cartpole.CartPoleEnv.preprocess_fn", Seen::pets_cartpole),
    ("mbrl.env.pets_halfcheetah.HalfCheetahEnv.preprocess_fn", Seen::pets_halfcheetah),
];

impl Run {
    /// Looks beside the weights in `folder` and one level up.
    ///
    /// # Errors
    /// [`Fault`] if a configuration is there and cannot be read.
    pub fn find(folder: &Path) -> Result<Self, Fault> {
        for name in [".hydra/config.yaml", "config.yaml", "../.hydra/config.yaml", "../config.yaml"] {
            let path = folder.join(name);
            if !path.is_file() {
                continue;
            }
            let config = Config::read(&path);
            // What lies further up may be of anything else.
            let ours = matches!(&config, Ok(config) if config.has("dynamics_model"));
            if ours || !name.starts_with("..") && name.starts_with(".hydra") {
                return Ok(Self(Some(config?)));
            }
        }
        Ok(Self(None))
    }

    /// How the numbers are meant; `stated`: what the network is said to see of an observation.
    ///
    /// # Errors
    /// [`Fault`] naming a key that is not understood or not read.
    pub fn layout(&self, stated: Option<&[Seen]>) -> Result<Layout, Fault> {
        let mut layout = Layout::library(self.activation()?);
        let Some(config) = &self.0 else { return Ok(layout) };
        if let Some(delta) = config.truth("algorithm.target_is_delta")? {
            let target = if delta { Target::Delta } else { Target::Absolute };
            layout.reading.target = Item::new(target, Basis::Stated);
        }
        match config.get("overrides.no_delta_list")? {
            None | Some(Value::Null) => {}
            Some(list) => {
                let columns: Option<Vec<usize>> = list
                    .as_array()
                    .and_then(|a| a.iter().map(|v| v.as_u64().and_then(|n| usize::try_from(n).ok())).collect());
                layout.no_delta = columns.ok_or_else(|| {
                    config.error(format!("overrides.no_delta_list is {list}, a list of columns is needed"))
                })?;
            }
        }
        match config.get("overrides.obs_process_fn")? {
            None | Some(Value::Null) => {}
            Some(_) if stated.is_some() => {}
            Some(function) => {
                let known = PREPROCESSES.iter().find(|(name, _)| function.as_str() == Some(name));
                let (_, seen) = known.ok_or_else(|| {
                    config.error(format!(
                        "overrides.obs_process_fn is {function}, Python code that changes observations before the network sees \
                         them; write what it sees into oodscope.toml beside it, column by column: preprocess = [\"sin 1\", \
                         \"cos 1\", \"0\", \"2\"]"
                    ))
                })?;
                layout.seen = seen();
            }
        }
        Ok(layout)
    }

    /// The activation: of `activation_fn_cfg` (0.2), of `use_silu` (0.1), or the library's default.
    fn activation(&self) -> Result<Item<Activation>, Fault> {
        // Without a configuration: what the library's own ones for dynamics models say.
        let Some(config) = &self.0 else { return Ok(Item::new(Activation::Silu, Basis::Assumed)) };
        for network in NETWORKS {
            let key = format!("{network}.activation_fn_cfg");
            if config.has(&key) {
                let relu = Item::new(Activation::Relu, Basis::Stated);
                return match config.get(&key)? {
                    None | Some(Value::Null) => Ok(relu),
                    Some(_) => Ok(Item::new(stated(config, &key)?, Basis::Stated)),
                };
            }
            let key = format!("{network}.use_silu");
            if let Some(silu) = config.truth(&key)? {
                return Ok(Item::new(if silu { Activation::Silu } else { Activation::Relu }, Basis::Stated));
            }
        }
        let basis = if config.has("dynamics_model") { Basis::Implied } else { Basis::Assumed };
        Ok(Item::new(if basis == Basis::Implied { Activation::Relu } else { Activation::Silu }, basis))
    }

    /// Whether inputs are normalised; nothing where that is not said.
    ///
    /// # Errors
    /// [`Fault`] naming the key.
    pub fn normalize(&self) -> Result<Option<bool>, Fault> {
        self.0.as_ref().map_or(Ok(None), |config| config.truth("algorithm.normalize"))
    }

    /// Whether the reward is among the outputs; nothing where that is not said.
    ///
    /// # Errors
    /// [`Fault`] naming the key.
    pub fn learned_rewards(&self) -> Result<Option<bool>, Fault> {
        self.0.as_ref().map_or(Ok(None), |config| config.truth("algorithm.learned_rewards"))
    }

    /// True if the prediction is the mean over all members: elites count under another propagation only.
    ///
    /// # Errors
    /// [`Fault`] naming the key.
    pub fn all_members(&self) -> Result<bool, Fault> {
        let Some(config) = &self.0 else { return Ok(false) };
        let key = "dynamics_model.propagation_method";
        match config.get(key)? {
            None => Ok(false),
            Some(Value::Null) => Ok(true),
            Some(Value::String(name)) if ["random_model", "fixed_model", "expectation"].contains(&name.as_str()) => {
                Ok(false)
            }
            Some(other) => {
                Err(config
                    .error(format!("{key} is {other}; null, random_model, fixed_model and expectation are known")))
            }
        }
    }

    /// Environment id, where the environment is Gym's own.
    ///
    /// # Errors
    /// [`Fault`] naming the key.
    pub fn env_id(&self) -> Result<Option<String>, Fault> {
        let Some(config) = &self.0 else { return Ok(None) };
        Ok(config
            .text("overrides.env")?
            .and_then(|env| env.strip_prefix("gym___"))
            .filter(|env| !env.contains("${"))
            .map(String::from))
    }

    /// Holds what the configuration says of the network's shape against the network.
    ///
    /// # Errors
    /// [`Fault`] where one speaks of variances and the other has none.
    pub fn check(&self, network: &Network, about: &mut About) -> Result<(), Fault> {
        let Some(config) = &self.0 else { return Ok(()) };
        for place in NETWORKS {
            let key = format!("{place}.deterministic");
            if let Some(deterministic) = config.truth(&key)?.filter(|d| *d != network.deterministic) {
                let has = if network.deterministic { "no log-variances" } else { "log-variances" };
                return Err(config.error(format!(
                    "{key} is {deterministic}, and model.pth has {has}; take both files from the same run"
                )));
            }
            let hidden = network.layers.len() - 1;
            let widest = network.layers[0].layer.outputs;
            let counts = [("num_layers", hidden), ("hid_size", widest), ("ensemble_size", network.layers[0].members)];
            for (name, has) in counts {
                // A member of a BasicEnsemble is an ensemble of one.
                let member = name == "ensemble_size" && place.ends_with("member_cfg");
                if let Some(says) = config.count(&format!("{place}.{name}"))?.filter(|says| *says != has && !member) {
                    about.warnings.push(format!(
                        "the configuration says {place}.{name}: {says}, model.pth has {has}: it may be of another run, and \
                         how the model is read with it"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The activation that the table under `key` builds.
fn stated(config: &Config, key: &str) -> Result<Activation, Fault> {
    let target = format!("{key}._target_");
    let Some(name) = config.text(&target)? else {
        return Err(config.error(format!("{key} names no activation; write its class under _target_")));
    };
    let activation = sidecar::activation(name).map_err(|e| config.error(format!("{target}: {e}")))?;
    let constant = |argument: &str| -> Result<Option<Constant>, Fault> {
        let argument = format!("{key}.{argument}");
        match config.get(&argument)? {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(v) => Ok(Some(Constant::new(v as f32))),
                None => Err(config.error(format!("{argument} is {value}, a number is needed"))),
            },
        }
    };
    Ok(match activation {
        Activation::LeakyRelu(slope) => Activation::LeakyRelu(constant("negative_slope")?.unwrap_or(slope)),
        Activation::Elu(alpha) => Activation::Elu(constant("alpha")?.unwrap_or(alpha)),
        Activation::Gelu => match config.text(&format!("{key}.approximate"))? {
            None | Some("none") => Activation::Gelu,
            Some("tanh") => Activation::GeluTanh,
            Some(other) => return Err(config.error(format!("{key}.approximate is '{other}', none or tanh is needed"))),
        },
        other => other,
    })
}
