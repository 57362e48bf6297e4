//! Where the active agent's data was, with the last trajectories of agents laid over it.

use std::collections::BTreeMap;

use crate::experiment::result::CellResult;
use crate::experiment::site::{Site, open};
use crate::experiment::visits::{BINS, Visits, points};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::{Axis, HeatMap, Overlay, Report};

/// Agents whose trajectories are shown, where they are there.
const SHOWN: [&str; 4] = ["active", "passive", "tandem", "passive+adaptive"];

/// Adds a map for each task whose visits are counted: of the first seed of which all is finished.
///
/// # Errors
/// [`Fault`] where a finished cell's files cannot be read.
pub fn add(report: &mut Report, site: &Site<'_>, results: &BTreeMap<usize, CellResult>, cx: &Ctx) -> Result<(), Fault> {
    for (t, task) in site.plan.tasks.iter().enumerate().filter(|(_, task)| !task.visits.is_empty()) {
        let of = |agent: &str, seed: u64| {
            let own = |n: &&usize| {
                let cell = &site.cells[**n];
                cell.task == t && cell.seed == seed && cell.agent().is_some_and(|a| a.name == agent)
            };
            results.keys().find(own).copied()
        };
        let found = site.plan.seeds.iter().find_map(|seed| Some((*seed, of("active", *seed)?)));
        let Some((seed, active)) = found else { continue };
        let data = open(&site.left(active), cx)?;
        let Some(at) = Visits::dimensions(&data, &task.visits).map_err(Fault::bad)? else { continue };
        let visits = Visits::of(&data, at);
        let mut overlays = Vec::new();
        for agent in SHOWN {
            let Some(number) = of(agent, seed) else { continue };
            let last = open(&site.trajectories(number), cx)?.subset(&[0]);
            let (x, y) = points(&last, at).map(|[x, y]| (x, y)).unzip();
            overlays.push(Overlay { label: agent.into(), joined: true, x, y, heat: None });
        }
        let axis = |d: usize| Axis::new(&data.obs_space.names[at[d]], "");
        report.maps.push(HeatMap {
            key: format!("visits_{}", task.name),
            label: format!("{}: visits of the active agent's data, seed {seed}", task.name),
            x_axis: axis(0),
            y_axis: axis(1),
            x_range: visits.range[0],
            y_range: visits.range[1],
            width: BINS,
            height: BINS,
            values: visits.counts.iter().map(|n| if *n > 0.0 { *n } else { f64::NAN }).collect(),
            unit: "states in the cell".into(),
            overlays,
            ..HeatMap::default()
        });
    }
    Ok(())
}
