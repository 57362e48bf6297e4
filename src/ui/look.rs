//! How things are looked at: focus, zoom, scales, sorting, cursors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::panel_id::PanelId;
use super::theme::Theme;
use crate::engine::job::TraceSpec;
use crate::metrics::report::{Along, HeatMap, Series};

/// Scale of a card's numbers, if it is not the report's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaleChoice {
    /// Even steps.
    Linear,
    /// Decades.
    Log,
    /// Decades to both sides of zero.
    Symlog,
}

/// Weights of the past that curves are smoothed with; 0 leaves them as they are.
pub const SMOOTH: [f64; 4] = [0.0, 0.6, 0.9, 0.97];

/// How one card is looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CardLook {
    /// Scale chosen with the key.
    pub scale: Option<ScaleChoice>,
    /// Selected row of a table or bin of a histogram.
    pub row: Option<usize>,
    /// Cell of a map, from the lower left.
    pub cell: Option<(usize, usize)>,
    /// The part of a map that is shown in place of the whole.
    pub part: Option<Arc<HeatMap>>,
    /// The one curve that is shown, of all that a plot has; of a map the path.
    pub solo: Option<usize>,
    /// What of a map is shown: 0 its own numbers, then its layers.
    pub layer: usize,
    /// How much of a curve's past is in each of its values (the weight of an exponential moving average), as a step of
    /// [`SMOOTH`].
    pub smooth: usize,
    /// Lines scrolled away.
    pub scroll: usize,
    /// Sorted column, and whether the largest comes first.
    pub sort: Option<(usize, bool)>,
}

/// Sizes that the user gave to the parts of a row or column of a page, by its name.
pub type Sizes = BTreeMap<String, Vec<u16>>;

/// Focus and looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Looks {
    /// Focused card of each panel, by id.
    pub focus: BTreeMap<PanelId, String>,
    /// Looks of cards, by panel and id.
    pub cards: BTreeMap<(PanelId, String), CardLook>,
    /// The focused card fills the panel.
    pub zoom: bool,
    /// Sizes that the user gave to rows and columns of the panels' pages.
    pub sizes: BTreeMap<PanelId, Sizes>,
    /// Curves of plots as they once were, by panel and card.
    pub pins: BTreeMap<(PanelId, String), Vec<Series>>,
}

impl Looks {
    /// How card `id` of `panel` is looked at.
    pub fn card(&self, panel: PanelId, id: &str) -> CardLook {
        self.cards.get(&(panel, id.to_string())).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn card_mut(&mut self, panel: PanelId, id: &str) -> &mut CardLook {
        self.cards.entry((panel, id.to_string())).or_default()
    }

    /// The cards of `panel`, those that were looked at.
    pub fn of_panel(&mut self, panel: PanelId) -> impl Iterator<Item = (&str, &mut CardLook)> {
        self.cards.iter_mut().filter(move |((p, _), _)| *p == panel).map(|((_, id), look)| (id.as_str(), look))
    }
}

/// The rollout that is imagined from the step under the cursor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracing {
    /// The step that it begins at whatever the cursor does; it follows the cursor where none is held.
    pub held: Option<usize>,
    /// What was asked for last.
    pub asked: Option<TraceSpec>,
    /// What the latest report is of.
    pub shown: Option<TraceSpec>,
}

/// Cursors shared by all plots over the same axis: a step or a horizon is selected everywhere at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Cursor by the name of the horizontal axis.
    pub at: BTreeMap<String, f64>,
    /// Shown part of the horizontal axis, by its name.
    pub window: BTreeMap<String, (f64, f64)>,
    /// What lies along the axes of the coverage's map; the first principal axes if nothing is chosen.
    pub axes: Option<(Along, Along)>,
    /// The hole whose box stands out on that map, by its label.
    pub hole: Option<String>,
    /// Episode of the data that is drawn over the coverage's map.
    pub episode: Option<usize>,
    /// What is imagined of the episode that is diagnosed, where something is.
    pub tracing: Option<Tracing>,
    /// Runs whose curves are shown, by their places; the first of the table if none are marked.
    pub runs: BTreeSet<String>,
    /// The number whose curves are shown; the first if none is chosen.
    pub metric: Option<String>,
    /// Where the mouse was when it last dragged a map.
    pub drag: Option<(u16, u16)>,
    /// The border that the mouse holds: a row or column of the page by its name, and the part before the border.
    pub border: Option<(String, usize)>,
}

/// What all cards are seen with: cursors and colours.
#[derive(Debug, Clone, Copy)]
pub struct Lens<'a> {
    /// Cursors that cards share.
    pub selection: &'a Selection,
    /// Colours and characters.
    pub theme: Theme,
}

impl Lens<'_> {
    /// The cursor on the horizontal axis called `axis`.
    pub fn at(&self, axis: &str) -> Option<f64> {
        self.selection.at.get(axis).copied()
    }

    /// The part of that axis that is shown, where it is not the whole.
    pub fn window(&self, axis: &str) -> Option<(f64, f64)> {
        self.selection.window.get(axis).copied()
    }
}
