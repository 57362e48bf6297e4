//! A second set of states held against the data, on the panel that it belongs to: rollouts beside coverage, imagined states
//! beside imagination.

use super::generic;
use crate::engine::job::{CompareSpec, JobSpec};
use crate::metrics::compare::Options;
use crate::metrics::divergence::latent::PLACE;
use crate::ui::app::{App, OpenSpec};
use crate::ui::card::{Body, Card};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{self, Card as C, Column, Row},
};

/// The job that compares the rollouts that were named.
pub fn rollouts(open: &OpenSpec) -> Option<JobSpec> {
    open.source.rollouts.is_some().then(|| spec(open, false))
}

/// The job that compares what a named world model imagines, where no rollouts are named.
pub fn imagined(open: &OpenSpec) -> Option<JobSpec> {
    let source = &open.source;
    (source.rollouts.is_none() && source.checkpoint.is_some()).then(|| spec(open, true))
}

fn spec(open: &OpenSpec, imagined: bool) -> JobSpec {
    let options = Options { seed: open.seed, ..Options::default() };
    JobSpec::Compare(CompareSpec { source: open.source.clone(), imagined, options, ..CompareSpec::default() })
}

/// The cards of a comparison of `what` with the data.
pub fn cards<'a>(app: &'a App, what: &str) -> Vec<Card<'a>> {
    let Some(report) = app.reports.get("compare") else { return Vec::new() };
    let mut cards = generic::cards(report);
    let place = report.title.find(PLACE).map_or_else(String::new, |at| format!(" {}", &report.title[at..]));
    for card in &mut cards {
        card.title = match card.body {
            Body::Stats(_) => format!("{what} compared with the data{place} · A: data, B: {}", what.to_lowercase()),
            Body::Notes(_) => "Comparison".into(),
            _ => std::mem::take(&mut card.title),
        };
        card.id.insert_str(0, "compared:");
    }
    cards
}

/// Its pages on a small screen.
pub const SMALL: [Node; 2] = [
    Column(&[(Part(3), C("compared:stats")), (Part(2), C("compared:notes")), (Part(2), C("compared:table:regions"))]),
    Column(&[
        (Part(2), C("compared:table:dimensions")),
        (Part(3), Row(&[(Part(1), C("compared:table:tests")), (Part(1), C("compared:plot:*"))])),
    ]),
];
/// Its pages on a screen of middle size.
pub const MIDDLE: [Node; 2] = [
    Column(&[
        (Need(14), C("compared:stats")),
        (Part(3), Row(&[(Part(1), C("compared:notes")), (Part(1), C("compared:plot:*"))])),
        (Part(2), C("compared:table:regions")),
    ]),
    Column(&[(Part(1), C("compared:table:dimensions")), (Part(1), C("compared:table:tests"))]),
];
/// Its page on a large screen.
pub const LARGE: Node = Column(&[
    (Need(12), C("compared:stats")),
    (Part(4), Row(&[(Part(1), C("compared:plot:*")), (Part(1), C("compared:notes"))])),
    (
        Part(3),
        Row(&[
            (Part(4), C("compared:table:dimensions")),
            (Part(3), C("compared:table:tests")),
            (Part(4), C("compared:table:regions")),
        ]),
    ),
]);
