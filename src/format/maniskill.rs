//! `ManiSkill`'s trajectories: an HDF5 file with a group `traj_k` an episode, {`obs` (T+1 rows: an array, or groups of them),
//! `actions`, `rewards`, `terminated`, `truncated`, `success`, `env_states`}, and a description beside it in JSON. Older versions
//! have `dones` instead of the flags. Layout read in `mani_skill/utils/wrappers/record.py` and `mani_skill/trajectory/utils`.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use super::Format;
use super::arrays::Usual;
use super::groups::{Files, Groups, Spot, numbered};
use super::place::Place;
use super::reader::{Episodes, OneByOne};
use crate::data::dataset::Origin;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The format.
pub struct ManiSkill;

/// What stands before the number of a trajectory.
const STEM: &str = "traj_";
/// Largest description that is read.
const MAX_JSON: u64 = 256 << 20;
/// What `ManiSkill` calls its arrays; pictures and the places of cameras are no part of the state.
const USUAL: Usual = Usual {
    longer: true,
    order: &[],
    cameras: &["sensor_data/", "sensor_param/", "image/", "camera_param/", "pointcloud/"],
    instead: &["env_states"],
    own: &[],
};

impl Format for ManiSkill {
    fn name(&self) -> &'static str {
        "maniskill"
    }

    fn probe(&self, place: &Place) -> bool {
        place.hdf5().is_ok_and(|file| {
            let first = numbered(&file, Some(STEM)).into_iter().next();
            let has = |spot: Spot, key: &str| file.contains(&format!("{}/{key}", spot.group));
            first.is_some_and(|spot| {
                has(spot.clone(), "actions")
                    && ["obs", "env_states", "success"].iter().any(|key| has(spot.clone(), key))
            })
        })
    }

    fn takes_mapping(&self) -> bool {
        true
    }

    fn open(&self, place: &Place, cx: &Ctx) -> Result<Box<dyn Episodes>, Fault> {
        let (path, file) = (place.path(), place.hdf5()?);
        let mut spots = numbered(&file, Some(STEM));
        let described = describe(path);
        let mut origin = Origin { path: path.to_owned(), format: self.name().into(), ..Origin::default() };
        origin.rules.push("an episode is a group traj_k, in the order of k".to_owned());
        if let Some(described) = described {
            origin.env_id = described.env_id;
            let here: std::collections::HashSet<u64> = spots.iter().map(|spot| spot.id).collect();
            let mut lost: Vec<u64> = described.steps.keys().copied().filter(|id| !here.contains(id)).collect();
            lost.sort_unstable();
            if let Some(first) = lost.first() {
                origin.warnings.push(format!(
                    "the description beside the file lists {} trajectories that the file has not (first: traj_{first}); \
                     what is there is read",
                    lost.len()
                ));
            }
            for spot in &mut spots {
                spot.said = described.steps.get(&spot.id).copied();
            }
        }
        Ok(Box::new(OneByOne::new(Groups::open(place, Files::One(file), spots, &USUAL, origin, cx)?)))
    }
}

/// What the JSON beside a file says.
struct Described {
    env_id: Option<String>,
    /// Steps of every trajectory, by its number.
    steps: HashMap<u64, u64>,
}

/// Reads the description of the same name, where there is one.
fn describe(path: &Path) -> Option<Described> {
    let beside = path.with_extension("json");
    let mut text = String::new();
    // A pipe or a device would block: only regular files are opened.
    if !beside.is_file() || std::fs::metadata(&beside).ok()?.len() > MAX_JSON {
        return None;
    }
    std::fs::File::open(&beside).ok()?.take(MAX_JSON).read_to_string(&mut text).ok()?;
    let said: serde_json::Value = serde_json::from_str(&text).ok()?;
    let env_id = said["env_info"]["env_id"].as_str().filter(|id| !id.is_empty() && id.len() <= 200);
    let of = |episode: &serde_json::Value| Some((episode["episode_id"].as_u64()?, episode["elapsed_steps"].as_u64()?));
    let steps = said["episodes"].as_array().into_iter().flatten().filter_map(of).collect();
    Some(Described { env_id: env_id.map(str::to_owned), steps })
}

#[cfg(test)]
mod tests;
