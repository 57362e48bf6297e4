//! What a map can show besides the density of the training states.

use std::sync::Arc;

use super::feature_space::FeatureRows;
use super::model_space;
use super::one_step::{row_squares, total};
use super::reading_check::reading_check;
use super::sampled::{STRETCH, change_scale, sample};
use crate::data::dataset::Dataset;
use crate::engine::opened::Opened;
use crate::engine::spec::{PolicySpec, Source};
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::coverage::Coverage;
use crate::metrics::density::Range;
use crate::metrics::density::means::Means;
use crate::metrics::density::zoom::Zoom;
use crate::metrics::report::{Cells, Layer};
use crate::world::imagine::one_step;
use crate::world::world_model::WorldModel;

/// Steps whose error is asked of the model: enough for a map, and there in a moment.
const STEPS: usize = 10_000;
/// An error beyond this is one like it: a mean of what is infinite tells no place from another.
const FAR: f64 = 1e6;

/// States of one part on a map.
pub struct Placed<'a> {
    /// What they are of.
    pub data: &'a Dataset,
    /// Whose states they are.
    pub rows: &'a FeatureRows,
    /// [N, 2] their places.
    pub places: &'a [f32],
}

impl Placed<'_> {
    fn columns(&self) -> (Vec<f32>, Vec<f32>) {
        self.places.chunks_exact(2).map(|p| (p[0], p[1])).unzip()
    }

    /// The numbers of the rows by episode and step, in that order.
    pub fn by_step(&self) -> Vec<((usize, usize), usize)> {
        let rows = self.rows;
        let mut out: Vec<_> = (0..rows.owner.len()).map(|i| ((rows.owner[i], rows.step[i]), i)).collect();
        out.sort_unstable();
        out
    }
}

/// The rollouts' states, and the novelty of held-out states and theirs.
pub fn known(
    heldout: &Placed<'_>,
    rollouts: Option<&Placed<'_>>,
    coverage: &Coverage,
    ranges: (Range, Range),
) -> Vec<Layer> {
    let mut out = Vec::new();
    let (mut x, mut y) = heldout.columns();
    let mut ratios = coverage.heldout.clone();
    let mut whose = "held-out states";
    if let Some(placed) = rollouts {
        let (a, b) = placed.columns();
        out.push(Layer {
            key: "rollouts".into(),
            label: format!("Rollout states{}", beyond(&a, &b, ranges)),
            short: "rollout states".into(),
            unit: "rollout states in the cell".into(),
            sign: "",
            cells: Cells::Counts(Arc::new(Zoom::new(&a, &b, ranges))),
        });
        x.extend(a);
        y.extend(b);
        ratios.extend(&coverage.ratios);
        whose = "held-out and rollout states";
    }
    if ratios.len() == x.len() {
        out.push(Layer {
            key: "novelty".into(),
            label: format!("Novelty of {whose}"),
            short: "novelty".into(),
            unit: "mean novelty, x threshold".into(),
            sign: "x threshold",
            cells: Cells::Means(Arc::new(Means::new(&x, &y, &ratios, ranges))),
        });
    }
    out
}

/// How many points have no place on a map over `ranges`, in words; nothing where all have one.
fn beyond(x: &[f32], y: &[f32], ranges: (Range, Range)) -> String {
    let inside = |v: f32, (lo, hi): Range| (lo..=hi).contains(&f64::from(v));
    let n = x.iter().zip(y).filter(|(x, y)| !(inside(**x, ranges.0) && inside(**y, ranges.1))).count();
    if n == 0 { String::new() } else { format!(" ({n} of {} lie beyond the map)", x.len()) }
}

/// One-step errors of the world model on an even sample of the states, in standard deviations of a step's change (root mean
/// square over dimensions); nothing without a model.
///
/// # Errors
/// Cancelled.
pub fn errors(
    opened: &Opened,
    policy: &PolicySpec,
    parts: &[Placed<'_>],
    ranges: (Range, Range),
    cx: &Ctx,
) -> Result<Option<Layer>, Fault> {
    let Some(model) = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_deref()) else { return Ok(None) };
    // As in the diagnosis: a model that was read wrongly says nothing of places.
    if reading_check(opened, cx)?.is_some_and(|check| check.is_distrusted()) {
        return Ok(None);
    }
    let known = opened.measured.cached(ErrorsOf::new(opened, policy), || measured(opened, model, parts, cx))?;
    let (mut x, mut y, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for (part, errors) in parts.iter().zip(&*known) {
        let places = part.by_step();
        for (step, error) in errors {
            let Ok(at) = places.binary_search_by_key(step, |(owner, _)| *owner) else { continue };
            let at = places[at].1;
            x.push(part.places[2 * at]);
            y.push(part.places[2 * at + 1]);
            value.push(*error);
        }
    }
    Ok((!value.is_empty()).then(|| Layer {
        key: "model_error".into(),
        label: "One-step error of the world model".into(),
        short: "model error".into(),
        unit: format!(
            "mean one-step error{}, std of a step's change",
            if model.encoder().is_some() { " in its latent space" } else { "" }
        ),
        sign: "std",
        cells: Cells::Means(Arc::new(Means::new(&x, &y, &value, ranges))),
    }))
}

/// Errors are kept for the data, the model and the policy that they are of: other axes give them other places, and nothing else.
#[derive(PartialEq)]
struct ErrorsOf(Source, PolicySpec);

/// Of each part the error of some steps, by episode and step.
type Errors = Vec<Vec<((usize, usize), f64)>>;

impl ErrorsOf {
    fn new(opened: &Opened, policy: &PolicySpec) -> Self {
        Self(opened.source.clone(), policy.clone())
    }
}

/// True where the errors are known already, so that [`errors`] takes no time.
pub fn has_errors(opened: &Opened, policy: &PolicySpec) -> bool {
    let wanted = ErrorsOf::new(opened, policy);
    opened.measured.find(|known: &ErrorsOf| *known == wanted).is_some_and(|_: Arc<Errors>| true)
}

fn measured(opened: &Opened, model: &dyn WorldModel, parts: &[Placed<'_>], cx: &Ctx) -> Result<Errors, Fault> {
    let cx = cx.phase("model error on the map");
    let scale = change_scale(opened, model, &cx)?;
    let of = |part: &Placed<'_>| {
        let mut episodes = part.rows.owner.clone();
        episodes.dedup();
        let batch = sample(part.data, &episodes, STEPS / parts.len().max(1), STRETCH + model.context());
        let batch = model_space::batch(model, batch, &cx)?;
        let predicted = one_step(model, &batch, &cx)?;
        let d = batch.obs_dim;
        let error = |(j, &i): (usize, &usize)| {
            let squares = row_squares(&predicted.next_obs[j * d..(j + 1) * d], batch.next_obs_at(i), &scale);
            ((batch.episode[i], batch.step[i]), total(&squares, &scale).min(FAR))
        };
        Ok(predicted.rows.iter().enumerate().map(error).collect())
    };
    parts.iter().map(of).collect()
}
