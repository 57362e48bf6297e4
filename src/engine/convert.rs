//! Recorded episodes written anew: another format, a part of them, several datasets as one.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::{ConvertSpec, Filter, Outcome};
use super::workspace::Opened;
use super::{Ended, Workspace, episode_scores, episodes};
use crate::data::audit;
use crate::data::dataset::Dataset;
use crate::data::format;
use crate::data::memory::Bytes;
use crate::data::split::Split;
use crate::data::table;
use crate::data::write::{self, MinariAbout, Writer};
use crate::task::Ctx;

/// Writes what is asked for.
pub fn run(spec: &ConvertSpec, workspace: &Workspace, cx: &Ctx) -> Result<Outcome, Ended> {
    let writer = write::writer(&spec.to).map_err(Ended::BadInput)?;
    let mut opened = joined(spec, workspace, cx)?;
    let chosen = if opened.data.sample.is_some() {
        if let Some(outcome) = streamed(spec, &opened, writer, cx)? {
            return Ok(outcome);
        }
        opened.data = Arc::new(selection(spec, workspace, &opened, cx)?);
        opened.split = Split::new(&opened.data, spec.source.split);
        (0..opened.data.num_episodes()).collect()
    } else {
        chosen(spec, &opened, cx)?
    };
    let mut said = Vec::new();
    let mut written = Vec::new();
    for (name, part) in parts(spec, &opened.split, &chosen)? {
        cx.check()?;
        let out = name.map_or_else(|| spec.out.clone(), |name| spec.out.join(format!("{name}{}", writer.ending)));
        let (data, dropped) = completed(episodes_of(&opened.data, &part), writer);
        ready(&out)?;
        writer.whole(&out, &data, &about(spec, &opened.data, name))?;
        let mut done = Done::default();
        done.add(&data, dropped);
        said.push(format!("{}{done}", name.map_or_else(String::new, |n| format!("{n}: "))));
        written.push(out);
    }
    Ok(Outcome { summary: said.join("; "), written })
}

/// The episodes that meet the condition, where all are in memory.
fn chosen(spec: &ConvertSpec, opened: &Opened, cx: &Ctx) -> Result<Vec<usize>, Ended> {
    // Without a condition nobody asks for the flags, and the audit takes as long as the conversion.
    let asked = spec.filter.condition.is_some();
    let flags = if asked { audit::audit(&opened.data, cx)?.flags(&opened.data) } else { Vec::new() };
    let mut known = episodes::known(opened, flags);
    if episodes::asks_for_scores(&spec.filter, opened)? {
        known.scores = episode_scores::measure(opened, cx)?;
    }
    let frame = episodes::selected(opened, &known, &spec.filter)?;
    some(table::indices(&frame).map_err(|e| Ended::BadInput(e.to_string()))?)
}

fn some(chosen: Vec<usize>) -> Result<Vec<usize>, Ended> {
    if chosen.is_empty() {
        return Err(Ended::BadInput("no episode meets the condition: nothing was written".into()));
    }
    Ok(chosen)
}

/// Without a copy where it is all of them.
fn episodes_of<'d>(data: &'d Dataset, chosen: &[usize]) -> Cow<'d, Dataset> {
    if chosen.iter().copied().eq(0..data.num_episodes()) {
        Cow::Borrowed(data)
    } else {
        Cow::Owned(data.subset(chosen))
    }
}

/// Of a dataset that does not fit into memory all episodes, one after another; nothing where some are to be chosen.
fn streamed(spec: &ConvertSpec, opened: &Opened, writer: &Writer, cx: &Ctx) -> Result<Option<Outcome>, Ended> {
    if spec.filter != Filter::default() || !spec.more.is_empty() || spec.parts {
        return Ok(None);
    }
    ready(&spec.out)?;
    let mut done = Done::default();
    (writer.write)(&spec.out, &opened.data, &about(spec, &opened.data, None), &mut |take| {
        format::each(&spec.source.dataset, &spec.source.choice(), cx, |data| {
            let (data, dropped) = completed(Cow::Owned(data), writer);
            done.add(&data, dropped);
            take(&data)
        })
    })?;
    Ok(Some(Outcome { summary: done.to_string(), written: vec![spec.out.clone()] }))
}

/// What was written.
#[derive(Default)]
struct Done {
    episodes: usize,
    steps: usize,
    /// Episodes whose last step was left out.
    dropped: usize,
}

impl Done {
    fn add(&mut self, data: &Dataset, dropped: usize) {
        self.episodes += data.num_episodes();
        self.steps += data.num_steps();
        self.dropped += dropped;
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} episodes, {} steps", self.episodes, self.steps)?;
        match self.dropped {
            0 => Ok(()),
            n => write!(f, " (without the last step of {n}, which leads to no observation in the file)"),
        }
    }
}

/// Of a dataset that does not fit into memory the episodes that meet the condition.
fn selection(spec: &ConvertSpec, workspace: &Workspace, opened: &Opened, cx: &Ctx) -> Result<Dataset, Ended> {
    let filter = &spec.filter;
    if filter.condition.is_none() || !spec.more.is_empty() {
        whole(&spec.source.dataset, &opened.data)?;
    }
    let asked = |name: &str| [&filter.condition, &filter.sort].into_iter().flatten().any(|text| text.contains(name));
    let scores = table::SCORES.iter().map(|(name, _)| *name);
    if let Some(name) = ["index", "part", "flags"].into_iter().chain(scores).find(|name| asked(name)) {
        return Err(Ended::BadInput(format!(
            "{}: '{name}' is known only of what is in memory, and the dataset does not fit: choose by id, steps, return, \
             score, terminated or truncated, or allow more with --memory",
            spec.source.dataset.display()
        )));
    }
    let rows = format::rows(&spec.source.dataset, &spec.source.choice(), cx)?;
    let frame = episodes::of_all(opened, &rows, &episodes::known(opened, Vec::new()))?;
    let places = table::places(&episodes::chosen(frame, filter)?, &rows);
    workspace.chosen(&spec.source, &some(places.map_err(|e| Ended::BadInput(e.to_string()))?)?, cx)
}

/// The dataset with the episodes of the further ones behind its own.
fn joined(spec: &ConvertSpec, workspace: &Workspace, cx: &Ctx) -> Result<Opened, Ended> {
    let mut opened = workspace.open(&spec.source, cx)?;
    for path in &spec.more {
        whole(&spec.source.dataset, &opened.data)?;
        let other = workspace.dataset(path, &spec.source.beside(), cx)?;
        whole(path, &other)?;
        let (a, b) = (&opened.data.obs_space.names, &other.obs_space.names);
        if a.len() == b.len() && a != b && !unnamed(a) && !unnamed(b) {
            let first = a.iter().zip(b).find(|(a, b)| a != b).map_or(("", ""), |(a, b)| (a, b));
            return Err(Ended::BadInput(format!(
                "{}: its observation has '{}' where the first dataset has '{}'; choose the same parts with --state",
                path.display(),
                first.1,
                first.0
            )));
        }
        let all = opened.data.join(&other).map_err(|e| Ended::BadInput(format!("{}: {e}", path.display())))?;
        opened.data = Arc::new(all);
    }
    if !spec.more.is_empty() {
        // Numbers of episodes come from several files: the parts are drawn by place.
        let data = Arc::make_mut(&mut opened.data);
        data.number_anew();
        opened.split = Split::new(&opened.data, spec.source.split);
    }
    Ok(opened)
}

/// A part of a dataset is not what was asked for.
fn whole(path: &Path, data: &Dataset) -> Result<(), Ended> {
    match data.sample {
        None => Ok(()),
        Some(whole) => Err(Ended::BadInput(format!(
            "{}: takes {} and does not fit into memory: choose episodes of one dataset with --where, or allow more with \
             --memory",
            path.display(),
            Bytes(whole.bytes)
        ))),
    }
}

/// True for names that the reader made up.
fn unnamed(names: &[String]) -> bool {
    names.iter().all(|name| name.starts_with("obs["))
}

/// One dataset to write: the part's name, where there are several, and its episodes in the order asked for.
type Part = (Option<&'static str>, Vec<usize>);

fn parts(spec: &ConvertSpec, split: &Split, chosen: &[usize]) -> Result<Vec<Part>, Ended> {
    if !spec.parts {
        return Ok(vec![(None, chosen.to_vec())]);
    }
    if split.is_shared() {
        return Err(Ended::BadInput("fewer than three episodes cannot be divided".into()));
    }
    let of = |part: &[usize]| chosen.iter().copied().filter(|i| part.contains(i)).collect::<Vec<_>>();
    let all = [("train", &split.train), ("heldout", &split.heldout), ("calibration", &split.calibration)];
    let parts = all.into_iter().map(|(name, part)| (Some(name), of(part)));
    Ok(parts.filter(|(_, part)| !part.is_empty()).collect())
}

/// Where the writer needs the observation that every action leads to: without the steps that have none.
fn completed<'d>(data: Cow<'d, Dataset>, writer: &Writer) -> (Cow<'d, Dataset>, usize) {
    if writer.needs_last && data.spans().iter().any(|s| s.obs_rows == s.steps) {
        let (data, dropped) = data.completed();
        return (Cow::Owned(data), dropped);
    }
    (data, 0)
}

/// Nothing is overwritten, and folders on the way are made.
fn ready(out: &Path) -> Result<(), Ended> {
    if out.exists() {
        return Err(Ended::BadInput(format!("{}: is there already; remove it or name another", out.display())));
    }
    if let Some(parent) = out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)
            .map_err(|e| Ended::BadInput(format!("{}: cannot be made ({e})", parent.display())))?;
    }
    Ok(())
}

fn about(spec: &ConvertSpec, data: &Dataset, part: Option<&str>) -> MinariAbout {
    let origin = &data.origin;
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let sources: Vec<String> = std::iter::once(&origin.path).chain(&spec.more).map(|p: &PathBuf| name(p)).collect();
    let made_up = || {
        let plain: String = name(&spec.out)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' })
            .collect();
        format!("{}-v0", plain.trim_end_matches("-v0"))
    };
    let id = spec.id.clone().or_else(|| origin.dataset_id.clone().filter(|_| spec.more.is_empty() && part.is_none()));
    let id = id.unwrap_or_else(made_up);
    MinariAbout {
        dataset_id: match (part, id.rsplit_once("-v")) {
            (Some(part), Some((name, version))) => format!("{name}-{part}-v{version}"),
            _ => id,
        },
        env_spec: origin.env_id.as_deref().map(write::env_spec),
        description: format!("Episodes of {}, written by oodscope", sources.join(", ")),
        ..MinariAbout::default()
    }
}
