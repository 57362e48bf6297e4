//! Many dimensions: queries that lie near each other look at the same leaves together.
//!
//! Rows are turned to principal axes ([`super::rotation`]) and laid out in leaves of 64, thirty-two leaves a group. A packet of
//! up to 128 queries goes through the groups from the nearest on; each query skips leaves whose box is beyond its own bound,
//! and what remains is measured four queries at a time ([`super::tile`]). A leaf that is in the cache so serves many queries.

use std::sync::Mutex;

use pulp::Arch;
use rayon::prelude::*;

use super::leaves::{Leaves, PACKET};
use super::order;
use super::packet::Packet;
use super::points::Points;
use super::{Answer, Neighbors, Search};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;

/// The index.
pub struct Packets(Leaves);

impl Packets {
    /// Indexes the points.
    ///
    /// # Errors
    /// When cancelled.
    pub fn build(points: Points, cx: &Ctx) -> Result<Self, Fault> {
        Leaves::build(points, cx).map(Self)
    }
}

impl Neighbors for Packets {
    fn name(&self) -> &'static str {
        "packet search"
    }

    fn points(&self) -> &Points {
        &self.0.points
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn search(&self, search: &Search<'_>, cx: &Ctx) -> Result<Answer, Fault> {
        let w = self.0.rotation.width();
        let turned = self.0.rotation.turn(&self.0.points, &search.rows(), cx)?;
        let order = order::order(&turned, &vec![1.0; w], PACKET, cx)?;
        let out = Mutex::new(Answer::new(search));
        order.from.par_chunks(PACKET).zip(order.rows.par_chunks(PACKET * w)).try_for_each(|(positions, coords)| {
            let packet = Packet { index: &self.0, search, positions, coords, cx };
            Answer::keep(&out, search, &Arch::new().dispatch(packet)?, cx)
        })?;
        Ok(Answer::whole(out))
    }
}
