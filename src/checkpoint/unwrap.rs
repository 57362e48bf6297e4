//! What training scripts wrap around a state dictionary: a dictionary with the optimiser beside it, and the prefixes of
//! `torch.compile`, `DataParallel` and of the attribute that held the network.

use std::collections::{BTreeMap, BTreeSet};

use super::About;
use super::tensors::{Tensor, Tensors};
use crate::ground::fault::Fault;

/// Parts of a training checkpoint that are no model.
const TRAINING: [&str; 6] = ["optim", "sched", "lr_sched", "scaler", "rng", "amp"];
/// Single numbers that a training checkpoint keeps.
const COUNTERS: [&str; 12] = [
    "epoch",
    "step",
    "global_step",
    "iter",
    "iteration",
    "loss",
    "best_loss",
    "val_loss",
    "train_loss",
    "lr",
    "time",
    "seed",
];
/// The part that is the model, the surest first.
const MODELS: [&str; 12] = [
    "model_state_dict",
    "dynamics_model_state_dict",
    "dynamics_state_dict",
    "world_model_state_dict",
    "state_dict",
    "dynamics_model",
    "dynamics",
    "world_model",
    "model",
    "network",
    "net",
    "module",
];
/// Components that wrappers add anywhere in a name.
const WRAPPERS: [&str; 2] = ["_orig_mod", "module"];

/// The tensors of the model in `tensors`, without what is around it and without the prefixes that all of them share.
///
/// # Errors
/// [`Fault`] if two of them have one name then.
pub fn unwrap(tensors: &Tensors, about: &mut About) -> Result<Tensors, Fault> {
    let mut map: BTreeMap<String, Tensor> = BTreeMap::new();
    for (name, tensor) in &tensors.map {
        let parts: Vec<&str> = name.split('.').filter(|p| !WRAPPERS.contains(p)).collect();
        let root = parts.first().copied().unwrap_or_default();
        let counter = parts.len() == 1 && COUNTERS.contains(&root) && tensor.values.len() <= 1;
        if counter || TRAINING.iter().any(|t| root.starts_with(t)) {
            continue;
        }
        if map.insert(parts.join("."), tensor.clone()).is_some() {
            return Err(
                tensors.error(format!("two tensors are called '{}' but for a wrapper's prefix", parts.join(".")))
            );
        }
    }
    let mut inner = Tensors { path: tensors.path.clone(), map };
    loop {
        let roots = roots(&inner);
        let chosen = match roots.len() {
            0 => break,
            1 => roots.iter().next().cloned(),
            _ => MODELS.iter().map(|m| (*m).to_owned()).find(|m| roots.contains(m) && is_apart(&inner, m)),
        };
        let Some(root) = chosen else { break };
        let under = inner.under(&format!("{root}."));
        // A single layer keeps its name.
        if under.map.is_empty() || under.map.keys().any(|k| k == "weight") {
            break;
        }
        if roots.len() > 1 {
            let others: Vec<String> = roots.iter().filter(|r| **r != root).cloned().collect();
            about.notes.push(format!("the part '{root}' of the file was read; beside it are {}", others.join(", ")));
        }
        inner = under;
    }
    Ok(inner)
}

/// First components of the names.
fn roots(tensors: &Tensors) -> BTreeSet<String> {
    tensors.map.keys().map(|k| k.split('.').next().unwrap_or(k).to_owned()).collect()
}

/// True if nothing outside the part `root` looks as if it belonged to the same model: a normaliser, or a layer beside it.
fn is_apart(tensors: &Tensors, root: &str) -> bool {
    let inside = format!("{root}.");
    tensors.map.keys().filter(|k| !k.starts_with(&inside)).all(|k| {
        let other = k.split('.').next().unwrap_or(k);
        let whole = ["state_dict", "ema", "target", "policy", "actor", "critic", "value", "agent", "old"];
        k.contains('.') && whole.iter().any(|w| other.contains(w))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[&str]) -> Result<Vec<String>, String> {
        let one = || Tensor { shape: Vec::new(), values: vec![1.0] };
        let map = given.iter().map(|n| ((*n).to_owned(), one())).collect();
        let file = Tensors { path: "m.pt".into(), map };
        let inner = unwrap(&file, &mut About::default()).map_err(|e| e.to_string())?;
        Ok(inner.map.into_keys().collect())
    }

    #[test]
    fn every_wrapper_comes_off() {
        for wrapped in [
            &["net.0.weight", "net.0.bias", "net.2.weight"][..],
            &["_orig_mod.net.0.weight", "_orig_mod.net.0.bias", "_orig_mod.net.2.weight"],
            &["module.0.weight", "module.0.bias", "module.2.weight"],
            &[
                "model._orig_mod.module.net.0.weight",
                "model._orig_mod.module.net.0.bias",
                "model._orig_mod.module.net.2.weight",
            ],
            &["0.weight", "0.bias", "2.weight", "optimizer_state_dict.state.0.exp_avg", "epoch", "scheduler.x"],
            &[
                "model_state_dict.net.0.weight",
                "model_state_dict.net.0.bias",
                "model_state_dict.net.2.weight",
                "optim.a",
                "loss",
            ],
            &["model.0.weight", "model.0.bias", "model.2.weight", "ema_model.0.weight", "policy.0.weight"],
        ] {
            assert_eq!(names(wrapped).unwrap(), ["0.bias", "0.weight", "2.weight"], "{wrapped:?}");
        }
    }

    #[test]
    fn what_belongs_together_stays_together() {
        // A normaliser beside the network, a second network, a single layer.
        for whole in
            [&["input_mean", "net.0.weight"][..], &["model.0.weight", "reward_model.0.weight"], &["0.bias", "0.weight"]]
        {
            assert_eq!(names(whole).unwrap(), whole);
        }
        assert!(names(&["module.a.weight", "a.weight"]).unwrap_err().contains("'a.weight'"));
    }
}
