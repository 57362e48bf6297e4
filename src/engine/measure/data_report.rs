//! What a dataset holds, and whether the checkpoint fits it.

use crate::checkpoint::Checkpoint;
use crate::data::dataset::Dataset;
use crate::data::episode::Episode;
use crate::data::space::Space;
use crate::data::summary::{self, Moments, Summary};
use crate::data::table::part_names;
use crate::engine::measure::acting::described;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::format::reader::Known;
use crate::ground::memory::Bytes;
use crate::ground::number::counted;
use crate::metrics::report::{Axis, Cell, Histogram, Level, Report, Table};

/// What the opened dataset holds, of which `allowed` bytes may be in memory.
pub fn opened_data(opened: &Opened, allowed: Bytes) -> Report {
    let mut r = report(opened);
    memory(&mut r, opened, allowed);
    r
}

/// [`opened_data`] with the numbers of all the episodes that are `known`, of a dataset of which only a sample is in memory.
pub fn known_data(opened: &Opened, known: &Known, allowed: Bytes) -> Report {
    let mut r = Report::new("data", &title(&opened.data));
    of_known(&mut r, known);
    memory(&mut r, opened, allowed);
    r.tables.push(episodes(opened));
    notes(&mut r, opened);
    r
}

fn title(data: &Dataset) -> String {
    let name = data.origin.dataset_id.clone().unwrap_or_else(|| data.origin.path.display().to_string());
    format!("Data: {name}")
}

fn report(opened: &Opened) -> Report {
    let data = &opened.data;
    let all = opened.episodes();
    let s = summary::summary(data, &all);
    let mut r = Report::new("data", &title(data));
    numbers(&mut r, &s);
    if opened.chosen.is_some() {
        let what = "episodes of the dataset, those that are left out included";
        r.stat("all_episodes", "of episodes in all", data.num_episodes() as f64, "", what);
    }
    let returns: Vec<f64> = data.episodes(&all).map(|e| e.ret()).collect();
    let lengths: Vec<f64> = data.episodes(&all).map(|e| e.steps() as f64).collect();
    distributions(&mut r, &s, &returns, &lengths);
    r.tables.push(dimensions(&data.obs_space, &data.action_space, &s));
    r.tables.push(episodes(opened));
    notes(&mut r, opened);
    r
}

/// What is known while a sample is read.
pub fn so_far(source: &Source, known: &Known) -> Report {
    let mut r = Report::new("data", &format!("Data: {}", source.dataset.display()));
    of_known(&mut r, known);
    r.stat("whole_episodes", "episodes of the whole", known.of as f64, "", "episodes in the file");
    r
}

fn of_known(r: &mut Report, known: &Known) {
    let s = &known.summary;
    numbers(r, s);
    let returns: Vec<f64> = known.rows.iter().map(|e| e.ret).collect();
    let lengths: Vec<f64> = known.rows.iter().map(|e| e.steps as f64).collect();
    distributions(r, s, &returns, &lengths);
    r.tables.push(dimensions(&known.obs_space, &known.action_space, s));
    let (n, of) = (s.episodes, known.of);
    if n == of {
        r.note(Level::Good, format!("these statistics are of all {of} episodes"));
    } else {
        let error = 2.0 * known.error;
        let how = if error.is_finite() {
            format!("; means of the dimensions are within ± {error:.3} standard deviations of the whole's (95 %)")
        } else {
            String::new()
        };
        r.note(Level::Warn, format!("so far {n} of {of} episodes, drawn at random{how}"));
    }
}

/// How much is held in memory, and of how much where that was asked for or leaves something out: what happens to be free
/// changes from start to start.
fn memory(r: &mut Report, opened: &Opened, allowed: Bytes) {
    let data = &opened.data;
    let mib = data.bytes() as f64 / f64::from(1 << 20);
    let (label, limit) = if opened.source.memory.is_some() || data.sample.is_some() {
        (format!("in memory (of {allowed})"), format!("--memory allows {allowed}"))
    } else {
        ("in memory".into(), "all of them; --memory sets how many may be".into())
    };
    r.stat("memory", &label, mib, "MiB", &format!("numbers of the dataset held in memory; {limit}"));
    if let Some(whole) = data.sample {
        let share = 100.0 * data.num_steps() as f64 / whole.steps as f64;
        r.stat("whole_episodes", "episodes of the whole", whole.episodes as f64, "", "episodes in the file");
        r.stat("held", "held of the whole", share, "%", "steps in memory: a random sample of the episodes")
            .of(whole.steps, "steps");
    }
}

fn numbers(r: &mut Report, s: &Summary) {
    let e = s.episodes;
    r.stat("episodes", "episodes", e as f64, "", "episodes in the dataset");
    r.stat("steps", "steps", s.transitions as f64, "", "environment steps over all episodes");
    r.stat("usable", "usable transitions", s.usable as f64, "", "steps with a next observation and no NaN or Inf");
    r.stat("obs_dim", "observation dimensions", s.obs.len() as f64, "", "columns of a flattened observation");
    r.stat("action_dim", "action dimensions", s.actions.len() as f64, "", "columns of an action");
    let stat =
        r.stat("return_mean", "mean return", s.returns.mean, "", "mean over episodes of the undiscounted return");
    stat.of(e, "episodes");
    r.stat("return_std", "std of the return", s.returns.std_pop, "", "standard deviation over episodes, ddof 0")
        .of(e, "episodes");
    r.stat("return_min", "lowest return", s.returns.min, "", "return of the worst episode").of(e, "episodes");
    r.stat("return_median", "median return", s.returns.median, "", "return of the middle episode").of(e, "episodes");
    r.stat("return_max", "highest return", s.returns.max, "", "return of the best episode").of(e, "episodes");
    r.stat("length_mean", "mean length", s.lengths.mean, "steps", "mean over episodes of the number of steps")
        .of(e, "episodes");
    r.stat("terminated", "terminated", s.terminated as f64, "episodes", "ended by the environment").of(e, "episodes");
    r.stat("truncated", "truncated", s.truncated as f64, "episodes", "ended by a limit outside the environment")
        .of(e, "episodes");
    r.stat("unfinished", "unfinished", s.unfinished as f64, "episodes", "neither: the recording stopped")
        .of(e, "episodes");
}

fn distributions(r: &mut Report, s: &Summary, returns: &[f64], lengths: &[f64]) {
    let (of_return, of_length) = (Axis::new("return", ""), Axis::new("length", "steps"));
    r.histograms.extend([
        Histogram::of_episodes("returns", "Return of an episode", of_return, returns, s.returns.mean),
        Histogram::of_episodes("lengths", "Length of an episode", of_length, lengths, s.lengths.mean),
    ]);
}

fn dimensions(obs_space: &Space, action_space: &Space, s: &Summary) -> Table {
    let row = |kind: &str, m: &Moments, bounds: Option<(f32, f32)>| {
        let (lo, hi) = bounds.map_or((f64::NAN, f64::NAN), |(lo, hi)| (f64::from(lo), f64::from(hi)));
        let numbers = [m.mean, m.std, m.min, m.max, lo, hi].map(Cell::from);
        let mut row = vec![Cell::from(m.name.as_str()), Cell::from(kind)];
        row.extend(numbers);
        row.push(Cell::from(m.nonfinite));
        row
    };
    let obs = s.obs.iter().enumerate().map(|(d, m)| row("observation", m, obs_space.bounds(d)));
    let actions = s.actions.iter().enumerate().map(|(d, m)| row("action", m, action_space.bounds(d)));
    let columns = ["dimension", "of", "mean", "std", "min", "max", "low", "high", "NaN or Inf"];
    Table {
        key: "dimensions".into(),
        label: "Dimensions".into(),
        columns: columns.map(String::from).to_vec(),
        rows: obs.chain(actions).chain([row("reward", &s.rewards, None)]).collect(),
    }
}

fn episodes(opened: &Opened) -> Table {
    let data = &opened.data;
    let part = part_names(&opened.split, data.num_episodes());
    let rows = opened.episodes().into_iter().map(|i| {
        let e = data.episode(i);
        let id = Cell::Count(i64::try_from(e.span.id).unwrap_or(i64::MAX));
        vec![i.into(), id, e.steps().into(), e.ret().into(), ended(&e).into(), part[i].into()]
    });
    Table {
        key: "episodes".into(),
        label: "Episodes".into(),
        columns: ["index", "id", "steps", "return", "ended", "part"].map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

fn ended(e: &Episode<'_>) -> &'static str {
    match (e.span.terminated, e.span.truncated) {
        (true, true) => "terminated and truncated",
        (true, false) => "terminated",
        (false, true) => "truncated",
        (false, false) => "unfinished",
    }
}

fn notes(r: &mut Report, opened: &Opened) {
    let (data, split) = (&opened.data, &opened.split);
    let origin = &data.origin;
    r.note(Level::Info, format!("{} read as {}", origin.path.display(), origin.format));
    if let Some(env) = &origin.env_id {
        r.note(Level::Info, format!("environment {env}"));
    }
    origin.rules.iter().for_each(|rule| r.note(Level::Info, rule));
    origin.warnings.iter().for_each(|warning| r.note(Level::Warn, warning));
    if !opened.source.only.is_everything() {
        let (n, of) = (opened.episodes().len(), counted(data.num_episodes(), "episodes"));
        r.note(Level::Info, format!("only {n} of {of}: {}", opened.source.only.words()));
    }
    if split.is_shared() {
        let n = opened.episodes().len();
        let verb = if n == 1 { "is" } else { "are" };
        let what = "too few to keep the parts apart: training, held-out and calibration are the same";
        r.note(Level::Warn, format!("{} {verb} {what}", counted(n, "episodes")));
    } else {
        let [train, heldout, calibration] = [&split.train, &split.heldout, &split.calibration].map(Vec::len);
        r.note(
            Level::Info,
            format!("divided by episode: {train} training, {heldout} held-out, {calibration} calibration"),
        );
    }
    if let Some(rollouts) = &opened.rollouts {
        let (path, n) = (rollouts.origin.path.display(), rollouts.num_episodes());
        r.note(Level::Info, format!("rollouts: {} of {path}", counted(n, "episodes")));
        rollouts.origin.warnings.iter().for_each(|warning| r.note(Level::Warn, warning));
    }
    if let Some(checkpoint) = &opened.checkpoint {
        checkpoint_notes(r, checkpoint);
    }
}

fn checkpoint_notes(r: &mut Report, checkpoint: &Checkpoint) {
    let about = &checkpoint.about;
    let mut parts = Vec::new();
    if let Some(model) = &checkpoint.world_model {
        let (members, elites) = (counted(model.dims().members, "members"), counted(model.elites().len(), "elites"));
        parts.push(format!("world model of {members}, {elites}"));
    }
    let own = checkpoint.policy.as_deref().filter(|_| checkpoint.acting.is_none());
    parts.extend(own.map(|_| "policy".to_string()));
    parts.extend(checkpoint.critic.is_some().then(|| "critic".to_string()));
    if !parts.is_empty() {
        r.note(Level::Info, format!("checkpoint ({}): {}", about.format, parts.join(", ")));
    }
    if let (Some(acting), Some(policy)) = (&checkpoint.acting, checkpoint.policy.as_deref()) {
        r.note(Level::Info, format!("policy ({}): {}", acting.format, described(policy)));
        acting.notes.iter().for_each(|note| r.note(Level::Info, note));
    }
    about.notes.iter().for_each(|note| r.note(Level::Info, note));
}

#[cfg(test)]
mod tests;
