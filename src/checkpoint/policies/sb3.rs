//! Zips of Stable-Baselines3 (and sb3-contrib where it keeps to their names), of every version: PPO, A2C, SAC, TQC, TD3, DDPG
//! and DQN on observations that are vectors.

use std::path::{Path, PathBuf};

use super::bounds::{Bounds, bounds, of_space};
use super::table::Stated;
use super::{Found, PolicyFormat, PolicyGiven, parts};
use crate::agent::policy::{Categorical, GreedyQ, Network, Output, Policy, Spread, Statistics};
use crate::checkpoint::sidecar::Observations;
use crate::checkpoint::tensors::Tensors;
use crate::checkpoint::{About, layers::Named, torch_file};
use crate::data::space::{Space, SpaceKind};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;
use crate::world::net::mlp::Mlp;
use crate::world::net::normalizer::Normalizer;

mod archive;
mod data;
mod vecnormalize;

use archive::{Archive, MAX_NETWORK, MAX_TEXT};
use data::Data;

/// Bounds of the log deviation of SAC.
const LOG_STD: (f32, f32) = (-20.0, 2.0);
/// Magnitude that SAC clips means to where its noise is of an episode.
const CLIP_MEAN: f64 = 2.0;

/// The layout.
pub struct Sb3;

impl PolicyFormat for Sb3 {
    fn name(&self) -> &'static str {
        "Stable-Baselines3"
    }

    fn looks_for(&self) -> &'static str {
        "a zip with data and policy.pth"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        archive::find(found.path)
    }

    fn takes_statistics(&self) -> bool {
        true
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut archive = Archive::open(file)?;
        let data = Data::parse(&archive.need("data", MAX_TEXT)?).map_err(|e| Fault::at(file, e))?;
        let version = archive.text("_stable_baselines3_version")?;
        let tensors = torch_file::open_within(file, archive.need("policy.pth", MAX_NETWORK)?)?.tensors()?.finite()?;
        about.version = version;
        about.env_id = vecnormalize::environment(file);
        if let Some(class) = data.foreign_class() {
            about.warnings.push(format!(
                "the policy is of the class {class}, which is not Stable-Baselines3's own: it is read as one of theirs"
            ));
        }
        parts::none_under(&tensors, "lstm", "a recurrent policy")?;
        parts::none_under(&tensors, "features_extractor.", "a policy with layers before its network (images)")?;
        let read = Zip { tensors: &tensors, data: &data, stated: Stated::beside(file)?, given };
        let policy = read.policy()?;
        let columns = policy.features().unwrap_or_default();
        let statistics = match of_table(&read.stated, given, &tensors)? {
            Known::Stated(statistics) => statistics,
            Known::Nothing => vecnormalize::statistics(file, columns, &data, given, about)?,
        };
        if statistics.is_none() && read.stated.observations == Some(Observations::Standardised) {
            return Err(tensors.error(format!(
                "its observations are stated to be standardised, and by what is in no vecnormalize.pkl: name it with \
                 --policy-normalize, or {}",
                read.stated.asks("obs_mean = [...] and obs_std = [...]")
            )));
        }
        parts::normalised(&tensors, policy, statistics)
    }
}

/// What `[policy]` says of the statistics.
enum Known {
    /// These, or that there are none.
    Stated(Option<Statistics>),
    /// Nothing.
    Nothing,
}

fn of_table(stated: &Stated, given: &PolicyGiven<'_>, tensors: &Tensors) -> Result<Known, Fault> {
    let raw = stated.observations == Some(Observations::Raw);
    if stated.statistics.is_none() && !raw {
        return Ok(Known::Nothing);
    }
    if given.normalize.is_some() {
        return Err(tensors.error(format!(
            "its observations are stated under [policy] in {}, and --policy-normalize names other statistics; leave one out",
            stated.file.display()
        )));
    }
    Ok(Known::Stated(stated.statistics.clone()))
}

/// What a policy is made of.
struct Zip<'r> {
    tensors: &'r Tensors,
    data: &'r Data,
    stated: Stated,
    given: &'r PolicyGiven<'r>,
}

impl Zip<'_> {
    fn policy(&self) -> Result<Box<dyn Policy>, Fault> {
        let has = |prefix: &str| self.tensors.map.keys().any(|key| key.starts_with(prefix));
        if has("action_net.") {
            self.actor_critic()
        } else if has("actor.latent_pi.") {
            self.sac()
        } else if has("actor.mu.") {
            self.td3()
        } else if has("q_net.q_net.") {
            self.dqn()
        } else {
            let names: Vec<&str> = self.tensors.map.keys().take(8).map(String::as_str).collect();
            Err(self.tensors.error(format!(
                "no policy of PPO, A2C, SAC, TD3, DDPG or DQN, which are read; its tensors are {}, …",
                names.join(", ")
            )))
        }
    }

    /// PPO and A2C: a Gaussian of one deviation a dimension, or one logit a choice.
    fn actor_critic(&self) -> Result<Box<dyn Policy>, Fault> {
        let t = self.tensors;
        let mut list = parts::sequential(t, "mlp_extractor.shared_net.")?;
        list.extend(parts::sequential(t, "mlp_extractor.policy_net.")?);
        list.extend(parts::named(t, &["action_net"])?);
        let net = self.network(list, Activation::Tanh)?;
        match self.data.actions() {
            Ok(space) if space.choices().is_some() => {
                let columns = net.inputs();
                let policy = Categorical::new(net, Normalizer::identity(columns), space).map_err(|e| t.error(e))?;
                Ok(Box::new(policy))
            }
            Ok(space) if !matches!(space.kind, SpaceKind::Box { .. }) => {
                Err(t.error("actions of a kind that is not read"))
            }
            actions => {
                let (low, high) = match actions {
                    // A dimension without bounds is one that is not clipped.
                    Ok(Space { kind: SpaceKind::Box { low, high }, .. }) if self.stated.low.is_none() => (low, high),
                    _ => self.bounds(net.outputs())?,
                };
                let squashed = self.data.kwarg("squash_output").as_bool() == Some(true);
                let output = if squashed { Output::Tanh } else { Output::Clip };
                let spread = self.spread("log_std", &net)?;
                Network::new(net, output, spread, (low, high)).map(boxed).map_err(|e| t.error(e))
            }
        }
    }

    /// SAC and TQC.
    fn sac(&self) -> Result<Box<dyn Policy>, Fault> {
        let t = self.tensors;
        let mut list = parts::sequential(t, "actor.latent_pi.")?;
        if t.get("actor.log_std").is_some() {
            // Noise of an episode: the mean is clipped before it is squashed.
            let name = if t.get("actor.mu.0.weight").is_some() { "actor.mu.0" } else { "actor.mu" };
            list.extend(parts::named(t, &[name])?);
            let net = self.network(list, Activation::Relu)?;
            let spread = self.spread("actor.log_std", &net)?;
            let bounds = self.bounds(net.outputs())?;
            let policy = Network::new(net, Output::Tanh, spread, bounds).map_err(|e| t.error(e))?;
            let most = self.data.kwarg("clip_mean").as_f64().unwrap_or(CLIP_MEAN) as f32;
            let clipped = name == "actor.mu.0" && most > 0.0;
            return Ok(boxed(if clipped { policy.with_most(most) } else { policy }));
        }
        let [mean, log_std] = ["actor.mu", "actor.log_std"].map(|name| parts::named(t, &[name]));
        let (mean, log_std) = (mean?.remove(0), log_std?.remove(0));
        list.push(parts::beside(t, mean, &log_std)?);
        let net = self.network(list, Activation::Relu)?;
        let bounds = self.bounds(net.outputs() / 2)?;
        Ok(Box::new(parts::gaussian(t, net, bounds)?.with_log_std(LOG_STD)))
    }

    /// TD3 and DDPG.
    fn td3(&self) -> Result<Box<dyn Policy>, Fault> {
        let net = self.network(parts::sequential(self.tensors, "actor.mu.")?, Activation::Relu)?;
        let bounds = self.bounds(net.outputs())?;
        Network::new(net, Output::Tanh, Spread::None, bounds).map(boxed).map_err(|e| self.tensors.error(e))
    }

    fn dqn(&self) -> Result<Box<dyn Policy>, Fault> {
        let net = self.network(parts::sequential(self.tensors, "q_net.q_net.")?, Activation::Relu)?;
        let n = net.outputs();
        let space = self.data.actions().unwrap_or_else(|_| parts::choices(n));
        let policy = GreedyQ::new(net, self.data.number("exploration_rate").unwrap_or(0.0) as f32, space);
        Ok(Box::new(policy.map_err(|e| self.tensors.error(e))?))
    }

    fn network(&self, list: Vec<Named>, usual: Activation) -> Result<Mlp, Fault> {
        let activation = self.data.activation().map_err(|e| self.tensors.error(e))?;
        parts::mlp(self.tensors, self.stated.activation.or(activation).unwrap_or(usual), list)
    }

    fn bounds(&self, a: usize) -> Result<Bounds, Fault> {
        let in_file = self.data.actions().ok().as_ref().and_then(of_space);
        bounds(self.tensors, a, in_file, &self.stated, self.given)
    }

    /// The noise that the parameter `name` says: of one deviation a dimension, or of one an episode.
    fn spread(&self, name: &str, net: &Mlp) -> Result<Spread, Fault> {
        let log_std = self.tensors.need(name)?;
        let (a, hidden) = (net.outputs(), net.hidden_units().unwrap_or_default());
        let expln = self.data.kwarg("use_expln").as_bool() == Some(true);
        let deviation = |l: &f32| if expln && *l > 0.0 { l.ln_1p() + 1.0 } else { l.exp() };
        let std: Vec<f32> = log_std.values.iter().map(deviation).collect();
        if log_std.shape == [a] {
            return Ok(Spread::Fixed(std));
        }
        // Old versions could have a network of its own for the noise, which greedy actions do without.
        if log_std.shape == [hidden, a] {
            Ok(Spread::OfEpisode(std))
        } else if log_std.shape == [hidden, 1] {
            Ok(Spread::OfEpisode(std.iter().flat_map(|s| vec![*s; a]).collect()))
        } else {
            Err(self.tensors.error(format!("tensor '{name}' has shape {:?}, which fits no noise", log_std.shape)))
        }
    }
}

fn boxed(policy: Network) -> Box<dyn Policy> {
    Box::new(policy)
}
