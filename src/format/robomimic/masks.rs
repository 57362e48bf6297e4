//! `mask/<filter key>`: names of demos for training and validation. They are not applied, and told where they contradict the
//! demos or each other.

use std::collections::BTreeSet;

use super::super::hdf5::{Hdf5, listed};

/// Names of a mask that are looked at.
const MAX_NAMES: u64 = 1 << 20;

/// The masks of a file in a rule, and what is wrong with them.
pub(super) fn told(file: &Hdf5) -> (Option<String>, Vec<String>) {
    let mut keys = file.members("mask");
    keys.sort();
    let count = |key: &String| {
        let demos = file.length(&format!("mask/{key}")).map(|n| format!(" ({n} demos)")).unwrap_or_default();
        format!("{key}{demos}")
    };
    let masks: Vec<String> = keys.iter().take(12).map(count).collect();
    let more = if keys.len() > 12 { format!(" and {} more", keys.len() - 12) } else { String::new() };
    let rule = format!("filter keys are not applied, all demos are read: {}{more}", masks.join(", "));
    let there: BTreeSet<String> = file.groups("data").into_iter().collect();
    let named: Vec<(String, BTreeSet<String>)> =
        keys.iter().map(|key| (key.clone(), names(file, key))).filter(|(_, names)| !names.is_empty()).collect();
    let mut odd = Vec::new();
    for (key, names) in &named {
        let lost: Vec<String> = names.difference(&there).cloned().collect();
        if !lost.is_empty() {
            odd.push(format!(
                "mask/{key} names {} of which no group is in the file: {}",
                count_of(&lost),
                listed(&lost)
            ));
        }
        let against = key.replace("valid", "train");
        let Some((other, training)) = named.iter().find(|(other, _)| other == &against && other != key) else {
            continue;
        };
        let both: Vec<String> = names.intersection(training).cloned().collect();
        if !both.is_empty() {
            odd.push(format!(
                "{} in mask/{other} and in mask/{key}, which overlap: what is validated on was trained on ({})",
                if both.len() == 1 { "1 demo is".to_owned() } else { format!("{} demos are", both.len()) },
                listed(&both)
            ));
        }
    }
    ((!keys.is_empty()).then_some(rule), odd)
}

fn count_of(names: &[String]) -> String {
    if names.len() == 1 { "1 demo".into() } else { format!("{} demos", names.len()) }
}

fn names(file: &Hdf5, key: &str) -> BTreeSet<String> {
    let key = format!("mask/{key}");
    match file.length(&key) {
        Some(n) if n <= MAX_NAMES => file.texts(&key).into_iter().collect(),
        _ => BTreeSet::new(),
    }
}
