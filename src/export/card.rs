//! A report in the pieces that are looked at one at a time, as the dashboard's cards are: what each is called and how it is
//! drawn.

use super::figure::{self, Content, Drawn, Look, Panel};
use super::frame;
use super::heat::Heat;
use crate::metrics::report::{
    Axis, Cell, HeatMap, Histogram, Note, PairMaps, Report, Role, Scatter, Series, Stat, Table, groups,
};

/// The curves of how far each score can be trusted.
const RELIABILITY: &str = "reliability";

/// One piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Card<'a> {
    /// Unique in its report: "stats", "map:KEY", "pairs", "plot:GROUP", "scatter:KEY", "hist:KEY", "table:KEY", "notes".
    pub id: String,
    /// Heading.
    pub title: String,
    /// What it holds.
    pub body: Body<'a>,
}

/// What a card holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// All numbers.
    Stats(&'a [Stat]),
    /// A map.
    Map(&'a HeatMap),
    /// The maps of all pairs of dimensions.
    Pairs(&'a PairMaps),
    /// The curves of one group.
    Plot(Vec<&'a Series>),
    /// A cloud of points.
    Scatter(&'a Scatter),
    /// A distribution.
    Histogram(&'a Histogram),
    /// A table.
    Table(&'a Table),
    /// All sentences.
    Notes(&'a [Note]),
}

/// Every card of a report, in the order in which the dashboard has them.
pub fn cards(report: &Report) -> Vec<Card<'_>> {
    let mut out = Vec::new();
    if !report.stats.is_empty() {
        out.push(card("stats".into(), &report.title, Body::Stats(&report.stats)));
    }
    out.extend(report.maps.iter().map(|m| card(format!("map:{}", m.key), &m.label, Body::Map(m))));
    out.extend(report.pairs.iter().map(|p| card("pairs".into(), "Every pair of dimensions", Body::Pairs(p))));
    for (group, lines) in groups(&report.series) {
        let title = if lines.iter().all(|s| is_lane(s)) { format!("Episode {group}") } else { capital(group) };
        let (lines, of) = if group == RELIABILITY { trusted(report, lines) } else { (lines, None) };
        let title = of.map_or(title.clone(), |of| format!("{title} of {of}"));
        out.push(card(format!("plot:{group}"), &title, Body::Plot(lines)));
    }
    out.extend(report.scatters.iter().map(|s| card(format!("scatter:{}", s.key), &s.label, Body::Scatter(s))));
    out.extend(report.histograms.iter().map(|h| card(format!("hist:{}", h.key), &h.label, Body::Histogram(h))));
    out.extend(report.tables.iter().map(|t| card(format!("table:{}", t.key), &t.label, Body::Table(t))));
    if !report.notes.is_empty() {
        out.push(card("notes".into(), "Notes", Body::Notes(&report.notes)));
    }
    out
}

/// Of the curves of how far each score can be trusted that of the one which ranks best, and its name: all of them in one plot tell
/// nothing.
fn trusted<'a>(report: &'a Report, mut lines: Vec<&'a Series>) -> (Vec<&'a Series>, Option<&'a str>) {
    let ranks = report.tables.iter().find(|table| table.key == "trust").map(|table| table.rows.as_slice());
    let named = ranks.unwrap_or_default().iter().filter_map(|row| match row.first()? {
        Cell::Text(name) => Some(name.as_str()),
        _ => None,
    });
    let is_drawn = |name: &&str| lines.iter().any(|line| line.label == *name && line.role == Role::Value);
    let first = lines.iter().find(|line| line.role == Role::Value).map(|line| line.label.as_str());
    let best = named.into_iter().find(is_drawn).or(first);
    lines.retain(|line| line.role != Role::Value || Some(line.label.as_str()) == best);
    (lines, best)
}

fn card<'a>(id: String, title: &str, body: Body<'a>) -> Card<'a> {
    let (kind, key) = id.split_once(':').unwrap_or((&id, ""));
    let named = [title, key, kind].into_iter().find(|name| !name.trim().is_empty()).unwrap_or_default();
    Card { title: named.to_string(), id, body }
}

/// The first letter large.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn is_lane(s: &Series) -> bool {
    matches!(s.role, Role::Lane | Role::Reward)
}

/// Curves that share a vertical axis, for every axis a plot of its own: lanes and what is beside them each, others where their
/// units are the same.
/// What others are held against stands with those of its unit, else with the first.
pub fn plots<'a>(series: &[&'a Series]) -> Vec<Vec<&'a Series>> {
    type Key<'k> = (&'k str, &'k str, bool);
    let lanes = series.iter().any(|s| is_lane(s));
    let key = |s: &'a Series| -> Key<'a> {
        let axis = &s.y_axis;
        (if lanes { axis.label.as_str() } else { "" }, axis.unit.as_str(), axis.log)
    };
    let beside =
        |s: &Series| matches!(s.role, Role::Threshold | Role::Trigger | Role::Place | Role::Floor | Role::Past);
    let mut out: Vec<(Key<'_>, Vec<&Series>)> = Vec::new();
    for s in series.iter().filter(|s| !beside(s)) {
        match out.iter_mut().find(|(k, _)| *k == key(s)) {
            Some((_, lines)) => lines.push(s),
            None => out.push((key(s), vec![s])),
        }
    }
    if out.is_empty() && !series.is_empty() {
        return vec![series.to_vec()];
    }
    for s in series.iter().filter(|s| beside(s)) {
        let at = out.iter().position(|(k, _)| *k == key(s)).unwrap_or(0);
        out[at].1.push(s);
    }
    // As they were: a curve keeps its place in the legend.
    let place = |s: &&Series| series.iter().position(|other| std::ptr::eq(*other, *s));
    for (_, lines) in &mut out {
        lines.sort_by_key(place);
    }
    out.into_iter().map(|(_, lines)| lines).collect()
}

/// Where an alarm begins, as a line: for curves in units of their threshold that have none.
fn alarm(lines: &[&Series]) -> Option<Series> {
    let first = lines.first().filter(|s| s.has_threshold() && is_lane(s))?;
    let known = lines.iter().any(|s| s.role == Role::Threshold);
    let x: Vec<f64> = [first.x.first(), first.x.last()].into_iter().flatten().copied().collect();
    let (role, label, y) = (Role::Threshold, "threshold".to_string(), vec![1.0; x.len()]);
    let (x_axis, y_axis) = (first.x_axis.clone(), first.y_axis.clone());
    (!known).then(|| Series { label, role, x_axis, y_axis, x, y, ..Series::default() })
}

/// Height of a figure of this kind and width, with so many plots one above the other.
fn height(body: &Body, plots: usize, (width, font): (f64, f64)) -> f64 {
    let share = match body {
        Body::Map(m) => {
            // What lies around the data: axis, names of the paths.
            let around = font * if m.overlays.is_empty() { 5.0 } else { 11.0 };
            let data = Heat::new(m).shape().map_or(0.8, |shape| shape.min(1.0));
            return width * 0.66 * data + around;
        }
        Body::Pairs(_) => 0.95,
        Body::Histogram(_) => 0.56,
        Body::Plot(_) if plots > 1 => 0.08 + 0.29 * plots as f64,
        _ => 0.66,
    };
    width * share
}

/// The card as a figure `width` points wide with text of `font` points; none for numbers, tables and sentences.
///
/// # Errors
/// Where the library cannot draw.
pub fn draw(card: &Card, width: f64, font: f64, title: Option<&str>) -> Result<Option<Drawn>, String> {
    let titled = title.unwrap_or_default().to_string();
    let one = |content| vec![Panel { title: titled.clone(), content }];
    let (plots, alarms);
    let panels = match &card.body {
        Body::Map(m) => one(Content::Heat(m)),
        Body::Pairs(p) => one(Content::Pairs(p)),
        Body::Scatter(s) => one(Content::Cloud(s)),
        Body::Histogram(h) => one(Content::Bins(h)),
        Body::Plot(series) => {
            plots = self::plots(series);
            alarms = plots.iter().map(|lines| alarm(lines)).collect::<Vec<_>>();
            let all = plots.iter().zip(&alarms).map(|(lines, alarm)| {
                let lines: Vec<&Series> = lines.iter().copied().chain(alarm).collect();
                let title = lines.first().map_or_else(String::new, |s| named(&s.y_axis));
                Panel { title, content: Content::Curves(lines) }
            });
            let mut all: Vec<Panel> = all.collect();
            if let [only] = &mut all[..] {
                only.title = titled;
            }
            all
        }
        Body::Stats(_) | Body::Table(_) | Body::Notes(_) => return Ok(None),
    };
    let height = height(&card.body, panels.len(), (width, font));
    let title = title.filter(|_| panels.len() > 1).map(String::from);
    let look = Look { width_pt: width, height_pt: height, font_pt: font, title };
    figure::drawn(&panels, 1, &look).map(Some)
}

/// An axis as it is named: "error (std)".
pub fn named(axis: &Axis) -> String {
    frame::named(axis, None)
}
