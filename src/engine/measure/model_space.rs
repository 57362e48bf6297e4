//! Data in the space that a world model imagines in: where it has an encoder and no decoder, everything that is measured of it is
//! measured on encoded observations, and every report says so. Data and coverage stay in observations.

use std::borrow::Cow;
use std::sync::Arc;

use super::judged::Judged;
use crate::checkpoint::reading::Asked;
use crate::data::dataset::{Dataset, Parts};
use crate::data::episode::TransitionBatch;
use crate::data::space::Space;
use crate::engine::cache::Cache;
use crate::engine::opened::Opened;
use crate::engine::spec::Source;
use crate::format::Choice;
use crate::ground::fault::Fault;
use crate::ground::memory::Bytes;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::divergence::latent::{LATENTS, PLACE};
use crate::metrics::report::{Cell, Level, Report};
use crate::world::world_model::{Encoder, WorldModel};

/// Rows that are encoded between two looks at the cancel flag.
const ROWS: usize = 256;
/// Latents that a table lists and that are drawn: the worst of some hundreds, of which none has a name that tells anything.
const LISTED: usize = 32;
/// Copies of the encoded states that measuring makes of them.
const COPIES: u64 = 4;

/// A dataset as a model sees it, and what was measured of it.
struct Seen {
    data: Arc<Dataset>,
    measured: Arc<Cache>,
}

/// What a dataset is encoded for: dataset and model, as they are read.
#[derive(PartialEq)]
struct Key(std::path::PathBuf, Choice, Option<std::path::PathBuf>, Asked);

/// What was opened as its world model sees it: the same episodes, their observations encoded where it imagines in a latent space.
/// Rollouts stay as they are (see [`dataset`]); what is measured is kept apart from what is measured of observations.
///
/// # Errors
/// A sentence where that does not fit into memory; or cancelled.
pub fn of(opened: &Opened, cx: &Ctx) -> Result<Opened, Fault> {
    let Some((model, encoder)) = encoder(opened) else { return Ok(opened.clone()) };
    let Source { dataset: path, checkpoint, model: asked, .. } = &opened.source;
    let key = Key(path.clone(), opened.source.choice(), checkpoint.clone(), *asked);
    let seen = opened.measured.cached(key, || {
        fits(&opened.data, encoder)?;
        let data = Arc::new(encoded(&opened.data, encoder, &cx.phase("encoding the observations"))?);
        Ok::<_, Fault>(Seen { data, measured: Arc::default() })
    })?;
    if seen.data.obs_dim() != model.dims().obs {
        return Err(Fault::failed("the encoder gives other latents than the model takes"));
    }
    Ok(Opened { data: Arc::clone(&seen.data), measured: Arc::clone(&seen.measured), ..opened.clone() })
}

fn encoder(opened: &Opened) -> Option<(&dyn WorldModel, &dyn Encoder)> {
    let model = opened.checkpoint.as_ref()?.world_model.as_deref()?;
    Some((model, model.encoder()?))
}

/// `data` as `model` sees it.
///
/// # Errors
/// As [`of`].
pub fn dataset<'d>(model: &dyn WorldModel, data: &'d Dataset, cx: &Ctx) -> Result<Cow<'d, Dataset>, Fault> {
    let Some(encoder) = model.encoder() else { return Ok(Cow::Borrowed(data)) };
    fits(data, encoder)?;
    encoded(data, encoder, &cx.phase("encoding the observations")).map(Cow::Owned)
}

/// The episodes that are judged as the model of `seen` sees them; `seen` is what was opened, by [`of`].
///
/// # Errors
/// As [`of`].
pub fn judged<'d>(judged: &'d Judged, seen: &'d Opened, cx: &Ctx) -> Result<Cow<'d, Dataset>, Fault> {
    match seen.checkpoint.as_ref().and_then(|c| c.world_model.as_deref()) {
        Some(model) if judged.is_fresh() => dataset(model, judged.data(seen), cx),
        _ => Ok(Cow::Borrowed(judged.data(seen))),
    }
}

/// `batch` as `model` sees it.
///
/// # Errors
/// Cancelled.
pub fn batch(model: &dyn WorldModel, batch: TransitionBatch, cx: &Ctx) -> Result<TransitionBatch, Fault> {
    let Some(encoder) = model.encoder() else { return Ok(batch) };
    let cx = cx.phase("encoding the observations");
    let total = 2 * batch.len() as u64;
    let mut done = 0;
    let mut latents = |obs: &[f32]| latents(obs, batch.obs_dim, encoder, (&mut done, total), &cx);
    let (obs, next_obs) = (latents(&batch.obs)?, latents(&batch.next_obs)?);
    Ok(TransitionBatch { obs_dim: model.dims().obs, obs, next_obs, ..batch })
}

/// [N, Z] latents of observations [N, `d`]; the rows that are `done` of `total` are told.
fn latents(
    obs: &[f32],
    d: usize,
    encoder: &dyn Encoder,
    (done, total): (&mut u64, u64),
    cx: &Ctx,
) -> Result<Vec<f32>, Fault> {
    let mut out = Vec::new();
    for part in obs.chunks(ROWS * d.max(1)) {
        cx.step(*done, total)?;
        out.extend(encoder.encode(part));
        *done += (part.len() / d.max(1)) as u64;
    }
    Ok(out)
}

/// [D] the deviations `std` that errors of `model` are measured in: those of latents are all the typical one, their root mean square.
/// Dimensions of an observation have units that cannot be compared; latents share one, in which the model itself was trained, and
/// those of little deviation would outweigh all others.
pub fn scale(model: &dyn WorldModel, mut std: Vec<f64>) -> Vec<f64> {
    if model.encoder().is_some() {
        let typical = stats::root_mean_square(&std);
        std.fill(typical);
    }
    std
}

/// Refuses what is too much for this machine.
fn fits(data: &Dataset, encoder: &dyn Encoder) -> Result<(), Fault> {
    let rows = (data.obs.len() + data.next_obs.as_ref().map_or(0, Vec::len)) / data.obs_dim().max(1);
    let width = encoder.encode(&vec![0.0; encoder.observes()]).len();
    let (wanted, allowed) = (COPIES * 4 * rows as u64 * width as u64, Bytes::of_this_machine());
    if wanted <= allowed.0 {
        return Ok(());
    }
    let share = (allowed.0 as f64 / wanted as f64 * data.bytes() as f64) as u64;
    Err(Fault::bad(format!(
        "{}: its {rows} observations take {} in the model's latent space of {width}, {allowed} can be had: open a sample of its \
         episodes with --memory {}kB",
        data.origin.path.display(),
        Bytes(wanted),
        (share / 1000).max(100)
    )))
}

fn encoded(data: &Dataset, encoder: &dyn Encoder, cx: &Ctx) -> Result<Dataset, Fault> {
    let d = data.obs_dim().max(1);
    let total = ((data.obs.len() + data.next_obs.as_ref().map_or(0, Vec::len)) / d) as u64;
    let mut done = 0u64;
    let mut rows = |values: &[f32]| latents(values, d, encoder, (&mut done, total), cx);
    let (obs, mut next_obs) = (rows(&data.obs)?, data.next_obs.as_deref().map(&mut rows).transpose()?);
    let width = obs.len() / (data.obs.len() / d).max(1);
    if let (Some(latents), Some(raw)) = (&mut next_obs, &data.next_obs) {
        // What follows to the bit has to follow to the bit when it is encoded, whatever it was encoded together with.
        for span in &data.spans {
            for t in 0..span.steps.min(span.obs_rows.saturating_sub(1)) {
                let (next, follows) = (span.first_step + t, span.first_obs + t + 1);
                if raw[next * d..(next + 1) * d] == data.obs[follows * d..(follows + 1) * d] {
                    let row = &obs[follows * width..(follows + 1) * width];
                    latents[next * width..(next + 1) * width].copy_from_slice(row);
                }
            }
        }
    }
    let space = Space { names: (0..width).map(|i| format!("z{i}")).collect(), ..Space::unnamed("z", width) };
    let (actions, rewards) = (data.actions.clone(), data.rewards.clone());
    let parts = Parts { spans: data.spans.clone(), obs, actions, rewards, next_obs };
    let made =
        Dataset::from_parts(data.origin.clone(), space, data.action_space.clone(), parts).map_err(Fault::failed)?;
    Ok(Dataset { sample: data.sample, ..made })
}

/// Where the numbers about `model` are, in words: "in its latent space (512 units)"; nothing where they are in observations.
pub fn place(model: &dyn WorldModel) -> Option<String> {
    model.encoder().map(|encoder| format!("{PLACE} ({})", encoder.space()))
}

/// Says in a `report` that its numbers about the model's error are in its latent space.
pub fn tell(report: &mut Report, model: &dyn WorldModel) {
    said(report, model, "Model error", true);
}

/// Says in a `report`, from its title on, that it is all in the model's latent space, and what `errors` there are in; true if it
/// is.
pub fn entitle(report: &mut Report, model: &dyn WorldModel, errors: bool) -> bool {
    let Some(place) = place(model) else { return false };
    report.title = format!("{} {place}", report.title);
    said(report, model, "Everything here", errors);
    true
}

fn said(report: &mut Report, model: &dyn WorldModel, what: &str, errors: bool) {
    let Some(place) = place(model) else { return };
    let unit = if errors {
        " Latents share one unit: errors are in the typical standard deviation of a latent (root mean square over latents), of its \
         change where they are one-step."
    } else {
        ""
    };
    report.note(
        Level::Info,
        format!(
            "{what} is measured {place}, on encoded observations: the model has no decoder. A latent is no unit of the environment, \
             and its numbers are not to be held against those of a model of observations.{unit}"
        ),
    );
}

/// [`entitle`] for the report of imagination: its curves and tables are of latents too, of which the worst are listed and drawn.
pub fn of_imagination(report: &mut Report, model: &dyn WorldModel) {
    if !entitle(report, model, true) {
        return;
    }
    for series in report.series.iter_mut().filter(|s| s.y_axis.label == "error") {
        series.y_axis.label = LATENTS.into();
    }
    let Some(table) = report.tables.iter_mut().find(|table| table.key == "dimensions") else { return };
    let all = table.rows.len();
    table.label = format!("Error by latent (root mean square over starts{})", worst_of(all));
    table.columns[0] = "latent".into();
    table.rows.truncate(LISTED);
    let kept: Vec<Cell> = table.rows.iter().filter_map(|row| row.first().cloned()).collect();
    report.series.retain(|s| {
        let name = s.key.strip_prefix("real:").or_else(|| s.key.strip_prefix("imagined:"));
        name.is_none_or(|name| kept.contains(&Cell::Text(name.to_owned())))
    });
}

/// Leaves the first rows of a table, the worst, and says so.
pub fn list_the_worst(report: &mut Report, key: &str) {
    let Some(table) = report.tables.iter_mut().find(|table| table.key == key) else { return };
    table.label.push_str(&worst_of(table.rows.len()));
    table.rows.truncate(LISTED);
}

fn worst_of(all: usize) -> String {
    if all > LISTED { format!("; the {LISTED} worst of {all}") } else { String::new() }
}
