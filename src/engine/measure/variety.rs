//! Local action diversity of training states: what the data knows of other actions there.

use std::sync::Arc;

use super::feature_space::{FeatureRows, FeatureSpace};
use super::layers::Placed;
use crate::engine::opened::Opened;
use crate::engine::spec::{FeatureSpec, Source};
use crate::ground::fault::Fault;
use crate::ground::number::{number, significant};
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::States;
use crate::metrics::action_diversity::Actions;
use crate::metrics::density::Range;
use crate::metrics::density::means::Means;
use crate::metrics::novelty::Novelty;
use crate::metrics::report::{Cells, Layer, Level, Report, SPREAD};

/// Training states that are asked.
const STATES: usize = 5_000;
/// Nearest states of other episodes whose actions are compared: this, or so many for every column of the action.
const NEAR: (usize, usize) = (20, 5);
/// A median below this: the data hardly knows more than one action at a state.
const LITTLE: f64 = 0.1;

/// Training states by episode and step, each with its local action diversity.
pub type Varieties = Vec<((usize, usize), f64)>;

/// What was measured is kept for the source that it is of, whatever is held against it.
#[derive(PartialEq)]
struct Known(Source);

/// Of evenly many training states, from the cache if it was measured before; empty where actions never vary.
///
/// # Errors
/// Cancelled.
pub fn varieties(opened: &Opened, novelty: &Novelty, cx: &Ctx) -> Result<Arc<Varieties>, Fault> {
    let key = Known(Source { rollouts: None, ..opened.source.clone() });
    opened.measured.cached(key, || {
        let cx = &cx.phase("action diversity");
        let space = FeatureSpace::resolve(&FeatureSpec::default(), opened)?;
        let train = space.rows(&opened.data, &opened.split.train, cx)?;
        match measured(opened, &train, novelty, cx) {
            // Of one episode, or of actions that never vary, there is none.
            Err(Fault::Failed(_) | Fault::Bad(_)) => Ok(Vec::new()),
            known => known,
        }
    })
}

fn measured(opened: &Opened, train: &FeatureRows, novelty: &Novelty, cx: &Ctx) -> Result<Varieties, Fault> {
    let data = &opened.data;
    let width = data.action_space.encoded_dim();
    let near = NEAR.0.max(NEAR.1 * width);
    // The row of the action of every state whose action is finite; states that nothing was done in are none of coverage's.
    let mut actions: Vec<f32> = Vec::new();
    let mut at = Vec::with_capacity(train.owner.len());
    for (&e, &t) in train.owner.iter().zip(&train.step) {
        let episode = data.episode(e);
        let known = Some(episode.action_at(t)).filter(|a| a.iter().all(|v| v.is_finite()));
        at.push(known.map(|_| actions.len() / data.action_dim().max(1)));
        actions.extend(known.into_iter().flatten());
    }
    let all = Actions::new(&actions, data.action_dim(), data.action_space.choices().is_some())?;
    let asked = stats::evenly(train.owner.len(), STATES);
    let d = data.obs_dim();
    let rows: Vec<f32> = asked.iter().flat_map(|&i| &train.rows[i * d..(i + 1) * d]).copied().collect();
    let owner: Vec<usize> = asked.iter().map(|&i| train.owner[i]).collect();
    let found = novelty.neighbours(States { rows: &rows, owner: &owner }, near, cx)?;
    let local = |q: usize| {
        let rows = found.rows[q * near..(q + 1) * near].iter().filter(|&&r| r != u32::MAX);
        all.local(&rows.filter_map(|&r| at.get(r as usize).copied().flatten()).collect::<Vec<_>>())
    };
    let one = |(q, &i): (usize, &usize)| ((train.owner[i], train.step[i]), local(q));
    Ok(asked.iter().enumerate().map(one).filter(|(_, v)| v.is_finite()).collect())
}

/// Adds the median to a report, with what it means where it is small.
///
/// # Errors
/// Cancelled.
pub fn tell(report: &mut Report, opened: &Opened, novelty: &Novelty, cx: &Ctx) -> Result<(), Fault> {
    let known = varieties(opened, novelty, cx)?;
    if known.is_empty() {
        return Ok(());
    }
    let values: Vec<f64> = known.iter().map(|(_, v)| *v).collect();
    let median = stats::median(values.clone());
    let text = "Median over training states of the variety of actions at the nearest states of other episodes, over that of all \
                actions: the ratio of their deviations (geometric mean over action columns), or of perplexities for choices.";
    report
        .stat("action_diversity", "local action diversity", median, "", text)
        .of(values.len(), "states")
        .spans((stats::quantile(&values, 0.1), stats::quantile(&values, 0.9)), SPREAD);
    if median < LITTLE {
        report.note(
            Level::Warn,
            format!(
                "At most states the data knows hardly more than one action (local action diversity {}): what others do there the \
                 model cannot know. Vary the actions; more episodes of the same policy do not help.",
                number(significant(median, 2))
            ),
        );
    }
    Ok(())
}

/// As a layer of a map on which the training states lie at the places of `train`; nothing where there is none.
pub fn layer(known: &Varieties, train: &Placed<'_>, ranges: (Range, Range)) -> Option<Layer> {
    let places = train.by_step();
    let (mut x, mut y, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for (step, v) in known {
        let Ok(at) = places.binary_search_by_key(step, |(owner, _)| *owner) else { continue };
        let at = places[at].1;
        x.push(train.places[2 * at]);
        y.push(train.places[2 * at + 1]);
        value.push(*v);
    }
    (!value.is_empty()).then(|| Layer {
        key: "action_diversity".into(),
        label: "Local action diversity of training states".into(),
        short: "action diversity".into(),
        unit: "mean share of the variety of all actions".into(),
        sign: "",
        cells: Cells::Means(Arc::new(Means::new(&x, &y, &value, ranges))),
    })
}
