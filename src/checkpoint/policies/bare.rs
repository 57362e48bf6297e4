//! An actor alone, as a state dictionary of linear layers that follow on each other. Its file says nothing of how it acts:
//! `[policy]` in `oodscope.toml` beside it has to.

use std::path::{Path, PathBuf};

use super::table::{BARE, Head, Stated};
use super::{Found, PolicyFormat, PolicyGiven, Read, parts, standard};
use crate::agent::policy::{GreedyQ, Policy, Spread};
use crate::checkpoint::{About, perceptron};
use crate::ground::fault::Fault;

/// The layout.
pub struct Bare;

impl PolicyFormat for Bare {
    fn name(&self) -> &'static str {
        "bare actor"
    }

    fn looks_for(&self) -> &'static str {
        "a torch or safetensors file of linear layers, with [policy] in oodscope.toml beside it"
    }

    fn probe(&self, found: &Found<'_>) -> Option<PathBuf> {
        let stated = |file: &PathBuf| Stated::beside(file).map_or(true, |stated| stated.says_anything());
        found.file.clone().filter(|file| found.holds_tensors() && stated(file))
    }

    fn load(&self, file: &Path, given: &PolicyGiven<'_>, about: &mut About) -> Result<Box<dyn Policy>, Fault> {
        let mut read = Read::open(file, &[], given, about)?;
        let (stated, t) = (&read.stated, &read.tensors);
        let (Some(head), Some(activation)) = (stated.output, stated.activation) else {
            return Err(
                t.error(format!("an actor alone, of which its file does not say how it acts: {}", stated.asks(BARE)))
            );
        };
        let (network, _) = perceptron::network(t, read.about)?;
        let net = parts::mlp(t, activation, network.layers)?;
        let policy = match head {
            Head::Numbers(output) => {
                let bounds = read.bounds(net.outputs())?;
                parts::network(t, net, output, Spread::None, bounds)?
            }
            Head::Logits => parts::categorical(t, net)?,
            Head::Values => {
                let space = parts::choices(net.outputs());
                Box::new(GreedyQ::new(net, 0.0, space).map_err(|e| t.error(e))?)
            }
        };
        let statistics = standard::statistics(&mut read, "the actor", Some(false))?;
        parts::normalised(&read.tensors, policy, statistics)
    }
}
