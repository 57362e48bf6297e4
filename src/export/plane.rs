//! Two scales with their axes.

use super::frame::{Pads, Ruler};
use super::scale::Scale;
use crate::metrics::report::Axis;

/// What the data of a plot lie in.
pub struct Plane {
    pub x: Scale,
    pub y: Scale,
    pub x_axis: Axis,
    pub y_axis: Axis,
}

impl Plane {
    /// Room around the data in a box of this size, of which the data may take this share of the width.
    pub fn pads(&self, (w, h): (f64, f64), share: f64, font: f64) -> Pads {
        let across = self.across(w * share, font, 2);
        let bottom = across.height(font);
        let left = Ruler::beside(&self.y, &self.y_axis, h - bottom, 0.7, font);
        Pads { left, right: across.over(font), top: font * 0.4, bottom }
    }

    /// The axis below a plot of this width, with so many lines for its name.
    pub fn across(&self, w: f64, font: f64, lines: usize) -> Ruler {
        Ruler::across(&self.x, &self.x_axis, w, font, lines)
    }

    /// The axis beside a plot of this height.
    pub fn up(&self, h: f64, font: f64) -> Ruler {
        Ruler::up(&self.y, &self.y_axis, h, font)
    }
}
