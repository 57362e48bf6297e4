//! What a card shows as columns of one length.

use super::card::{Body, Card, named};
use crate::format::write::columns::Column;
use crate::metrics::report::{Cell, HeatMap, Level, PairMaps, Series, Stat, Table};

/// Columns of one length.
pub type Columns = Vec<(String, Column)>;

/// What belongs to a card besides its columns: the end of the file's name, and the columns.
pub type Beside = (&'static str, Columns);

/// What a card shows, and the paths and boxes that lie over it.
pub fn columns(card: &Card) -> (Columns, Vec<Beside>) {
    let alone = |columns: Columns| (columns, Vec::new());
    match &card.body {
        Body::Stats(stats) => alone(numbers(stats)),
        Body::Map(map) => map_cells(map),
        Body::Pairs(pairs) => alone(pair_cells(pairs)),
        Body::Plot(series) => alone(curves(series)),
        Body::Scatter(s) => {
            let n = s.x.len().min(s.y.len());
            let all = [(&s.x_axis, &s.x), (&s.y_axis, &s.y)];
            alone(unique(all.map(|(axis, v)| (named(axis), Column::Number(v[..n].to_vec()))).into()))
        }
        Body::Histogram(h) => {
            let bins = || h.edges.windows(2).zip(&h.counts);
            alone(vec![
                number("from", bins().map(|b| b.0[0])),
                number("to", bins().map(|b| b.0[1])),
                number("count", bins().map(|b| *b.1)),
            ])
        }
        Body::Table(table) => alone(cells(table)),
        Body::Notes(notes) => {
            let level = |l: Level| match l {
                Level::Info => "info",
                Level::Good => "good",
                Level::Warn => "warn",
                Level::Alarm => "alarm",
            };
            let levels = notes.iter().map(|n| level(n.level).to_string());
            alone(vec![words("level", levels), words("text", notes.iter().map(|n| n.text.clone()))])
        }
    }
}

fn number(name: &str, values: impl Iterator<Item = f64>) -> (String, Column) {
    (name.into(), Column::Number(values.collect()))
}

fn words(name: &str, values: impl Iterator<Item = String>) -> (String, Column) {
    (name.into(), Column::Text(values.collect()))
}

/// The columns with names that are not empty and differ.
fn unique(columns: Columns) -> Columns {
    let mut out: Columns = Vec::new();
    for (i, (name, column)) in columns.into_iter().enumerate() {
        let base = if name.trim().is_empty() { format!("column {}", i + 1) } else { name.trim().to_string() };
        let free = |name: &String| !out.iter().any(|c| c.0 == *name);
        // As many names as there are columns, and one more: one of them is free.
        let others = (2..out.len() + 3).map(|k| format!("{base} {k}"));
        let name = std::iter::once(base.clone()).chain(others).find(free);
        out.push((name.unwrap_or(base), column));
    }
    out
}

fn numbers(stats: &[Stat]) -> Columns {
    let text = |name: &str, of: &dyn Fn(&Stat) -> String| words(name, stats.iter().map(of));
    vec![
        text("key", &|s| s.key.clone()),
        text("label", &|s| s.label.clone()),
        number("value", stats.iter().map(|s| s.value)),
        text("unit", &|s| s.unit.clone()),
        number("from", stats.iter().map(|s| s.interval.map_or(f64::NAN, |i| i.0))),
        number("to", stats.iter().map(|s| s.interval.map_or(f64::NAN, |i| i.1))),
        text("interval", &|s| s.interval_is.to_owned()),
        number("n", stats.iter().map(|s| s.n.as_ref().map_or(f64::NAN, |n| n.0 as f64))),
        text("of", &|s| s.n.as_ref().map_or_else(String::new, |n| n.1.clone())),
        text("definition", &|s| s.definition.clone()),
    ]
}

fn curves(series: &[&Series]) -> Columns {
    // One row a point, with the number of its curve: curves of one group have other lengths and axes.
    let rows: Vec<(&Series, usize)> =
        series.iter().flat_map(|s| (0..s.x.len().min(s.y.len())).map(move |i| (*s, i))).collect();
    let text = |name: &str, of: &dyn Fn(&Series) -> String| words(name, rows.iter().map(|(s, _)| of(s)));
    let end = |upper: bool, s: &Series, i: usize| {
        let band = s.band.as_ref().map(|(lo, hi)| if upper { hi } else { lo });
        band.and_then(|b| b.get(i)).copied().unwrap_or(f64::NAN)
    };
    vec![
        text("curve", &|s| s.label.clone()),
        text("x axis", &|s| named(&s.x_axis)),
        text("y axis", &|s| named(&s.y_axis)),
        number("x", rows.iter().map(|(s, i)| s.x[*i])),
        number("y", rows.iter().map(|(s, i)| s.y[*i])),
        number("from", rows.iter().map(|(s, i)| end(false, s, *i))),
        number("to", rows.iter().map(|(s, i)| end(true, s, *i))),
    ]
}

fn map_cells(map: &HeatMap) -> (Columns, Vec<Beside>) {
    let n = map.values.len().min(map.width * map.height);
    let edge = |range: (f64, f64), i: usize, of: usize| range.0 + (range.1 - range.0) * i as f64 / of.max(1) as f64;
    let across = |i: usize| edge(map.x_range, i, map.width);
    let up = |i: usize| edge(map.y_range, i, map.height);
    let width = map.width.max(1);
    let unit = if map.unit.is_empty() { "value" } else { &map.unit };
    let (x, y) = (named(&map.x_axis), named(&map.y_axis));
    let columns = vec![
        number(&format!("{x} from"), (0..n).map(|i| across(i % width))),
        number(&format!("{x} to"), (0..n).map(|i| across(i % width + 1))),
        number(&format!("{y} from"), (0..n).map(|i| up(i / width))),
        number(&format!("{y} to"), (0..n).map(|i| up(i / width + 1))),
        number(unit, map.values[..n].iter().copied()),
    ];
    let mut beside = Vec::new();
    if !map.overlays.is_empty() {
        let rows: Vec<_> =
            map.overlays.iter().flat_map(|o| (0..o.x.len().min(o.y.len())).map(move |i| (o, i))).collect();
        let heat = rows.iter().map(|(o, i)| o.heat.as_ref().and_then(|h| h.get(*i)).copied().unwrap_or(f64::NAN));
        let paths = vec![
            words("path", rows.iter().map(|(o, _)| o.label.clone())),
            ("step".into(), Column::Count(rows.iter().map(|(_, i)| *i as u64).collect())),
            number(&x, rows.iter().map(|(o, i)| o.x[*i])),
            number(&y, rows.iter().map(|(o, i)| o.y[*i])),
            number("x threshold", heat),
        ];
        beside.push(("paths", unique(paths)));
    }
    if !map.marks.is_empty() {
        let of = |name: &str, of: &dyn Fn(&crate::metrics::report::Mark) -> f64| number(name, map.marks.iter().map(of));
        let boxes = vec![
            words("box", map.marks.iter().map(|m| m.label.clone())),
            of(&format!("{x} from"), &|m| m.x.0),
            of(&format!("{x} to"), &|m| m.x.1),
            of(&format!("{y} from"), &|m| m.y.0),
            of(&format!("{y} to"), &|m| m.y.1),
        ];
        beside.push(("boxes", unique(boxes)));
    }
    (unique(columns), beside)
}

/// Two dimensions, a cell, and how many states it holds.
type PairRow = (usize, usize, usize, u32);

fn pair_cells(pairs: &PairMaps) -> Columns {
    let n = pairs.bins.max(1);
    let maps = pairs.pairs.iter().zip(&pairs.counts);
    let rows: Vec<PairRow> =
        maps.flat_map(|((a, b), counts)| counts.iter().enumerate().map(move |(i, c)| (*a, *b, i, *c))).collect();
    let name = |i: usize| pairs.names.get(i).cloned().unwrap_or_default();
    let count =
        |name: &str, of: &dyn Fn(&PairRow) -> u64| (name.to_string(), Column::Count(rows.iter().map(of).collect()));
    vec![
        words("horizontal", rows.iter().map(|r| name(r.0))),
        words("vertical", rows.iter().map(|r| name(r.1))),
        count("column", &|r| (r.2 % n) as u64),
        count("row", &|r| (r.2 / n) as u64),
        count("states", &|r| u64::from(r.3)),
    ]
}

fn cells(table: &Table) -> Columns {
    let column = |(c, name): (usize, &String)| {
        let all = || table.rows.iter().map(|r| r.get(c));
        let whole = |cell: Option<&Cell>| match cell {
            Some(Cell::Count(v)) => u64::try_from(*v).ok(),
            _ => None,
        };
        let value = |cell: Option<&Cell>| match cell {
            Some(Cell::Number(v)) => *v,
            Some(Cell::Count(v)) => *v as f64,
            _ => f64::NAN,
        };
        let column = if let Some(counts) = all().map(whole).collect() {
            Column::Count(counts)
        } else if all().all(|cell| !matches!(cell, Some(Cell::Text(_)))) {
            Column::Number(all().map(value).collect())
        } else {
            let text = |cell: Option<&Cell>| match cell {
                Some(Cell::Text(t)) => t.clone(),
                Some(Cell::Number(v)) => v.to_string(),
                Some(Cell::Count(v)) => v.to_string(),
                None => String::new(),
            };
            Column::Text(all().map(text).collect())
        };
        (name.clone(), column)
    };
    unique(table.columns.iter().enumerate().map(column).collect())
}
