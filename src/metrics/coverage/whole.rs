//! Everything that is measured of a dataset as it was recorded.

use super::recorded::{Peers, Recorded};
use super::{actions, order, quality, ranges, returns};
use crate::ground::bootstrap::Bootstrap;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::report::Report;

/// Adds what is known without any neighbour: ranges, actions, returns, and quality against `peers`.
///
/// # Errors
/// A sentence where a peer is of another width; cancelled.
pub fn tell(
    report: &mut Report,
    data: &Recorded<'_>,
    peers: &Peers<'_>,
    bootstrap: &Bootstrap,
    cx: &Ctx,
) -> Result<(), Fault> {
    ranges::tell(report, data, peers.reference.as_ref(), bootstrap, &cx.phase("ranges of the dimensions"))?;
    actions::tell(report, data, bootstrap, &cx.phase("actions"))?;
    returns::tell(report, data, bootstrap, &cx.phase("returns"))?;
    quality::tell(report, data, peers, bootstrap, &cx.phase("quality against the reference"))?;
    order::stats(report);
    Ok(())
}
