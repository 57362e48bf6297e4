//! The demos of one file or of a folder of them, and what the file says of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::hdf5::{self, Hdf5};
use super::super::npz::folder;
use super::super::numbering;
use super::super::place::Place;
use super::super::reader::{Loaded, Separate, Shape};
use super::demo::{self, Layout, name};
use super::{demo_number, masks};
use crate::data::dataset::{NO_REWARDS, Origin};
use crate::ground::fault::Fault;
use crate::ground::folders;
use crate::ground::task::Ctx;

/// Open files whose demos are known; none of their numbers is read yet.
pub(super) struct Demos {
    files: Vec<Arc<Hdf5>>,
    layout: Layout,
    shape: Shape,
    /// File and number of every demo, in the order of the files and then of the numbers.
    places: Vec<(usize, u64)>,
    origin: Origin,
}

impl Demos {
    /// Finds the demos of `files`; there is at least one.
    pub fn find(place: &Place, files: Vec<Arc<Hdf5>>) -> Result<Self, Fault> {
        let mut demos = Vec::new();
        for (at, file) in files.iter().enumerate() {
            demos.extend(demo_ids(file)?.into_iter().map(|id| (at, id)));
        }
        let mapping = place.mapping()?;
        let action = mapping.as_ref().map_or(Ok(None), |m| m.one("action", &members(&files[0], demos[0].1)));
        let action = action?.unwrap_or_else(|| "actions".to_owned());
        // An empty recording tells of no columns.
        let recorded = |&&(at, id): &&(usize, u64)| demo::steps(&files[at], &name(id), &action).is_ok_and(|n| n > 0);
        let &(at, id) = demos.iter().find(recorded).unwrap_or(&demos[0]);
        let layout = Layout::find(&files[at], &name(id), mapping.as_ref())?;
        let mut rules = rules(&layout);
        if let Some(mapping) = &mapping {
            rules.insert(0, format!("the arrays are as {} says", mapping.file().display()));
        }
        if files.len() > 1 {
            rules.push(format!(
                "{} files are one dataset, in the order of their names; episodes are numbered anew",
                files.len()
            ));
        }
        rules.extend(not_read(&files[at], &name(id), &layout));
        let mut warnings = Vec::new();
        for file in &files {
            let (told, odd) = masks::told(file);
            let named =
                |text: String| if files.len() > 1 { format!("{}: {text}", folder::name(file.path())) } else { text };
            rules.extend(told.map(named));
            warnings.extend(odd.into_iter().map(named));
        }
        let env_id = env_id(&files[at]);
        let origin = Origin {
            path: place.path().to_owned(),
            format: "robomimic".into(),
            env_id,
            rules,
            warnings,
            ..Origin::default()
        };
        Ok(Self { shape: layout.shape(), files, layout, places: demos, origin })
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
        self.places.len()
    }

    fn steps(&self, place: usize) -> Result<usize, Fault> {
        let (at, id) = self.places[place];
        demo::steps(&self.files[at], &name(id), &self.layout.action)
    }

    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault> {
        let (at, id) = self.places[place];
        let mut loaded = self.layout.read(&self.files[at], id, &|_| cx.check())?;
        if self.files.len() > 1 {
            loaded.found.id = place as u64;
        }
        Ok(loaded)
    }

    fn name(&self, place: usize) -> String {
        let (at, id) = self.places[place];
        if self.files.len() > 1 {
            format!("demo_{id} of {}", folder::name(self.files[at].path()))
        } else {
            format!("demo_{id}")
        }
    }

    fn unfit(&self, place: usize, problem: &str) -> Fault {
        let (at, id) = self.places[place];
        self.files[at].bad(&name(id), problem)
    }

    /// What the files count otherwise.
    fn found(&self, steps: u64) -> Result<Vec<String>, Fault> {
        let mut told = Vec::new();
        let totals: Option<u64> = self.files.iter().map(|file| file.count_attribute("data", "total")).sum();
        if let Some(total) = totals.filter(|&total| total != steps) {
            told.push(format!(
                "the attribute total says {total} steps, the demos that are there have {steps}: demos were deleted or added \
                 without it, or never copied; those that are there are read"
            ));
        }
        for (at, file) in self.files.iter().enumerate() {
            let ids: Vec<u64> = self.places.iter().filter(|d| d.0 == at).map(|d| d.1).collect();
            // robosuite counts from 1, robomimic from 0.
            let first = ids.first().map_or(0, |&id| id.min(1));
            let gap = numbering::gap(&ids, first).map(|gap| gap.told("demos", "demo_"));
            told.extend(gap.map(|gap| format!("{}: {gap}", folder::name(file.path()))));
        }
        Ok(told)
    }

    fn all_read(&self, mut odd: Vec<String>, steps: u64) -> Result<Vec<String>, Fault> {
        odd.extend(self.found(steps)?);
        Ok(odd)
    }
}

/// The arrays beside the observations of a demo.
fn members(file: &Hdf5, id: u64) -> Vec<String> {
    file.members(&name(id))
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

fn rules(layout: &Layout) -> Vec<String> {
    let mut rules = vec!["an episode is a group data/demo_k, in the order of k: a row a step".to_owned()];
    rules.push(if layout.next {
        "the last row of next_obs completes each episode".into()
    } else {
        "no next_obs: the next observation is the following row, and the last step of an episode has none".into()
    });
    rules.push(if layout.dones {
        format!(
            "a demo is terminated where its last step is done ({}), else truncated; robomimic's done_mode 1 and 2 mark the \
             last step of every demo, be it solved or not",
            layout.done
        )
    } else {
        "no dones: every demo counts as truncated".into()
    });
    if !layout.rewards {
        rules.push(NO_REWARDS.into());
    }
    if layout.observations.is_only("states") && layout.beside.len() == 1 {
        rules.push("no obs: the simulator's 'states' are the observations".into());
    }
    rules.extend(layout.observations.rules("in alphabetical order"));
    rules
}

/// What lies in a demo and is not carried.
fn not_read(file: &Hdf5, demo: &str, layout: &Layout) -> Option<String> {
    let used = ["obs", "next_obs", &layout.action, &layout.reward, &layout.done];
    let mut rest = file.members(demo);
    rest.retain(|key| !used.contains(&key.as_str()) && !layout.observations.has(key));
    if layout.observations.len() == layout.beside.len() && file.is_group(&format!("{demo}/obs")) {
        rest.push("obs".into());
    }
    rest.sort();
    Origin::not_read(&rest)
}

/// `env_name` in the JSON of `env_args`.
fn env_id(file: &Hdf5) -> Option<String> {
    let args = file.json_attribute("data", "env_args")?;
    args["env_name"].as_str().filter(|id| !id.is_empty() && id.len() <= 200).map(str::to_owned)
}

/// The HDF5 files in `folder`, in the order of their names.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(super::MAX_FILES);
    // Of a folder of many thousand files of another kind none is opened.
    let named = |path: &PathBuf| {
        path.extension().is_some_and(|e| ["hdf5", "h5", "hdf"].iter().any(|own| e.eq_ignore_ascii_case(own)))
    };
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(named).filter(|path| hdf5::is_hdf5(path)).collect();
    found.sort_by_cached_key(|path| folders::by_number(&folder::name(path)));
    found
}
