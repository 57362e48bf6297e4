use serde::{Deserialize, Serialize};

pub use crate::env::acting::ActingSpec;

/// Which environments are looked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvsSpec {
    /// The Python that is asked.
    pub acting: ActingSpec,
}
