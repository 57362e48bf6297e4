//! A checkpoint out of a dataset: the world model, and a policy that learned in its imagination.

use crate::agent::learner::head::{Choices, Gaussian, Head};
use crate::agent::learner::imagined::Starts;
use crate::agent::learner::{self, Held, Learner, LearnerOptions};
use crate::agent::policy::Filtered;
use crate::checkpoint::{Checkpoint, CurvePoint};
use crate::data::dataset::Dataset;
use crate::data::space::{Space, SpaceKind};
use crate::data::split::Split;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::task::Ctx;
use crate::metrics::report::{Axis, Level, Report, Series};
use crate::world::fit::{self, FitCurve, FitOptions};
use crate::world::fresh::fresh;
use crate::world::world_model::WorldModel;

/// What is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The world model.
    pub fit: FitOptions,
    /// The policy.
    pub learner: LearnerOptions,
    /// Gradient steps of the policy; 0 trains none.
    pub policy_steps: usize,
    /// Seed of weights and batches.
    pub seed: u64,
}

/// Trains on the training part; held-out episodes decide when to stop. `from` is gone on with where it has a part.
///
/// # Errors
/// [`Fault::Cancelled`], or why such a model or policy cannot be trained.
pub fn fit(
    data: &Dataset,
    split: &Split,
    plan: &Plan,
    from: Option<&Checkpoint>,
    emit: &dyn Fn(Report),
    cx: &Ctx,
) -> Result<Checkpoint, Fault> {
    let train = data.transitions(&split.train);
    let heldout = data.transitions(&split.heldout);
    let mut model = match from.and_then(|c| c.world_model.clone()) {
        Some(mut model) => {
            model.rescale(&train);
            model
        }
        None => fresh(&train, &plan.fit, &mut stream(plan.seed, "world-model weights", 0)).map_err(Fault::bad)?,
    };
    let mut rng = stream(plan.seed, "world-model batches", 0);
    let mut draw = fit::uniform_rows(train.len(), &mut rng);
    let phase = cx.phase("fitting the world model");
    let parameters = model.parameters();
    let live = |curve: &FitCurve| emit(curve_report(curve, parameters, false));
    let curve = fit::train(&mut model, (&train, &heldout), &plan.fit, &mut draw, &live, &phase)?;
    emit(curve_report(&curve, parameters, true));
    let mut checkpoint = from.cloned().unwrap_or_default();
    if plan.policy_steps > 0 {
        let mut learner = learner(data, &train.reward, &*model, from, &plan.learner, plan.seed)?;
        let starts = Starts { rows: &train, old: train.len(), new_share: 0.0, apart: None };
        let mut rng = stream(plan.seed, "imagination", 0);
        learner.train(
            &*model,
            &starts,
            plan.policy_steps,
            &mut rng,
            &cx.phase("training the policy in imagination"),
        )?;
        checkpoint.policy = Some(Filtered::around(&*model, learner.policy()));
        checkpoint.critic = learner.critic();
        (checkpoint.about.reward_scale, checkpoint.about.discount) = (learner.reward_scale(), learner.discount());
    }
    checkpoint.world_model = Some(model);
    checkpoint.about.env_id.clone_from(&data.origin.env_id);
    checkpoint.about.obs_names.clone_from(&data.obs_space.names);
    checkpoint.about.action_names.clone_from(&data.action_space.names);
    checkpoint.about.lineage.seed = Some(plan.seed);
    checkpoint.about.lineage.curve = points(&curve);
    Ok(checkpoint)
}

fn points(curve: &FitCurve) -> Vec<CurvePoint> {
    let finite = |v: f64| v.is_finite().then_some(v);
    let at = |i: usize| CurvePoint {
        epoch: curve.step[i],
        train: finite(curve.train[i]),
        heldout: finite(curve.heldout[i]),
    };
    (0..curve.step.len()).map(at).collect()
}

/// Refuses world models in whose imagination no policy learns: they imagine in units of their own, and follow no episode.
///
/// # Errors
/// A sentence with the remedy.
pub fn imaginable(model: &dyn WorldModel) -> Result<(), Fault> {
    let dims = model.dims();
    let in_observations = dims.feature == dims.obs && model.encoder().is_none();
    if in_observations || model.remembers() {
        return Ok(());
    }
    Err(Fault::bad(format!(
        "no policy learns in the imagination of a world model of the kind '{}' yet: leave out --policy-steps, name a policy that is \
         held as it is with --policy, or take an ensemble",
        model.kind()
    )))
}

/// A learner for `data`: the checkpoint's actor and twin critics, each fresh where the checkpoint has none; a policy of another
/// kind than those that are trained here is held as it is.
///
/// # Errors
/// A sentence where the actions are neither real numbers nor one choice and the checkpoint has no policy over them.
pub fn learner(
    data: &Dataset,
    rewards: &[f32],
    model: &dyn WorldModel,
    from: Option<&Checkpoint>,
    options: &LearnerOptions,
    seed: u64,
) -> Result<Box<dyn Learner>, Fault> {
    let given = from.and_then(|c| Some((c, c.policy.as_deref()?)));
    if let Some((_, policy)) = given.filter(|(_, policy)| !learner::trains(*policy)) {
        return Ok(Box::new(Held(policy.boxed())));
    }
    imaginable(model)?;
    let own_scale = reward_scale(rewards);
    let mut rng = stream(seed, "policy weights", 0);
    let Some((checkpoint, policy)) = given else {
        let head = head(&data.action_space, &|d| seen(data, d)).map_err(Fault::bad)?;
        return Ok(learner::fresh(model, head, own_scale, options.clone(), &mut rng));
    };
    let scale = checkpoint.critic.as_ref().and(checkpoint.about.reward_scale).unwrap_or(own_scale);
    let critic = checkpoint.critic.as_ref();
    learner::from_policy(policy, critic, scale, options.clone(), &mut rng).map_err(Fault::bad)
}

/// Factor that brings rewards to a magnitude of about 1, and rare large ones to no more than 10.
pub fn reward_scale(rewards: &[f32]) -> f32 {
    let square: f32 = rewards.iter().map(|r| r * r).sum::<f32>() / rewards.len().max(1) as f32;
    let most = rewards.iter().fold(0.0f32, |most, r| most.max(r.abs()));
    let unit = square.sqrt().max(0.1 * most);
    if unit > 1e-6 { 1.0 / unit } else { 1.0 }
}

/// What makes actions of a new actor's outputs. Real numbers are within their space's bounds, within those of `else_of` for a
/// dimension that has none.
///
/// # Errors
/// A sentence where policies over such actions are not trained here.
pub fn head(space: &Space, else_of: &dyn Fn(usize) -> (f32, f32)) -> Result<Box<dyn Head>, String> {
    if !matches!(space.kind, SpaceKind::Box { .. } | SpaceKind::Unknown) {
        return Ok(Box::new(Choices::new(space)?));
    }
    let range: Vec<(f32, f32)> = (0..space.dim()).map(|d| space.bounds(d).unwrap_or_else(|| else_of(d))).collect();
    let half = |&(low, high): &(f32, f32)| if high > low { (high - low) / 2.0 } else { 1.0 };
    let middles = range.iter().map(|(low, high)| f32::midpoint(*low, *high)).collect();
    Ok(Box::new(Gaussian::new(range.iter().map(half).collect(), middles)))
}

/// The smallest and the largest value of dimension `d` of the actions.
fn seen(data: &Dataset, d: usize) -> (f32, f32) {
    let all: Vec<usize> = (0..data.num_episodes()).collect();
    let actions = data.episodes(&all).flat_map(|e| e.actions.iter().skip(d).step_by(e.action_dim).copied());
    actions.filter(|v| v.is_finite()).fold((f32::INFINITY, f32::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)))
}

/// The curve of a fit of so many `parameters` as a report named "fit".
fn curve_report(curve: &FitCurve, parameters: Option<usize>, ended: bool) -> Report {
    let mut report = Report::new("fit", "Fitting the world model");
    let x: Vec<f64> = curve.step.iter().map(|&s| s as f64).collect();
    report.series.push(Series {
        key: "heldout".into(),
        label: "held-out".into(),
        group: "world-model loss".into(),
        x_axis: Axis { label: "gradient step".into(), ..Axis::default() },
        y_axis: Axis { label: "squared error".into(), unit: "σ²".into(), log: true },
        x,
        y: curve.heldout.clone(),
        definition:
            "mean over members and targets of the squared one-step error on held-out episodes, in units of the \
                     targets' standard deviation"
                .into(),
        ..Series::default()
    });
    for (name, values) in &curve.parts {
        report.series.push(Series {
            key: name.replace(' ', "_"),
            label: name.trim_end_matches(" loss").into(),
            group: "parts of the training loss".into(),
            x_axis: Axis { label: "gradient step".into(), ..Axis::default() },
            y_axis: Axis { label: "loss".into(), unit: "nats".into(), log: true },
            x: curve.step.iter().map(|&s| s as f64).collect(),
            y: values.clone(),
            definition: format!(
                "{name} as it is weighed in the training loss, mean over the batches since the look before"
            ),
            ..Series::default()
        });
    }
    let best = curve.heldout.get(curve.best).copied().unwrap_or(f64::NAN);
    report.stat("heldout_loss", "held-out loss", best, "σ²", "lowest squared one-step error on held-out episodes");
    let steps = curve.step.last().copied().unwrap_or(0);
    report.stat(
        "gradient_steps",
        "gradient steps",
        steps as f64,
        "steps",
        "steps taken, those after the best included",
    );
    if let Some(n) = parameters {
        let text = "numbers of the world model that are learned, members or heads of disagreement included";
        report.stat("parameters", "parameters", n as f64, "", text);
    }
    if ended {
        let kept = curve.step.get(curve.best).copied().unwrap_or(0);
        report.note(
            Level::Info,
            format!("kept the weights of step {kept}, where the held-out loss was lowest ({best:.2e})"),
        );
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewards_are_brought_to_one_scale() {
        assert!((reward_scale(&[-8.0, 8.0]) - 0.125).abs() < 1e-6);
        assert!((reward_scale(&[0.0, 0.0]) - 1.0).abs() < 1e-6);
        // A rare reward of 1 among a million zeros is not blown up beyond 10.
        let mut rare = vec![0.0; 100_000];
        rare[0] = 1.0;
        assert!((reward_scale(&rare) - 10.0).abs() < 1e-4);
    }
}
