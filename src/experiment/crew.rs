//! Working through the cells of a plan with several hands, beside other processes that do the same.

use std::collections::HashMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt;

use super::cell::Cell;
use super::claim::{Claim, Claims};
use super::result::{self, CellResult};
use super::results;
use super::site::Site;
use super::standing::{self, FAILED, Failure, State, Watcher};
use crate::ground::fault::Fault;
use crate::ground::save;
use crate::ground::task::{Cancel, Ctx};

/// What is asked of a crew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Cells at once.
    pub hands: usize,
    /// This process is number `.0`, from 0, of `.1` that share the cells: it takes its own first.
    pub share: Option<(usize, usize)>,
    /// These cells and what they need, by number; all if none is named.
    pub only: Vec<usize>,
}

/// How often the folder is looked at while there is nothing to take, and how often the grid is drawn.
const LOOK: Duration = Duration::from_millis(500);
/// How often a stop is looked for.
const TICK: Duration = Duration::from_millis(100);

/// The hands of one process.
pub struct Crew<'s> {
    site: &'s Site<'s>,
    claims: &'s Claims,
    watcher: &'s Watcher<'s>,
    duty: Duty,
    /// Cells that are wanted, those that this process takes first before the others.
    order: Vec<usize>,
    /// Failures that were there before it began: it tries those cells once more.
    old: HashMap<usize, Failure>,
    running: Mutex<Running>,
    ended: AtomicUsize,
}

/// Cells that this process works on: how each is stopped, and its claim.
type Running = HashMap<usize, (Cancel, Arc<Claim>)>;

/// What there is to do.
enum Next {
    Work(usize, Claim),
    Wait,
    Done,
}

impl<'s> Crew<'s> {
    /// A crew that is about to begin.
    pub fn new(site: &'s Site<'s>, claims: &'s Claims, watcher: &'s Watcher<'s>, duty: Duty) -> Self {
        let wanted = wanted(site.cells, &duty.only);
        let own = |n: &usize| duty.share.is_none_or(|(i, of)| n % of.max(1) == i);
        let (mut order, others): (Vec<usize>, Vec<usize>) = wanted.into_iter().partition(own);
        order.extend(others);
        let old = order.iter().filter_map(|n| Some((*n, standing::failure(&site.place(*n))?))).collect();
        let (running, ended) = (Mutex::new(HashMap::new()), AtomicUsize::new(0));
        Self { site, claims, watcher, duty, order, old, running, ended }
    }

    /// The cells that it is to see to, those of its own share first.
    pub fn wanted(&self) -> &[usize] {
        &self.order
    }

    /// Works until nothing is left that it could do. `tick` is called now and then, and once at the end.
    ///
    /// # Errors
    /// [`Fault`] where the folder cannot be used or is another plan's, or cancelled. A cell that fails leaves a file that says why.
    pub fn run(&self, tick: &dyn Fn() -> Result<(), Fault>, cx: &Ctx) -> Result<(), Fault> {
        self.site.agrees()?;
        let hands = self.duty.hands.max(1);
        let trouble: Mutex<Option<Fault>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..hands {
                scope.spawn(|| {
                    if let Err(fault) = self.hand(cx) {
                        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
                    }
                    self.ended.fetch_add(1, Ordering::Relaxed);
                });
            }
            let (mut last, mut pause) = (Instant::now(), LOOK);
            while self.ended.load(Ordering::Relaxed) < hands {
                std::thread::sleep(TICK);
                for (cancel, claim) in self.running().values() {
                    cancel.set_paused(cx.is_held());
                    if cx.is_stopped() || claim.lost() {
                        cancel.cancel();
                    }
                }
                if last.elapsed() >= pause {
                    let begun = Instant::now();
                    if let Err(fault) = tick() {
                        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
                        self.running().values().for_each(|(cancel, _)| cancel.cancel());
                    }
                    (pause, last) = (patience(begun), Instant::now());
                }
            }
        });
        cx.check()?;
        match trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(fault) => Err(fault),
            None => tick(),
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One hand: takes cells until there are none.
    fn hand(&self, cx: &Ctx) -> Result<(), Fault> {
        loop {
            cx.check()?;
            let looked = Instant::now();
            match self.next()? {
                Next::Work(number, claim) => self.carry_out(number, claim, cx)?,
                Next::Wait => std::thread::sleep(patience(looked)),
                Next::Done => return Ok(()),
            }
        }
    }

    /// Takes the next cell that can be taken.
    fn next(&self) -> Result<Next, Fault> {
        let states = self.watcher.states()?;
        let mut open = 0;
        for (at, &number) in self.order.iter().enumerate() {
            match &states[number] {
                State::Free => {}
                State::Failed(_) if self.is_retried(number) => {}
                State::Finished(_) | State::Failed(_) => continue,
                State::Blocked(_) if !self.is_hopeful(number, &states) => continue,
                _ => {
                    // Others' cells are theirs to see to the end.
                    open += usize::from(self.is_own(at));
                    continue;
                }
            }
            let place = self.site.place(number);
            std::fs::create_dir_all(&place).map_err(|e| Fault::io(&place, "making the cell's folder", &e))?;
            let Some(claim) = self.claims.take(&place)? else {
                open += usize::from(self.is_own(at));
                continue;
            };
            if CellResult::read(&place)?.is_some() {
                claim.finish();
                continue;
            }
            return Ok(Next::Work(number, claim));
        }
        Ok(if open > 0 { Next::Wait } else { Next::Done })
    }

    /// True where the cell at this place of the order is of its own share.
    fn is_own(&self, at: usize) -> bool {
        self.duty.share.is_none_or(|(i, of)| self.order[at] % of.max(1) == i)
    }

    /// True for a cell whose failure was there before.
    fn is_retried(&self, number: usize) -> bool {
        let now = standing::failure(&self.site.place(number));
        now.is_some() && self.old.get(&number) == now.as_ref()
    }

    /// True for a cell that waits for one that is tried once more.
    fn is_hopeful(&self, number: usize, states: &[State]) -> bool {
        let hope = |n: &usize| match states[*n] {
            State::Failed(_) => self.is_retried(*n),
            State::Blocked(_) => self.is_hopeful(*n, states),
            _ => true,
        };
        self.site.cells[number].needs.iter().all(hope)
    }

    /// Works on a cell that was taken, and leaves its result or why there is none.
    fn carry_out(&self, number: usize, claim: Claim, cx: &Ctx) -> Result<(), Fault> {
        let (cancel, place, began) = (Cancel::default(), self.site.place(number), Instant::now());
        let claim = Arc::new(claim);
        self.running().insert(number, (cancel.clone(), Arc::clone(&claim)));
        let own = Ctx::new(cancel, |_| {}).within(cx.memory());
        let worked = catch_unwind(AssertUnwindSafe(|| self.site.work(number, &own)));
        self.running().remove(&number);
        let worked = worked.unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(Fault::failed(format!(
                "the program failed in it ({}); please report this",
                words.unwrap_or("no words")
            )))
        });
        match worked {
            // Whoever has it now writes the same.
            _ if !claim.is_mine() => Ok(()),
            Err(Fault::Cancelled) => Ok(()),
            Err(why) => fail(&place, &why),
            Ok(result) => {
                Self::keep(&place, &result, began.elapsed().as_secs_f64())?;
                // Given back otherwise as it goes. Nobody else holds it: it is out of the table of those at work.
                if let Some(claim) = Arc::into_inner(claim) {
                    claim.finish();
                }
                results::write(self.site)
            }
        }
    }

    fn keep(place: &Path, result: &CellResult, seconds: f64) -> Result<(), Fault> {
        result::took(place, seconds)?;
        result.write(place)?;
        let failed = place.join(FAILED);
        if failed.exists() {
            std::fs::remove_file(&failed).map_err(|e| Fault::io(&failed, "removing", &e))?;
        }
        Ok(())
    }
}

/// How long to wait before looking again, after a look that began at `looked`: looking again and again at a thousand cells over a
/// network costs others as well.
fn patience(looked: Instant) -> Duration {
    LOOK.max(4 * looked.elapsed())
}

/// Writes down why a cell failed.
fn fail(place: &Path, why: &Fault) -> Result<(), Fault> {
    let failure = Failure { why: why.to_string(), token: rand::rng().random::<u32>().into() };
    let text = toml::to_string(&failure).map_err(|e| Fault::at(place, e.to_string()))?;
    save::file(&place.join(FAILED), |f| f.write_all(text.as_bytes()).map_err(|e| e.to_string()))
}

/// `only` and what they need, in their order; all cells if none is named.
fn wanted(cells: &[Cell], only: &[usize]) -> Vec<usize> {
    if only.is_empty() {
        return (0..cells.len()).collect();
    }
    let mut wanted = vec![false; cells.len()];
    for &n in only {
        wanted[n] = true;
    }
    for n in (0..cells.len()).rev() {
        let asked = wanted[n];
        for &needed in &cells[n].needs {
            wanted[needed] |= asked;
        }
    }
    (0..cells.len()).filter(|&n| wanted[n]).collect()
}
