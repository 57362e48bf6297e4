//! What a dataset is: episodes, spaces, splits, statistics, and what is wrong with it. Opens no file.

pub mod audit;
pub mod condition;
pub mod dataset;
pub mod dimension_names;
pub mod entry;
pub mod episode;
pub mod fingerprint;
pub mod sequence;
pub mod space;
pub mod split;
pub mod summary;
pub mod table;
