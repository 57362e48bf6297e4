//! The rows of a packet search: turned to principal axes, in leaves of 64 with boxes around them.

use super::boxes::{Boxes, WIDE};
use super::order;
use super::points::Points;
use super::rotation::Rotation;
use super::tile::LEAF;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Queries that walk together.
pub const PACKET: usize = 128;
/// Axes that boxes have ends along; along the later ones nearly every box spans everything.
const BOXED: usize = 16;

/// Rows in leaves.
pub struct Leaves {
    /// What is searched.
    pub points: Points,
    /// To principal axes.
    pub rotation: Rotation,
    /// [leaves, width, 64].
    pub leaves: Vec<f32>,
    /// [leaves · 64] row of each place.
    pub rows: Vec<u32>,
    /// Boxes of the leaves.
    pub boxes: Boxes,
    /// Boxes of [`WIDE`] leaves.
    pub groups: Boxes,
}

impl Leaves {
    /// Indexes the points.
    ///
    /// # Errors
    /// When cancelled.
    pub fn build(points: Points, cx: &Ctx) -> Result<Self, Fault> {
        let rotation = Rotation::fit(&points);
        let w = rotation.width();
        let turned = rotation.turn(&points, points.rows(), cx)?;
        let ordered = order::order(&turned, &vec![1.0; w], LEAF, cx)?;
        drop(turned);
        let (leaves, rows) = ordered.leaves::<LEAF>(w, false);
        cx.check()?;
        let boxes = Boxes::around::<LEAF>(&leaves, points.len(), w, w.min(BOXED));
        let groups = boxes.parents();
        Ok(Self { points, rotation, leaves, rows, boxes, groups })
    }

    /// Leaves of group `g`.
    pub fn leaves_of(&self, g: usize) -> std::ops::Range<usize> {
        g * WIDE..((g + 1) * WIDE).min(self.boxes.count())
    }
    /// Bytes beside the points themselves.
    pub fn bytes(&self) -> usize {
        (self.leaves.len() + self.rows.len()) * 4 + self.boxes.bytes() + self.groups.bytes()
    }
}
