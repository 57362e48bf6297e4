//! Datasets that an experiment makes, each a Minari folder that says where it came from.

use std::path::Path;

use super::agent::Data;
use super::result::CellResult;
use super::site::{Site, open};
use crate::agent::collect::{Collector, Limit};
use crate::agent::policy::{Acting, Policy, Scripted, Uniform};
use crate::data::dataset::Dataset;
use crate::data::split;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;

/// What was made.
pub struct MadeData {
    data: Dataset,
    env: String,
    times: usize,
    lineage: Vec<String>,
    told: Vec<String>,
}

impl MadeData {
    /// `result` with what the dataset is.
    pub fn tell(self, result: CellResult) -> CellResult {
        let result = CellResult { env: self.env, lineage: self.lineage, told: self.told, ..result };
        result.of_data(&self.data, self.times)
    }
}

/// Makes the dataset of cell `number` in `folder`; one that is there was left by a process that died before it could say so.
///
/// # Errors
/// [`Fault`].
pub fn dataset(site: &Site<'_>, number: usize, data: &Data, folder: &Path, cx: &Ctx) -> Result<MadeData, Fault> {
    if folder.is_dir() {
        std::fs::remove_dir_all(folder).map_err(|e| Fault::io(folder, "replacing", &e))?;
    }
    let made = match data {
        Data::Script(script) => scripted(site, number, script, cx)?,
        _ => part(site, number, data, cx)?,
    };
    let (cell, plan) = (&site.cells[number], site.plan);
    let steps = counted(made.times * made.data.num_steps(), "steps");
    let from =
        if made.lineage.is_empty() { String::new() } else { format!(", made of {}", made.lineage.join(", of ")) };
    let about = MinariAbout {
        dataset_id: format!("{}/{}-s{}-v0", plain(&site.task(number).name), plain(&data.name()), cell.seed),
        env_spec: Some(made.env_spec(site, number, cx)?),
        algorithm_name: format!("oodscope experiment: {}", data.name()),
        authors: vec!["oodscope".into()],
        description: format!("cell {} of the experiment {}: {steps}, seed {}{from}", cell.name, plan.name, cell.seed),
        ..MinariAbout::default()
    };
    write_minari(folder, &made.data, &about)?;
    Ok(made)
}

impl MadeData {
    fn env_spec(&self, site: &Site<'_>, number: usize, cx: &Ctx) -> Result<String, Fault> {
        if crate::env::is_built_in(&self.env) {
            return Ok(crate::env::minari_spec(&self.env));
        }
        Ok((site.make)(site.task(number), cx)?.env.spec().to_json())
    }
}

/// A part of what the active agent acted.
fn part(site: &Site<'_>, number: usize, data: &Data, cx: &Ctx) -> Result<MadeData, Fault> {
    let from =
        *site.cells[number].needs.first().ok_or_else(|| Fault::failed("the cell has no data to take a part of"))?;
    let whole = open(&site.left(from), cx)?;
    let (n, half) = (whole.num_episodes(), whole.num_steps() / 2);
    let mut before = 0;
    let first = whole
        .spans()
        .iter()
        .take_while(|span| {
            let within = before < half;
            before += span.steps;
            within
        })
        .count();
    let chosen: Vec<usize> = match data {
        Data::FirstHalf => (0..first).collect(),
        Data::SecondHalf => (first..n).collect(),
        _ => {
            let mut order: Vec<usize> = (0..n).collect();
            let seed = site.cells[number].seed;
            order.sort_by_key(|&e| (split::mix(seed ^ UNIFORM_HALF, whole.spans()[e].id), e));
            let mut taken = 0;
            order.retain(|&e| {
                let within = taken < half;
                if within {
                    taken += whole.spans()[e].steps;
                }
                within
            });
            order.sort_unstable();
            order
        }
    };
    if chosen.is_empty() {
        return Err(Fault::bad(format!("{} holds too few episodes to take a half of", site.cells[from].name)));
    }
    let env = CellResult::read(&site.place(from))?.map(|result| result.env).unwrap_or_default();
    Ok(MadeData {
        data: whole.subset(&chosen),
        env,
        times: site.task(number).options.times(),
        lineage: vec![site.cells[from].name.clone()],
        told: Vec::new(),
    })
}

/// Keeps the choice of a half apart from that of the held-out episodes.
const UNIFORM_HALF: u64 = 0x5048_414c_4600_0000;

/// As many steps as the active agent may act, by a script of the environment.
fn scripted(site: &Site<'_>, number: usize, script: &str, cx: &Ctx) -> Result<MadeData, Fault> {
    let mut made = site.env(number, cx)?;
    let id = made.env.spec().id.clone();
    let policy: Box<dyn Policy> = match script {
        "random" => Box::new(Uniform::new(made.env.spec().action_space.clone())),
        _ => Scripted::named(&id, script).map_err(Fault::bad)?.boxed(),
    };
    let options = &site.task(number).options;
    let mut collector = Collector::new(site.cells[number].seed, &format!("script {script}"), 0);
    let limit = Limit::steps(options.steps.div_ceil(options.times()));
    collector.run(&mut *made.env, &*policy, Acting::Sampled, limit, &cx.phase("acting by the script"))?;
    let data = collector.dataset(&*made.env).ok_or_else(|| Fault::failed("no step was taken"))?;
    Ok(MadeData { data, env: id, times: options.times(), lineage: Vec::new(), told: made.told })
}

fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
