//! Pictures of a screen: [`Cells`](cells::Cells) become text ([`Cells::text`](cells::Cells::text)) or a
//! [`Scene`](scene::Scene) of rectangles, strokes, dots and runs of letters, which [`svg`] writes and [`raster`] paints.
//!
//! Frames, blocks and dots are shapes and no letters, so that maps and plots look the same with every font.

pub mod canvas;
pub mod cells;
pub mod font;
pub mod inline;
pub mod pen;
pub mod png;
pub mod raster;
pub mod scene;
pub mod svg;

mod strokes;

#[cfg(test)]
mod tests;
