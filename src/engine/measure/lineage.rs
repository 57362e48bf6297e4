//! Whether the held-out episodes were kept from a checkpoint in training.

use crate::checkpoint::Checkpoint;
use crate::data::fingerprint::fingerprint;
use crate::data::split::SplitSpec;
use crate::engine::opened::Opened;
use crate::metrics::report::{Level, Report};

/// True if the checkpoint was trained on the same part of the same data.
pub fn same_part(checkpoint: &Checkpoint, fingerprint: &str, split: SplitSpec) -> bool {
    let lineage = &checkpoint.about.lineage;
    lineage.dataset.as_deref() == Some(fingerprint) && lineage.split == Some(split)
}

/// Says whether the held-out episodes were kept from the model in training; nothing without a checkpoint.
pub fn trust(report: &mut Report, opened: &Opened) {
    let Some(checkpoint) = &opened.checkpoint else { return };
    let lineage = &checkpoint.about.lineage;
    let (Some(trained_on), Some(split)) = (&lineage.dataset, &lineage.split) else {
        report.note(
            Level::Info,
            "the checkpoint does not say what it was trained on: held-out episodes may have been among it",
        );
        return;
    };
    if *trained_on != fingerprint(&opened.data) {
        report.note(Level::Info, "the checkpoint was trained on another dataset");
    } else if *split == opened.source.split {
        report.note(Level::Good, "the held-out episodes were not trained on (they only chose when training stopped)");
    } else {
        let seed = split.seed;
        report.note(
            Level::Warn,
            format!("the checkpoint divided this dataset otherwise: held-out episodes may have been trained on (--split-seed {seed} is its division)"),
        );
    }
}
