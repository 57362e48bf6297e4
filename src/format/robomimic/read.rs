//! The demos of a file, and its totals checked.

use std::path::Path;
use std::sync::Arc;

use super::super::hdf5::Hdf5;
use super::super::reader::{Loaded, Separate, Shape};
use super::demo::{self, Layout};
use super::demo_number;
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// An open file whose demos are known; none of their numbers is read yet.
pub(super) struct Demos {
    file: Arc<Hdf5>,
    layout: Layout,
    shape: Shape,
    ids: Vec<u64>,
    origin: Origin,
}

impl Demos {
    /// Finds the demos of `file`.
    pub fn find(path: &Path, file: Arc<Hdf5>) -> Result<Self, Fault> {
        let ids = demo_ids(&file)?;
        let layout = Layout::find(&file, &name(ids[0]))?;
        let (env_id, rules) = (env_id(&file), rules(&file, &layout));
        let origin = Origin { path: path.to_owned(), format: "robomimic".into(), env_id, rules, ..Origin::default() };
        Ok(Self { shape: layout.shape(), file, layout, ids, origin })
    }
}

impl Separate for Demos {
    const THINGS: &'static str = "demos";
    const ODDITIES: &'static [&'static str] = &demo::ODDITIES;

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn places(&self) -> usize {
        self.ids.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        Ok(self.file.column(&format!("{}/actions", name(self.ids[place])))?.rows())
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        self.layout.read(&self.file, self.ids[place], &|_| cx.check())
    }

    fn name(&self, place: usize) -> String {
        format!("demo_{}", self.ids[place])
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        self.file.bad(&name(self.ids[place]), problem)
    }

    fn found(&self, steps: u64) -> Result<Vec<String>, Fault> {
        Ok(check_total(&self.file, &self.ids, steps)?.into_iter().collect())
    }

    fn all_read(&self, mut odd: Vec<String>, steps: u64) -> Result<Vec<String>, Fault> {
        odd.extend(self.found(steps)?);
        Ok(odd)
    }
}

/// Where demo `id` lies.
pub(super) fn name(id: u64) -> String {
    format!("data/demo_{id}")
}

/// Numbers of the demos in ascending order.
fn demo_ids(file: &Hdf5) -> Result<Vec<u64>, Fault> {
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
fn check_total(file: &Hdf5, ids: &[u64], steps: u64) -> Result<Option<String>, Fault> {
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
