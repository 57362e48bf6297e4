//! The SAC of mbrl-lib (`sac.pth`) and of pytorch-soft-actor-critic, which it comes from: `linear1`, `linear2`, `mean_linear`,
//! `log_std_linear`. The scale of its actions is the environment's and is not saved.

use std::path::{Path, PathBuf};

use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::Policy;
use crate::checkpoint::About;
use crate::ground::fault::Fault;
use crate::world::net::activation::Activation;

/// Bounds of the log deviation.
const LOG_STD: (f32, f32) = (-20.0, 2.0);

/// The layout.
pub struct MbrlSac;

impl PolicyFormat for MbrlSac {
    fn name(&self) -> &'static str {
        "mbrl-lib SAC"
    }

    fn looks_for(&self) -> &'static str {
        "linear1, linear2, mean_linear and log_std_linear, in policy_state_dict or alone"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        let all = ["linear1.", "mean_linear.", "log_std_linear."];
        found
            .with(&all.map(|name| format!("policy_state_dict.{name}")).each_ref().map(String::as_str))
            .or_else(|| found.with(&all))
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut read = Read::open(file, &["policy_state_dict."], given, about)?;
        let t = &read.tensors;
        let mut list = parts::named(t, &["linear1", "linear2"])?;
        let (mean, log_std) =
            (parts::named(t, &["mean_linear"])?.remove(0), parts::named(t, &["log_std_linear"])?.remove(0));
        list.push(parts::beside(t, mean, &log_std)?);
        let net = read.network(list, Activation::Relu)?;
        let bounds = read.bounds(net.outputs() / 2)?;
        let policy = Box::new(parts::gaussian(t, net, bounds)?.with_log_std(LOG_STD));
        let statistics = standard::statistics(&mut read, "SAC of mbrl-lib", Some(false))?;
        parts::normalised(&read.tensors, policy, statistics)
    }
}
