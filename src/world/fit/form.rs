//! What a recurrent model is made of: how large it is, and what it has of `DreamerV3`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a recurrent model has of `DreamerV3` (Hafner et al. 2023) beyond the plain one; nothing unless it is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Every hidden layer is brought to root mean square 1 and scaled before its activation (Zhang and Sennrich 2019).
    pub rms_norm: bool,
    /// Blocks of the cell, each of which has gates of its own; 0 is a cell whose gates see all units.
    pub blocks: usize,
    /// Rewards are told by 255 bins, evenly from -20 to 20 in compressed units.
    pub two_hot: bool,
}

impl Form {
    /// True where nothing is asked for.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `units` are whole blocks.
    ///
    /// # Errors
    /// A sentence where they are not.
    pub fn check(&self, units: usize) -> Result<(), String> {
        if self.blocks == 0 || units.is_multiple_of(self.blocks) {
            return Ok(());
        }
        Err(format!("{units} units of the cell are no {} whole blocks; name a number that divides them", self.blocks))
    }
}

/// The deterministic units and the latents of a recurrent model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Deterministic units H.
    pub units: usize,
    /// Groups of latents.
    pub groups: usize,
    /// Classes of a group.
    pub classes: usize,
}

impl Widths {
    /// The usual ones beside layers of `hidden` units: twice as many units, and square latents of 8 groups, or of 16 from 256 units
    /// on.
    pub fn beside(hidden: usize) -> Self {
        let groups = if hidden < 256 { 8 } else { 16 };
        Self { units: 2 * hidden, groups, classes: groups }
    }
}

/// A size by name, which sets the widths of all parts at once. Millions of parameters of the plain form over a dozen columns,
/// without heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// 0.2: what is trained where no size is named.
    #[serde(rename = "0.2m")]
    Fifth,
    /// 0.6.
    #[serde(rename = "0.6m")]
    Half,
    /// 2.4.
    #[serde(rename = "2m")]
    Two,
    /// 6.8: `DreamerV3`'s S, whose 18 in the paper count networks over pictures, actor and critic as well.
    #[serde(rename = "s")]
    S,
    /// 18, of units by far the most: what danijar/dreamerv3 calls size12m.
    #[serde(rename = "18m")]
    Eighteen,
}

/// Name, width and number of hidden layers, units, groups and classes of every size.
const SIZES: [(Size, &str, [usize; 5]); 5] = [
    (Size::Fifth, "0.2m", [64, 3, 128, 8, 8]),
    (Size::Half, "0.6m", [128, 2, 256, 16, 8]),
    (Size::Two, "2m", [256, 2, 512, 16, 16]),
    (Size::S, "s", [512, 2, 512, 32, 32]),
    (Size::Eighteen, "18m", [256, 3, 2048, 32, 16]),
];

impl Size {
    /// Width and number of the hidden layers, and the widths of units and latents.
    pub fn widths(self) -> (usize, usize, Widths) {
        let of = SIZES.iter().find(|(size, ..)| *size == self).map_or([64, 3, 128, 8, 8], |(.., widths)| *widths);
        let [hidden, layers, units, groups, classes] = of;
        (hidden, layers, Widths { units, groups, classes })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SIZES.iter().find(|(size, ..)| size == self).map_or("", |(_, name, _)| name))
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || SIZES.iter().map(|(_, name, _)| *name).collect::<Vec<_>>().join(", ");
        let found = SIZES.iter().find(|(_, name, _)| *name == text.to_ascii_lowercase());
        found.map(|(size, ..)| *size).ok_or_else(|| format!("no size is called '{text}': {} are known", known()))
    }
}
