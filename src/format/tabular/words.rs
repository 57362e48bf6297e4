//! What a Parquet file that oodscope wrote says of itself: the environment, and the names of the dimensions.

use serde::Deserialize;

use super::super::frame::Parquet;
use super::super::roles::Roles;
use crate::data::dataset::Origin;
use crate::data::space::Space;

/// Longest name that is taken.
const MAX_NAME: usize = 200;

/// What the metadata of a file says.
#[derive(Debug, Default)]
pub(super) struct Words {
    env_id: Option<String>,
    names: Names,
}

/// The entry `oodscope`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names {
    observation_names: Vec<String>,
    action_names: Vec<String>,
}

impl Words {
    /// Reads the metadata; names say nothing of columns that a mapping chose.
    pub fn of(table: &Parquet, roles: &Roles) -> Self {
        let own = |text: &str| serde_json::from_str(text).ok();
        let names = table.word("oodscope").and_then(own).filter(|_| roles.mapping.is_none());
        Self {
            env_id: table.word("env_id").filter(|id| is_name(id)).map(str::to_owned),
            names: names.unwrap_or_default(),
        }
    }

    /// Puts names in the place of the columns' own.
    pub fn name(&self, spaces: &mut (Space, Space), origin: &mut Origin) {
        origin.env_id.clone_from(&self.env_id);
        let names = [&self.names.observation_names, &self.names.action_names];
        for (space, names) in [&mut spaces.0, &mut spaces.1].into_iter().zip(names) {
            if names.len() == space.dim() && names.iter().all(|name| is_name(name)) {
                space.names.clone_from(names);
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
}
