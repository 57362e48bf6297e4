//! Panel 3: imagined against real.

use super::{Panel, compared, diagnosis, dimensions, generic};
use crate::engine::job::{ImagineSpec, JobSpec};
use crate::metrics::density::near::Place;
use crate::metrics::divergence::latent::LATENTS;
use crate::ui::app::{App, OpenSpec};
use crate::ui::card::{Body, Card};
use crate::ui::keymap::{Binding, ch};
use crate::ui::layout::{
    Len::{Need, Part},
    Node::{self, Card as C, Column, Row},
    Page, Pages,
};
use crate::ui::msg::Effect;
use crate::ui::panel_id::PanelId;

/// Its name.
pub const ID: PanelId = dimensions::PANEL;

/// The panel.
pub const PANEL: Panel = Panel {
    spec: |open| spec(open).map(JobSpec::Imagine),
    keys: &[Binding::own(
        &[ch('m')],
        propagate,
        "",
        "next mode of propagation: mean, TS1, TS∞, every member alone",
        |app| app.open.source.checkpoint.is_some(),
    )],
    beside: compared::imagined,
    cards,
    enter,
    pages: Pages { tiny: &[], small: SMALL, middle: MIDDLE, large: LARGE },
    ..Panel::new(
        ID,
        "Imagination",
        "Open-loop imagination held against held-out episodes, by horizon and by dimension.",
        Binding::shows(ID, &[ch('3')], "panel Imagination"),
    )
};

/// The card whose points are steps of episodes.
const CLOUD: &str = "scatter:error_vs_novelty";

/// The curves that checkpoints are held against one another by.
pub const ERRORS: &str = "error by horizon";

/// The job that fills it; nothing without a checkpoint.
pub fn spec(open: &OpenSpec) -> Option<ImagineSpec> {
    let source = open.source.clone();
    let (seed, propagation) = (open.seed, open.propagation);
    source.checkpoint.is_some().then(|| ImagineSpec { source, propagation, seed, ..ImagineSpec::default() })
}

/// Its cards; the trace of the dimension that is selected in the table comes first.
fn cards(app: &App) -> Vec<Card<'_>> {
    let Some(report) = app.report(ID) else { return Vec::new() };
    let mut cards = generic::cards(report);
    for card in &mut cards {
        // Which rollout it is: another one can be drawn from the panel of the data.
        if let (Body::Plot(lines), true) = (&card.body, card.id.starts_with("plot:trace"))
            && let Some(of) = lines.iter().find_map(|l| l.definition.strip_suffix(": what happened."))
        {
            card.title = format!("{} · {of}", card.title);
        }
    }
    for card in &mut cards {
        // Errors of a model without a decoder are in another unit than all others.
        if let Body::Plot(lines) = &card.body
            && lines.first().is_some_and(|line| line.y_axis.label == LATENTS)
        {
            card.title = format!("{} of latents", card.title);
        }
        if let (Body::Plot(lines), true) = (&mut card.body, card.id.strip_prefix("plot:") == Some(ERRORS)) {
            lines.extend(app.follow.past(app.open.source.checkpoint.as_deref()));
        }
    }
    if let Some(useful) = app.follow.useful.as_ref().filter(|_| app.follow.opened > 0) {
        cards.push(Card::new("plot:followed", "Useful horizon, checkpoint by checkpoint", Body::Plot(vec![useful])));
    }
    if !app.follow.ratios.is_empty() && app.follow.opened > 0 {
        let lines = app.follow.ratios.iter().collect();
        cards.push(Card::new("plot:followed ratios", "Loss ratios, checkpoint by checkpoint", Body::Plot(lines)));
    }
    let wanted = dimensions::selected(app, report).map(|dim| format!("plot:trace {dim}"));
    if compared::imagined(&app.open).is_some() {
        cards.extend(compared::cards(app, "Imagined"));
    }
    // The trace of the selected dimension, then the others, the worst first.
    let order = dimensions::by_error(report);
    let place = |card: &Card<'_>| {
        let name = card.id.strip_prefix("plot:trace ")?;
        let at = order.iter().position(|known| *known == name).unwrap_or(order.len());
        Some(if Some(&card.id) == wanted.as_ref() { 0 } else { at + 1 })
    };
    cards.sort_by_key(place);
    cards
}

/// Imagines anew, every step going on from what the next mode says.
fn propagate(app: &mut App) -> Vec<Effect> {
    app.open.propagation = app.open.propagation.next();
    app.message = Some(format!("Propagation: {}.", app.open.propagation.label()));
    spec(&app.open).map(|spec| app.jobs.start(JobSpec::Imagine(spec))).into_iter().collect()
}

/// What the focused card leads to: a point of the cloud to its episode, from its step on.
fn enter(app: &mut App) -> Option<Vec<Effect>> {
    let focus = app.looks.focus.get(&ID).filter(|id| *id == CLOUD)?;
    let row = app.looks.card(ID, focus).row?;
    let cloud = app.report(ID)?.scatters.iter().find(|s| CLOUD.strip_prefix("scatter:") == Some(s.key.as_str()))?;
    let Place { episode, step } = *cloud.places.get(row)?;
    if diagnosis::show_step(app, episode, step) {
        return Some(Vec::new());
    }
    let spec = ImagineSpec { episode: Some(episode), step: Some(step), ..spec(&app.open)? };
    app.message = None;
    // The diagnosis may be at work in the same place.
    app.jobs.queue.push_front(JobSpec::Imagine(spec));
    Some(super::start_next(app).into_iter().collect())
}

/// Its pages on a small screen.
const SMALL: &[Page] = &[
    Page("horizon", Column(&[(Part(4), C("plot:error by horizon")), (Part(3), C("plot:trace*"))])),
    Page(
        "novelty",
        Column(&[
            (Part(1), C("scatter:error_vs_novelty")),
            (Part(1), Row(&[(Part(3), C("table:dimensions")), (Part(2), C("stats"))])),
        ]),
    ),
    Page("disagreement", Column(&[(Part(3), C("plot:disagreement by horizon")), (Part(2), C("notes"))])),
    Page("checks", ACTIONS),
    Page(
        "latents",
        Column(&[(Part(1), C("plot:reward error by horizon")), (Part(1), C("plot:latent distance by horizon"))]),
    ),
    Page("imagined", compared::SMALL[0]),
    Page("shift", compared::SMALL[1]),
];
/// The page of its own report on a screen of middle size.
const ONE: Node = Column(&[
    (Need(8), C("stats")),
    (Part(5), Row(&[(Part(3), C("plot:error by horizon")), (Part(2), C("scatter:error_vs_novelty"))])),
    (
        Part(4),
        Row(&[
            (Part(3), C("plot:trace*")),
            (Part(3), C("plot:disagreement by horizon")),
            (Part(3), C("plot:reward error by horizon")),
            (Part(4), Column(&[(Part(4), C("table:dimensions")), (Part(3), C("notes"))])),
        ]),
    ),
]);
/// Its pages on a screen of middle size.
const MIDDLE: &[Page] = &[
    Page("horizon", ONE),
    Page("checks", BESIDE),
    Page("imagined", compared::MIDDLE[0]),
    Page("shift", compared::MIDDLE[1]),
];
/// The same on a large screen.
const WIDE: Node = Column(&[
    (Need(8), C("stats")),
    (
        Part(5),
        Row(&[
            (Part(3), C("plot:error by horizon")),
            (Part(2), C("plot:disagreement by horizon")),
            (Part(2), C("scatter:error_vs_novelty")),
        ]),
    ),
    (
        Part(4),
        Row(&[
            (Part(2), C("plot:trace*")),
            (Part(2), C("plot:trace*")),
            (Part(2), C("plot:reward error by horizon")),
            (Part(2), Column(&[(Part(1), C("table:dimensions")), (Part(1), C("notes"))])),
        ]),
    ),
]);
/// Its pages on a large screen.
const LARGE: &[Page] = &[Page("horizon", WIDE), Page("checks", BESIDE), Page("imagined", compared::LARGE)];
/// Whether the model follows the actions and knows its own error, on a small screen.
const ACTIONS: Node = Column(&[
    (Part(1), C("plot:action fidelity by distance of the actions")),
    (Part(1), Row(&[(Part(1), C("plot:calibration one step ahead")), (Part(1), C("table:action_signs"))])),
    (Part(1), Row(&[(Part(1), C("plot:end error by horizon")), (Part(1), C("plot:value error by horizon"))])),
]);
/// The same where there is room beside one another.
const BESIDE: Node = Row(&[
    (
        Part(3),
        Column(&[
            (Part(1), C("plot:action fidelity by distance of the actions")),
            (Part(1), C("plot:action fidelity by novelty")),
            (Part(1), Row(&[(Part(1), C("plot:end error by horizon")), (Part(1), C("plot:value error by horizon"))])),
        ]),
    ),
    (Part(2), Column(&[(Part(1), C("plot:calibration one step ahead")), (Part(1), C("table:action_signs"))])),
]);
