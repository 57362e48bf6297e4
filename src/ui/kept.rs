//! What is kept from one start of the dashboard to the next: sizes that the user gave to cards, and conditions that were written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::look::Sizes;
use super::panel::PANELS;

/// Most conditions, and most rows and columns of a panel, that are kept.
const LINES: usize = 200;
const SPLITS: usize = 100;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Conditions that were written, the latest last.
    pub history: Vec<String>,
    /// Sizes of rows and columns by panel.
    pub sizes: BTreeMap<String, Sizes>,
}

impl Kept {
    /// What is to be kept of `app`.
    pub fn of(app: &App) -> Self {
        let history = &app.filter.history;
        let bounded =
            |sizes: &Sizes| sizes.iter().take(SPLITS).map(|(name, parts)| (name.clone(), parts.clone())).collect();
        Self {
            history: history[history.len().saturating_sub(LINES)..].to_vec(),
            sizes: app.looks.sizes.iter().map(|(panel, sizes)| (panel.0.to_owned(), bounded(sizes))).collect(),
        }
    }

    /// What the file says; nothing where it is none of ours.
    pub fn read(text: &str) -> Self {
        toml::from_str(text).unwrap_or_default()
    }

    /// Takes up in `app` what was kept.
    pub fn put(self, app: &mut App) {
        let from = self.history.len().saturating_sub(LINES);
        app.filter.history = self.history[from..].to_vec();
        for panel in PANELS {
            if let Some(sizes) = self.sizes.get(panel.id.0) {
                app.looks.sizes.insert(panel.id, sizes.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::job::Source;
    use crate::ui::app::OpenSpec;
    use crate::ui::theme::{Scheme, Theme};

    #[test]
    fn what_is_kept_is_bounded_and_comes_back_and_another_file_is_no_harm() {
        let new = || App::new(OpenSpec::new(Source::default(), 0), PANELS[0].id, Theme::new(Scheme::Dark));
        let mut app = new();
        app.filter.history = (0..300).map(|i| format!("steps > {i}")).collect();
        app.looks.sizes.insert(PANELS[1].id, [("map/0".to_owned(), vec![30, 50])].into());
        let text = toml::to_string(&Kept::of(&app)).unwrap();
        let mut again = new();
        Kept::read(&text).put(&mut again);
        assert_eq!(again.filter.history, app.filter.history[100..]);
        assert_eq!(again.looks.sizes, app.looks.sizes);
        for other in ["", "history = 3", "\u{0}", "sizes = { nowhere = { a = [1] } }"] {
            let mut app = new();
            Kept::read(other).put(&mut app);
            assert!(app.filter.history.is_empty() && app.looks.sizes.is_empty(), "{other}");
        }
    }
}
