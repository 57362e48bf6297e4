use super::{Emit, Job, Model, Slot};
use crate::data::dataset::Dataset;
use crate::engine::event::Outcome;
use crate::engine::measure::coverage::covered;
use crate::engine::measure::feature_space::FeatureSpace;
use crate::engine::measure::judged::Judged;
use crate::engine::measure::lineage::trust;
use crate::engine::measure::loss_ratio;
use crate::engine::measure::model_space;
use crate::engine::measure::one_step::OneStepError;
use crate::engine::measure::reading_check::reading_check;
use crate::engine::measure::scoring::{Rule, Scorer};
use crate::engine::opened::Opened;
use crate::engine::spec::{CoverSpec, DiagnoseSpec, Source};
use crate::engine::workspace::Workspace;
use crate::ground::fault::Fault;
use crate::ground::stats::quantile;
use crate::ground::task::Ctx;
use crate::metrics;
use crate::metrics::coverage::Options;
use crate::metrics::diagnosis::{self, EpisodeScores, Input};
use crate::metrics::novelty::Novelty;
use crate::metrics::report::Level;

/// Ranks real episodes by how they leave the data and the model's competence, and reports the worst.
pub(super) struct Diagnose;

impl Job for Diagnose {
    type Spec = DiagnoseSpec;
    type Input = Opened;
    const NAME: &'static str = "diagnosis";
    const SLOT: Slot = Slot::Evaluate;

    fn model_of(spec: &DiagnoseSpec) -> Option<(Model, &Source)> {
        Some((Model::Judge, &spec.source))
    }

    fn of_live_dimensions(spec: &mut DiagnoseSpec) -> Option<&mut Source> {
        Some(&mut spec.source)
    }

    fn open(spec: &DiagnoseSpec, workspace: &Workspace, cx: &Ctx, _: Emit<'_>) -> Result<Opened, Fault> {
        workspace.open(&spec.source, cx)
    }

    fn run(spec: &DiagnoseSpec, opened: Opened, cx: &Ctx, emit: Emit<'_>) -> Result<Outcome, Fault> {
        let cover = CoverSpec {
            source: spec.source.clone(),
            options: Options { k: spec.k, threshold: spec.threshold, alpha: spec.alpha, ..Options::default() },
            space: spec.space.clone(),
            policy: spec.policy.clone(),
            ..CoverSpec::default()
        };
        let space = FeatureSpace::resolve(&spec.space, &opened)?;
        let coverage = covered(&opened, &cover, cx, &|_| {})?;
        let judged = Judged::choose(&opened, &spec.policy, "diagnosed", cx)?;
        let distrusted = reading_check(&opened, cx)?.is_some_and(|check| check.is_distrusted());
        let model = opened.checkpoint.as_ref().and_then(|c| c.world_model.as_deref()).filter(|_| !distrusted);
        let seen = if model.is_some() { model_space::of(&opened, cx)? } else { opened.clone() };
        let error = model.map(|m| OneStepError::calibrate(m, &seen, (spec.threshold, spec.alpha), cx)).transpose()?;
        let rollouts = judged.data(&opened);
        let imagined = model_space::judged(&judged, &seen, cx)?;
        let scored = judged
            .episodes
            .iter()
            .map(|&e| Scored::measure((rollouts, &imagined, e), &judged, &space, &coverage.novelty, error.as_ref(), cx))
            .collect::<Result<Vec<_>, Fault>>()?;
        let episodes: Vec<EpisodeScores<'_>> = scored.iter().map(Scored::view).collect();
        let returns: Vec<f64> = opened.data.episodes(&opened.split.train).map(|e| e.ret()).collect();
        let input = Input {
            names: &seen.data.obs_space.names,
            episodes: &episodes,
            novelty: &coverage.novelty,
            map: Some(&coverage.map),
            low_return: (!returns.is_empty()).then(|| quantile(&returns, 0.25)),
        };
        let mut report = diagnosis::report(&input, &cx.phase("ranking episodes"))?.report;
        judged.note(&mut report);
        if let Some(model) = model {
            loss_ratio::of_policy(&mut report, &seen, (model, &judged, &imagined), cx)?;
            model_space::tell(&mut report, model);
        }
        if let Some(error) = &error {
            report.note(Level::Info, error.sentence());
        }
        trust(&mut report, &opened);
        let rule =
            Rule { kind: spec.threshold, alpha: spec.alpha, low_return: input.low_return, seed: spec.policy.seed };
        let scorer = Scorer::new((&opened, &seen), &space, &coverage.novelty, error.as_ref(), cx)?;
        let scored = scorer.judged(&judged, &scorer.thresholds(rule, cx)?, rule, cx)?;
        coverage.novelty.features.tell_parted(&mut report, scored.rows.states().rows);
        if let Some(evidence) = &scored.evidence {
            metrics::scoring::trust(&mut report, evidence, rule.seed);
        }
        emit(report);
        Ok(Outcome::said(judged.sentence))
    }
}

/// One episode with the scores of every step, owned.
struct Scored {
    label: String,
    index: usize,
    of_data: bool,
    features: Vec<f32>,
    novelty: Vec<f64>,
    model_error: Vec<f64>,
    error_by_dim: Vec<f64>,
    disagreement: Vec<f64>,
    reward: Vec<f64>,
    ret: f64,
}

impl Scored {
    fn measure(
        (data, seen, index): (&Dataset, &Dataset, usize),
        judged: &Judged,
        space: &FeatureSpace,
        novelty: &Novelty,
        error: Option<&OneStepError<'_>>,
        cx: &Ctx,
    ) -> Result<Self, Fault> {
        let e = data.episode(index);
        let features = space.of_episode(data, index, cx)?;
        let novelty = novelty.ratios(&features, &cx.phase("novelty of the episodes"))?;
        let steps = error.map(|error| error.of_episode(seen, index, cx)).transpose()?.unwrap_or_default();
        Ok(Self {
            label: e.span.id.to_string(),
            index,
            of_data: !judged.is_fresh(),
            features,
            novelty,
            model_error: steps.ratio,
            error_by_dim: steps.by_dim,
            disagreement: steps.disagreement,
            reward: e.rewards.to_vec(),
            ret: e.ret(),
        })
    }

    fn view(&self) -> EpisodeScores<'_> {
        EpisodeScores {
            label: self.label.clone(),
            index: self.index,
            of_data: self.of_data,
            features: &self.features,
            novelty: &self.novelty,
            model_error: &self.model_error,
            error_by_dim: &self.error_by_dim,
            disagreement: &self.disagreement,
            reward: &self.reward,
            ret: self.ret,
        }
    }
}
