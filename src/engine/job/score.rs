use std::path::Path;

use super::{Emit, Job, Model, Slot};
use crate::data::dataset::Dataset;
use crate::engine::event::Outcome;
use crate::engine::measure::coverage::covered;
use crate::engine::measure::feature_space::FeatureSpace;
use crate::engine::measure::judged::Judged;
use crate::engine::measure::lineage::trust;
use crate::engine::measure::model_space;
use crate::engine::measure::one_step::OneStepError;
use crate::engine::measure::scoring::{Rule, Scored, Scorer};
use crate::engine::opened::Opened;
use crate::engine::spec::{CoverSpec, PolicySpec, ScoreSpec, Source};
use crate::engine::workspace::Workspace;
use crate::format::write::columns::{self, Column};
use crate::ground::fault::Fault;
use crate::ground::number::counted;
use crate::ground::stats::quantile;
use crate::ground::task::Ctx;
use crate::metrics::alarm::Alarm;
use crate::metrics::coverage::Options;
use crate::metrics::report::Level;
use crate::metrics::scoring as report;
use crate::metrics::threshold::is_alarm;

/// Reports every state of some episodes with every score; writes them where a file is named.
pub(super) struct Score;

impl Job for Score {
    type Spec = ScoreSpec;
    type Input = Opened;
    const NAME: &'static str = "scores";
    const SLOT: Slot = Slot::Evaluate;

    fn model_of(spec: &ScoreSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut ScoreSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &ScoreSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        if let Some(out) = &spec.out {
            columns::check_ending(out)?;
        }
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &ScoreSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        // Judged states need no place on the coverage's map: no episode is collected for it.
        let cover = CoverSpec {
            source: spec.source.clone(),
            space: spec.space.clone(),
            options: Options { k: spec.k, alpha: spec.alpha, ..Options::default() },
            policy: PolicySpec { episodes: 0, ..spec.policy.clone() },
            ..CoverSpec::default()
        };
        let space = FeatureSpace::resolve(&spec.space, &opened)?;
        let coverage = covered(&opened, &cover, cx, &|_| {})?;
        let judged = Judged::choose(&opened, &spec.policy, "scored", cx)?;
        let model = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_deref());
        let seen = model_space::of(&opened, cx)?;
        let error = model.map(|m| OneStepError::calibrate(m, &seen, (spec.threshold, spec.alpha), cx)).transpose()?;
        let rule = Rule { kind: spec.threshold, alpha: spec.alpha, low_return: low_return(&opened), seed: spec.seed };
        let scorer = Scorer::new((&opened, &seen), &space, &coverage.novelty, error.as_ref(), cx)?;
        let alarms = scorer.alarms(rule, cx)?;
        let thresholds: Vec<f64> = alarms.iter().map(|a| a.threshold.value).collect();
        let scored = scorer.judged(&judged, &thresholds, rule, cx)?;
        let data = judged.data(&opened);
        let mut made = report::report(
            &report::Scored {
                alarms: &alarms,
                columns: &scored.columns,
                owner: &scored.rows.owner,
                error: &scored.error,
                label: &|e| data.spans()[e].id.to_string(),
            },
            scored.evidence.as_ref(),
            spec.seed,
        );
        judged.note(&mut made);
        made.note(Level::Info, coverage.novelty.sentence());
        made.note(Level::Info, coverage.novelty.features.sentence());
        coverage.novelty.features.tell_parted(&mut made, scored.rows.states().rows);
        scorer.notes().iter().for_each(|note| made.note(Level::Info, note));
        if let Some(error) = &error {
            made.note(Level::Info, error.sentence());
        }
        if let Some(model) = model {
            model_space::tell(&mut made, model);
        }
        trust(&mut made, &opened);
        emit(made);
        let Some(out) = &spec.out else { return Ok(Outcome::said(judged.sentence)) };
        let rows = save(out, &alarms, &scored, data)?;
        Ok(Outcome { summary: format!("{}, {}", judged.sentence, counted(rows, "states")), written: vec![out.clone()] })
    }
}

/// Lower quartile of the training episodes' returns.
fn low_return(opened: &Opened) -> Option<f64> {
    let returns: Vec<f64> = opened.data.episodes(&opened.split.train).map(|e| e.ret()).collect();
    (!returns.is_empty()).then(|| quantile(&returns, 0.25))
}

/// One row a state: `episode` (its id), `step`; for every score `<name>`, `<name>_x_threshold`, `<name>_alarm`; with a
/// world model `model_error_x_threshold`, NaN where a step has no next observation.
fn save(path: &Path, alarms: &[Alarm], scored: &Scored, data: &Dataset) -> Result<usize, Fault> {
    let rows = &scored.rows;
    let mut out = vec![
        ("episode".to_owned(), Column::Count(rows.owner.iter().map(|&e| data.spans()[e].id).collect())),
        ("step".to_owned(), Column::Count(rows.step.iter().map(|&t| t as u64).collect())),
    ];
    let mut about = Vec::new();
    for (alarm, column) in alarms.iter().zip(&scored.columns) {
        let (name, ratios) = (alarm.score.name, alarm.ratios(&column.values));
        let flags = ratios.iter().map(|&r| is_alarm(r)).collect();
        out.push((name.to_owned(), Column::Number(column.values.clone())));
        out.push((format!("{name}_x_threshold"), Column::Number(ratios)));
        out.push((format!("{name}_alarm"), Column::Flag(flags)));
        let threshold = format!("{} {}; {}", alarm.threshold.value, alarm.score.unit, alarm.threshold.short());
        about.push((name.to_owned(), alarm.score.definition.to_owned()));
        about.push((format!("{name}_threshold"), threshold));
    }
    if !scored.error.is_empty() {
        out.push(("model_error_x_threshold".to_owned(), Column::Number(scored.error.clone())));
    }
    about.push(("oodscope".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    columns::save(path, out, &about)
}
