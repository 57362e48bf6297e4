//! What the checkpoint's critic promises of episodes of its policy, held against what came.

use crate::agent::learner::{self, Learner, LearnerOptions};
use crate::checkpoint::Checkpoint;
use crate::engine::opened::Opened;
use crate::ground::fault::Fault;
use crate::ground::seed::stream;
use crate::ground::stats;
use crate::ground::task::Ctx;
use crate::metrics::report::{Level, Report, SPREAD};
use crate::topup::measured::value_errors;
use crate::world::world_model::WorldModel;

/// Adds V(s₀) less the discounted return that followed over the named rollouts (Chen et al., RLC 2025, appendix A.6); nothing of a
/// checkpoint without a critic, and a note of what is missing where no rollouts are named or nothing says the critic's discount.
/// A `discount` that is named goes before the checkpoint's own.
///
/// # Errors
/// A discount that is none; cancelled.
pub fn tell(
    report: &mut Report,
    opened: &Opened,
    model: &dyn WorldModel,
    discount: Option<f64>,
    cx: &Ctx,
) -> Result<(), Fault> {
    let Some(learner) = opened.checkpoint.as_deref().and_then(critic) else { return Ok(()) };
    let own = opened.checkpoint.as_deref().and_then(|checkpoint| checkpoint.about.discount);
    let (Some(rollouts), Some(discount)) = (&opened.rollouts, discount.or(own)) else {
        let wanted = [
            (opened.rollouts.is_none(), "them with --rollouts"),
            (discount.or(own).is_none(), "with --discount the discount that the critic was trained with"),
        ];
        let wanted: Vec<&str> = wanted.into_iter().filter(|(missing, _)| *missing).map(|(_, what)| what).collect();
        let why = "V of the start is held against the return of the policy's own episodes";
        report.note(Level::Info, format!("No value error of the critic: {why}: name {}.", wanted.join(", and ")));
        return Ok(());
    };
    if let Some(own) = own.filter(|own| (own - discount).abs() > 1e-6) {
        let text = format!(
            "The critic was trained with the discount {own}, and its values are held against returns with {discount}, as \
             --discount asks: their difference is in the value error."
        );
        report.note(Level::Warn, text);
    }
    cx.phase("values of the rollouts").check()?;
    let errors =
        value_errors(model, &|features: &[f32]| learner.value(features).unwrap_or_default(), rollouts, discount);
    let text = format!(
        "V of the first state less the return that followed, discounted by {discount}, mean over the rollouts; of several critics V is \
         the smaller under the policy's most likely action. An episode that a limit cut off goes on with V of its last state. Chen et \
         al., RLC 2025, appendix A.6."
    );
    report
        .stat("value_error", "value error of the critic", stats::mean(&errors), "return", &text)
        .spans((stats::quantile(&errors, 0.1), stats::quantile(&errors, 0.9)), SPREAD)
        .of(errors.len(), "episodes");
    Ok(())
}

/// What evaluates the critics of a checkpoint, where it has critics that fit its policy.
fn critic(checkpoint: &Checkpoint) -> Option<Box<dyn Learner>> {
    let (critic, policy) = (checkpoint.critic.as_ref()?, checkpoint.policy.as_deref()?);
    let (options, mut rng) = (LearnerOptions::default(), stream(0, "critic", 0));
    let scale = checkpoint.about.reward_scale?;
    let learner = learner::from_policy(policy, Some(critic), scale, options, &mut rng).ok()?;
    // Critics that do not fit the policy are replaced by fresh ones, which promise nothing.
    (learner.critic().as_ref() == Some(critic)).then_some(learner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::collect::{Collector, Limit};
    use crate::agent::learner::head::Gaussian;
    use crate::agent::learner::{ActorCritic, LearnerKind};
    use crate::agent::policy::{Acting, Scripted};
    use crate::checkpoint::About;
    use crate::engine::spec::Source;
    use crate::world::ensemble;
    use crate::world::fit::FitOptions;

    /// Against the sum of every episode by hand; Pendulum's are cut off by a limit and go on with V of their last state.
    #[test]
    fn values_are_held_against_the_return_that_followed() {
        let mut env = crate::env::make("Pendulum-v1", 2, &[]).unwrap().unwrap();
        let (mut c, policy) = (Collector::new(7, "t", 0), Scripted::named("Pendulum-v1", "mixed").unwrap());
        c.run(&mut *env, &policy, Acting::Sampled, Limit::episodes(4), &Ctx::quiet()).unwrap();
        let data = Arc::new(c.dataset(&*env).unwrap());
        let mut opened = Opened::new(Source::default(), Arc::clone(&data));
        let fit = FitOptions { members: 1, elites: 1, hidden: 4, layers: 1, ..FitOptions::default() };
        let all: Vec<usize> = (0..4).collect();
        let mut rng = stream(0, "t", 0);
        let model = ensemble::fresh(&data.transitions(&all), &fit, &mut rng);
        let options = LearnerOptions { hidden: 8, ..LearnerOptions::default() };
        let head = Box::new(Gaussian::new(vec![2.0], vec![0.0]));
        let learner = ActorCritic::new(&model, head, 0.5, options, &mut rng);
        let about = About { reward_scale: Some(0.5), ..About::default() };
        let (policy, critic) = (Some(learner.policy()), learner.critic());
        opened.checkpoint = Some(Arc::new(Checkpoint { policy, critic, about, ..Checkpoint::default() }));
        let said = |opened: &Opened, discount| {
            let mut report = Report::default();
            tell(&mut report, opened, &model, discount, &Ctx::quiet()).unwrap();
            report
        };
        let missing = said(&opened, Some(0.9));
        assert!(missing.stats.is_empty() && missing.notes[0].text.contains("--rollouts"), "{:?}", missing.notes);
        opened.rollouts = Some(Arc::clone(&data));
        assert!(
            said(&opened, None).notes[0].text.contains("return of the policy's own episodes: name with --discount")
        );
        let report = said(&opened, Some(0.9));
        let value = |obs: &[f32]| learner.value(obs).unwrap()[0];
        let by_hand = |e: crate::data::episode::Episode<'_>| {
            let received: f64 = e.rewards.iter().enumerate().map(|(t, r)| 0.9f64.powi(t as i32) * r).sum();
            value(e.obs_at(0)) - received - 0.9f64.powi(e.steps() as i32) * value(e.obs_at(e.steps()))
        };
        let want = data.episodes(&all).map(by_hand).sum::<f64>() / 4.0;
        let got = report.value("value_error").unwrap();
        // Sums in another order.
        assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{got} {want}");
        assert_eq!(report.stats[0].n, Some((4, "episodes".into())));
        // The checkpoint's own discount is taken where none is named, and another one is said to be another.
        let mut saying = (**opened.checkpoint.as_ref().unwrap()).clone();
        let silent = std::mem::replace(&mut saying.about.discount, learner.discount().map(|_| 0.9));
        assert!(silent.is_none() && (learner.discount().unwrap() - 0.98).abs() < 1e-12);
        let before = opened.checkpoint.replace(Arc::new(saying));
        assert_eq!(said(&opened, None).value("value_error"), Some(got));
        assert!(said(&opened, Some(0.9)).notes.is_empty());
        assert!(said(&opened, Some(0.95)).notes[0].text.contains("trained with the discount 0.9"));
        opened.checkpoint = before;
        // A critic that learned λ-returns is asked as what it is: untrained it promises nothing, and less came.
        let asked = LearnerOptions { kind: LearnerKind::Lambda, hidden: 8, ..LearnerOptions::default() };
        let head = Box::new(Gaussian::new(vec![2.0], vec![0.0]));
        let other = learner::fresh(&model, head, 0.5, asked, &mut rng);
        let (policy, critic) = (Some(other.policy()), other.critic());
        let kept = (**opened.checkpoint.as_ref().unwrap()).clone();
        opened.checkpoint = Some(Arc::new(Checkpoint { policy, critic, ..kept.clone() }));
        let came = |e: crate::data::episode::Episode<'_>| -> f64 {
            e.rewards.iter().enumerate().map(|(t, r)| 0.9f64.powi(t as i32) * r).sum()
        };
        let want = -data.episodes(&all).map(came).sum::<f64>() / 4.0;
        let got = said(&opened, Some(0.9)).value("value_error").unwrap();
        assert!((got - want).abs() < 1e-6 * want.abs(), "{got} {want}");
        opened.checkpoint = Some(Arc::new(kept));
        // Critics of another shape are not replaced in silence.
        let other = ensemble::fresh(&data.transitions(&all), &fit, &mut rng).net;
        let odd = Checkpoint { critic: Some(other), ..(**opened.checkpoint.as_ref().unwrap()).clone() };
        opened.checkpoint = Some(Arc::new(odd));
        assert!(said(&opened, Some(0.9)).stats.is_empty());
    }
}
