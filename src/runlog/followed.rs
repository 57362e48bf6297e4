//! The logs of one run, read as far as they were written.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::STEPS;
use super::kind::Kind;
use super::place::{self, logs_in};
use super::scalars::{Curve, Scalars};
use super::tail::{Tail, Took};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The logs of one run: how far each file was read, and the numbers that it told.
#[derive(Debug)]
pub struct Followed {
    place: PathBuf,
    /// The one file that is read; all logs of the folder where there is none.
    file: Option<Kind>,
    steps: &'static [&'static str],
    tails: Vec<(Kind, Tail)>,
    scalars: [Scalars; 3],
}

impl Followed {
    /// Of the logs in the folder `place`, or of the file that it is; nothing is read yet.
    pub fn of(place: &Path) -> Self {
        Self {
            place: place.to_owned(),
            file: place::kind(place),
            steps: STEPS,
            tails: Vec::new(),
            scalars: Default::default(),
        }
    }

    /// Of the JSON lines in `file`, which count steps under the first of the names `steps`.
    pub fn lines(file: &Path, steps: &'static [&'static str]) -> Self {
        Self { file: Some(Kind::Lines), steps, ..Self::of(file) }
    }

    /// Takes in what is new; answers whether there is something. A file that was written anew is read anew.
    ///
    /// # Errors
    /// [`Fault`] where a file cannot be read, or cancelled.
    pub fn take_in(&mut self, cx: &Ctx) -> Result<bool, Fault> {
        match self.read_on(cx)? {
            Took::Nothing => Ok(false),
            Took::New => Ok(true),
            Took::Replaced => {
                self.tails.clear();
                self.scalars = Default::default();
                // What is replaced once more while it is read is seen the next time.
                self.read_on(cx).map(|_| true)
            }
        }
    }

    fn read_on(&mut self, cx: &Ctx) -> Result<Took, Fault> {
        let files = match self.file {
            Some(kind) => vec![(kind, self.place.clone())],
            None => logs_in(&self.place)?,
        };
        let known = files.iter().zip(&self.tails).take_while(|((_, path), (_, tail))| tail.path() == path).count();
        if known < self.tails.len() {
            // One is gone, or comes before one that was read.
            return Ok(Took::Replaced);
        }
        for (kind, path) in &files[known..] {
            let prefix = if self.file.is_some() { String::new() } else { place::prefix(path, *kind) };
            self.tails.push((*kind, Tail::new(path, *kind, self.steps, prefix)));
        }
        let mut took = Took::Nothing;
        for (kind, tail) in &mut self.tails {
            match tail.take_in(&mut self.scalars[*kind as usize], cx)? {
                Took::Nothing => {}
                Took::New => took = Took::New,
                Took::Replaced => return Ok(Took::Replaced),
            }
        }
        Ok(took)
    }

    /// Every name with its curve.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Curve)> {
        let first = |kind: usize, name: &str| self.scalars[..kind].iter().all(|before| before.get(name).is_none());
        let all = self.scalars.iter().enumerate();
        all.flat_map(move |(kind, own)| own.iter().filter(move |(name, _)| first(kind, name)))
            .filter(|(_, curve)| !curve.x.is_empty())
    }

    /// The curve called `name`.
    pub fn get(&self, name: &str) -> Option<&Curve> {
        self.scalars.iter().find_map(|all| all.get(name)).filter(|curve| !curve.x.is_empty())
    }

    /// The kinds of logs that were found.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| self.tails.iter().any(|(other, _)| other == kind))
    }

    /// What counts the steps, where a file names it.
    pub fn step_name(&self) -> Option<&str> {
        self.tails.iter().find_map(|(_, tail)| tail.step_name())
    }

    /// Seconds since 1970 of the first event.
    pub fn started(&self) -> Option<f64> {
        self.tails.iter().filter_map(|(_, tail)| tail.started).min_by(f64::total_cmp)
    }

    /// When a file was changed last.
    pub fn changed(&self) -> Option<SystemTime> {
        self.tails.iter().filter_map(|(_, tail)| tail.changed()).max()
    }

    /// What could not be read, a sentence a file with the file and the place.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        self.tails.iter().filter_map(|(_, tail)| tail.trouble())
    }

    /// Points in all, and those that were taken back because the run went back in its steps.
    pub fn points(&self) -> (usize, usize) {
        let sum = |of: fn(&Scalars) -> usize| self.scalars.iter().map(of).sum();
        (sum(Scalars::points), sum(|s| s.taken_back))
    }
}
