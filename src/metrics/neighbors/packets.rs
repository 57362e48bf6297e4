//! Many dimensions: queries that lie near each other look at the same leaves together.
//!
//! Rows are turned to principal axes ([`super::rotation`]) and laid out in leaves of 64, thirty-two leaves a group. A packet of
//! up to 128 queries goes through the groups from the nearest on; each query skips leaves whose box is beyond its own bound,
//! and what remains is measured four queries at a time ([`super::tile`]). A leaf that is in the cache so serves many queries.

use std::sync::Mutex;

use pulp::Arch;
use rayon::prelude::*;

use super::boxes::{Boxes, WIDE};
use super::order;
use super::packet::Packet;
use super::points::Points;
use super::rotation::Rotation;
use super::tile::LEAF;
use super::{Answer, Neighbors, Search};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// Queries that walk together.
pub const PACKET: usize = 128;
/// Axes that boxes have ends along; along the later ones nearly every box spans everything.
const BOXED: usize = 16;

/// The index.
pub struct Packets {
    pub(super) points: Points,
    pub(super) rotation: Rotation,
    /// [leaves, width, 64].
    pub(super) leaves: Vec<f32>,
    /// [leaves · 64] row of each place.
    pub(super) rows: Vec<u32>,
    /// Boxes of the leaves.
    pub(super) boxes: Boxes,
    /// Boxes of [`WIDE`] leaves.
    pub(super) groups: Boxes,
}

impl Packets {
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
    pub(super) fn leaves_of(&self, g: usize) -> std::ops::Range<usize> {
        g * WIDE..((g + 1) * WIDE).min(self.boxes.count())
    }
}

impl Neighbors for Packets {
    fn name(&self) -> &'static str {
        "packet search"
    }

    fn points(&self) -> &Points {
        &self.points
    }

    fn bytes(&self) -> usize {
        (self.leaves.len() + self.rows.len()) * 4 + self.boxes.bytes() + self.groups.bytes()
    }

    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault> {
        let w = self.rotation.width();
        let turned = self.rotation.turn(&self.points, &search.rows(), cx)?;
        let order = order::order(&turned, &vec![1.0; w], PACKET, cx)?;
        let out = Mutex::new(Answer::new(search));
        order.from.par_chunks(PACKET).zip(order.rows.par_chunks(PACKET * w)).try_for_each(|(positions, coords)| {
            let packet = Packet { index: self, search, positions, coords, cx };
            Answer::keep(&out, search, &Arch::new().dispatch(packet)?, cx)
        })?;
        Ok(Answer::whole(out))
    }
}
