//! Numbers about arrays: coverage, novelty, divergence, thresholds. Knows no file and no network.

pub mod report;
