//! One figure of a sheet: its title, its data and its legend, each in a place of its own.

use std::mem::discriminant;

use super::bars::Bars;
use super::canvas::{Canvas, Failure, Rect, Side};
use super::content::Content;
use super::curves::Curves;
use super::frame::{LOWEST, Pads};
use super::heat::Heat;
use super::histogram::Bins;
use super::legend::{self, Entry, Layout};
use super::pairs::Triangle;
use super::scale::Scale;
use super::scatter::Cloud;
use super::text::{self, LINE};

/// Least share of a figure's height that its data have; more names make the figure higher.
const DATA: f64 = 0.5;

/// Where a part's names go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Legends {
    /// Right of the data where there is room, else below.
    Best,
    /// Below, so that the data of neighbours are as wide.
    Below,
    /// In the legend of the sheet.
    Shared,
}

/// A figure.
pub struct Part<'a> {
    title: &'a str,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Curves(Curves<'a>),
    Bars(Bars<'a>),
    Heat(Heat<'a>),
    Bins(Bins<'a>),
    Cloud(Cloud<'a>),
    Pairs(Triangle<'a>),
}

/// What a part wants around its data.
#[derive(Debug, Clone, Default)]
pub struct Room {
    title: Vec<String>,
    /// Height of the title.
    head: f64,
    /// Axes and their labels.
    pads: Pads,
    beside: Option<Layout>,
    below: Option<Layout>,
    /// Height of the legend below.
    under: f64,
}

/// The entries of all parts, where there are several and all have the same.
pub fn shared<'p>(parts: &'p [Part]) -> Option<&'p [Entry]> {
    let first = parts.first().filter(|_| parts.len() > 1)?.entries();
    (!first.is_empty() && parts.iter().all(|p| p.entries() == first)).then_some(first)
}

/// The rooms with the data of one kind as wide in a column and as high in a row.
pub fn align(parts: &[Part], rooms: &[Room], columns: usize) -> Vec<Room> {
    let all = |i: usize| {
        let mut room = rooms[i].clone();
        for (j, other) in rooms.iter().enumerate() {
            let alike = discriminant(&parts[i].kind) == discriminant(&parts[j].kind);
            if i / columns == j / columns {
                room.head = room.head.max(other.head);
            }
            if alike && i / columns == j / columns {
                room.pads.top = room.pads.top.max(other.pads.top);
                room.pads.bottom = room.pads.bottom.max(other.pads.bottom);
                room.under = room.under.max(other.under);
            }
            if alike && i % columns == j % columns {
                room.pads.left = room.pads.left.max(other.pads.left);
                room.pads.right = room.pads.right.max(other.pads.right);
            }
        }
        room
    };
    (0..rooms.len()).map(all).collect()
}

impl<'a> Part<'a> {
    /// A figure of `content` under its title.
    pub fn new(title: &'a str, content: &'a Content<'a>) -> Self {
        let kind = match content {
            Content::Curves(series) => Kind::Curves(Curves::new(series).under(title)),
            Content::Bars(groups) => Kind::Bars(Bars::new(groups)),
            Content::Heat(map) => Kind::Heat(Heat::new(map)),
            Content::Bins(histogram) => Kind::Bins(Bins::new(histogram)),
            Content::Cloud(scatter) => Kind::Cloud(Cloud::new(scatter)),
            Content::Pairs(pairs) => Kind::Pairs(Triangle::new(pairs)),
        };
        Self { title, kind }
    }

    fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Curves(c) => c.entries(),
            Kind::Bars(b) => b.entries(),
            Kind::Heat(h) => h.entries(),
            Kind::Bins(b) => b.entries(),
            Kind::Cloud(c) => c.entries(),
            Kind::Pairs(_) => &[],
        }
    }

    /// Its axes; from 0 to 1 where it has none of its own.
    fn scales(&self) -> (Scale, Scale) {
        match &self.kind {
            Kind::Curves(c) => c.scales(),
            Kind::Heat(h) => h.scales(),
            Kind::Bins(b) => b.scales(),
            Kind::Cloud(c) => c.scales(),
            Kind::Bars(_) | Kind::Pairs(_) => (Scale::exact(0.0, 1.0), Scale::exact(0.0, 1.0)),
        }
    }

    fn pads(&self, size: (f64, f64), font: f64) -> Pads {
        match &self.kind {
            Kind::Curves(c) => c.pads(size, font),
            Kind::Bars(b) => b.pads(size.0, font),
            Kind::Heat(h) => h.pads(size, font),
            Kind::Bins(b) => b.pads(size, font),
            Kind::Cloud(c) => c.pads(size, font),
            Kind::Pairs(t) => t.pads(size, font),
        }
    }

    /// What is around the data in a box of this size.
    pub fn room(&self, (w, h): (f64, f64), font: f64, legends: Legends) -> Room {
        let title = text::wrap(self.title, font * 1.08, w, 2);
        let head = if title.is_empty() { 0.0 } else { title.len() as f64 * font * LINE + font * 0.3 };
        let entries = self.entries();
        let beside = match &self.kind {
            Kind::Curves(c) if legends == Legends::Best && !c.named_at_end() => {
                legend::right(entries, w, (h - head) * 0.8, font)
            }
            _ => None,
        };
        let wanted = beside.is_none() && legends != Legends::Shared && !entries.is_empty();
        let below = wanted.then(|| legend::below(entries, w, font));
        let under = below.as_ref().map_or(0.0, |l| l.h + font * 0.6);
        let side = beside.as_ref().map_or(0.0, |l| l.w + font * 1.4);
        let pads = self.pads((w - side, h - head - under), font);
        Room { title, head, pads, beside, below, under }
    }

    /// Height in which the data still have their share of what was asked for.
    pub fn height(&self, room: &Room, asked: f64, font: f64) -> f64 {
        let data = match &self.kind {
            Kind::Bars(b) => b.height(room.pads.left, font),
            _ => (asked * DATA).max(font * LOWEST),
        };
        room.head + room.pads.top + room.pads.bottom + room.under + data
    }

    /// Draws all of it in `outer`.
    pub fn draw(&self, canvas: &Canvas, outer: Rect, room: &Room) -> Result<(), Failure> {
        let (font, pads) = (canvas.font, room.pads);
        let right = room.beside.as_ref().map_or(0.0, |l| l.w + font * 1.4);
        let mut plot = outer.inside(pads.left, pads.right + right, room.head + pads.top, pads.bottom + room.under);
        match &self.kind {
            Kind::Heat(h) => plot = shaped(plot, h.shape()),
            Kind::Pairs(_) => plot = shaped(plot, Some(1.0)),
            _ => {}
        }
        canvas.place(plot, self.scales());
        for (i, line) in room.title.iter().enumerate() {
            // In the middle of the data, but not beyond the box.
            let half = text::width(line, font * 1.08) / 2.0;
            let x = (plot.x + plot.w / 2.0).min(outer.right() - half).max(outer.x + half);
            canvas.bold((x, outer.y + font * LINE * (i as f64 + 0.5)), line, Side::Middle)?;
        }
        match &self.kind {
            Kind::Curves(c) => c.draw(canvas, plot, &pads)?,
            Kind::Bars(b) => b.draw(canvas, plot, &pads)?,
            Kind::Heat(h) => h.draw(canvas, plot, &pads)?,
            Kind::Bins(b) => b.draw(canvas, plot, &pads)?,
            Kind::Cloud(c) => c.draw(canvas, plot, &pads)?,
            Kind::Pairs(t) => t.draw(canvas, plot, &pads)?,
        }
        if let Some(layout) = &room.beside {
            legend::draw(canvas, layout, (plot.right() + pads.right + font * 1.2, plot.y))?;
        }
        if let Some(layout) = &room.below {
            let x = (plot.x + plot.w / 2.0 - layout.w / 2.0).min(outer.right() - layout.w).max(outer.x);
            legend::draw(canvas, layout, (x, outer.bottom() - room.under + font * 0.6))?;
        }
        Ok(())
    }
}

/// The largest part of `plot` with this height over width, in its middle and at its top.
fn shaped(plot: Rect, shape: Option<f64>) -> Rect {
    let Some(shape) = shape else { return plot };
    let (w, h) = (plot.w.min(plot.h / shape), plot.h.min(plot.w * shape));
    Rect { x: plot.x + (plot.w - w) / 2.0, y: plot.y + (plot.h - h) / 2.0, w, h }
}
