//! The bound on imagination's error that new episodes stay below, measured on parts that the report is not about.

use super::windows::Windows;
use crate::data::space::Actions;
use crate::engine::opened::Opened;
use crate::engine::spec::ImagineSpec;
use crate::ground::fault::Fault;
use crate::ground::task::Ctx;
use crate::metrics::disagreement::in_units;
use crate::metrics::divergence::certified::{Certified, Part};
use crate::metrics::divergence::errors::Errors;
use crate::metrics::report::{Level, Report};
use crate::world::imagine::open_loop;
use crate::world::world_model::WorldModel;

/// Most episodes of a part that are imagined: enough that the calibration part's choice matters little.
const EPISODES: usize = 200;
/// Most starts of each.
const STARTS: usize = 8;

/// Adds the trust horizon of `horizon` steps with what it rests on; `std` [D] are the training part's deviations, 0 for a
/// dimension that stands still.
///
/// # Errors
/// A level or tolerance that is none; cancelled.
pub fn certify(
    report: &mut Report,
    opened: &Opened,
    model: &dyn WorldModel,
    (spec, horizon, std): (&ImagineSpec, usize, &[f64]),
    cx: &Ctx,
) -> Result<(), Fault> {
    if let Some(e) = spec.tolerance.filter(|e| !(*e > 0.0 && e.is_finite())) {
        return Err(Fault::bad(format!("the tolerance is {e}: choose an error above 0, in standard deviations")));
    }
    let split = &opened.split;
    if split.is_shared() {
        report.note(
            Level::Info,
            "No trust horizon: there are too few episodes to set some aside, and a promise needs some that are judged by no one.",
        );
        return Ok(());
    }
    let part = |episodes: &[usize]| imagined(opened, model, (episodes, horizon, std), cx);
    let (training, calibration) = (part(&split.train)?, part(&split.calibration)?);
    if training.owner.is_empty() || calibration.owner.is_empty() {
        let text = format!("No trust horizon: no training or calibration episode has {horizon} usable steps in a row.");
        report.note(Level::Info, text);
        return Ok(());
    }
    let heldout = part(&split.heldout)?;
    Certified::measure((&training, &calibration, &heldout), (spec.alpha, spec.tolerance))?.tell(report);
    Ok(())
}

fn imagined(
    opened: &Opened,
    model: &dyn WorldModel,
    (episodes, horizon, std): (&[usize], usize, &[f64]),
    cx: &Ctx,
) -> Result<Part, Fault> {
    let data = &opened.data;
    let windows = Windows::spread(data, episodes, (EPISODES, STARTS), horizon, model.context());
    let (real, actions) = windows.gather(data);
    let actions = Actions::new(&data.action_space, actions);
    let cx = cx.phase("imagining for the bound");
    let imagined = open_loop(model, &windows.pasts(data), &actions, horizon, None, &cx)?;
    let several = model.dims().members > 1;
    Ok(Part {
        errors: Errors::of_rollouts(std, horizon, &real, &imagined.obs),
        owner: windows.starts.iter().map(|&(e, _)| e).collect(),
        disagreement: if several { in_units(&imagined.member_std, std) } else { Vec::new() },
    })
}
