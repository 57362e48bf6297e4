//! Collecting a little data and fine-tuning on it.

pub mod learner;
