//! All demos put together, and the file's totals checked.

use std::path::Path;

use rayon::prelude::*;

use super::super::assemble::Assembly;
use super::super::hdf5::Hdf5;
use super::demo::{Layout, Loaded};
use super::demo_number;
use crate::data::dataset::{Dataset, Origin};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Demos that are read between two reports.
const BATCH: usize = 64;

/// Reads every demo of `file`.
pub(super) fn dataset(path: &Path, file: &Hdf5, cx: &Ctx) -> Result<Dataset, Fault> {
    let ids = demo_ids(file)?;
    let layout = Layout::find(file, &name(ids[0]))?;
    let origin = origin(path, file, &layout);
    let mut all = Assembly::new(origin, layout.observations.space(), layout.actions()).within(cx);
    let cx = cx.phase("reading the dataset");
    let (mut steps, mut odd) = (0u64, Vec::new());
    let tick = |_| cx.check();
    for (batch, some) in ids.chunks(BATCH).enumerate() {
        cx.step((batch * BATCH) as u64, ids.len() as u64)?;
        // Not collected into one result: that would name whichever bad demo a thread met first.
        let loaded: Vec<Result<Loaded, Fault>> = some.par_iter().map(|&id| layout.read(file, id, &tick)).collect();
        for demo in loaded {
            let Loaded { found, odd: what } = demo?;
            odd.extend(what.map(|what| (what, found.id)));
            steps += found.rewards.len() as u64;
            let id = found.id;
            all.push(&found).map_err(|e| file.bad(&name(id), e))?;
        }
    }
    let warnings = counted(&odd).into_iter().chain(check_total(file, &ids, steps)?);
    all.origin().warnings.extend(warnings);
    let mut data = all.finish(path)?;
    layout.settle(&mut data);
    Ok(data)
}

/// Rules of the file as a whole.
pub(super) fn origin(path: &Path, file: &Hdf5, layout: &Layout) -> Origin {
    let (env_id, rules) = (env_id(file), rules(file, layout));
    Origin { path: path.to_owned(), format: "robomimic".into(), env_id, rules, ..Origin::default() }
}

/// Where demo `id` lies.
pub(super) fn name(id: u64) -> String {
    format!("data/demo_{id}")
}

/// Numbers of the demos in ascending order.
pub(super) fn demo_ids(file: &Hdf5) -> Result<Vec<u64>, Fault> {
    let groups = file.groups("data");
    // Only the plain spelling leads back to the group.
    let number = |g: &String| demo_number(g).filter(|id| *g == format!("demo_{id}"));
    let mut ids: Vec<u64> = groups.iter().filter_map(number).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Fault::at(file.path(), "the dataset is empty: no group is called 'data/demo_0'"));
    }
    Ok(ids)
}

/// A number that is missing is an error, unless the file's `total` says that nothing is lost; a total that is wrong
/// otherwise is a warning.
pub(super) fn check_total(file: &Hdf5, ids: &[u64], steps: u64) -> Result<Option<String>, Fault> {
    let total = file.count_attribute("data", "total");
    // robosuite counts from 1, robomimic from 0.
    let first = ids[0].min(1);
    let gap = ids.iter().zip(first..).find_map(|(&id, want)| (id != want).then_some(want));
    let lost = |id: u64| file.bad(&name(id), "is missing: the dataset is incomplete, copy or download it again");
    match (gap, total) {
        (Some(id), Some(total)) if total == steps => {
            Ok(Some(format!("demos are missing in the numbering (first: demo_{id}), yet 'total' counts none of them")))
        }
        (Some(id), _) => Err(lost(id)),
        (None, Some(total)) if total > steps && steps.saturating_mul(2) >= total => Err(file.bad(
            "data",
            format!(
                "says total {total}, its demos have {steps} steps: demos after demo_{} are missing; copy or download \
                 the dataset again",
                ids.last().copied().unwrap_or_default()
            ),
        )),
        (None, Some(total)) if total != steps => {
            Ok(Some(format!("the attribute total says {total}, the file has {steps} steps")))
        }
        _ => Ok(None),
    }
}

/// One warning a kind of oddity, with its count and the first place.
fn counted(odd: &[(&str, u64)]) -> Vec<String> {
    let mut kinds: Vec<&str> = odd.iter().map(|o| o.0).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let warning = |kind: &str| {
        let mut which = odd.iter().filter(|o| o.0 == kind).map(|o| o.1);
        let first = which.next().unwrap_or_default();
        format!("{} demos {kind} (first: demo_{first})", 1 + which.count())
    };
    kinds.into_iter().map(warning).collect()
}

fn rules(file: &Hdf5, layout: &Layout) -> Vec<String> {
    let mut rules = vec!["an episode is a group data/demo_k, in the order of k: a row a step".to_owned()];
    rules.push(if layout.next {
        "the last row of next_obs completes each episode".into()
    } else {
        "no next_obs: the next observation is the following row, and the last step of an episode has none".into()
    });
    rules.push(if layout.dones {
        "a demo is terminated where its last step is done, else truncated; robomimic's done_mode 1 and 2 mark the last \
         step of every demo, be it solved or not"
            .into()
    } else {
        "no dones: every demo counts as truncated".into()
    });
    if !layout.rewards {
        rules.push("the file has no rewards: every reward is 0".into());
    }
    if layout.group.is_empty() {
        rules.push("no obs: the simulator's 'states' are the observations".into());
    }
    rules.extend(layout.observations.rules("in alphabetical order"));
    let count = |key: &String| {
        let demos = file.length(&format!("mask/{key}")).map(|n| format!(" ({n} demos)")).unwrap_or_default();
        format!("{key}{demos}")
    };
    let masks: Vec<String> = file.members("mask").iter().map(count).collect();
    if !masks.is_empty() {
        let shown = masks.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let more = if masks.len() > 12 { format!(" and {} more", masks.len() - 12) } else { String::new() };
        rules.push(format!("filter keys are not applied, all demos are read: {shown}{more}"));
    }
    rules
}

/// `env_name` in the JSON of `env_args`.
fn env_id(file: &Hdf5) -> Option<String> {
    let args = file.json_attribute("data", "env_args")?;
    args["env_name"].as_str().filter(|id| !id.is_empty() && id.len() <= 200).map(str::to_owned)
}
