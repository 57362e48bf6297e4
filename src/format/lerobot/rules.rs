//! How a LeRobot dataset is read, in sentences.

use super::columns::{Columns, EPISODE, SUCCESS};
use super::info::{Feature, Info};
use crate::data::dataset::{NO_REWARDS, Origin};

/// The rules by which the columns are read, and what is left out.
pub(super) fn rules(info: &Info, columns: &Columns) -> Vec<String> {
    let mut rules = vec![format!(
        "LeRobot {}: an episode is the frames of one episode_index, in the order of the files",
        info.version
    )];
    if let Some(file) = &columns.mapping {
        rules.push(format!("the features are as {file} says"));
    }
    let order = if columns.mapping.is_some() { "" } else { ", in alphabetical order" };
    rules.push(side_by_side("observation", &columns.observations, order));
    if !matches!(&columns.actions[..], [one] if one.key == "action") {
        rules.push(side_by_side("action", &columns.actions, order));
    }
    rules.push("an episode of T frames has no final observation: its last action leads nowhere".into());
    rules.push(ends(columns));
    match &columns.reward {
        Some(reward) if reward != "next.reward" => rules.push(format!("reward: {reward}")),
        Some(_) => {}
        None => rules.push(NO_REWARDS.into()),
    }
    if let Some(fps) = info.fps {
        rules.push(format!("{fps} frames a second"));
    }
    for feature in info.features.iter().filter(|f| !f.is_number()) {
        rules.push(format!("'{}' ({}) is not read", feature.key, feature.dtype));
    }
    let used = columns.names();
    let unused = info.features.iter().filter(|f| f.is_number() && !used.contains(&f.key)).map(|f| f.key.clone());
    rules.extend(Origin::not_read(&unused.collect::<Vec<_>>()));
    let checked: Vec<String> =
        columns.marks().into_iter().filter(|name| name != EPISODE && columns.ends().all(|end| end != name)).collect();
    if !checked.is_empty() {
        rules.push(format!("checked and not kept: {}", checked.join(", ")));
    }
    rules
}

fn side_by_side(what: &str, features: &[Feature], order: &str) -> String {
    let keys = features.iter().map(|f| f.key.as_str()).collect::<Vec<_>>().join(", ");
    if features.len() == 1 { format!("{what}: {keys}") } else { format!("{what}: {keys} side by side{order}") }
}

/// How an episode ends.
fn ends(columns: &Columns) -> String {
    let flags: Vec<&str> = columns.done.as_deref().into_iter().chain(columns.success.then_some(SUCCESS)).collect();
    let any = flags.join(" or ");
    match (&columns.terminated, &columns.truncated) {
        (Some(terminated), _) => {
            format!("an episode whose last frame has {terminated} is terminated, any other truncated")
        }
        (None, Some(truncated)) if !flags.is_empty() => {
            format!("an episode whose last frame has {any} and not {truncated} is terminated, any other truncated")
        }
        (None, None) if columns.done.is_some() && !columns.success => format!(
            "an episode whose last frame has {any} is terminated (also where a time limit ended it: the layout does not \
             tell them apart), any other truncated"
        ),
        (None, None) if !flags.is_empty() => {
            format!("an episode whose last frame has {any} is terminated, any other truncated")
        }
        _ => "no next.done: every episode counts as truncated".into(),
    }
}
