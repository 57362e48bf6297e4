//! Waiting for what runs on polars' runtime, with an ear for the cancel and an end to patience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use polars_core::runtime::ASYNC;

use super::trouble::{PATIENCE, Trouble};
use crate::ground::task::{Cancelled, Ctx};

/// How often the cancel is looked at.
const TURN: Duration = Duration::from_millis(50);
/// Requests at once: enough to hide the way to the server, few enough to be a polite guest.
const AT_ONCE: usize = 8;

/// Told by the work that something came; whoever waits then goes on waiting.
pub(super) type Sign = Arc<AtomicU64>;

/// Runs `work` until it ends, the job is cancelled, or no `sign` came for too long.
pub(super) fn wait<T: Send + 'static>(
    cx: &Ctx,
    sign: &Sign,
    work: impl Future<Output = Result<T, Trouble>> + Send + 'static,
) -> Result<T, Trouble> {
    let (sender, receiver) = channel();
    let task = ASYNC.spawn(async move {
        // Nobody listens any more once the wait has ended.
        let _ = sender.send(work.await);
    });
    let (mut seen, mut since) = (sign.load(Ordering::Relaxed), Instant::now());
    let trouble = loop {
        match receiver.recv_timeout(TURN) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => break Trouble::Other("the transfer broke off".into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let paused = Instant::now();
        if cx.check().is_err() {
            break Trouble::Cancelled;
        }
        since += paused.elapsed();
        let now = sign.load(Ordering::Relaxed);
        if now != seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE {
            break Trouble::Silent;
        }
    };
    task.abort();
    Err(trouble)
}

/// Runs `work` for each of `n`, some at once, and `tell` meanwhile. The first trouble in order is the one that is told;
/// after it nothing new is begun.
pub(super) fn each<T: Send>(
    n: usize,
    tell: impl Fn() -> Result<(), Cancelled>,
    work: impl Fn(usize) -> Result<T, Trouble> + Sync,
) -> Result<Vec<T>, (usize, Trouble)> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                break;
            }
            let result = work(i);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((i, result));
        }
        done
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE.min(n)).map(|_| scope.spawn(worker)).collect();
        while threads.iter().any(|t| !t.is_finished()) {
            // A cancel is seen by every worker too.
            let _ = tell();
            std::thread::park_timeout(TURN.min(Duration::from_millis(20)));
        }
        threads.into_iter().flat_map(|t| t.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    all.sort_by_key(|(i, _)| *i);
    let all =
        all.into_iter().map(|(i, result)| result.map_err(|trouble| (i, trouble))).collect::<Result<Vec<_>, _>>()?;
    if all.len() == n { Ok(all) } else { Err((all.len(), Trouble::Other("the transfer broke off".into()))) }
}
