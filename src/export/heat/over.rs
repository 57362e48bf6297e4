//! What lies over a map: paths, points and boxes.

use crate::export::canvas::{Canvas, Failure, Rect, Side};
use crate::export::legend::Entry;
use crate::export::palette::{self, GREY, INK, INSIDE, Marker, PAPER, STRONG, Style};
use crate::export::scale::Scale;
use crate::export::text;
use crate::export::thin;
use crate::metrics::report::{Mark, Overlay};

/// More paths than these are thinner and have no name of their own.
const FEW: usize = 3;

/// The names of the paths. Where they say how far from the data they are, that is their colour.
pub fn entries(overlays: &[Overlay], x: &Scale, y: &Scale) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let hot: Vec<&Overlay> = overlays.iter().filter(|o| o.heat.is_some()).collect();
    if let Some(first) = hot.first() {
        let name = match hot.len() {
            1 => first.label.clone(),
            n => format!("{n} {}", together(&hot)),
        };
        let key = |is_beyond| Style { marker: (!first.joined).then_some(Marker::Disc), ..heated(is_beyond, hot.len()) };
        entries.push(Entry { label: format!("{name}: within the data"), style: key(false) });
        entries.push(Entry { label: format!("{name}: beyond the threshold"), style: key(true) });
    }
    for (i, path) in overlays.iter().enumerate().filter(|(_, o)| o.heat.is_none()) {
        if !path.label.trim().is_empty() && !entries.iter().any(|e| e.label == path.label) {
            entries.push(Entry { label: path.label.clone(), style: style(path, i) });
        }
    }
    let joined = overlays.iter().any(|p| p.joined && places(p, x, y).iter().flatten().count() > 1);
    if joined && !entries.is_empty() {
        let key = |marker| Style { colour: GREY, width: 0.0, dash: 0, marker: Some(marker) };
        entries.push(Entry { label: "start".into(), style: key(Marker::Ring) });
        entries.push(Entry { label: "end".into(), style: key(Marker::Square) });
    }
    entries
}

/// What several paths are called: "rollouts" where they are "rollout 1", "rollout 2" …
fn together(paths: &[&Overlay]) -> String {
    let kind = |path: &&Overlay| path.label.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().to_string();
    let first = paths.first().map(kind).unwrap_or_default();
    let alike = !first.is_empty() && paths.iter().all(|path| kind(path) == first);
    if alike { format!("{first}s") } else { "paths".into() }
}

/// Draws every path and every set of points.
pub fn paths(canvas: &Canvas, plot: Rect, overlays: &[Overlay], (x, y): (&Scale, &Scale)) -> Result<(), Failure> {
    for (i, path) in overlays.iter().enumerate() {
        let known = places(path, x, y);
        if path.joined {
            joined(canvas, plot, path, &known, (i, overlays.len()))?;
        } else {
            points(canvas, plot, path, &known, i)?;
        }
    }
    Ok(())
}

/// True where the path is beyond its threshold.
fn is_beyond(path: &Overlay, i: usize) -> bool {
    path.heat.as_ref().and_then(|h| h.get(i)).is_some_and(|h| *h >= 1.0)
}

fn points(
    canvas: &Canvas,
    plot: Rect,
    path: &Overlay,
    known: &[Option<(f64, f64)>],
    nth: usize,
) -> Result<(), Failure> {
    for beyond in [false, true] {
        let of = known.iter().enumerate().filter(|(i, _)| is_beyond(path, *i) == beyond).filter_map(|(_, p)| *p);
        let of: Vec<(f64, f64)> = of.collect();
        let seen = thin::cloud(&of, plot.w, plot.h);
        let colour = if path.heat.is_some() { heated(beyond, 1).colour } else { style(path, nth).colour };
        for (i, _) in &seen {
            canvas.disc(plot.at(of[*i].0, of[*i].1), 2.1, PAPER)?;
        }
        for (i, _) in &seen {
            canvas.disc(plot.at(of[*i].0, of[*i].1), 1.6, colour)?;
        }
    }
    Ok(())
}

fn joined(
    canvas: &Canvas,
    plot: Rect,
    path: &Overlay,
    known: &[Option<(f64, f64)>],
    (nth, of): (usize, usize),
) -> Result<(), Failure> {
    let small = if of > FEW { 0.7 } else { 1.0 };
    let pen = |beyond| if path.heat.is_some() { heated(beyond, of) } else { style(path, nth) };
    let halo = Style { colour: PAPER, width: pen(true).width + 1.4 * small, dash: 0, marker: None };
    let all: Vec<(usize, Option<(f64, f64)>)> = known.iter().copied().enumerate().collect();
    for run in all.split(|p| p.1.is_none()) {
        let line = |part: &[(usize, Option<(f64, f64)>)]| -> Vec<(f64, f64)> {
            let part: Vec<(f64, f64)> = part.iter().filter_map(|p| p.1).collect();
            thin::walk(&part, plot.w.max(plot.h) * 4.0).iter().map(|p| plot.at(p.0, p.1)).collect()
        };
        let whole = line(run);
        if whole.len() < 2 {
            continue;
        }
        canvas.line(&whole, &halo)?;
        for beyond in [false, true] {
            let mut start = 0;
            for part in run.chunk_by(|a, b| is_beyond(path, a.0) == is_beyond(path, b.0)) {
                // A step has the colour of where it leads to.
                let piece = &run[start.max(1) - 1..start + part.len()];
                start += part.len();
                if is_beyond(path, part[0].0) == beyond && piece.len() > 1 {
                    canvas.line(&line(piece), &pen(beyond))?;
                }
            }
        }
    }
    let mut ends = all.iter().filter_map(|(i, p)| p.map(|p| (*i, p)));
    let first = ends.next();
    for (end, marker) in [(ends.next_back(), Marker::Square), (first, Marker::Ring)] {
        if let Some((i, p)) = end {
            canvas.marker(plot.at(p.0, p.1), marker, 3.4 * small, PAPER)?;
            canvas.marker(plot.at(p.0, p.1), marker, 2.8 * small, pen(is_beyond(path, i)).colour)?;
        }
    }
    Ok(())
}

/// Boxes with what is written at their corner.
pub fn boxes(canvas: &Canvas, plot: Rect, marks: &[Mark], (x, y): (&Scale, &Scale)) -> Result<(), Failure> {
    let font = canvas.font;
    for mark in marks {
        let ends = [x.end(mark.x.0), x.end(mark.x.1), y.end(mark.y.0), y.end(mark.y.1)];
        let [Some(left), Some(right), Some(low), Some(high)] = ends else { continue };
        if left >= right || low >= high {
            continue;
        }
        let corners = [(left, low), (right, low), (right, high), (left, high), (left, low)];
        let edge: Vec<(f64, f64)> = corners.iter().map(|c| plot.at(c.0, c.1)).collect();
        canvas.line(&edge, &Style { colour: PAPER, width: 2.6, dash: 0, marker: None })?;
        canvas.line(&edge, &Style { colour: INK, width: 1.1, dash: 0, marker: None })?;
        let label = text::shorten(&mark.label, font, plot.w * 0.4);
        if label.trim().is_empty() {
            continue;
        }
        let (w, h) = (text::width(&label, font) + font * 0.5, font * text::LINE);
        let corner = plot.at(left, high);
        let back = Rect { x: corner.0.min(plot.right() - w).max(plot.x), y: corner.1, w, h };
        canvas.block(back, PAPER, 0.85)?;
        canvas.text((back.x + w / 2.0, back.y + h / 2.0), &label, Side::Middle, INK)?;
    }
    Ok(())
}

/// The style of a path that says how far from the data it is.
fn heated(is_beyond: bool, of: usize) -> Style {
    let width = if of > FEW { 0.9 } else { 1.4 };
    let (colour, width) = if is_beyond { (STRONG, width) } else { (INSIDE, width) };
    Style { colour, width, dash: 0, marker: None }
}

fn style(path: &Overlay, nth: usize) -> Style {
    let colour = palette::over_map(nth);
    if path.joined {
        Style { colour, width: 1.3, dash: [0, 1, 2, 3][nth % 4], marker: None }
    } else {
        Style { colour, width: 0.0, dash: 0, marker: Some(Marker::Disc) }
    }
}

/// Where a path is; none where it is outside the map.
fn places(path: &Overlay, x: &Scale, y: &Scale) -> Vec<Option<(f64, f64)>> {
    let inside = |p: &(f64, f64)| [p.0, p.1].iter().all(|v| (-1e-9..=1.0 + 1e-9).contains(v));
    path.x.iter().zip(&path.y).map(|(a, b)| x.place(*a).zip(y.place(*b)).filter(inside)).collect()
}
