//! What leaves the program: figures for papers and reports as SVG and PNG, their data as CSV and Parquet, and whole reports as one
//! HTML file. Text stays text in the reader's own font, so that drawing needs none.

mod bars;
mod canvas;
pub mod card;
mod cells;
mod compact;
mod content;
mod curves;
mod dark;
mod data;
pub mod figure;
pub mod files;
mod frame;
mod heat;
mod histogram;
pub mod html;
mod legend;
mod pairs;
mod palette;
mod part;
mod pixels;
mod plane;
mod scale;
mod scatter;
mod text;
mod thin;

#[cfg(test)]
mod tests;
