//! Datasets that do not fit into memory, written a few episodes at a time.

use std::borrow::Cow;
use std::iter::{once, repeat_with};
use std::path::Path;
use std::sync::Arc;

use super::{Done, about, completed, in_parts, ready, some};
use crate::data::dataset::{Dataset, Sample};
use crate::data::split::Split;
use crate::data::summary::EpisodeRow;
use crate::data::table;
use crate::engine::event::Outcome;
use crate::engine::measure::episode_table;
use crate::engine::opened::Opened;
use crate::engine::spec::{ConvertSpec, Filter};
use crate::format;
use crate::format::write::Writer;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Datasets one after another, of which at least one is a sample of what is on disk.
pub(super) struct Large<'a> {
    pub spec: &'a ConvertSpec,
    pub opened: &'a Opened,
    pub more: &'a [Arc<Dataset>],
}

/// Takes some episodes.
type Visit<'v> = &'v mut dyn FnMut(Cow<'_, Dataset>) -> Result<(), Fault>;

impl Large<'_> {
    /// Writes what is asked for.
    ///
    /// # Errors
    /// A sentence where a condition asks for more than is known of episodes on disk, or the file cannot be written.
    pub fn run(&self, writer: &Writer, cx: &Ctx) -> Result<Outcome, Fault> {
        if self.spec.filter == Filter::default() && !self.spec.parts {
            let done = self.write(None, &self.spec.out, None, writer, cx)?;
            return Ok(Outcome { summary: done.to_string(), written: vec![self.spec.out.clone()] });
        }
        let rows = self.rows(cx)?;
        let chosen = self.chosen(&rows)?;
        let ids: Vec<u64> = rows.iter().map(|row| row.id).collect();
        let split = Split::of(&ids, self.spec.source.split);
        in_parts(self.spec, writer, &split, &chosen, |name, out, part| self.write(name, out, Some(part), writer, cx))
    }

    /// What all episodes of the one dataset are.
    fn rows(&self, cx: &Ctx) -> Result<Vec<EpisodeRow>, Fault> {
        let source = &self.spec.source;
        let refused = match (self.more.is_empty(), &self.spec.filter.sort) {
            (true, None) => return format::rows(&source.dataset, &source.choice(), cx),
            (true, Some(_)) => "episodes keep the order of the file where they do not fit into memory",
            (false, _) => {
                "several datasets that do not fit into memory are written whole: choose episodes of the result"
            }
        };
        let path = source.dataset.display();
        Err(Fault::bad(format!("{path}: {refused}, or allow more with --memory")))
    }

    /// Places of the episodes that meet the condition, ascending.
    fn chosen(&self, rows: &[EpisodeRow]) -> Result<Vec<usize>, Fault> {
        let filter = &self.spec.filter;
        let asked = |name: &str| filter.condition.iter().any(|text| text.contains(name));
        let scores = table::SCORES.iter().map(|(name, _)| *name);
        if let Some(name) = ["index", "part", "flags"].into_iter().chain(scores).find(|name| asked(name)) {
            return Err(Fault::bad(format!(
                "{}: '{name}' is known only of what is in memory, and the dataset does not fit: choose by id, steps, \
                 return, score, terminated or truncated, or allow more with --memory",
                self.spec.source.dataset.display()
            )));
        }
        let frame = episode_table::of_all(self.opened, rows, &episode_table::known(self.opened, Vec::new()))?;
        let places = table::places(&episode_table::chosen(frame, filter)?, rows);
        some(places.map_err(|e| Fault::bad(e.to_string()))?)
    }

    /// Writes the episodes at `wanted` of the one dataset, ascending; all of all if there is no list.
    fn write(
        &self,
        name: Option<&str>,
        out: &Path,
        wanted: Option<&[usize]>,
        writer: &Writer,
        cx: &Ctx,
    ) -> Result<Done, Fault> {
        ready(out)?;
        let mut done = Done::default();
        (writer.write)(out, &self.like(), &about(self.spec, &self.opened.data, name), &mut |take| {
            self.each(wanted, cx, &mut |data| {
                let (data, dropped) = completed(data, writer);
                done.add(&data, dropped);
                take(&data)
            })
        })?;
        Ok(done)
    }

    /// Hands episodes on, in the order of the datasets and of their files.
    fn each(&self, wanted: Option<&[usize]>, cx: &Ctx, visit: Visit<'_>) -> Result<(), Fault> {
        let source = &self.spec.source;
        let paths = once(&source.dataset).chain(&self.spec.more);
        let choices = once(source.choice()).chain(repeat_with(|| source.beside()));
        for ((path, choice), data) in paths.zip(choices).zip(once(&self.opened.data).chain(self.more)) {
            if data.sample.is_some() {
                format::each(path, &choice, wanted, cx, |part| visit(Cow::Owned(part)))?;
            } else {
                visit(Cow::Borrowed(data))?;
            }
        }
        Ok(())
    }

    /// The spaces of all, as of a sample.
    fn like(&self) -> Dataset {
        let mut like = self.opened.data.subset(&[]);
        for data in self.more {
            like.obs_space = like.obs_space.around(&data.obs_space);
            like.action_space = like.action_space.around(&data.action_space);
        }
        like.sample.get_or_insert(Sample { episodes: 0, steps: 0, bytes: 0 });
        like
    }
}
