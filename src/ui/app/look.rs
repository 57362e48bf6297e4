//! How things are looked at: focus, zoom, scales, sorting, cursors.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Panel;
use crate::metrics::report::HeatMap;

/// Scale of a card's numbers, if it is not the report's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleChoice {
    /// Even steps.
    Linear,
    /// Decades.
    Log,
    /// Decades to both sides of zero.
    Symlog,
}

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
    /// Lines scrolled away.
    pub scroll: usize,
    /// Sorted column, and whether the largest comes first.
    pub sort: Option<(usize, bool)>,
}

/// Focus and looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Looks {
    /// Focused card of each panel, by id.
    pub focus: BTreeMap<Panel, String>,
    /// Looks of cards, by panel and id.
    pub cards: BTreeMap<(Panel, String), CardLook>,
    /// The focused card fills the panel.
    pub zoom: bool,
}

impl Looks {
    /// How card `id` of `panel` is looked at.
    pub fn of(&self, panel: Panel, id: &str) -> CardLook {
        self.cards.get(&(panel, id.to_string())).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, panel: Panel, id: &str) -> &mut CardLook {
        self.cards.entry((panel, id.to_string())).or_default()
    }
}

/// Cursors shared by all plots over the same axis: a step or a horizon is selected everywhere at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Cursor by the name of the horizontal axis.
    pub at: BTreeMap<String, f64>,
    /// Shown part of the horizontal axis, by its name.
    pub window: BTreeMap<String, (f64, f64)>,
    /// Dimensions on the axes of the coverage's map; those that it was measured with if none are chosen.
    pub axes: Option<(usize, usize)>,
    /// Where the mouse was when it last dragged a map.
    pub drag: Option<(u16, u16)>,
}
