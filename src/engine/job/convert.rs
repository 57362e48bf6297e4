use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Emit, Job, Slot};
use crate::data::audit;
use crate::data::dataset::{Dataset, Origin};
use crate::data::split::Split;
use crate::data::table;
use crate::engine::event::Outcome;
use crate::engine::measure::{episode_scores, episode_table};
use crate::engine::opened::Opened;
use crate::engine::spec::ConvertSpec;
use crate::engine::workspace::Workspace;
use crate::env::minari_spec;
use crate::format::write::{self, MinariAbout, Writer};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;

mod large;

use large::Large;

/// Writes recorded episodes anew: another format, a part of them, several datasets as one.
pub(super) struct Convert;

/// Datasets one after another, and what writes them.
pub(super) struct Chain {
    writer: &'static Writer,
    first: Opened,
    more: Vec<Arc<Dataset>>,
}

impl Job for Convert {
    type Spec = ConvertSpec;
    type Input = Chain;
    const NAME: &'static str = "convert";
    const SLOT: Slot = Slot::Load;

    fn open(spec: &ConvertSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Chain, Fault> {
        let writer = write::writer(&spec.to).map_err(Fault::Bad)?;
        let first = workspace.open(&spec.source, cx)?;
        let more = further(spec, &first.data, workspace, cx)?;
        Ok(Chain { writer, first, more })
    }

    fn run(spec: &ConvertSpec, Chain { writer, first, more }: Chain, cx: &Ctx, _: Emit<'_>) -> Result<Outcome, Fault> {
        let left_out = left_out(std::iter::once(&first.data).chain(&more).map(|data| &data.origin));
        let told = |outcome: Outcome| Outcome { summary: outcome.summary + &left_out, ..outcome };
        if first.data.sample.is_some() || more.iter().any(|data| data.sample.is_some()) {
            return Large { spec, opened: &first, more: &more }.run(writer, cx).map(told);
        }
        let opened = joined(spec, first, &more)?;
        let chosen = chosen(spec, &opened, cx)?;
        in_parts(spec, writer, &opened.split, &chosen, |name, out, part| {
            cx.check()?;
            let (data, dropped) = completed(episodes_of(&opened.data, part), writer);
            ready(out)?;
            writer.whole(out, &data, &about(spec, &opened.data, name))?;
            let mut done = Done::default();
            done.add(&data, dropped);
            Ok(done)
        })
        .map(told)
    }
}

/// What of the files is in no step, and so not in what is written, as their readers say it; each once.
fn left_out<'o>(origins: impl Iterator<Item = &'o Origin>) -> String {
    let mut told: Vec<&str> = Vec::new();
    for what in origins.flat_map(Origin::left_out) {
        if !told.contains(&what) {
            told.push(what);
        }
    }
    if told.is_empty() { String::new() } else { format!("; not carried over: {}", told.join("; ")) }
}

/// Has `write` write each part of the episodes `chosen`.
fn in_parts(
    spec: &ConvertSpec,
    writer: &Writer,
    split: &Split,
    chosen: &[usize],
    mut write: impl FnMut(Option<&str>, &Path, &[usize]) -> Result<Done, Fault>,
) -> Result<Outcome, Fault> {
    let (mut said, mut written) = (Vec::new(), Vec::new());
    for (name, part) in parts_of(spec, split, chosen)? {
        let out = name.map_or_else(|| spec.out.clone(), |name| spec.out.join(format!("{name}{}", writer.ending)));
        let done = write(name, &out, &part)?;
        said.push(name.map_or_else(|| done.to_string(), |name| format!("{name}: {done}")));
        written.push(out);
    }
    Ok(Outcome { summary: said.join("; "), written })
}

/// The episodes that meet the condition, where all are in memory.
fn chosen(spec: &ConvertSpec, opened: &Opened, cx: &Ctx) -> Result<Vec<usize>, Fault> {
    // Without a condition nobody asks for the flags, and the audit takes as long as the conversion.
    let asked = spec.filter.condition.is_some();
    let flags = if asked { audit::audit(&opened.data, cx)?.flags(&opened.data) } else { Vec::new() };
    let mut known = episode_table::known(opened, flags);
    if episode_table::asks_for_scores(&spec.filter, opened)? {
        known.scores = episode_scores::measure(opened, cx)?;
    }
    let frame = episode_table::selected(opened, &known, &spec.filter)?;
    some(table::indices(&frame).map_err(|e| Fault::bad(e.to_string()))?)
}

fn some(chosen: Vec<usize>) -> Result<Vec<usize>, Fault> {
    if chosen.is_empty() {
        return Err(Fault::bad("no episode meets the condition: nothing was written"));
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
        write!(f, "{}, {}", counted(self.episodes, "episodes"), counted(self.steps, "steps"))?;
        match self.dropped {
            0 => Ok(()),
            n => write!(f, " (without the last step of {n}, which leads to no observation in the file)"),
        }
    }
}

/// The further datasets, all of the same observation and action space as the first.
fn further(spec: &ConvertSpec, first: &Dataset, workspace: &Workspace, cx: &Ctx) -> Result<Vec<Arc<Dataset>>, Fault> {
    let open = |path: &PathBuf| {
        let other = workspace.dataset(path, &spec.source.beside(), cx)?;
        let bad = |problem: String| Fault::bad(format!("{}: {problem}", path.display()));
        first.joins(&other).map_err(bad)?;
        let (a, b) = (&first.obs_space.names, &other.obs_space.names);
        if a != b && !unnamed(a) && !unnamed(b) {
            let (a, b) = a.iter().zip(b).find(|(a, b)| a != b).unwrap_or((&a[0], &b[0]));
            return Err(bad(format!(
                "its observation has '{b}' where the first dataset has '{a}'; choose the same parts with --state"
            )));
        }
        Ok(other)
    };
    spec.more.iter().map(open).collect()
}

/// The episodes of the first, and behind them those of the further ones.
fn joined(spec: &ConvertSpec, first: Opened, more: &[Arc<Dataset>]) -> Result<Opened, Fault> {
    let Some((second, rest)) = more.split_first() else { return Ok(first) };
    let join = |all: &Dataset, path: &Path, other: &Dataset| {
        all.join(other).map_err(|e| Fault::bad(format!("{}: {e}", path.display())))
    };
    let mut all = join(&first.data, &spec.more[0], second)?;
    for (path, other) in spec.more[1..].iter().zip(rest) {
        all = join(&all, path, other)?;
    }
    // Numbers of episodes come from several files: the parts are drawn by place.
    all.number_anew();
    Ok(Opened { checkpoint: first.checkpoint, rollouts: first.rollouts, ..Opened::new(first.source, Arc::new(all)) })
}

/// True for names that the reader made up.
fn unnamed(names: &[String]) -> bool {
    names.iter().all(|name| name.starts_with("obs["))
}

/// One dataset to write: the part's name, where there are several, and its episodes in the order asked for.
type Part = (Option<&'static str>, Vec<usize>);

fn parts_of(spec: &ConvertSpec, split: &Split, chosen: &[usize]) -> Result<Vec<Part>, Fault> {
    if !spec.parts {
        return Ok(vec![(None, chosen.to_vec())]);
    }
    if split.is_shared() {
        return Err(Fault::bad("fewer than three episodes cannot be divided"));
    }
    let of = |part: &[usize]| chosen.iter().copied().filter(|i| part.binary_search(i).is_ok()).collect::<Vec<_>>();
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
fn ready(out: &Path) -> Result<(), Fault> {
    if out.exists() {
        return Err(Fault::bad(format!("{}: is there already; remove it or name another", out.display())));
    }
    if let Some(parent) = out.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)
            .map_err(|e| Fault::bad(format!("{}: cannot be made ({e})", parent.display())))?;
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
        env_spec: origin.env_spec.clone().or_else(|| origin.env_id.as_deref().map(minari_spec)),
        description: format!("Episodes of {}, written by oodscope", sources.join(", ")),
        ..MinariAbout::default()
    }
}
