//! Layouts that keep every episode in a place of its own: a group, a file.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use super::{Episodes, Index, Later, Shape};
use crate::data::dataset::{Dataset, Origin};
use crate::format::assemble::{Assembly, Found};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Episodes that are read between two reports.
const BATCH: usize = 64;
/// Places that are looked at between two reports.
const LOOKED: usize = 256;

/// What such a layout says of a place; [`OneByOne`] does the rest.
pub(in crate::format) trait Separate: Sync {
    /// What is in the places, for warnings: "demos".
    const THINGS: &'static str;
    /// What may be odd about one, for warnings, in the order in which it is told.
    const ODDITIES: &'static [&'static str] = &[];
    /// An episode without a step is one all the same.
    const KEEPS_EMPTY: bool = false;

    /// The columns, which all episodes share.
    fn shape(&self) -> &Shape;

    /// Rules and warnings that hold for all episodes.
    fn origin(&self) -> &Origin;

    /// Number of places.
    fn places(&self) -> usize;

    /// Steps of the episode at a place, of which no number is read.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy.
    fn steps(&self, place: usize) -> Result<usize, Fault>;

    /// Reads the episode at a place.
    ///
    /// # Errors
    /// [`Fault`] naming file, key and remedy.
    fn load(&self, place: usize, cx: &Ctx) -> Result<Loaded, Fault>;

    /// What a place is called in warnings.
    fn name(&self, place: usize) -> String;

    /// A fault of the episode at a place: `problem` is a sentence.
    fn unfit(&self, place: usize, problem: &str) -> Fault;

    /// Warnings beside those of the origin, where the episodes are found to have so many steps.
    ///
    /// # Errors
    /// [`Fault`] where episodes are missing.
    fn found(&self, _steps: u64) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    /// The same where all episodes were read; `odd` are the warnings about single ones.
    ///
    /// # Errors
    /// As [`Separate::found`].
    fn all_read(&self, odd: Vec<String>, _steps: u64) -> Result<Vec<String>, Fault> {
        Ok(odd)
    }

    /// Steps that the file may be believed to have before any is read: arrays that grow are held twice while they do.
    fn promised(&self) -> Option<usize> {
        None
    }

    /// As [`Episodes::bytes`], where the layout knows without a look at every place.
    ///
    /// # Errors
    /// As [`Episodes::bytes`].
    fn bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(None)
    }
}

/// An episode and what is odd about it: places in [`Separate::ODDITIES`].
pub(in crate::format) struct Loaded {
    pub found: Found,
    pub odd: Vec<usize>,
}

/// A dataset of such a layout.
pub(in crate::format) struct OneByOne<L> {
    layout: L,
    /// The places that have an episode, and where they are.
    index: Later<(Vec<usize>, Index)>,
}

impl<L: Separate> OneByOne<L> {
    /// The episodes of `layout`.
    pub fn new(layout: L) -> Self {
        Self { layout, index: Later::default() }
    }

    fn found(&self, cx: &Ctx) -> Result<&(Vec<usize>, Index), Fault> {
        self.index.get(|| self.look(cx))
    }

    fn look(&self, cx: &Ctx) -> Result<(Vec<usize>, Index), Fault> {
        let (layout, cx) = (&self.layout, cx.phase("finding the episodes"));
        let all: Vec<usize> = (0..layout.places()).collect();
        let (mut kept, mut index) = (Vec::new(), Index { origin: layout.origin().clone(), ..Index::default() });
        let mut empty = Odd::default();
        for (batch, some) in all.chunks(LOOKED).enumerate() {
            cx.step((LOOKED * batch) as u64, all.len() as u64)?;
            // Not collected into one result: that would name whichever bad episode a thread met first.
            let read: Vec<Result<usize, Fault>> = some.par_iter().map(|&place| layout.steps(place)).collect();
            for (&place, steps) in some.iter().zip(read) {
                let steps = steps?;
                if steps > 0 || L::KEEPS_EMPTY {
                    kept.push(place);
                    index.lengths.push(steps);
                } else {
                    empty.note(place);
                }
            }
        }
        index.origin.warnings.extend(self.empty(empty));
        index.origin.warnings.extend(layout.found(index.steps())?);
        Ok((kept, index))
    }

    /// Reads the episodes at `places`.
    fn put(&self, places: &[usize], all: &mut Assembly, cx: &Ctx) -> Result<Vec<String>, Fault> {
        let layout = &self.layout;
        let (mut odd, mut empty) = (vec![Odd::default(); L::ODDITIES.len()], Odd::default());
        for (batch, some) in places.chunks(BATCH).enumerate() {
            cx.step((batch * BATCH) as u64, places.len() as u64)?;
            // Not collected into one result: that would name whichever bad episode a thread met first.
            let loaded: Vec<Result<Loaded, Fault>> = some.par_iter().map(|&place| layout.load(place, cx)).collect();
            for (&place, loaded) in some.iter().zip(loaded) {
                let Loaded { found, odd: kinds } = loaded?;
                for kind in kinds {
                    odd[kind].note(place);
                }
                if found.rewards.is_empty() && !L::KEEPS_EMPTY {
                    empty.note(place);
                }
                all.push(&found).map_err(|e| layout.unfit(place, &e))?;
            }
        }
        let told = L::ODDITIES.iter().zip(odd).filter_map(|(what, odd)| self.told(what, odd));
        Ok(told.chain(self.empty(empty)).collect())
    }

    /// A sentence about the episodes that are odd, if any are.
    fn told(&self, what: &str, odd: Odd) -> Option<String> {
        let Odd { count, first } = odd;
        (count > 0).then(|| format!("{count} {} {what} (first: {})", L::THINGS, self.layout.name(first)))
    }

    fn empty(&self, odd: Odd) -> Option<String> {
        self.told("without a step are left out", odd)
    }
}

/// Episodes that are odd in one way.
#[derive(Debug, Clone, Copy, Default)]
struct Odd {
    count: usize,
    first: usize,
}

impl Odd {
    fn note(&mut self, place: usize) {
        self.first = if self.count == 0 { place } else { self.first };
        self.count += 1;
    }
}

impl<L: Separate> Episodes for OneByOne<L> {
    fn shape(&self) -> &Shape {
        self.layout.shape()
    }

    fn index(&self, cx: &Ctx) -> Result<Option<&Index>, Fault> {
        self.found(cx).map(|found| Some(&found.1))
    }

    fn read(&self, wanted: Option<Range<usize>>, cx: &Ctx) -> Result<Dataset, Fault> {
        let (layout, all) = (&self.layout, wanted.is_none());
        let (origin, places) = match wanted {
            None => (layout.origin(), Cow::Owned((0..layout.places()).collect())),
            Some(range) => {
                let (kept, index) = self.found(cx)?;
                (&index.origin, Cow::Borrowed(&kept[range]))
            }
        };
        let mut assembly = Assembly::new(origin.clone(), layout.shape()).within(cx).with_empty(L::KEEPS_EMPTY);
        if let Some(steps) = layout.promised().filter(|_| all) {
            assembly.reserve(steps, places.len());
        }
        let mut told = self.put(&places, &mut assembly, cx)?;
        if all {
            told = layout.all_read(told, assembly.steps())?;
        }
        assembly.origin().warnings.extend(told);
        assembly.finish(&origin.path)
    }

    fn bytes(&self) -> Result<Option<u64>, Fault> {
        if let Some(bytes) = self.layout.bytes()? {
            return Ok(Some(bytes));
        }
        let (width, index) = (self.shape().width(), &self.found(&Ctx::quiet())?.1);
        Ok(Some(width.bytes(index.lengths.len() as u64, index.steps())))
    }
}
