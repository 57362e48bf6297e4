//! What panels are drawn with. Every widget writes inside the rectangle it is given and nowhere else, at any size.

pub mod axes;
pub mod bars;
pub mod dots;
pub mod gauge;
pub mod histogram;
pub mod ink;
pub mod map;
pub mod notes;
pub mod number;
pub mod overlay;
pub mod pairs;
pub mod plot;
pub mod scale;
pub mod scatter;
pub mod scrubber;
pub mod stats;
pub mod switchboard;
pub mod table;
pub mod tail;
pub mod ticks;
