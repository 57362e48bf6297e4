//! What was acted in a run, as a Minari dataset.

use std::path::Path;

use crate::data::dataset::Dataset;
use crate::env::minari_spec;
use crate::format::write::{MinariAbout, write_minari};
use crate::ground::fault::Fault;

/// What such a dataset says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ActedAbout<'a> {
    /// Its name and version in the environment's namespace ("topup-v0").
    pub name: &'a str,
    /// Id of the environment.
    pub env: &'a str,
    /// Who acted.
    pub algorithm: &'a str,
    /// Free text.
    pub description: &'a str,
}

impl ActedAbout<'_> {
    /// Writes `data` to `folder`, in place of what a process that ended before this one made of the same log.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn write(&self, folder: &Path, data: &Dataset) -> Result<(), Fault> {
        if folder.is_dir() {
            std::fs::remove_dir_all(folder).map_err(|e| Fault::io(folder, "replacing", &e))?;
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let space: String = self.env.chars().map(plain).collect();
        let about = MinariAbout {
            dataset_id: format!("{space}/{}", self.name),
            env_spec: Some(minari_spec(self.env)),
            algorithm_name: self.algorithm.into(),
            description: self.description.into(),
            ..MinariAbout::default()
        };
        write_minari(folder, data, &about)
    }
}
