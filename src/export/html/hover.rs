//! What the script shows at the cursor: places on the figure and the numbers there, as JSON.

use std::fmt::Write as _;

use super::write::{figure, list, quoted};
use crate::export::canvas::{Placed, Rect};
use crate::export::card::{self, Body, Card, named};
use crate::export::curves::Curves;
use crate::export::scale::Scale;
use crate::export::{dark, pairs, thin};
use crate::metrics::report::{Role, Series};

/// Columns of a point's width that long curves are thinned to.
const COLUMNS: f64 = 2.0;
/// Points of a cloud that have their numbers, at most; and the side of the squares of which one has.
const POINTS: usize = 4000;
const SIDE: f64 = 1.2;

/// What stands behind a figure whose parts lie at `placed`; none where there is nothing.
pub fn data(card: &Card, placed: &[Placed]) -> Option<String> {
    let first = placed.first()?;
    let at = rect(first.plot);
    Some(match &card.body {
        Body::Plot(series) => {
            let plots = card::plots(series);
            let parts: Vec<String> = plots.iter().zip(placed).map(|(lines, placed)| curves(lines, placed)).collect();
            format!("{{\"kind\":\"curves\",\"parts\":[{}]}}", parts.join(","))
        }
        Body::Histogram(h) => format!(
            "{{\"kind\":\"bins\",\"at\":{at},\"x\":{},\"edges\":{},\"counts\":{},\"name\":{}}}",
            scale(first.x),
            list(h.edges.iter().copied()),
            list(h.counts.iter().copied()),
            quoted(&named(&h.axis)),
        ),
        Body::Map(m) => format!(
            "{{\"kind\":\"map\",\"at\":{at},\"x\":[{},{}],\"y\":[{},{}],\"w\":{},\"h\":{},\"values\":{},\"names\":[{},{},{}]}}",
            figure(m.x_range.0),
            figure(m.x_range.1),
            figure(m.y_range.0),
            figure(m.y_range.1),
            m.width,
            m.height,
            list(m.values.iter().copied()),
            quoted(&named(&m.x_axis)),
            quoted(&named(&m.y_axis)),
            quoted(&m.unit),
        ),
        Body::Pairs(all) => {
            let maps = pairs::places(all, first).into_iter().map(|(k, place, turned)| {
                let (a, b) = all.pairs.get(k).copied().unwrap_or_default();
                let name = |i: usize| quoted(all.names.get(i).map_or("", String::as_str));
                let (across, up) = if turned { (b, a) } else { (a, b) };
                let mut counts = String::new();
                for (i, c) in all.counts.get(k).into_iter().flatten().enumerate() {
                    let gap = if i > 0 { "," } else { "" };
                    // Most cells are empty.
                    let _ = if *c > 0 { write!(counts, "{gap}{c}") } else { write!(counts, "{gap}") };
                }
                let at = rect(place);
                format!(
                    "{{\"at\":{at},\"names\":[{},{}],\"turned\":{turned},\"counts\":\"{counts}\"}}",
                    name(across),
                    name(up)
                )
            });
            format!("{{\"kind\":\"pairs\",\"n\":{},\"maps\":[{}]}}", all.bins, maps.collect::<Vec<_>>().join(","))
        }
        Body::Scatter(s) => {
            let known: Vec<(usize, (f64, f64))> = (0..s.x.len().min(s.y.len()))
                .filter_map(|i| Some((i, first.x.place(s.x[i]).zip(first.y.place(s.y[i]))?)))
                .collect();
            let places: Vec<(f64, f64)> = known.iter().map(|p| p.1).collect();
            let (seen, _) = thin::at_most(&places, (first.plot.w, first.plot.h), SIDE, POINTS);
            let of = |v: &[f64]| list(seen.iter().map(|(i, _)| v[known[*i].0]));
            format!(
                "{{\"kind\":\"cloud\",\"at\":{at},\"x\":{},\"y\":{},\"px\":{},\"py\":{},\"names\":[{},{}]}}",
                scale(first.x),
                scale(first.y),
                of(&s.x),
                of(&s.y),
                quoted(&named(&s.x_axis)),
                quoted(&named(&s.y_axis)),
            )
        }
        Body::Stats(_) | Body::Table(_) | Body::Notes(_) => return None,
    })
}

fn rect(r: Rect) -> String {
    list([r.x, r.y, r.w, r.h].into_iter())
}

fn scale(s: Scale) -> String {
    let (lo, hi, log) = s.ends();
    // All digits: a place is found by it.
    let end = |v: f64| if v.is_finite() { format!("{v:e}") } else { "0".into() };
    format!("[{},{},{}]", end(lo), end(hi), u8::from(log))
}

fn curves(lines: &[&Series], placed: &Placed) -> String {
    let colours = Curves::new(lines).colours();
    let name = lines.first().map(|s| named(&s.x_axis)).unwrap_or_default();
    let mut shared: Vec<String> = Vec::new();
    let mut all: Vec<String> = Vec::new();
    for (s, colour) in lines.iter().zip(colours) {
        if s.role == Role::Place {
            continue;
        }
        let places: Vec<Option<f64>> = s.x.iter().map(|x| placed.x.place(*x)).collect();
        let kept = thin::kept(&places, &s.y, placed.plot.w * COLUMNS);
        let x = list(kept.iter().map(|i| s.x[*i]));
        let at = shared.iter().position(|other| *other == x).unwrap_or_else(|| {
            shared.push(x);
            shared.len() - 1
        });
        let of = |v: &[f64]| list(kept.iter().map(|i| v.get(*i).copied().unwrap_or(f64::NAN)));
        let band = s.band.as_ref().map_or_else(String::new, |(lo, hi)| format!(",\"lo\":{},\"hi\":{}", of(lo), of(hi)));
        let moment = match s.role {
            Role::Trigger => ",\"moment\":1",
            Role::Threshold => ",\"level\":1",
            _ => "",
        };
        let (label, unit, colour) = (quoted(&s.label), quoted(&s.y_axis.unit), quoted(&dark::hex(colour)));
        all.push(format!(
            "{{\"name\":{label},\"unit\":{unit},\"colour\":{colour},\"x\":{at},\"y\":{}{band}{moment}}}",
            of(&s.y)
        ));
    }
    format!(
        "{{\"at\":{},\"x\":{},\"y\":{},\"name\":{},\"xs\":[{}],\"lines\":[{}]}}",
        rect(placed.plot),
        scale(placed.x),
        scale(placed.y),
        quoted(&name),
        shared.join(","),
        all.join(",")
    )
}
