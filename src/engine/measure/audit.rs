//! What cannot be trusted in a dataset: audited once, then shared by the report and the table of episodes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::audit::{self, Audit};
use crate::engine::opened::Opened;
use crate::format::Choice;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// What the audit finds in the dataset, from the cache if it was audited before.
///
/// # Errors
/// Cancelled.
pub fn audited(opened: &Opened, cx: &Ctx) -> Result<Arc<Audit>, Fault> {
    let source = &opened.source;
    let key: (PathBuf, Choice) = (source.dataset.clone(), source.choice());
    opened.measured.cached(key, || Ok(audit::audit(&opened.data, cx)?))
}
