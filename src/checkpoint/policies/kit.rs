//! OfflineRL-Kit's `policy.pth`: the actors of its SAC family (CQL, COMBO, MOPO, RAMBO, EDAC, …), of IQL and of TD3+BC.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::{Output, Policy, Spread};
use crate::checkpoint::About;
use crate::checkpoint::tensors::read_bounded;
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;

/// Longest record of a run that is read.
const MAX_RECORD: u64 = 1 << 20;

/// The layout.
pub struct Kit;

impl PolicyFormat for Kit {
    fn name(&self) -> &'static str {
        "OfflineRL-Kit"
    }

    fn looks_for(&self) -> &'static str {
        "actor.backbone.model.{i} with actor.dist_net or actor.last"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        found.with(&["actor.backbone.model.0."])
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut read = Read::open(file, &["actor."], given, about)?;
        let algorithm = algorithm(file);
        let standardises = read.has("last.") || algorithm.as_deref() == Some("rambo");
        let policy = actor(&read)?;
        let (who, configured) = match (standardises, read.has("last.")) {
            (true, true) => ("TD3+BC", None),
            (true, false) => ("RAMBO", None),
            (false, _) => ("the policy", Some(false)),
        };
        let statistics = standard::statistics(&mut read, &format!("{who} of OfflineRL-Kit"), configured)?;
        parts::normalised(&read.tensors, policy, statistics)
    }
}

fn actor(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let mut list = parts::sequential(t, "backbone.model.")?;
    if read.has("last.") {
        list.extend(parts::named(t, &["last"])?);
        let net = read.network(list, Activation::Relu)?;
        let bounds = read.bounds(net.outputs())?;
        return parts::network(t, net, Output::Tanh, Spread::None, bounds);
    }
    let mean = parts::named(t, &["dist_net.mu"])?.remove(0);
    if let Some(log_std) = t.get("dist_net.sigma_param") {
        // Its noise is in units of the action.
        list.push(mean);
        let net = read.network(list, Activation::Relu)?;
        let (low, high) = read.bounds(net.outputs())?;
        let half = low.iter().zip(&high).map(|(l, h)| (h - l) / 2.0);
        let std = log_std.values.iter().zip(half).map(|(l, half)| l.exp() / half).collect();
        return parts::network(t, net, Output::TanhMean, Spread::Fixed(std), (low, high));
    }
    let log_std = parts::named(t, &["dist_net.sigma"])?.remove(0);
    list.push(parts::beside(t, mean, &log_std)?);
    let net = read.network(list, Activation::Relu)?;
    let bounds = read.bounds(net.outputs() / 2)?;
    Ok(Box::new(parts::gaussian(t, net, bounds)?))
}

/// The algorithm that the record of the run names.
fn algorithm(file: &Path) -> Option<String> {
    let record = file.parent()?.parent()?.join("record/hyper_param.json");
    let json: Value = serde_json::from_slice(&read_bounded(&record, MAX_RECORD).ok()?).ok()?;
    ["algo_name", "algo"].iter().find_map(|key| json[*key].as_str()).map(str::to_lowercase)
}
