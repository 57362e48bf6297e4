//! What is compared: a TOML file with tasks, agents, datasets and seeds.
//!
//! ```toml
//! name = "paper"
//! seeds = [0, 1, 2]
//! agents = ["active", "passive", "tandem", "passive+fixed:10", "passive+adaptive"]
//! datasets = ["active"]          # the default; others multiply the passive agents: "narrow", "mine", …
//!
//! [options]                      # of every task: what `oodscope active` takes, with _ for -
//! steps = 6000
//!
//! [schedule]
//! threshold = 1.35
//!
//! [[task]]
//! env = "Pendulum-v1"            # and env_args, env_import, python as on the command line
//! steps = 5000                   # what differs from [options]
//! visits = ["x", "y"]            # dimensions of the map of visits
//! reset = { goal_radius = 0.5 }  # reset options of an environment of the program
//!
//! [dataset.mine]
//! path = "my-dataset"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::agent::Agent;
use crate::agent::replay::Mix;
use crate::env::acting::ActingSpec;
use crate::ground::fault::Fault;
use crate::topup::active::options::Options;
use crate::topup::loss::PAPER_THRESHOLD;

/// When agents collect that are given data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleOptions {
    /// Threshold of R.
    pub threshold: f64,
    /// Most that the adaptive schedule adds, as a share of the data's steps.
    pub budget: f64,
    /// Probe episodes of a check.
    pub probes: usize,
    /// Share of the data's episodes that fresh ones are held against. Agents with a schedule never learn from them.
    pub heldout: f64,
    /// How batches mix the data and what was collected.
    pub mix: Mix,
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self { threshold: PAPER_THRESHOLD, budget: 0.1, probes: 2, heldout: 0.1, mix: Mix::Uniform }
    }
}

/// One environment with how agents learn in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Task {
    /// Its name in the experiment.
    pub name: String,
    /// Where agents act.
    pub acting: ActingSpec,
    /// How they learn.
    pub options: Options,
    /// Its agents, by name.
    pub agents: Vec<String>,
    /// Two dimensions of the observation that visits are counted over.
    pub visits: Vec<String>,
    /// How episodes of an environment of the program begin, by the names of its reset options.
    pub reset: BTreeMap<String, f64>,
}

/// A dataset that agents can be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedDataset {
    /// File or folder; beside the plan where it is relative.
    pub path: PathBuf,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Seeds of every cell.
    pub seeds: Vec<u64>,
    /// When agents collect.
    pub schedule: ScheduleOptions,
    /// Datasets by name.
    pub dataset: BTreeMap<String, NamedDataset>,
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// Keys of a plan, and of a task beside the options of learning.
const KEYS: [&str; 8] = ["name", "seeds", "agents", "datasets", "options", "schedule", "task", "dataset"];
const TASK_KEYS: [&str; 9] =
    ["name", "env", "env_args", "env_import", "python", "worker_command", "agents", "visits", "reset"];

impl Plan {
    /// The plan in the file `path`.
    ///
    /// # Errors
    /// [`Fault`] naming the file, the key and what would be right.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(path).map_err(|e| Fault::io(path, "reading", &e))?;
        let stem = path.file_stem().map_or_else(|| "experiment".into(), |s| s.to_string_lossy().into_owned());
        let mut plan = Self::parse(&text, &stem).map_err(|why| Fault::at(path, why))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for dataset in plan.dataset.values_mut() {
            let path = beside.join(&dataset.path);
            // Where the program is started does not change what a cell is.
            dataset.path = std::path::absolute(&path).unwrap_or(path);
        }
        Ok(plan)
    }

    /// The text of the plan in the file `path`, with datasets where they lie: to be read from another folder.
    ///
    /// # Errors
    /// As [`Plan::read`].
    pub fn portable(path: &Path) -> Result<String, Fault> {
        let plan = Self::read(path)?;
        let text = std::fs::read_to_string(path).map_err(|e| Fault::io(path, "reading", &e))?;
        let mut whole: Table = toml::from_str(&text).map_err(|e| Fault::at(path, e.message()))?;
        if plan.dataset.is_empty() {
            // Its file's name is its own where it does not say one.
            let named = whole.contains_key("name");
            return Ok(if named { text } else { format!("name = {}\n{text}", Value::from(plan.name)) });
        }
        whole.entry("name").or_insert_with(|| Value::from(plan.name.clone()));
        let datasets = Value::try_from(plan.dataset).map_err(|e| Fault::at(path, e.to_string()))?;
        whole.insert("dataset".into(), datasets);
        toml::to_string_pretty(&whole).map_err(|e| Fault::at(path, e.to_string()))
    }

    /// The plan that `text` is, called `name` where it does not say.
    ///
    /// # Errors
    /// A sentence with the key.
    pub fn parse(text: &str, name: &str) -> Result<Self, String> {
        let whole: Table = toml::from_str(text).map_err(|e| format!("no plan of an experiment: {}", e.message()))?;
        known(&whole, &KEYS.map(String::from), "")?;
        let agents: Vec<String> = get(&whole, "agents")?.unwrap_or_default();
        let datasets: Vec<String> = get(&whole, "datasets")?.unwrap_or_else(|| vec!["active".into()]);
        let plan = Self {
            name: get(&whole, "name")?.unwrap_or_else(|| name.into()),
            seeds: get(&whole, "seeds")?.unwrap_or_else(|| vec![0]),
            schedule: get(&whole, "schedule")?.unwrap_or_default(),
            dataset: get(&whole, "dataset")?.unwrap_or_default(),
            tasks: Vec::new(),
        };
        let options = get::<Table>(&whole, "options")?.unwrap_or_default();
        known(&options, &learning_keys(), "[options]: ")?;
        let tasks: Vec<Table> = get(&whole, "task")?.unwrap_or_default();
        if tasks.is_empty() {
            return Err("there is no [[task]]; name an environment in one: env = \"Pendulum-v1\"".into());
        }
        let named: Vec<String> = plan.dataset.keys().cloned().collect();
        let mut all = Vec::new();
        for task in tasks {
            all.push(Task::of(&task, &options, (&agents, &datasets), &named)?);
        }
        Self { tasks: all, ..plan }.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let twice = |names: Vec<String>| {
            names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| name.clone())
        };
        if let Some(name) = twice(self.tasks.iter().map(|t| t.name.clone()).collect()) {
            return Err(format!("two tasks are called '{name}'; give them names of their own: name = \"…\""));
        }
        if let Some(seed) = twice(self.seeds.iter().map(u64::to_string).collect()) {
            return Err(format!("seeds: {seed} stands there twice"));
        }
        if self.seeds.is_empty() {
            return Err("seeds: there is none".into());
        }
        let schedule = &self.schedule;
        for (key, value, most) in [
            ("budget", schedule.budget, 1.0),
            ("heldout", schedule.heldout, 0.5),
            ("threshold", schedule.threshold, f64::MAX),
        ] {
            if !(value > 0.0 && value <= most) {
                return Err(format!(
                    "[schedule]: {key} = {value} is no number above 0{}",
                    if most < 2.0 { " and up to 1" } else { "" }
                ));
            }
        }
        Ok(self)
    }
}

impl Task {
    fn of(
        own: &Table,
        shared: &Table,
        (agents, datasets): (&[String], &[String]),
        named: &[String],
    ) -> Result<Self, String> {
        let mut keys = learning_keys();
        keys.extend(TASK_KEYS.map(String::from));
        let (env, name) = (get::<String>(own, "env")?, get::<String>(own, "name")?);
        let called = name.or_else(|| env.as_ref().map(|env| slug(env.rsplit('/').next().unwrap_or(env))));
        let place = called.as_ref().map_or_else(|| "a [[task]]: ".to_string(), |name| format!("task '{name}': "));
        known(own, &keys, &place)?;
        let (Some(_), Some(name)) = (env, called) else {
            return Err(format!("{place}there is no env; name its environment: env = \"Pendulum-v1\""));
        };
        let mut learning = shared.clone();
        learning.extend(
            own.iter().filter(|(key, _)| !TASK_KEYS.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())),
        );
        let options: Options = learning.try_into().map_err(|e: toml::de::Error| format!("{place}{}", e.message()))?;
        let in_python: Table = own
            .iter()
            .filter(|(k, _)| k.starts_with("env") || *k == "python" || *k == "worker_command")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let acting: ActingSpec =
            in_python.try_into().map_err(|e: toml::de::Error| format!("{place}{}", e.message()))?;
        let asked = get::<Vec<String>>(own, "agents")?.unwrap_or_else(|| agents.to_vec());
        if asked.is_empty() {
            return Err(format!("{place}no agents: name some, agents = [\"active\", \"passive\"]"));
        }
        let visits: Vec<String> = get(own, "visits")?.unwrap_or_default();
        if !matches!(visits.len(), 0 | 2) {
            return Err(format!("{place}visits: name two dimensions of the observation"));
        }
        Ok(Self {
            name: slug(&name),
            acting,
            options: Options { apart: true, ..options },
            agents: multiplied(&asked, datasets, named)?,
            visits,
            reset: get(own, "reset")?.unwrap_or_default(),
        })
    }
}

/// Every agent with every dataset that it can be given.
fn multiplied(agents: &[String], datasets: &[String], named: &[String]) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for name in agents {
        let agent = Agent::parse(name, named)?;
        let fixed = agent.given("active", named).is_none();
        for data in datasets {
            let other = match data.as_str() {
                "active" => Some(name.clone()),
                _ if fixed => None,
                _ => Some(agent.given(data, named).ok_or_else(|| format!("datasets: '{data}' is not known"))?.name),
            };
            all.extend(other);
        }
        if fixed && !all.contains(name) {
            all.push(name.clone());
        }
    }
    let mut seen: Vec<String> = Vec::new();
    all.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    Ok(all)
}

/// Keys of how an agent learns; the seed is the cell's.
fn learning_keys() -> Vec<String> {
    let all = Table::try_from(Options { target: Some(0.0), ..Options::default() }).unwrap_or_default();
    all.keys().filter(|k| !["seed", "apart"].contains(&k.as_str())).cloned().collect()
}

fn known(table: &Table, keys: &[String], place: &str) -> Result<(), String> {
    match table.keys().find(|key| !keys.contains(key)) {
        None => Ok(()),
        Some(key) => Err(format!("{place}the key '{key}' is not known; there are {}", keys.join(", "))),
    }
}

fn get<T: for<'de> Deserialize<'de>>(table: &Table, key: &str) -> Result<Option<T>, String> {
    let read = |value: &Value| value.clone().try_into().map_err(|e: toml::de::Error| format!("{key}: {}", e.message()));
    table.get(key).map(read).transpose()
}

/// Letters, digits, dashes and underscores of `name`: what a folder may be called.
pub fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '-' };
    name.chars().map(plain).collect::<String>().trim_matches(['-', '.']).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"
        seeds = [0, 1]
        agents = ["active", "passive", "tandem"]
        datasets = ["active", "narrow", "mine"]
        [options]
        steps = 900
        [schedule]
        threshold = 1.5
        [[task]]
        env = "Pendulum-v1"
        steps = 600
        [[task]]
        name = "Maze"
        env = "oodscope/PointMaze-FourRooms-v0"
        agents = ["passive+fixed:50"]
        visits = ["x", "y"]
        [dataset.mine]
        path = "mine"
    "#;

    #[test]
    fn a_plan_is_read_with_what_tasks_share_and_what_they_differ_in() {
        let plan = Plan::parse(PLAN, "try").unwrap();
        assert_eq!((plan.name.as_str(), plan.seeds.as_slice()), ("try", &[0, 1][..]));
        assert_eq!((plan.schedule.threshold, plan.schedule.budget), (1.5, 0.1));
        let [first, second] = &plan.tasks[..] else { panic!("{:?}", plan.tasks) };
        assert_eq!((first.name.as_str(), first.options.steps, first.options.apart), ("pendulum-v1", 600, true));
        assert_eq!(first.agents, ["active", "passive", "passive@narrow", "passive@mine", "tandem"]);
        assert_eq!((second.name.as_str(), second.options.steps), ("maze", 900));
        assert_eq!(second.agents, ["passive+fixed:50", "passive+fixed:50@narrow", "passive+fixed:50@mine"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let with = |from: &str, to: &str| Plan::parse(&PLAN.replace(from, to), "try").unwrap_err();
        for (from, to, word) in [
            ("steps = 600", "stps = 600", "task 'pendulum-v1': the key 'stps'"),
            ("steps = 900", "seed = 3", "[options]: the key 'seed'"),
            ("seeds = [0, 1]", "seeds = [0, 0]", "twice"),
            ("seeds = [0, 1]", "seeds = []", "none"),
            ("threshold = 1.5", "budget = 2", "budget = 2"),
            ("threshold = 1.5", "limit = 2", "limit"),
            ("\"tandem\"", "\"tandm\"", "'tandm'"),
            ("\"narrow\"", "\"narow\"", "narow"),
            ("name = \"Maze\"", "name = \"pendulum-v1\"", "two tasks"),
            ("visits = [\"x\", \"y\"]", "visits = [\"x\"]", "two dimensions"),
            ("env = \"Pendulum-v1\"", "steps = 600 #", "duplicate"),
            ("env = \"Pendulum-v1\"", "envv = \"Pendulum-v1\"", "a [[task]]: the key 'envv'"),
            ("env = \"Pendulum-v1\"", "policy_ratio = 1", "a [[task]]: there is no env"),
        ] {
            let refused = with(from, to);
            assert!(refused.contains(word), "{from} -> {to}: {refused}");
        }
        assert!(Plan::parse("agents = [\"active\"]", "try").unwrap_err().contains("[[task]]"));
        assert!(Plan::parse("agents = ", "try").unwrap_err().contains("no plan"));
    }
}
