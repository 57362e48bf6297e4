//! Dreamer's layers from named tensors, as PyTorch and as ninjax lay them out.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::checkpoint::tensors::{Tensor, Tensors};
use crate::ground::fault::Fault;
use crate::world::dreamer::{Dense, Norm, Stack};
use crate::world::net::activation::Activation;

/// Most layers of one network.
const MOST: usize = 64;

/// Whose names and axes.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// `x.weight` [out, in], `x.bias`; norms `x.weight`, `x.bias`; blocks [out / G, in / G, G].
    Torch,
    /// `x/kernel` [in, out], `x/bias`; norms `x/scale`, `x/shift`; blocks [G, in / G, out / G].
    Jax,
}

/// What follows linear maps in a network.
#[derive(Clone, Copy, PartialEq)]
pub enum NormKind {
    None,
    Layer,
    Rms,
}

/// Names of the tensors that were read.
#[derive(Default)]
pub struct Ledger(RefCell<BTreeSet<String>>);

impl Ledger {
    /// Notes that the tensor called `name` was read.
    pub fn note(&self, name: &str) {
        self.0.borrow_mut().insert(name.to_owned());
    }

    /// Refuses a tensor under one of `parts` that was not read: another network than the one that would be imagined with.
    ///
    /// # Errors
    /// Names it.
    pub fn all_read(&self, tensors: &Tensors, parts: &[&str]) -> Result<(), Fault> {
        let read = self.0.borrow();
        let ours = |name: &&String| parts.iter().any(|part| name.starts_with(part));
        match tensors.map.keys().filter(ours).find(|name| !read.contains(*name)) {
            None => Ok(()),
            Some(name) => Err(tensors.error(format!(
                "tensor '{name}' has no place in the network that is read from the others: the file is incomplete, or of a variant that \
                 is not imported"
            ))),
        }
    }
}

/// Reads the layers of one network.
#[derive(Clone, Copy)]
pub struct Layers<'t> {
    pub tensors: &'t Tensors,
    pub ledger: &'t Ledger,
    pub style: Style,
    pub activation: Activation,
    pub norm: NormKind,
    /// Of the norms.
    pub eps: f32,
    /// Whether the maps before norms have a bias.
    pub biased: bool,
}

impl<'t> Layers<'t> {
    fn named(&self, name: &str, torch: &str, jax: &str) -> String {
        match self.style {
            Style::Torch => format!("{name}.{torch}"),
            Style::Jax => format!("{name}/{jax}"),
        }
    }

    fn weight(&self, name: &str) -> String {
        self.named(name, "weight", "kernel")
    }

    fn vector(&self, name: &str, width: usize) -> Result<Vec<f32>, Fault> {
        self.ledger.note(name);
        Ok(self.tensors.shaped(name, &[width])?.values.clone())
    }

    fn need(&self, name: &str) -> Result<&'t Tensor, Fault> {
        self.ledger.note(name);
        self.tensors.need(name)
    }

    fn bias(&self, name: &str, outputs: usize, biased: bool) -> Result<Vec<f32>, Fault> {
        if !biased {
            return Ok(vec![0.0; outputs]);
        }
        self.vector(&self.named(name, "bias", "bias"), outputs)
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm, Fault> {
        let vector = |torch: &str, jax: &str| self.vector(&self.named(name, torch, jax), width);
        Ok(match self.norm {
            NormKind::None => Norm::None,
            NormKind::Layer => {
                Norm::Layer { scale: vector("weight", "scale")?, shift: vector("bias", "shift")?, eps: self.eps }
            }
            NormKind::Rms => Norm::Rms { scale: vector("weight", "scale")?, eps: self.eps },
        })
    }

    /// The map called `name` with a bias or without, and nothing after it.
    fn map(&self, name: &str, biased: bool) -> Result<Dense, Fault> {
        let weight = self.need(&self.weight(name))?;
        let [a, b] = weight.shape[..] else { return Err(self.axes(name, weight, "a matrix")) };
        let (inputs, outputs, values) = match self.style {
            Style::Jax => (a, b, weight.values.clone()),
            Style::Torch => (b, a, (0..a * b).map(|i| weight.values[(i % a) * b + i / a]).collect()),
        };
        let bias = self.bias(name, outputs, biased)?;
        Ok(Dense {
            inputs,
            outputs,
            blocks: 1,
            weight: values,
            bias,
            norm: Norm::None,
            activation: Activation::Identity,
        })
    }

    /// The map in blocks called `name`, always with a bias, and nothing after it.
    pub fn blocks(&self, name: &str) -> Result<Dense, Fault> {
        let weight = self.need(&self.weight(name))?;
        let [a, b, c] = weight.shape[..] else {
            return Err(self.axes(name, weight, "three axes, one of them its blocks"));
        };
        let (g, i, o) = if self.style == Style::Jax { (a, b, c) } else { (c, b, a) };
        let values = if self.style == Style::Jax {
            weight.values.clone()
        } else {
            let at = |n: usize| ((n % o) * i + n / o % i) * g + n / (i * o);
            (0..g * i * o).map(|n| weight.values[at(n)]).collect()
        };
        let bias = self.bias(name, g * o, true)?;
        let (norm, activation) = (Norm::None, Activation::Identity);
        Ok(Dense { inputs: g * i, outputs: g * o, blocks: g, weight: values, bias, norm, activation })
    }

    fn axes(&self, name: &str, weight: &Tensor, needed: &str) -> Fault {
        let name = self.weight(name);
        self.tensors.error(format!("tensor '{name}' has shape {:?}, {needed} is needed", weight.shape))
    }

    /// `map` with the norm called `norm` and the activation.
    pub fn followed(&self, map: Dense, norm: &str) -> Result<Dense, Fault> {
        Ok(Dense { norm: self.norm(norm, map.outputs)?, activation: self.activation, ..map })
    }

    /// The map called `map`, the norm called `norm`, and the activation.
    pub fn hidden(&self, map: &str, norm: &str) -> Result<Dense, Fault> {
        self.followed(self.map(map, self.biased)?, norm)
    }

    /// As many such layers as there are, `named` by their number as map and norm.
    pub fn all_hidden(&self, named: impl Fn(usize) -> (String, String)) -> Result<Vec<Dense>, Fault> {
        let there = |i: &usize| self.tensors.get(&self.weight(&named(*i).0)).is_some();
        let count = (0..MOST).take_while(there).count();
        if let Some(later) = (count + 1..MOST).find(there) {
            let (lacks, has) = (self.weight(&named(count).0), self.weight(&named(later).0));
            return Err(self.tensors.error(format!("there is '{has}', and no tensor '{lacks}' before it")));
        }
        (0..count).map(named).map(|(map, norm)| self.hidden(&map, &norm)).collect()
    }

    /// The last map of a network, with a bias.
    pub fn last(&self, name: &str) -> Result<Dense, Fault> {
        self.map(name, true)
    }

    /// The last maps of a network side by side, as one.
    pub fn joined(&self, names: &[String]) -> Result<Dense, Fault> {
        let parts = names.iter().map(|name| self.last(name)).collect::<Result<Vec<Dense>, Fault>>()?;
        let Some(first) = parts.first() else { return Err(self.tensors.error("the decoder gives no observation")) };
        let inputs = first.inputs;
        if let Some(at) = parts.iter().position(|part| part.inputs != inputs) {
            let (a, b) = (self.weight(&names[at]), self.weight(&names[0]));
            return Err(self.tensors.error(format!("'{a}' takes {} inputs, '{b}' {inputs}", parts[at].inputs)));
        }
        let row = |r: usize| parts.iter().flat_map(move |p| &p.weight[r * p.outputs..(r + 1) * p.outputs]);
        let weight = (0..inputs).flat_map(row).copied().collect();
        let bias: Vec<f32> = parts.iter().flat_map(|part| &part.bias).copied().collect();
        let (outputs, norm, activation) = (bias.len(), Norm::None, Activation::Identity);
        Ok(Dense { inputs, outputs, blocks: 1, weight, bias, norm, activation })
    }

    /// The layers as one network, which is called `what` in sentences.
    pub fn stack(&self, what: &str, layers: Vec<Dense>) -> Result<Stack, Fault> {
        Stack::new(layers).map_err(|e| self.tensors.error(format!("{what}: {e}")))
    }
}
