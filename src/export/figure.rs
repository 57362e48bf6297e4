//! The figures: curves, rows of dots, maps, and several of them on one sheet. The same results give the same bytes.

pub use super::canvas::Placed;
use super::canvas::{Rect, Side, sheet};
pub use super::content::{Content, Group, Look, Panel, Row};
use super::legend;
use super::part::{self, Legends, Part, Room};
use super::text::{self, LINE};
use crate::metrics::report::{HeatMap, Series};

/// Free edge of the paper.
const EDGE: f64 = 4.0;

/// All curves of one group in one plot.
///
/// # Errors
/// Where the library cannot draw.
pub fn curves(series: &[&Series], look: &Look) -> Result<String, String> {
    one(Content::Curves(series.to_vec()), look)
}

/// Rows of dots with whiskers, a panel for each group side by side.
///
/// # Errors
/// Where the library cannot draw.
pub fn bars(groups: &[Group], look: &Look) -> Result<String, String> {
    one(Content::Bars(groups), look)
}

/// A map of counts on a logarithmic scale of colours, with its overlays.
///
/// # Errors
/// Where the library cannot draw.
pub fn heat(map: &HeatMap, look: &Look) -> Result<String, String> {
    one(Content::Heat(map), look)
}

/// A figure, and where the data of its parts lie on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// As SVG.
    pub svg: String,
    /// One for each part, in their order.
    pub placed: Vec<Placed>,
}

/// Several figures in `columns` columns of one width; `look` is of the whole sheet. Where all show curves of the same
/// names, one legend below serves them all.
///
/// # Errors
/// Where the library cannot draw.
pub fn panels(panels: &[Panel], columns: usize, look: &Look) -> Result<String, String> {
    drawn(panels, columns, look).map(|d| d.svg)
}

/// As [`panels`], with where the data lie.
///
/// # Errors
/// Where the library cannot draw.
pub fn drawn(panels: &[Panel], columns: usize, look: &Look) -> Result<Drawn, String> {
    let (font, width) = (size(look.font_pt, 9.0).clamp(1.0, 72.0), size(look.width_pt, 420.0));
    let columns = columns.clamp(1, panels.len().max(1));
    let rows = panels.len().max(1).div_ceil(columns);
    let gap = font * 1.2;
    let parts: Vec<Part> = panels.iter().map(|p| Part::new(&p.title, &p.content)).collect();
    let shared = part::shared(&parts);
    let title = look.title.as_deref().map(|t| text::wrap(t, font * 1.08, width - 2.0 * EDGE, 2)).unwrap_or_default();
    let head = title.len() as f64 * font * LINE + if title.is_empty() { 0.0 } else { font * 0.4 };
    let foot = shared.map(|entries| legend::below(entries, width - 2.0 * EDGE, font));
    let under = foot.as_ref().map_or(0.0, |l| l.h + font * 0.6);

    let each_w = (width - 2.0 * EDGE - gap * (columns - 1) as f64) / columns as f64;
    let free = size(look.height_pt, 280.0) - 2.0 * EDGE - head - under - gap * (rows - 1) as f64;
    let asked = (each_w, (free / rows as f64).max(font));
    let legends = if shared.is_some() {
        Legends::Shared
    } else if parts.len() > 1 {
        Legends::Below
    } else {
        Legends::Best
    };
    let rooms: Vec<Room> = parts.iter().map(|p| p.room(asked, font, legends)).collect();
    let rooms = part::align(&parts, &rooms, columns);
    let wanted = parts.iter().zip(&rooms).map(|(p, room)| p.height(room, asked.1, font));
    let each_h = wanted.fold(asked.1, f64::max);
    let height = each_h * rows as f64 + gap * (rows - 1) as f64 + under + head + 2.0 * EDGE;

    let (svg, placed) = sheet((width, height), font, |canvas| {
        for (i, line) in title.iter().enumerate() {
            canvas.bold((width / 2.0, EDGE + font * LINE * (i as f64 + 0.5)), line, Side::Middle)?;
        }
        for (i, (part, room)) in parts.iter().zip(&rooms).enumerate() {
            let (column, row) = ((i % columns) as f64, (i / columns) as f64);
            let (x, y) = (EDGE + column * (each_w + gap), EDGE + head + row * (each_h + gap));
            part.draw(canvas, Rect { x, y, w: each_w, h: each_h }, room)?;
        }
        match &foot {
            Some(layout) => legend::draw(canvas, layout, ((width - layout.w) / 2.0, height - EDGE - layout.h)),
            None => Ok(()),
        }
    })?;
    Ok(Drawn { svg, placed })
}

fn one(content: Content, look: &Look) -> Result<String, String> {
    let title = look.title.clone().unwrap_or_default();
    panels(&[Panel { title, content }], 1, &Look { title: None, ..look.clone() })
}

/// A usable size: what was asked for, or the usual where that is none.
fn size(asked: f64, usual: f64) -> f64 {
    if asked.is_finite() && asked > 0.0 { asked.min(20_000.0) } else { usual }
}
