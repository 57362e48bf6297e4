//! CleanRL's `.cleanrl_model`: a state dictionary (PPO, DQN) or a tuple of those of the actor and its critics (TD3, DDPG, SAC).

use std::path::{Path, PathBuf};

use super::bounds::{Bounds, bounds};
use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::{GreedyQ, Output, Policy, Spread};
use crate::checkpoint::About;
use crate::checkpoint::sidecar::Observations;
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;

/// Bounds of the log deviation of SAC.
const LOG_STD: (f32, f32) = (-5.0, 2.0);

/// The layout.
pub struct CleanRl;

impl PolicyFormat for CleanRl {
    fn name(&self) -> &'static str {
        "CleanRL"
    }

    fn looks_for(&self) -> &'static str {
        "fc1, fc2, fc_mu with action_scale (TD3, DDPG), fc_mean, fc_logstd (SAC), actor_mean, actor_logstd or actor, critic (PPO), \
         network in a .cleanrl_model (DQN)"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        let own = found.file.as_ref().is_some_and(|f| f.extension().is_some_and(|e| e == "cleanrl_model"));
        let any = |lists: &[&[&str]]| lists.iter().find_map(|all| found.with(all));
        any(&[
            &["0.fc_mu.", "0.action_scale"],
            &["fc_mu.", "action_scale"],
            &["0.fc_mean.", "0.fc_logstd."],
            &["fc_mean.", "fc_logstd."],
            &["actor_mean.", "actor_logstd"],
        ])
        // rsl_rl calls its networks the same and has a deviation, or its logarithm, beside them.
        .or_else(|| {
            let alone = ["std", "log_std"].iter().all(|deviation| found.with(&[deviation]).is_none());
            found.with(&["actor.0.", "critic.0."]).filter(|_| alone)
        })
        .or_else(|| if own { found.with(&["network.0.", "network.2."]) } else { None })
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut read = Read::open(file, &["0."], given, about)?;
        let of_ppo = read.has("actor_mean.");
        let policy = if read.has("fc_mu.") {
            deterministic(&read)?
        } else if read.has("fc_mean.") {
            sac(&read)?
        } else if of_ppo {
            ppo(&read)?
        } else if read.has("actor.") {
            let list = parts::sequential(&read.tensors, "actor.")?;
            parts::categorical(&read.tensors, read.network(list, Activation::Tanh)?)?
        } else {
            dqn(&read)?
        };
        let statistics = standard::statistics(&mut read, "the policy of CleanRL", Some(false))?;
        if of_ppo && statistics.is_none() && read.stated.observations != Some(Observations::Raw) {
            read.about.warnings.push(format!(
                "CleanRL's PPO is trained on observations that are normalised and clipped to 10, and saves by what in no file: \
                 the policy may act on what it never saw; {}",
                read.stated.asks("obs_mean, obs_std and obs_clip, or observations = \"raw\"")
            ));
        }
        parts::normalised(&read.tensors, policy, statistics)
    }
}

/// TD3 and DDPG.
fn deterministic(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let net = read.network(parts::named(t, &["fc1", "fc2", "fc_mu"])?, Activation::Relu)?;
    let bounds = scaled(read, net.outputs())?;
    parts::network(t, net, Output::Tanh, Spread::None, bounds)
}

fn sac(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let mut list = parts::named(t, &["fc1", "fc2", "fc_mean", "fc_logstd"])?;
    if let (Some(log_std), Some(mean)) = (list.pop(), list.pop()) {
        list.push(parts::beside(t, mean, &log_std)?);
    }
    let net = read.network(list, Activation::Relu)?;
    let bounds = scaled(read, net.outputs() / 2)?;
    parts::network(t, net, Output::Tanh, Spread::OfStateTanh(LOG_STD.0, LOG_STD.1), bounds)
}

/// Bounds by the buffers `action_scale` and `action_bias`.
fn scaled(read: &Read<'_>, a: usize) -> Result<Bounds, Fault> {
    let t = &read.tensors;
    let side = |sign: f32| {
        let (scale, bias) = (t.get("action_scale")?, t.get("action_bias")?);
        Some(scale.values.iter().zip(&bias.values).map(|(s, b)| b + sign * s).collect::<Vec<f32>>())
    };
    bounds(t, a, side(-1.0).zip(side(1.0)), &read.stated, read.given)
}

/// PPO over real numbers, whose environment clips actions and normalises observations.
fn ppo(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let net = read.network(parts::sequential(t, "actor_mean.")?, Activation::Tanh)?;
    let a = net.outputs();
    let std: Vec<f32> = t.need("actor_logstd")?.values.iter().map(|l| l.exp()).collect();
    parts::network(t, net, Output::Clip, Spread::Fixed(std), read.bounds(a)?)
}

fn dqn(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    parts::none_under(t, "atoms", "a policy of distributions (C51)")?;
    let net = read.network(parts::sequential(t, "network.")?, Activation::Relu)?;
    let space = parts::choices(net.outputs());
    Ok(Box::new(GreedyQ::new(net, 0.0, space).map_err(|e| t.error(e))?))
}
