use super::{Emit, Job, Model, Slot};
use crate::data::sequence::SequenceBatch;
use crate::data::space::Actions;
use crate::engine::event::Outcome;
use crate::engine::measure::certify::certify;
use crate::engine::measure::coverage;
use crate::engine::measure::drawn::{Drawn, training_std};
use crate::engine::measure::lineage::trust;
use crate::engine::measure::loss_ratio;
use crate::engine::measure::model_space;
use crate::engine::measure::rollouts::world_model;
use crate::engine::measure::windows::Windows;
use crate::engine::measure::{
    calibration, ends, fidelity, linear, posterior, propagation, steps_file, values, variety,
};
use crate::engine::opened::Opened;
use crate::engine::spec::{ImagineSpec, Source};
use crate::engine::workspace::Workspace;
use crate::format::write::columns;
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::task::Ctx;
use crate::metrics::disagreement::in_units;
use crate::metrics::divergence::latent::{self, Latents};
use crate::metrics::divergence::{self, Input};
use crate::metrics::features::moving;
use crate::metrics::report::{Level, Report};
use crate::world::imagine::{Rollouts, propagated};
use crate::world::world_model::WorldModel;

/// Imagines in the open loop from held-out starts and reports the error by horizon.
pub(super) struct Imagine;

impl Job for Imagine {
    type Spec = ImagineSpec;
    type Input = Opened;
    const NAME: &'static str = "imagination";
    const SLOT: Slot = Slot::Evaluate;

    fn model_of(spec: &ImagineSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut ImagineSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &ImagineSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        if let Some(out) = &spec.out {
            columns::check_ending(out)?;
        }
        if let Some(discount) = spec.discount.filter(|d| !(0.0..=1.0).contains(d)) {
            return Err(Fault::bad(format!("the discount is {discount}: choose one from 0 to 1, such as 0.99")));
        }
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &ImagineSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let model = &*world_model(&opened)?.placed_on(spec.device).map_err(Fault::bad)?;
        let how = (spec.propagation, spec.seed);
        let seen = model_space::of(&opened, cx)?;
        let windows = Windows::choose(&opened.data, &opened.split.heldout, spec, model.context());
        // What cannot be drawn is said before anything is spent.
        let named = windows.named(&opened.data, spec)?;
        let data = &seen.data;
        let (real, actions) = windows.gather(data);
        let actions = Actions::new(&data.action_space, actions);
        let past = windows.pasts(data);
        let imagined = propagated(model, &past, &actions, windows.horizon, how, &cx.phase("imagining"))?;
        let std = moving(&training_std(&seen), &real);
        let disagreement = (model.dims().members > 1).then(|| in_units(&imagined.member_std, &std));
        let worst = || windows.worst(data.obs_dim(), &real, &imagined.obs, &std);
        let traced = if spec.episode.is_some() { named } else { worst() };
        let drawn = traced.map(|start| Drawn::imagine(model, data, (start, windows.horizon), how, cx)).transpose()?;
        let (owner, step): (Vec<usize>, Vec<usize>) = windows.starts.iter().copied().unzip();
        let input = Input {
            names: &data.obs_space.names,
            std: &std,
            horizon: windows.horizon,
            owner: &owner,
            step: &step,
            real: &real,
            imagined: &imagined.obs,
            disagreement: disagreement.as_deref(),
            members: &imagined.members,
            trace: drawn.as_ref().map(Drawn::trace),
            seed: spec.seed,
        };
        let mut report = divergence::report(&input)?;
        propagation::tell(&mut report, model, how);
        in_latents(&mut report, model, (&real, &imagined));
        if let Some(along) = windows.rewards(data, &seen.split.train, imagined.reward.as_deref()) {
            along.view(spec.discount.unwrap_or(1.0)).tell(&mut report, true);
        }
        // Neighbours take their time on large data: the curves do not wait for them.
        emit(report.clone());
        let reference = coverage::novelty(&opened, cx)?;
        let novelty = reference.novelty();
        let starts = windows.start_rows(&opened.data);
        let ratios = novelty.ratios(&starts, &cx.phase("novelty of the starts"))?;
        divergence::against_novelty(&mut report, &input, &ratios)?;
        windows.note(&mut report, spec);
        let begun = windows.start_rows(data);
        if let Some(rolled) = linear::imagined(&opened, model, (&begun, &actions, windows.horizon), cx)? {
            divergence::against_linear(&mut report, &input, &rolled);
        }
        ends::tell(&mut report, &seen, model, (spec, windows.horizon), cx)?;
        values::tell(&mut report, &opened, model, spec.discount, cx)?;
        let along = SequenceBatch { steps: windows.horizon, obs: real[..].into(), actions, ..past.clone() };
        posterior::tell(&mut report, model, (&past, &along), &std, cx)?;
        certify(&mut report, &seen, model, (spec, windows.horizon, &std), cx)?;
        calibration::tell(&mut report, &opened, model, cx)?;
        fidelity::tell(&mut report, (&opened, &seen), model, (novelty, spec.seed), cx)?;
        variety::tell(&mut report, &opened, novelty, cx)?;
        loss_ratio::of_heldout(&mut report, &seen, model, cx)?;
        if let Some(drawn) = &drawn {
            report.note(Level::Info, format!("The traces show {}; their band spans the {}.", drawn.label, drawn.band));
        }
        trust(&mut report, &opened);
        emit(report);
        let Some(out) = &spec.out else { return Ok(Outcome::default()) };
        let rows = steps_file::save(out, (data, &windows), (&real, &imagined), (&std, disagreement.as_deref()))?;
        Ok(Outcome { summary: counted(rows, "imagined steps"), written: vec![out.clone()] })
    }
}

/// What a model without a decoder is measured by besides, in its latent space, and that all is there; nothing of others.
fn in_latents(report: &mut Report, model: &dyn WorldModel, (real, imagined): (&[f32], &Rollouts)) {
    let Some(encoder) = model.encoder() else { return };
    let latents = Latents {
        units: imagined.obs_dim,
        horizon: imagined.horizon,
        real,
        imagined: &imagined.obs,
        simplex: encoder.simplex(),
    };
    latent::add(report, &latents);
    model_space::of_imagination(report, model);
}
