//! A card: one thing of a report with a frame around it, whatever panel shows it.

mod draw;
mod figure;
mod motion;

use ratatui::layout::Rect;

use super::app::{App, CardLook};
use super::keymap::Place;
use super::panel::control::Control;
use super::widget::pairs::PairsView;
use super::widget::scrubber::Scrubber;
use super::widget::stats;
use super::widget::table::TableView;
use crate::metrics::report::{HeatMap, Histogram, Note, PairMaps, Scatter, Series, Stat, Table};

pub use draw::draw;

/// One framed thing.
pub struct Card<'a> {
    /// Name within its panel ("plot:error by horizon").
    pub id: String,
    /// Heading.
    pub title: String,
    /// What is inside.
    pub body: Body<'a>,
}

/// What a card can hold.
pub enum Body<'a> {
    /// Numbers.
    Stats(&'a [Stat]),
    /// Curves that share a plot.
    Plot(Vec<&'a Series>),
    /// A distribution.
    Histogram(&'a Histogram),
    /// A map.
    Map(&'a HeatMap),
    /// Small maps of pairs of dimensions.
    Pairs(&'a PairMaps),
    /// A cloud.
    Scatter(&'a Scatter),
    /// A table.
    Table(&'a Table),
    /// Sentences.
    Notes(&'a [Note]),
    /// An episode's lanes.
    Lanes(Vec<&'a Series>),
    /// The top-up's switchboard.
    Control(Control),
    /// What is happening, or what brings the panel to life; share done, if a job is at it.
    Waiting(Vec<String>, Option<f64>),
}

impl Card<'_> {
    /// Which keys hold while it has the focus.
    pub fn place(&self) -> Place {
        match self.body {
            Body::Table(_) => Place::Table,
            Body::Plot(_) | Body::Histogram(_) | Body::Map(_) | Body::Pairs(_) | Body::Scatter(_) | Body::Lanes(_) => {
                Place::Figure
            }
            _ => Place::Everywhere,
        }
    }

    /// How it is looked at.
    pub fn look(&self, app: &App) -> CardLook {
        app.looks.of(app.panel, &self.id)
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
    pub fn readout(&self, app: &App) -> String {
        let look = self.look(app);
        let at = self.axis().and_then(|a| app.selection.at.get(a)).copied();
        match &self.body {
            Body::Stats(all) => {
                all.iter().map(|s| format!("{}\t{}", s.label, stats::value(s))).collect::<Vec<_>>().join("\n")
            }
            Body::Notes(all) => all.iter().map(|n| n.text.clone()).collect::<Vec<_>>().join("\n"),
            Body::Plot(lines) | Body::Lanes(lines) => {
                let Some(at) = at else { return self.title.clone() };
                let value = |l: &&Series| format!("{}\t{}", l.label, super::widget::plot::value_at(l, at));
                lines.iter().map(value).collect::<Vec<_>>().join("\n")
            }
            Body::Histogram(_) => {
                figure::histogram(self, app).zip(look.row).map(|(h, row)| h.readout(row)).unwrap_or_default()
            }
            Body::Map(_) => figure::map(self, app).zip(look.cell).map(|(m, cell)| m.readout(cell)).unwrap_or_default(),
            Body::Pairs(maps) => PairsView { maps, selected: look.row.unwrap_or(0) }.readout(),
            Body::Scatter(_) => figure::scatter(self, app).zip(at).map(|(s, at)| s.readout(at)).unwrap_or_default(),
            Body::Table(data) => TableView { data, sort: look.sort, selected: Some(look.row.unwrap_or(0)) }.readout(),
            Body::Control(_) | Body::Waiting(..) => self.title.clone(),
        }
    }

    /// The lanes, where it has any.
    fn scrubber(&self, app: &App) -> Option<Scrubber<'_>> {
        let Body::Lanes(lanes) = &self.body else { return None };
        let cursor = self.axis().and_then(|a| app.selection.at.get(a)).copied();
        Some(Scrubber { lanes: lanes.clone(), cursor })
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

pub use motion::{Target, click, first_or_last, map_plot, shift};
