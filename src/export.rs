//! Figures for papers and reports: results drawn as SVG. Text stays text in the reader's own font, so that drawing needs
//! none.

mod bars;
mod canvas;
mod content;
mod curves;
pub mod figure;
mod frame;
mod heat;
mod legend;
mod palette;
mod part;
mod scale;
mod text;
mod thin;

#[cfg(test)]
mod tests;
