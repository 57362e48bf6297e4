//! Tasks that can be made here: the 31 that the method is measured on, each with the package that it comes with.

use serde_json::{Map, Value, json};

use super::frame::Message;
use super::process::Process;
use super::python::Launch;
use super::{Fault, Options};
use crate::ground::task::Ctx;

/// A task by its name in the literature.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Name ("walker walk").
    pub name: String,
    /// What its observations are: "proprio" or "vision".
    pub kind: &'static str,
    /// Gymnasium id; nothing where no package registers it.
    pub id: Option<String>,
    /// What it is made with.
    pub kwargs: Map<String, Value>,
    /// Command that installs what it comes with.
    pub package: &'static str,
}

// dm_control 1.0.50 does not know MuJoCo 4.
const SUITE: &str = "pip install shimmy dm_control 'mujoco<4'";
// metaworld 3.0.0 does not name all that it needs, nor how new it may be.
const META_WORLD: &str = "pip install metaworld packaging 'mujoco<3.3'";
const MIN_ATAR: &str = "pip install minatar";
/// Domain and task of `DeepMind`'s control suite.
const CONTROL: [(&str, &str); 8] = [
    ("cheetah", "run"),
    ("ball_in_cup", "catch"),
    ("finger", "turn_hard"),
    ("hopper", "hop"),
    ("humanoid", "walk"),
    ("quadruped", "run"),
    ("reacher", "hard"),
    ("walker", "walk"),
];
const MANIPULATION: [&str; 8] =
    ["assembly", "basketball", "button-press", "lever-pull", "peg-insert-side", "pick-place", "soccer", "window-open"];
const GAMES: [(&str, &str); 5] = [
    ("asterix", "Asterix"),
    ("breakout", "Breakout"),
    ("freeway", "Freeway"),
    ("seaquest", "Seaquest"),
    ("spaceinvaders", "SpaceInvaders"),
];

/// The tasks, in the order of the literature.
pub fn tasks() -> Vec<Task> {
    let map = |value: Value| if let Value::Object(map) = value { map } else { Map::new() };
    let mut all = Vec::new();
    for kind in ["proprio", "vision"] {
        let seen = json!({"render_mode": "rgb_array", "render_kwargs": {"height": 64, "width": 64, "camera_id": 0}});
        let kwargs = if kind == "vision" { map(seen) } else { Map::new() };
        all.extend(CONTROL.map(|(domain, task)| Task {
            name: format!("{domain} {task}"),
            kind,
            id: Some(format!("dm_control/{domain}-{task}-v0")),
            kwargs: kwargs.clone(),
            package: SUITE,
        }));
        let (name, kwargs, package) = ("point_mass maze".into(), Map::new(), "part of ExORL's own code, in no package");
        all.push(Task { name, kind, id: None, kwargs, package });
    }
    all.extend(MANIPULATION.map(|task| Task {
        name: task.into(),
        kind: "proprio",
        id: Some("Meta-World/MT1".into()),
        kwargs: map(json!({"env_name": format!("{task}-v3")})),
        package: META_WORLD,
    }));
    all.extend(GAMES.map(|(name, id)| Task {
        name: name.into(),
        kind: "vision",
        id: Some(format!("MinAtar/{id}-v1")),
        kwargs: Map::new(),
        package: MIN_ATAR,
    }));
    all
}

/// Makes each task in one worker and takes `steps` steps with random actions; tells `told` how each went: nothing, or why
/// not. `options` say which Python, and how long a task may take (`start_limit`).
///
/// # Errors
/// [`Fault::Cancelled`], or a sentence where there is no Python to start.
pub fn try_each(
    tasks: &[Task],
    steps: usize,
    options: &Options,
    cx: &Ctx,
    mut told: impl FnMut(&Task, Result<(), String>),
) -> Result<(), Fault> {
    let launch = Launch::new(options.python.as_deref(), options.worker_command.as_deref());
    let mut worker = Some(started(&launch, tasks.first().map_or("", |task| &task.name), options, cx)?);
    for (i, task) in tasks.iter().enumerate() {
        cx.step(i as u64, tasks.len() as u64)?;
        let Some(id) = &task.id else {
            told(task, Err(task.package.into()));
            continue;
        };
        let pixels = task.kind == "vision" && task.kwargs.contains_key("render_mode");
        let mut ask = Options { id: id.clone(), kwargs: task.kwargs.clone(), pixels, ..options.clone() }.to_json(0, 1);
        ask["steps"] = steps.into();
        match attempt(&mut worker, &launch, &ask, options, cx) {
            Ok(()) => told(task, Ok(())),
            Err(Fault::Cancelled) => return Err(Fault::Cancelled),
            Err(fault) => {
                let why = fault.to_string();
                let known = why.contains("pip install");
                told(task, Err(if known { why } else { format!("{why}; what it needs: {}", task.package) }));
            }
        }
    }
    Ok(())
}

/// Tries one task in `worker`, which is started where there is none, or none any more.
fn attempt(
    worker: &mut Option<Process>,
    launch: &Launch,
    ask: &Value,
    options: &Options,
    cx: &Ctx,
) -> Result<(), Fault> {
    let id = ask["id"].as_str().unwrap_or_default();
    let mut process = worker.take().map_or_else(|| started(launch, id, options, cx), Ok)?;
    process.rename(id);
    process.send(Message::new(b'T').bytes(ask.to_string().as_bytes()), "trying it")?;
    let answer = process.answer(b'k', "trying it", options.start_limit, cx);
    // What one task raises does not end the worker for the next.
    if process.serves() {
        *worker = Some(process);
    }
    answer.map(|_| ())
}

/// A worker that is ready.
fn started(launch: &Launch, id: &str, options: &Options, cx: &Ctx) -> Result<Process, Fault> {
    let mut process = Process::start(launch, id)?;
    process.ready(options.start_limit, cx)?;
    Ok(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_thirty_one() {
        let all = tasks();
        let of = |package: &str| all.iter().filter(|task| task.package == package).count();
        assert_eq!((all.len(), of(SUITE), of(META_WORLD), of(MIN_ATAR)), (31, 16, 8, 5));
        assert_eq!(all.iter().filter(|task| task.id.is_none()).count(), 2);
    }
}
