//! A card: one thing of a report with a frame around it, whatever panel shows it.

mod draw;
mod figure;
mod motion;

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::look::{CardLook, Lens, ScaleChoice};
use super::widget::notes;
use super::widget::pairs::PairsView;
use super::widget::scrubber::Scrubber;
use super::widget::stats::{self, StatsView};
use super::widget::switchboard::Switchboard;
use super::widget::table::TableView;
use super::widget::tail;
use crate::metrics::report::{HeatMap, Histogram, Note, Overlay, PairMaps, Scatter, Series, Stat, Table};

pub use draw::draw;
pub use figure::{map, map_as_shown};

/// One framed thing.
pub struct Card<'a> {
    /// Name within its panel ("plot:error by horizon").
    pub id: String,
    /// Heading.
    pub title: String,
    /// What is inside.
    pub body: Body<'a>,
    /// How it is looked at.
    pub look: CardLook,
    /// Numbers of colours in the palette: of its curves, where they do not take them in order; of rows of its table, which
    /// then bear a sign, by the row's number.
    pub paints: Vec<(usize, usize)>,
    /// The path over its map is of the episode that the cursor's step is of.
    pub of_step: bool,
}

/// Kinds of cards that have keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Any.
    Everywhere,
    /// A figure: plot, map, histogram, scatter.
    Figure,
    /// A table.
    Table,
}

/// What a card can hold.
pub enum Body<'a> {
    /// Numbers.
    Stats(&'a [Stat]),
    /// Curves that share a plot.
    Plot(Vec<&'a Series>),
    /// A distribution.
    Histogram(&'a Histogram),
    /// A map, and what of it is shown.
    Map {
        /// All of it.
        whole: &'a HeatMap,
        /// The part that is looked at.
        shown: &'a HeatMap,
        /// What is laid over it.
        overlays: &'a [Overlay],
    },
    /// Small maps of pairs of dimensions.
    Pairs(&'a PairMaps),
    /// A cloud.
    Scatter(&'a Scatter),
    /// A table.
    Table(&'a Table),
    /// Sentences, in this order.
    Notes(Vec<Cow<'a, Note>>),
    /// An episode's lanes.
    Lanes(Vec<&'a Series>),
    /// Lines with their seconds, the newest last: its end is shown.
    Tail(&'a [(f64, String)]),
    /// A switchboard.
    Switchboard(Switchboard),
    /// What is happening, or what brings the panel to life; share done, if a job is at it.
    Waiting(Vec<String>, Option<f64>),
}

impl<'a> Card<'a> {
    /// A card that nobody has looked at.
    pub fn new(id: impl Into<String>, title: impl Into<String>, body: Body<'a>) -> Self {
        Self { id: id.into(), title: title.into(), body, look: CardLook::default(), paints: Vec::new(), of_step: false }
    }

    /// Which keys hold while it has the focus.
    pub fn place(&self) -> Place {
        match self.body {
            Body::Table(_) => Place::Table,
            Body::Plot(_)
            | Body::Histogram(_)
            | Body::Map { .. }
            | Body::Pairs(_)
            | Body::Scatter(_)
            | Body::Lanes(_) => Place::Figure,
            _ => Place::Everywhere,
        }
    }

    /// Name of the horizontal axis whose cursor it shares.
    pub fn axis(&self) -> Option<&str> {
        match &self.body {
            Body::Plot(lines) | Body::Lanes(lines) => lines.first().map(|l| l.x_axis.label.as_str()),
            Body::Scatter(s) => Some(&s.x_axis.label),
            _ => None,
        }
    }

    /// The values at the cursor, for the clipboard.
    pub fn readout(&self, lens: Lens<'_>) -> String {
        let look = &self.look;
        let at = self.axis().and_then(|a| lens.at(a));
        match &self.body {
            Body::Stats(all) => all.get(look.row.unwrap_or(0)).map(stats::told).unwrap_or_default(),
            Body::Notes(all) => all.iter().map(|n| n.text.clone()).collect::<Vec<_>>().join("\n"),
            Body::Lanes(_) => {
                let told = self.scrubber(lens).zip(at).map(|(scrubber, at)| scrubber.readout(at));
                told.unwrap_or_else(|| self.title.clone())
            }
            Body::Plot(lines) => {
                let Some(at) = at else { return self.title.clone() };
                let value = |l: &&Series| format!("{}\t{}", l.label, super::widget::plot::value_at(l, at));
                lines.iter().map(value).collect::<Vec<_>>().join("\n")
            }
            Body::Histogram(_) => {
                figure::histogram(self).zip(look.row).map(|(h, row)| h.readout(row)).unwrap_or_default()
            }
            Body::Map { .. } => {
                let told = |(m, cell): (super::widget::map::MapView<'_>, _)| {
                    [Some(m.readout(cell)), m.nearest(cell)].into_iter().flatten().collect::<Vec<_>>().join("\n")
                };
                figure::map(self, lens).zip(look.cell).map(told).unwrap_or_default()
            }
            Body::Pairs(maps) => PairsView { maps, selected: look.row.unwrap_or(0) }.readout(),
            Body::Scatter(_) => figure::scatter(self, lens).and_then(|s| s.told()).unwrap_or_default(),
            Body::Table(data) => table(data, look).readout(),
            Body::Tail(lines) => {
                let told = |(seconds, text): &(f64, String)| format!("{}\t{text}", tail::clock(*seconds));
                lines.iter().map(told).collect::<Vec<_>>().join("\n")
            }
            Body::Switchboard(board) => board.result.clone().unwrap_or_else(|| self.title.clone()),
            Body::Waiting(..) => self.title.clone(),
        }
    }

    /// Its heading when its inside is `area`: of lanes it is said how many of the dimensions there is room for.
    fn heading(&self, lens: Lens<'_>, area: Rect) -> Cow<'_, str> {
        let dims = self.scrubber(lens).and_then(|scrubber| scrubber.dimensions(area));
        let dims = dims.map(|(shown, all)| match shown {
            0 => format!("{} · zoom in with z for its {all} dimensions", self.title),
            n => format!("{} · {n} of {all} dimensions", self.title),
        });
        dims.map_or(Cow::Borrowed(&self.title), Cow::Owned)
    }

    /// The lanes, where it has any.
    fn scrubber(&self, lens: Lens<'_>) -> Option<Scrubber<'_>> {
        let Body::Lanes(lanes) = &self.body else { return None };
        let cursor = self.axis().and_then(|a| lens.at(a));
        let window = self.axis().and_then(|a| lens.window(a));
        let log = self.look.scale.map(|scale| scale != ScaleChoice::Linear);
        Some(Scrubber { lanes: lanes.clone(), cursor, window, log })
    }

    /// Rows that it can fill when it is `width` columns wide, its frame included; nothing where it takes what it gets.
    pub fn need(&self, width: u16, narrow: bool) -> Option<u16> {
        let inside = Self::inside(Rect { x: 0, y: 0, width, height: u16::MAX }, narrow).width;
        let rows = match &self.body {
            Body::Stats(stats) => StatsView { stats, selected: 0 }.need(inside),
            Body::Table(data) => table(data, &self.look).need(inside),
            Body::Notes(all) => notes::need(all, inside),
            Body::Switchboard(board) => board.need(inside),
            _ => return None,
        };
        Some(rows.max(1).saturating_add(if narrow { 1 } else { 2 }))
    }

    /// The place of what is inside the frame.
    pub fn inside(area: Rect, small: bool) -> Rect {
        if small {
            Rect {
                x: area.x + 1,
                y: area.y + 1,
                width: area.width.saturating_sub(2),
                height: area.height.saturating_sub(1),
            }
        } else {
            Rect {
                x: area.x + 2,
                y: area.y + 1,
                width: area.width.saturating_sub(4),
                height: area.height.saturating_sub(2),
            }
        }
    }
}

/// A table with its selected row, which is the first that is shown until one is chosen.
pub fn table<'a>(data: &'a Table, look: &CardLook) -> TableView<'a> {
    let view = TableView { data, sort: look.sort, selected: look.row, signs: Vec::new() };
    let selected = Some(look.row.unwrap_or_else(|| view.top()));
    TableView { selected, ..view }
}

pub use motion::{Target, click, ends, first_or_last, map_plot, shift};
