//! CORL's checkpoints: the `actor` of TD3+BC, BC, IQL, AWAC, CQL, SAC-N and EDAC. Most standardise observations by the dataset's
//! statistics, which they do not save; `config.yaml` beside the checkpoint says whether.

use std::path::{Path, PathBuf};

use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::{Output, Policy, Spread};
use crate::checkpoint::tensors::read_bounded;
use crate::checkpoint::{About, yaml};
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;

/// Longest configuration that is read.
const MAX_CONFIG: u64 = 1 << 20;
/// Bounds of the log deviation of SAC-N, and of all others.
const LOG_STD: [(f32, f32); 2] = [(-5.0, 2.0), (-20.0, 2.0)];

/// The layout.
pub struct Corl;

impl PolicyFormat for Corl {
    fn name(&self) -> &'static str {
        "CORL"
    }

    fn looks_for(&self) -> &'static str {
        "actor with net, net.net, _mlp, trunk or base_network"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        ["actor.net.0.", "actor.net.net.0.", "actor._mlp.0.", "actor.trunk.0.", "actor.base_network."]
            .iter()
            .find_map(|first| found.with(&[first]))
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut read = Read::open(file, &["actor."], given, about)?;
        let (policy, who) = actor(&read)?;
        let (who, standardises) = match who {
            Some(who) => (who, configured(file)),
            None => ("SAC-N or EDAC", Some(false)),
        };
        let statistics = standard::statistics(&mut read, &format!("{who} of CORL"), standardises)?;
        parts::normalised(&read.tensors, policy, statistics)
    }
}

/// The actor, and the algorithm that may standardise observations.
fn actor(read: &Read<'_>) -> Result<(Box<dyn Policy>, Option<&'static str>), Fault> {
    let t = &read.tensors;
    let fixed = |name: &str| -> Result<Spread, Fault> {
        let log_std = &t.need(name)?.values;
        Ok(Spread::Fixed(log_std.iter().map(|l| l.clamp(LOG_STD[1].0, LOG_STD[1].1).exp()).collect()))
    };
    let plain = |prefix: &str, output: Output, spread: Spread| {
        let net = read.network(parts::sequential(t, prefix)?, Activation::Relu)?;
        let bounds = read.bounds(net.outputs())?;
        parts::network(t, net, output, spread, bounds)
    };
    Ok(if read.has("net.net.") {
        match t.get("log_std") {
            Some(_) => (plain("net.net.", Output::TanhMean, fixed("log_std")?)?, Some("IQL")),
            None => (plain("net.net.", Output::Tanh, Spread::None)?, Some("IQL")),
        }
    } else if read.has("net.") {
        (plain("net.", Output::Tanh, Spread::None)?, Some("TD3+BC"))
    } else if read.has("_mlp.") {
        (plain("_mlp.", Output::Clip, fixed("_log_std")?)?, Some("AWAC"))
    } else if read.has("trunk.") {
        (ensemble_sac(read)?, None)
    } else {
        (cql(read)?, Some("CQL"))
    })
}

/// SAC-N and EDAC.
fn ensemble_sac(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let mut list = parts::sequential(t, "trunk.")?;
    let (mean, log_std) = (parts::named(t, &["mu"])?.remove(0), parts::named(t, &["log_sigma"])?.remove(0));
    list.push(parts::beside(t, mean, &log_std)?);
    let net = read.network(list, Activation::Relu)?;
    let bounds = read.bounds(net.outputs() / 2)?;
    Ok(Box::new(parts::gaussian(t, net, bounds)?.with_log_std(LOG_STD[0])))
}

/// CQL: the log deviation has a factor and an offset, which become those of the last layer.
fn cql(read: &Read<'_>) -> Result<Box<dyn Policy>, Fault> {
    let t = &read.tensors;
    let single = |name: &str, usual: f32| t.get(name).and_then(|t| t.values.first().copied()).unwrap_or(usual);
    let factor = single("log_std_multiplier.constant", 1.0);
    let offset = single("log_std_offset.constant", 0.0);
    let prefix = if read.has("base_network.network.") { "base_network.network." } else { "base_network." };
    let mut list = parts::sequential(t, prefix)?;
    if let Some(last) = list.last_mut().map(|named| &mut named.layer) {
        let a = last.outputs / 2;
        last.weight.chunks_mut(2 * a.max(1)).for_each(|row| row.iter_mut().skip(a).for_each(|w| *w *= factor));
        last.bias.iter_mut().skip(a).for_each(|b| *b = *b * factor + offset);
    }
    let net = read.network(list, Activation::Relu)?;
    let bounds = read.bounds(net.outputs() / 2)?;
    Ok(Box::new(parts::gaussian(t, net, bounds)?.with_log_std(LOG_STD[1])))
}

/// Whether the configuration beside the checkpoint asks for standardised observations.
fn configured(file: &Path) -> Option<bool> {
    let bytes = read_bounded(&file.with_file_name("config.yaml"), MAX_CONFIG).ok()?;
    let config = yaml::parse(std::str::from_utf8(&bytes).ok()?).ok()?;
    ["normalize", "normalize_states", "normalize_env"].iter().find_map(|key| config[*key].as_bool())
}
