//! Rows of dots with whiskers, one panel a group side by side: names are long, so they stand at the left once.

use super::canvas::{Canvas, Failure, Rect, Side};
use super::content::Group;
use super::frame::{self, Pads, Ruler};
use super::legend::Entry;
use super::palette::{FAINT, GREY, INK, Marker, STRONG, Style, THRESHOLD};
use super::scale::Scale;
use super::text::{self, LINE};

/// Most of the width that names take.
const NAMES: f64 = 0.34;
/// Height of a row in units of the font.
const ROW: f64 = 1.7;

/// Room between two panels in units of the font, and how far the label of an axis may reach into it.
const GAP: f64 = 2.4;
const REACH: f64 = 1.05;

/// The line of a reference.
const REFERENCE: Style = Style { colour: GREY, width: 0.9, dash: THRESHOLD, marker: None };

/// A plot of groups that share their rows.
pub struct Bars<'a> {
    groups: &'a [Group],
    /// Names in the order in which they come first, and whether each is to be seen first.
    names: Vec<(&'a str, bool)>,
    /// The name of the reference where all panels have the same.
    entries: Vec<Entry>,
}

impl<'a> Bars<'a> {
    /// The plot of `groups`.
    pub fn new(groups: &'a [Group]) -> Self {
        let mut names: Vec<(&str, bool)> = Vec::new();
        for row in groups.iter().flat_map(|g| &g.rows) {
            match names.iter_mut().find(|n| n.0 == row.label) {
                Some(known) => known.1 |= row.emphasis,
                None => names.push((&row.label, row.emphasis)),
            }
        }
        let mut references: Vec<&str> = groups.iter().flat_map(|g| &g.reference).map(|r| r.0.as_str()).collect();
        references.dedup();
        let entries = match references[..] {
            [name] if !name.trim().is_empty() => vec![Entry { label: name.into(), style: REFERENCE }],
            _ => Vec::new(),
        };
        Self { groups, names, entries }
    }

    /// The names in the legend.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Height that the rows want with names of this width, axes not counted.
    pub fn height(&self, left: f64, font: f64) -> f64 {
        let lines = self.names.iter().map(|n| written(n, left, font).len()).max().unwrap_or(1).max(1);
        self.names.len().max(2) as f64 * (ROW + LINE * (lines - 1) as f64) * font
    }

    /// Room around the data in a box of this width.
    pub fn pads(&self, width: f64, font: f64) -> Pads {
        let longest = self.names.iter().map(|n| text::width(n.0, font * 1.08)).fold(0.0, f64::max);
        let left = longest.min(width * NAMES) + font * 0.8;
        let each = self.each(width - left - font * 0.8, font);
        let heights = self.groups.iter().map(|g| ruler(g, &scale(g), each, font, 2).height(font));
        let above = self.groups.iter().map(|g| self.above(g, each, font).iter().flatten().count());
        Pads {
            left,
            right: font * 0.8,
            top: font * (0.5 + LINE * above.max().unwrap_or(0) as f64),
            bottom: heights.fold(0.0, f64::max),
        }
    }

    /// Lines above a panel: its title, and the name of its reference where no legend says it.
    fn above(&self, group: &Group, width: f64, font: f64) -> [Vec<String>; 2] {
        let own = group.reference.iter().filter(|_| self.entries.is_empty());
        let name = own.flat_map(|r| text::wrap(&r.0, font, width, 2)).collect();
        [text::wrap(&group.title, font * 1.08, width + font, 2), name]
    }

    fn each(&self, width: f64, font: f64) -> f64 {
        let n = self.groups.len().max(1) as f64;
        ((width - (n - 1.0) * font * GAP) / n).max(font)
    }

    /// Draws the plot with its panels in `plot` and `pads` free around them.
    pub fn draw(&self, canvas: &Canvas, plot: Rect, pads: &Pads) -> Result<(), Failure> {
        let font = canvas.font;
        if self.names.is_empty() {
            return canvas.text(plot.at(0.5, 0.5), "nothing to show", Side::Middle, GREY);
        }
        for (i, name) in self.names.iter().enumerate() {
            let lines = written(name, pads.left, font);
            for (k, line) in lines.iter().enumerate() {
                let down = (k as f64 + 0.5 - lines.len() as f64 / 2.0) * font * LINE;
                let at = (plot.x - font * 0.6, plot.at(0.0, self.row(i)).1 + down);
                if name.1 {
                    canvas.bold(at, line, Side::End)?;
                } else {
                    canvas.text(at, line, Side::End, INK)?;
                }
            }
        }
        let each = self.each(plot.w, font);
        for (i, group) in self.groups.iter().enumerate() {
            let panel = Rect { x: plot.x + i as f64 * (each + font * GAP), w: each, ..plot };
            self.panel(canvas, panel, group, Ruler::lines(pads.bottom, font))?;
        }
        Ok(())
    }

    /// Place of a row along the vertical axis, the first at the top.
    fn row(&self, i: usize) -> f64 {
        1.0 - (i as f64 + 0.5) / self.names.len() as f64
    }

    fn panel(&self, canvas: &Canvas, panel: Rect, group: &Group, lines: usize) -> Result<(), Failure> {
        let (font, scale) = (canvas.font, scale(group));
        for i in 0..self.names.len() {
            let y = self.row(i);
            let style = Style { colour: FAINT, width: 0.5, dash: 0, marker: None };
            canvas.line(&[panel.at(0.0, y), panel.at(1.0, y)], &style)?;
        }
        let across = ruler(group, &scale, panel.w, font, lines);
        frame::draw(canvas, panel, 0.0, (&across, &Ruler::bare()), true)?;
        self.heads(canvas, panel, group, &scale)?;
        for (i, (name, _)) in self.names.iter().enumerate() {
            let rows: Vec<_> = group.rows.iter().filter(|r| r.label == *name).collect();
            let spread = |k: usize| (k as f64 + 0.5) / rows.len() as f64 - 0.5;
            for (k, row) in rows.iter().enumerate() {
                let y = panel.at(0.0, self.row(i)).1 + spread(k) * font;
                let colour = if row.emphasis { STRONG } else { INK };
                let error = row.error.filter(|_| row.value.is_finite());
                if let Some((lo, hi)) = error.and_then(|(lo, hi)| scale.end(lo).zip(scale.end(hi))) {
                    whisker(canvas, (panel.at(lo, 0.0).0, panel.at(hi, 0.0).0, y), colour)?;
                }
                if let Some(x) = scale.place(row.value) {
                    let marker = if row.emphasis { Marker::Diamond } else { Marker::Disc };
                    canvas.marker((panel.at(x, 0.0).0, y), marker, 2.3, colour)?;
                }
            }
            if !rows.iter().any(|r| scale.place(r.value).is_some()) {
                canvas.text((panel.x + font * 0.4, panel.at(0.0, self.row(i)).1), "n/a", Side::Start, GREY)?;
            }
        }
        Ok(())
    }

    /// What stands above a panel, and the line of its reference.
    fn heads(&self, canvas: &Canvas, panel: Rect, group: &Group, scale: &Scale) -> Result<(), Failure> {
        let (font, [title, name]) = (canvas.font, self.above(group, panel.w, canvas.font));
        let line = |from_below: usize| panel.y - font * (0.4 + LINE * (from_below as f64 + 0.5));
        for (i, part) in title.iter().rev().enumerate() {
            canvas.bold((panel.x + panel.w / 2.0, line(i + name.len())), part, Side::Middle)?;
        }
        let known = group.reference.as_ref().and_then(|(_, value)| scale.place(*value));
        let Some(x) = known else { return Ok(()) };
        canvas.line(&[panel.at(x, 0.0), panel.at(x, 1.0)], &REFERENCE)?;
        let half = text::longest(&name, font) / 2.0;
        let middle = panel.at(x, 0.0).0.min(panel.right() - half).max(panel.x + half);
        for (i, part) in name.iter().rev().enumerate() {
            canvas.text((middle, line(i)), part, Side::Middle, GREY)?;
        }
        Ok(())
    }
}

fn scale(group: &Group) -> Scale {
    let ends = |r: &super::figure::Row| [r.value, r.error.map_or(r.value, |e| e.0), r.error.map_or(r.value, |e| e.1)];
    let reference = group.reference.iter().map(|r| r.1);
    Scale::around(group.rows.iter().flat_map(ends).chain(reference), group.axis.log, 0.06)
}

fn ruler(group: &Group, scale: &Scale, width: f64, font: f64, lines: usize) -> Ruler {
    Ruler::across(scale, &group.axis, width, font, lines).within(width, font * REACH, font)
}

/// The lines of a name in this width, some of it free.
fn written((name, strong): &(&str, bool), width: f64, font: f64) -> Vec<String> {
    text::wrap(name, if *strong { font * 1.08 } else { font }, width - font * 0.7, 2)
}

fn whisker(
    canvas: &Canvas,
    (left, right, y): (f64, f64, f64),
    colour: plotters::style::RGBColor,
) -> Result<(), Failure> {
    let style = Style { colour, width: 0.9, dash: 0, marker: None };
    canvas.line(&[(left, y), (right, y)], &style)?;
    for end in [left, right] {
        canvas.line(&[(end, y - 1.8), (end, y + 1.8)], &style)?;
    }
    Ok(())
}
