//! Carrying out one cell in its folder.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rand::RngExt;
use serde::Serialize;

use super::agent::{Agent, Collects, Data, Kind};
use super::cell::Work;
use super::made;
use super::plan::{ScheduleOptions, Task};
use super::result::{CellResult, Row};
use super::site::{DATASET, RUN, Site, open};
use super::visits::Visits;
use crate::checkpoint;
use crate::data::dataset::Dataset;
use crate::data::split;
use crate::env::acting::ActingSpec;
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::topup::active::{self, Active, Ended, Evaluation, Lesson};
use crate::topup::learning::Seeds;
use crate::topup::offline::options::{Options, When};
use crate::topup::offline::{Given, Offline, course};
use crate::topup::run::{self, RunDir};

/// Fewest held-out episodes of an agent that looks at R.
const FEWEST_HELDOUT: usize = 3;

/// What is written into the run directory of a cell.
#[derive(Serialize)]
struct Begun<'s> {
    version: &'static str,
    cell: &'s str,
    acting: &'s ActingSpec,
    options: &'s Options,
}

/// What a cell is: with another one its numbers would be others.
#[derive(Serialize)]
struct Identity<'s> {
    cell: &'s str,
    needs: Vec<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<&'s PathBuf>,
    acting: &'s ActingSpec,
    reset: &'s BTreeMap<String, f64>,
    options: &'s active::options::Options,
    schedule: &'s ScheduleOptions,
}

/// Where that is written.
const IDENTITY: &str = "cell.toml";

impl Site<'_> {
    /// Carries out cell `number`. What it acted and its last whole round stay where it is stopped.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn work(&self, number: usize, cx: &Ctx) -> Result<CellResult, Fault> {
        let cell = &self.cells[number];
        let task = self.task(number);
        self.sign(number)?;
        let told = CellResult {
            version: env!("CARGO_PKG_VERSION").into(),
            cell: cell.name.clone(),
            task: task.name.clone(),
            seed: cell.seed,
            ..CellResult::default()
        };
        match &cell.work {
            Work::Agent(agent) if agent.is_active() => self.active(number, agent, told, cx),
            Work::Agent(agent) => self.offline(number, agent, told, cx),
            Work::Data(data) => {
                let made = made::dataset(self, number, data, &self.place(number).join(DATASET), cx)?;
                Ok(CellResult { agent: format!("data:{}", data.name()), ..made.tell(told) })
            }
        }
    }

    /// Holds what cell `number` is against what its folder says, where that says it: a folder holds cells of one plan, which may
    /// grow. Answers what is to be written where nothing is.
    ///
    /// # Errors
    /// [`Fault`] where the folder has the cell with other options.
    pub fn agree(&self, number: usize) -> Result<Option<String>, Fault> {
        let (cell, task) = (&self.cells[number], self.task(number));
        let named = cell.agent().and_then(|agent| if let Data::Named(name) = &agent.data { Some(name) } else { None });
        let is = Identity {
            cell: &cell.name,
            needs: cell.needs.iter().map(|n| self.cells[*n].name.as_str()).collect(),
            dataset: named.map(|name| &self.plan.dataset[name].path),
            acting: &task.acting,
            reset: &task.reset,
            options: &task.options,
            schedule: &self.plan.schedule,
        };
        let file = self.place(number).join(IDENTITY);
        let text = toml::to_string_pretty(&is).map_err(|e| Fault::at(&file, e.to_string()))?;
        match std::fs::read_to_string(&file) {
            Ok(known) if known == text => Ok(None),
            Ok(_) => Err(Fault::at(
                &file,
                "the folder has this cell with other options than the plan; name another folder with --out, or remove the cell's",
            )),
            Err(_) => Ok(Some(text)),
        }
    }

    /// Holds the whole folder against the plan.
    ///
    /// # Errors
    /// As [`Site::agree`].
    pub fn agrees(&self) -> Result<(), Fault> {
        (0..self.cells.len()).try_for_each(|number| self.agree(number).map(drop))
    }

    /// Writes down what cell `number` is.
    fn sign(&self, number: usize) -> Result<(), Fault> {
        let Some(text) = self.agree(number)? else { return Ok(()) };
        save::file(&self.place(number).join(IDENTITY), |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))
    }

    fn active(&self, number: usize, agent: &Agent, told: CellResult, cx: &Ctx) -> Result<CellResult, Fault> {
        let (task, seed) = (self.task(number), self.cells[number].seed);
        let explore = if let Kind::Active(share) = agent.kind { share } else { 0.0 };
        let options = active::options::Options { seed, ..task.options.clone() };
        let options = match explore {
            0.0 => options,
            share => active::options::Options { explore: share, explore_fades: false, ..options },
        };
        let made = (self.make)(task, cx)?;
        let run = self.place(number).join(RUN);
        let wrapped = Options { learn: options.clone(), ..Options::default() };
        let spec = self.begun(number, &wrapped);
        let env = made.env.spec().id.clone();
        Active::at(made.env, options, (&run, &spec), &|_| {})?.run(cx)?;
        // A stop ends the run as one that may be gone on with.
        cx.check()?;
        let rows: Vec<Row> = self.evaluations(number)?.iter().map(Row::from).collect();
        let data = open(&run.join("episodes"), cx)?;
        let result = CellResult {
            agent: agent.name.clone(),
            env,
            rows,
            visits: visits(task, &data, None, &run, cx)?,
            random: run::ended::<Ended>(&run).map(|ended| ended.random).filter(|r| r.is_finite()),
            told: made.told,
            ..told
        };
        Ok(result.of_data(&data, task.options.times()))
    }

    fn offline(&self, number: usize, agent: &Agent, told: CellResult, cx: &Ctx) -> Result<CellResult, Fault> {
        let (task, cell) = (self.task(number), &self.cells[number]);
        let (data, source) = self.data(number, agent, cx)?;
        let of_active = cell.needs.iter().find(|n| self.cells[**n].agent().is_some_and(Agent::is_active));
        let course = match of_active {
            Some(&active) => {
                let rounds = self.evaluations(active)?;
                rounds.into_iter().map(|round| (round.acted, round.lessons)).collect::<Vec<(usize, Vec<Lesson>)>>()
            }
            None => course(&task.options),
        };
        let model = match (&agent.kind, of_active) {
            (Kind::Passive { frozen: true, .. }, Some(&active)) => {
                let run = self.place(active).join(RUN);
                checkpoint::open(&run::checkpoint(&run, run::finished_rounds(&run)))?.world_model
            }
            _ => None,
        };
        let options = self.options(number, agent)?;
        let given = Given {
            heldout: if agent.collects == Collects::Never { Vec::new() } else { self.heldout(&data, cell.seed)? },
            data: &data,
            course,
            in_order: matches!(agent.kind, Kind::Tandem { .. }),
            model,
            seeds: seeds(agent, cell.seed),
        };
        let made = (self.make)(task, cx)?;
        let run = self.place(number).join(RUN);
        let spec = self.begun(number, &options);
        let env = made.env.spec().id.clone();
        let rounds = Offline::at(given, made.env, options.clone(), (&run, &spec))?.run(cx)?;
        let added = run.join("episodes");
        let added = added.is_dir().then(|| open(&added, cx)).transpose()?;
        let result = CellResult {
            agent: agent.name.clone(),
            env,
            rows: rounds.iter().map(|round| Row::of(round, task.options.times())).collect(),
            visits: visits(task, &data, added.as_ref(), &run, cx)?,
            lineage: source,
            told: made.told,
            ..told
        };
        Ok(result.of_data(&data, task.options.times()))
    }

    /// The data that `agent` is given, and where it came from.
    fn data(&self, number: usize, agent: &Agent, cx: &Ctx) -> Result<(Dataset, Vec<String>), Fault> {
        if let Data::Named(name) = &agent.data {
            let path = &self.plan.dataset[name].path;
            return Ok((open(path, cx)?, vec![path.display().to_string()]));
        }
        let from = self.cells[number].needs.iter().find(|n| !self.is_yoked(**n));
        let from = *from.ok_or_else(|| Fault::failed("the cell has no data"))?;
        let known = CellResult::read(&self.place(from))?.map(|result| result.lineage).unwrap_or_default();
        Ok((open(&self.left(from), cx)?, std::iter::once(self.cells[from].name.clone()).chain(known).collect()))
    }

    /// True for a cell that is needed for its chunks.
    fn is_yoked(&self, number: usize) -> bool {
        self.cells[number].agent().is_some_and(|agent| agent.collects == Collects::Adaptive)
    }

    fn options(&self, number: usize, agent: &Agent) -> Result<Options, Fault> {
        let (task, cell, schedule) = (self.task(number), &self.cells[number], &self.plan.schedule);
        let chunks = || {
            let adaptive = cell.needs.iter().find(|n| self.is_yoked(**n));
            let result = adaptive.map(|n| CellResult::read(&self.place(*n))).transpose()?.flatten();
            let times = task.options.times();
            Ok::<_, Fault>(result.map(|r| r.chunks().into_iter().map(|c| c / times).collect()).unwrap_or_default())
        };
        Ok(Options {
            learn: active::options::Options { seed: cell.seed, ..task.options.clone() },
            schedule: match agent.collects {
                Collects::Never => When::Never,
                Collects::Fixed(share) => When::Fixed { share },
                Collects::Adaptive => When::Adaptive { budget: schedule.budget },
                Collects::Yoked => When::Yoked { chunks: chunks()? },
            },
            threshold: schedule.threshold,
            probes: schedule.probes,
            mix: schedule.mix,
        })
    }

    /// Episodes that an agent with a schedule never learns from: chosen by a hash of the seed and their ids, so that all such agents
    /// of a seed leave out the same.
    fn heldout(&self, data: &Dataset, seed: u64) -> Result<Vec<usize>, Fault> {
        let n = data.num_episodes();
        let most = n / 3;
        if most < FEWEST_HELDOUT {
            return Err(Fault::at(
                &data.origin.path,
                format!(
                    "{n} episodes are too few to hold {FEWEST_HELDOUT} of them out, which a schedule needs; give it at least {} (more steps)",
                    3 * FEWEST_HELDOUT
                ),
            ));
        }
        let wanted = ((self.plan.schedule.heldout * n as f64).round() as usize).clamp(FEWEST_HELDOUT, most);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&e| (split::mix(seed, data.spans()[e].id), e));
        order.truncate(wanted);
        order.sort_unstable();
        Ok(order)
    }

    /// The evaluations of an active agent's cell.
    fn evaluations(&self, number: usize) -> Result<Vec<Evaluation>, Fault> {
        let run = self.place(number).join(RUN);
        RunDir::rounds_of(&run, run::finished_rounds(&run))
    }

    fn begun<'s>(&'s self, number: usize, options: &'s Options) -> Begun<'s> {
        Begun {
            version: env!("CARGO_PKG_VERSION"),
            cell: &self.cells[number].name,
            acting: &self.task(number).acting,
            options,
        }
    }
}

/// Median visits of the data, with what was added to it, along the last trajectories.
fn visits(task: &Task, data: &Dataset, added: Option<&Dataset>, run: &Path, cx: &Ctx) -> Result<Option<f64>, Fault> {
    let Some(at) = Visits::dimensions(data, &task.visits).map_err(Fault::bad)? else { return Ok(None) };
    let trajectories = open(&run.join("trajectories"), cx)?;
    let whole = added.map(|added| data.join(added)).transpose().map_err(Fault::Bad)?;
    Ok(Some(Visits::of(whole.as_ref().unwrap_or(data), at).along(&trajectories)))
}

/// Random numbers of an agent that is given data: its own, the same for all such agents of a seed, but for what it shares with the
/// active one.
fn seeds(agent: &Agent, seed: u64) -> Seeds {
    let own = stream(seed, "given", 0).random();
    match agent.kind {
        Kind::Active(_) | Kind::Passive { same: true, .. } | Kind::Tandem { same: true, .. } => Seeds::all(seed),
        Kind::Passive { .. } => Seeds::all(own),
        Kind::Tandem { same_model: true, .. } => Seeds { model: seed, policy: own, rows: seed },
        Kind::Tandem { .. } => Seeds { model: own, policy: own, rows: seed },
    }
}
