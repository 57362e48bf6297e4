//! Flat arrays as episodes.

use std::ops::Range;

use super::cut::{self, Marks, Segment};
use crate::data::dataset::{Dataset, Origin};
use crate::format::arrays::{Chosen, Pieces, Source, Store, Wide, ask};
use crate::format::assemble::{Assembly, FoundIn};
use crate::format::reader::{Episodes, Index, Later, Shape};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Rows that are compared together.
const WINDOW: usize = 1 << 16;
/// Rows of episodes that are read together.
const BATCH: usize = 1 << 14;

/// What says where episodes are.
pub(in crate::format) enum Ends {
    /// Flags and numbers in the arrays, a row a step.
    Marked,
    /// The layout: these, which all have an observation beyond their steps, if so.
    Known { segments: Vec<Segment>, last: bool },
}

/// Arrays whose roles are known; no number of them is read yet.
pub(in crate::format) struct Flat {
    source: Source,
    chosen: Chosen,
    pieces: Pieces,
    /// Rows with which a stream of rows begins.
    breaks: Vec<usize>,
    ends: Ends,
    shape: Shape,
    origin: Origin,
    found: Later<Option<Found>>,
}

/// Where the episodes are, and their numbers.
struct Found {
    store: Store,
    segments: Vec<Segment>,
    index: Index,
}

impl Flat {
    /// Arrays of `source` as `chosen` says, whose names are those of the file. Of the rows only the streams `used` are, or
    /// all: each is a list of pieces in the order of time.
    ///
    /// # Errors
    /// [`Fault`] if sizes do not fit each other, or if there is no row.
    pub fn open(
        mut origin: Origin,
        source: Source,
        chosen: Chosen,
        used: Option<Vec<Vec<Range<usize>>>>,
        ends: Ends,
    ) -> Result<Self, Fault> {
        let rows = check(&source, &chosen, &ends)?;
        let streams = used.unwrap_or_else(|| vec![vec![0..rows]]);
        let mut breaks: Vec<usize> = Vec::new();
        for stream in &streams {
            let own: usize = stream.iter().map(ExactSizeIterator::len).sum();
            breaks.push(breaks.last().copied().unwrap_or(0) + own);
        }
        let pieces = Pieces::new(streams.into_iter().flatten().collect());
        if pieces.rows() == 0 {
            return Err(Fault::at(&origin.path, "the dataset is empty: no row is a step"));
        }
        let next = !chosen.next.is_empty() && matches!(ends, Ends::Marked);
        let last = next || matches!(ends, Ends::Known { last: true, .. });
        let choices = chosen.action.choices();
        let (obs, action) = (chosen.observation.space("obs"), chosen.action.space("action"));
        let shape = Shape { obs, action, last, next, choices };
        let own = std::mem::take(&mut origin.rules);
        origin.rules.extend(chosen.rules());
        origin.rules.extend(own);
        if matches!(ends, Ends::Marked) {
            origin.rules.extend(rules(&chosen));
            origin.warnings.extend(warnings(&origin, &chosen));
        }
        origin.rules.extend(chosen.left_out());
        origin.warnings.extend(chosen.warnings.iter().cloned());
        Ok(Self { source, chosen, pieces, breaks, ends, shape, origin, found: Later::default() })
    }

    /// Finds the episodes; holds the numbers of an archive in memory, or leaves them in their file.
    fn find(&self, held: bool, cx: &Ctx) -> Result<Option<Found>, Fault> {
        let cx = cx.phase("finding the episodes");
        let wide = [&self.chosen.observation, &self.chosen.action, &self.chosen.next];
        let keys = wide.into_iter().flat_map(Wide::keys);
        let store = Store::open(&self.source, keys, self.chosen.reward.as_deref(), held, &cx)?;
        let Some(store) = store else { return Ok(None) };
        let mut origin = self.origin.clone();
        let segments = match &self.ends {
            Ends::Known { segments, .. } => segments.clone(),
            Ends::Marked => {
                let marks = self.marks(&store, &cx)?;
                let segments = marks.cut();
                origin.warnings.extend(marks.warnings(&segments));
                if segments.len() == 1 && !segments[0].terminated && !segments[0].truncated {
                    origin.warnings.push(one_episode(&origin, &self.chosen));
                }
                segments
            }
        };
        let lengths = segments.iter().map(|segment| segment.steps).collect();
        Ok(Some(Found { store, segments, index: Index { lengths, origin } }))
    }

    fn marks(&self, store: &Store, cx: &Ctx) -> Result<Marks, Fault> {
        let (source, pieces, chosen) = (&self.source, &self.pieces, &self.chosen);
        let tick = |_: u64| cx.check();
        let flags = |key: &Option<String>| key.as_ref().map(|key| source.flags(key, pieces, &tick)).transpose();
        let numbers = |key: &Option<String>| key.as_ref().map(|key| source.numbers(key, pieces, &tick)).transpose();
        let mut marks = Marks {
            rows: pieces.rows(),
            terminated: flags(&chosen.terminated)?,
            truncated: flags(&chosen.truncated)?,
            done: flags(&chosen.done)?,
            masks: flags(&chosen.masks)?,
            episode: numbers(&chosen.episode)?,
            step: numbers(&chosen.step)?,
            breaks: self.breaks.clone(),
            jumps: Vec::new(),
        };
        if !looks_for_jumps(chosen) {
            return Ok(marks);
        }
        for first in (0..marks.rows).step_by(WINDOW) {
            cx.step(first as u64, marks.rows as u64)?;
            let end = (first + WINDOW).min(marks.rows);
            let obs = store.f32(&chosen.observation, pieces, &(first..(end + 1).min(marks.rows)), &tick)?;
            let next = store.f32(&chosen.next, pieces, &(first..end), &tick)?;
            marks.jumps.extend(cut::jumps(&obs, &next, self.shape.obs.dim(), first));
        }
        Ok(marks)
    }

    /// Puts episodes that lie near each other into `all`.
    fn put(&self, store: &Store, some: &[Segment], first: usize, all: &mut Assembly, cx: &Ctx) -> Result<(), Fault> {
        let (extra, tick) = (usize::from(self.shape.last && !self.shape.next), |_: u64| cx.check());
        let Some(head) = some.first() else { return Ok(()) };
        let range = |start: fn(&Segment) -> usize, extra: usize| {
            start(head)..some.iter().map(|s| start(s) + s.steps + extra).max().unwrap_or(0)
        };
        let (o, a, r) = (range(|s| s.obs, extra), range(|s| s.action, 0), range(|s| s.reward, 0));
        let (chosen, pieces) = (&self.chosen, &self.pieces);
        let obs = store.f32(&chosen.observation, pieces, &o, &tick)?;
        let actions = store.f32(&chosen.action, pieces, &a, &tick)?;
        let next = if self.shape.next { store.f32(&chosen.next, pieces, &o, &tick)? } else { Vec::new() };
        let rewards = store.f64(chosen.reward.as_deref(), pieces, &r, &tick)?;
        let (d, w) = (self.shape.obs.dim(), self.shape.action.dim());
        for (id, s) in some.iter().enumerate() {
            let (row, step, paid) = (s.obs - o.start, s.action - a.start, s.reward - r.start);
            let found = FoundIn {
                id: (first + id) as u64,
                obs: &obs[row * d..(row + s.steps + extra) * d],
                actions: &actions[step * w..(step + s.steps) * w],
                rewards: &rewards[paid..paid + s.steps],
                next_obs: self.shape.next.then(|| &next[row * d..(row + s.steps) * d]),
                terminated: s.terminated,
                truncated: s.truncated,
            };
            all.put(found).map_err(|problem| Fault::at(&self.origin.path, problem))?;
        }
        Ok(())
    }
}

impl Episodes for Flat {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        Ok(self.found.get(|| self.find(false, cx))?.as_ref().map(|found| &found.index))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let path = &self.origin.path;
        let held = if wanted.is_none() { self.find(true, cx)? } else { None };
        let found = match &held {
            Some(found) => found,
            None => self.found.needed(path, || self.find(false, cx))?,
        };
        let wanted = wanted.unwrap_or(0..found.segments.len());
        let mut all = Assembly::new(found.index.origin.clone(), &self.shape).within(cx);
        let mut first = wanted.start;
        while first < wanted.end {
            cx.step((first - wanted.start) as u64, wanted.len() as u64)?;
            let start = found.segments[first].obs;
            // Consecutive ones of ascending rows together.
            let near = |pair: &[Segment]| {
                let (a, b) = (&pair[0], &pair[1]);
                b.obs >= a.obs + a.steps
                    && b.action >= a.action + a.steps
                    && b.reward >= a.reward + a.steps
                    && b.obs + b.steps - start <= BATCH
            };
            let more = found.segments[first..wanted.end].windows(2).take_while(|pair| near(pair)).count();
            self.put(&found.store, &found.segments[first..=first + more], first, &mut all, cx)?;
            first += more + 1;
        }
        all.finish(path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        let steps = match &self.ends {
            Ends::Marked => self.pieces.rows() as u64,
            Ends::Known { segments, .. } => segments.iter().map(|s| s.steps as u64).sum(),
        };
        Ok(Some(self.shape.width().bytes(0, steps)))
    }
}

/// Rows of the arrays, which must have as many each.
fn check(source: &Source, chosen: &Chosen, ends: &Ends) -> Result<usize, Fault> {
    let wide = [&chosen.observation, &chosen.action, &chosen.next];
    let Some(first) = chosen.action.0.first() else { return Ok(0) };
    let observed = chosen.observation.0.first().map_or(0, |array| array.rows);
    for (place, arrays) in wide.into_iter().enumerate() {
        for array in &arrays.0 {
            // Observations of a known layout may be more than actions.
            let like = if place == 1 || matches!(ends, Ends::Marked) { first.rows } else { observed };
            if array.rows != like {
                let problem = format!("has {} rows and '{}' {}; a row is a step", array.rows, first.key, first.rows);
                return Err(source.bad(&array.key, problem));
            }
        }
    }
    if let Ends::Known { segments, last } = ends {
        let extra = usize::from(*last);
        let past = |s: &Segment| s.obs + s.steps + extra > observed || s.action.max(s.reward) + s.steps > first.rows;
        if segments.iter().any(past) {
            return Err(source.bad(&first.key, "has fewer rows than the lengths of its episodes say; copy it again"));
        }
    }
    Ok(observed.max(first.rows))
}

/// True where only next observations can tell an end that no flag marks.
fn looks_for_jumps(chosen: &Chosen) -> bool {
    let told = chosen.truncated.is_some() || chosen.episode.is_some();
    let twice = chosen.done.is_some() && (chosen.terminated.is_some() || chosen.masks.is_some());
    // Beside masks, terminals close what was recorded.
    let closed = chosen.masks.is_some() && chosen.terminated.is_some();
    !chosen.next.is_empty() && !told && !twice && !closed
}

/// How episodes are found.
fn rules(chosen: &Chosen) -> Vec<String> {
    let flags: Vec<&str> =
        [&chosen.terminated, &chosen.truncated, &chosen.done].into_iter().flatten().map(String::as_str).collect();
    let mut at = Vec::new();
    at.extend(chosen.episode.iter().map(|key| format!("where '{key}' changes")));
    match (&chosen.masks, flags.is_empty()) {
        (Some(masks), true) => at.push(format!("where '{masks}' is 0")),
        (_, false) => at.push(format!("at {}", flags.join(" | "))),
        (None, true) => {}
    }
    if let (Some(step), true) = (&chosen.step, at.is_empty()) {
        at.push(format!("where '{step}' begins anew"));
    }
    if looks_for_jumps(chosen) {
        at.push("where a next observation is not the following one (such an episode is truncated)".into());
    }
    let mut rules = Vec::new();
    if !at.is_empty() {
        rules.push(format!("episodes end {}", at.join(" and ")));
    }
    if let (Some(masks), false) = (&chosen.masks, flags.is_empty()) {
        rules.push(format!("an episode is terminated where '{masks}' is 0 in its last row, else truncated"));
    } else if chosen.done.is_some() && chosen.terminated.is_none() && chosen.truncated.is_some() {
        rules.push("a row that is done and not truncated is terminated".into());
    }
    rules.push(if chosen.next.is_empty() {
        "no next observations: the next observation is the following row, and the last step of an episode has none"
            .into()
    } else {
        format!("the last row of {} completes each episode", chosen.next.told())
    });
    rules
}

/// What the arrays leave open.
fn warnings(origin: &Origin, chosen: &Chosen) -> Vec<String> {
    let Chosen { terminated, truncated, done, episode, .. } = chosen;
    let mut warnings = Vec::new();
    if terminated.is_none() && truncated.is_none() && chosen.masks.is_none() {
        warnings.extend(done.as_ref().map(|done| {
            format!(
                "'{done}' does not say why an episode ended: it is read as terminated, also where a time limit ended it"
            )
        }));
    }
    let only = terminated.as_ref().filter(|_| truncated.is_none() && done.is_none() && episode.is_none());
    if let Some(terminated) = only.filter(|_| chosen.next.is_empty() && chosen.masks.is_none()) {
        warnings.push(format!(
            "only '{terminated}' marks ends: time limits cannot be seen, so episodes that hit one run on into the next; {}",
            ask(&origin.path, "truncated = \"NAME\"")
        ));
    }
    warnings
}

/// Said where the whole file is one episode that nothing closes.
fn one_episode(origin: &Origin, chosen: &Chosen) -> String {
    let keys = [&chosen.terminated, &chosen.truncated, &chosen.done, &chosen.episode];
    let keys: Vec<&str> = keys.into_iter().flatten().map(String::as_str).collect();
    let why = if keys.is_empty() {
        "no array says where an episode ends".to_owned()
    } else {
        format!("{} mark no end", keys.join(" and "))
    };
    let asked = ask(&origin.path, "done = \"NAME\" or episode = \"NAME\"");
    format!("{why}: all rows are read as one unfinished episode; if they are more, {asked}")
}
